// Package admin is the management side of the server: health, version, the
// journal and resets, as JSON over HTTP on a port of its own. It knows the
// server only as a small interface.
package admin
