//go:build linux || darwin

// Package soak does everything at once to a server in a process of its own, all
// of it hostile, and looks what is left: `make soak`. A short form of the same is
// among the tests, so that it does not rot.
//
// It is a folder of the main module, although it drives a process, because it
// needs no vendor's SDK and is to run under the race detector with the packages.
// The server is this test binary, started again: so it has the same detector, it
// can be asked for its goroutines, and its descriptors can be limited.
package soak

import (
	"flag"
	"os"
	"testing"
	"time"
)

var (
	length = flag.Duration("soak", 8*time.Second, "how long the soak takes")
	dials  = flag.Int("connections", 0, "how many connections are held; 10,000, or 500 in a soak of less than a minute")
)

func TestMain(m *testing.M) {
	if os.Getenv(asServer) != "" {
		os.Exit(serve())
	}
	os.Exit(m.Run())
}
