package main

import (
	"fmt"
	"io"
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
			client := http.Client{Timeout: 3 * time.Second}
			answer, err := client.Get("http://" + address + "/healthz")
			if err != nil {
				return fmt.Errorf("health: %w", err)
			}
			defer answer.Body.Close()
			body, err := io.ReadAll(io.LimitReader(answer.Body, 1<<16))
			if err != nil {
				return fmt.Errorf("health: %w", err)
			}
			if answer.StatusCode != http.StatusOK {
				return fmt.Errorf("health: %s answers %s", address, answer.Status)
			}
			fmt.Fprintf(c.OutOrStdout(), "%s", body)
			return nil
		}),
	}
	c.Flags().StringVar(&address, "admin", "127.0.0.1:8081", "`address` of the admin API")
	return c
}
