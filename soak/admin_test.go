//go:build linux || darwin

package soak

import (
	"context"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"strings"
	"time"
)

// lean is a client that keeps no connection.
var lean = &http.Client{Transport: &http.Transport{DisableKeepAlives: true}, Timeout: patience}

// manage asks the admin API. Its own failure is one.
func (c *crowd) manage(ctx context.Context, method, path, body string) error {
	return c.ask(ctx, method, path, body, http.StatusInternalServerError)
}

// set asks it for what must be done, in a part of the test that is not the riot.
func (c *crowd) set(method, path, body string) {
	c.t.Helper()
	if err := c.ask(c.t.Context(), method, api+path, body, http.StatusBadRequest); err != nil {
		c.t.Error(err)
	}
}

// ask asks the admin port, and fails from that status on.
func (c *crowd) ask(ctx context.Context, method, path, body string, worst int) error {
	req, err := http.NewRequestWithContext(ctx, method, "http://"+c.admin+path, strings.NewReader(body))
	if err != nil {
		return err
	}
	answer, err := lean.Do(req)
	if err != nil {
		if ctx.Err() != nil {
			return nil
		}
		return err
	}
	defer answer.Body.Close()
	c.calls.Add(1)
	if answer.StatusCode >= worst {
		text, _ := io.ReadAll(answer.Body)
		return fmt.Errorf("%s %s: %s %s", method, path, answer.Status, text)
	}
	io.Copy(io.Discard, answer.Body)
	return nil
}

// operator does what an operator can do, in namespaces in which nobody counts:
// reloads, good and bad, resets, one-shots, clocks, and all that can be read.
func (c *crowd) operator(ctx context.Context, r *rand.Rand) error {
	ns := "?namespace=churn-" + string(rune('a'+r.IntN(20)))
	orders := [][3]string{
		{"PUT", "scenario" + ns, scenario(c.kinds)}, {"PUT", "scenario" + ns, "[[rule]]\nname = 1"}, {"DELETE", "scenario" + ns, ""},
		{"PUT", "scenario", scenario(c.kinds)}, // The default one's, which is the same again.
		{"POST", "reset" + ns, ""}, {"DELETE", "namespaces" + ns, ""}, {"DELETE", "journal" + ns, ""},
		{"POST", "faults" + ns, `{"error":"Throttling","times":3}`}, {"POST", "faults" + ns, `{"fault":"reset"}`},
		{"POST", "faults" + ns, `{`}, {"GET", "faults" + ns, ""}, {"DELETE", "faults" + ns, ""},
		{"POST", "clock/advance" + ns, `{"by":"8000h"}`}, {"PUT", "clock" + ns, `{"stopped":true}`}, {"PUT", "clock" + ns, `{"stopped":false}`},
		{"POST", "keys/k/revoke" + ns, ""}, {"POST", "rules/slow/release" + ns, ""},
		{"GET", "journal", ""}, {"GET", "journal" + ns + "&format=har", ""}, {"GET", "journal/1", ""}, {"GET", "verdict", ""},
		{"GET", "namespaces", ""}, {"GET", "catalog", ""}, {"POST", "verify", `{"at_least":1}`},
	}
	o := orders[r.IntN(len(orders))]
	return c.manage(ctx, o[0], api+o[1], o[2])
}

// api is where the admin API begins.
const api = "/api/v1/"

// scraper reads the metrics, as Prometheus does.
func (c *crowd) scraper(ctx context.Context, _ *rand.Rand) error {
	return c.manage(ctx, "GET", "/metrics", "")
}

// churn calls in the namespaces of the operator, and leaves if the clock there
// stands still.
func (c *crowd) churn(ctx context.Context, r *rand.Rand) error {
	ctx, cancel := context.WithTimeout(ctx, time.Second)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, "POST", "http://"+c.vendors+"/ns/churn-"+string(rune('a'+r.IntN(20)))+"/compatible-mode/v1/chat/completions", strings.NewReader(hello))
	if err != nil {
		return err
	}
	req.Header.Set("Authorization", "Bearer k")
	req.Header.Set(choice, "slow")
	if answer, err := lean.Do(req); err == nil {
		io.Copy(io.Discard, answer.Body)
		answer.Body.Close()
	}
	c.rough.Add(1)
	return nil
}

// watcher reads the live journal for a while, or does not and is too slow.
func (c *crowd) watcher(ctx context.Context, r *rand.Rand) error {
	ctx, cancel := context.WithTimeout(ctx, time.Duration(r.IntN(1000))*time.Millisecond)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, "GET", "http://"+c.admin+"/api/v1/journal/stream?since=0", nil)
	if err != nil {
		return err
	}
	answer, err := lean.Do(req)
	if err != nil {
		return nil
	}
	defer answer.Body.Close()
	c.calls.Add(1)
	if r.IntN(2) == 0 {
		io.Copy(io.Discard, answer.Body)
	} else {
		<-ctx.Done()
	}
	return nil
}

// jumper sets the machine's clock, hours ahead and back.
func (c *crowd) jumper(_ context.Context, r *rand.Rand) error {
	by := time.Duration(r.IntN(5*3600)-2*3600) * time.Second
	c.tell(order{Do: "jump", By: by})
	return nil
}
