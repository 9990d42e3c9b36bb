// Package deploy tests the manifests in the folder deploy: they are built as
// kubectl does it, decoded strictly into the types of the Kubernetes API, held
// against each other, and run with the built binary.
package deploy
