// Package docs tests that what the pages say is true: their Go code compiles,
// their scenarios load and fit the published JSON Schema, and one go get is all
// that a test needs.
package docs
