package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/signal"
	"strconv"
	"syscall"
	"time"

	"github.com/spf13/pflag"

	"github.com/mockllm/mockllm"
)

// listenAt opens a port. An address that is none is a problem with its flag, and
// no listener; a port that cannot be had is an error.
func listenAt(flags *pflag.FlagSet, flag, address string, found *problems) (net.Listener, error) {
	if address == "" {
		found.add("%s: is empty; an address is one such as 127.0.0.1:8080", spoken(flags, flag)) // It would be every address of the machine.
		return nil, nil
	}
	l, err := net.Listen("tcp", address)
	switch system := new(os.SyscallError); {
	case err == nil:
		return l, nil
	case errors.As(err, &system):
		return nil, fmt.Errorf("%s: %w", spoken(flags, flag), err)
	}
	found.add("%s: %v", spoken(flags, flag), err)
	return nil, nil
}

func closeAll(listeners ...net.Listener) {
	for _, l := range listeners {
		if l != nil {
			l.Close()
		}
	}
}

func isLoopback(l net.Listener) bool {
	address, ok := l.Addr().(*net.TCPAddr)
	return ok && address.IP.IsLoopback()
}

// reachable returns the address as a client on this machine dials it: one that
// listens everywhere is reached through loopback.
func reachable(a net.Addr) string {
	if tcp, ok := a.(*net.TCPAddr); ok && tcp.IP.IsUnspecified() {
		return net.JoinHostPort("127.0.0.1", strconv.Itoa(tcp.Port))
	}
	return a.String()
}

// drainTime bounds how long answers under way may still take after a signal.
const drainTime = 5 * time.Second

// untilStopped lets the server serve until the context ends, and shuts it down, or
// until it fails. Who asks it to stop twice does not wait for answers.
func untilStopped(ctx context.Context, server *mockllm.Server, failed <-chan error) error {
	select {
	case err := <-failed:
		server.Close()
		return err
	case <-ctx.Done():
		bounded, cancel := context.WithTimeout(context.Background(), drainTime)
		defer cancel()
		bounded, again := signal.NotifyContext(bounded, os.Interrupt, syscall.SIGTERM)
		defer again()
		return server.Shutdown(bounded)
	}
}
