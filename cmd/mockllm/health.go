package main

import (
	"fmt"
	"io"
	"net"
	"net/http"
	"time"

	"github.com/spf13/cobra"
)

func healthCommand(variables *problems) *cobra.Command {
	var address string
	c := &cobra.Command{
		Use:   "health",
		Short: "Ask the admin port of a running server whether it is well",
		Args:  exactly(0, "no arguments"),
		RunE: variables.unless(func(c *cobra.Command, _ []string) error {
			body, err := askHealth(address)
			if err != nil {
				return fmt.Errorf("health: %w", err)
			}
			fmt.Fprintf(c.OutOrStdout(), "%s", body)
			return nil
		}),
	}
	c.Flags().StringVar(&address, "admin", "127.0.0.1:8081", "`address` of the admin API, also as serve takes it: 0.0.0.0 and :8081 are asked on loopback")
	return c
}

// askHealth asks the admin port at an address whether the server is well.
func askHealth(address string) ([]byte, error) {
	client := http.Client{Timeout: 3 * time.Second}
	answer, err := client.Get("http://" + dialled(address) + "/healthz")
	if err != nil {
		return nil, err
	}
	defer answer.Body.Close()
	body, err := io.ReadAll(io.LimitReader(answer.Body, 1<<16))
	if err == nil && answer.StatusCode != http.StatusOK {
		err = fmt.Errorf("%s answers %s", address, answer.Status)
	}
	return body, err
}

// dialled returns the address at which a server is asked that was told to
// listen on this one: both read the same variable in a container.
func dialled(address string) string {
	host, port, err := net.SplitHostPort(address)
	if err != nil {
		return address
	}
	if ip := net.ParseIP(host); host == "" || ip != nil && ip.IsUnspecified() {
		host = "localhost"
	}
	return net.JoinHostPort(host, port)
}
