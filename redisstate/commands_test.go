package redisstate_test

import (
	"bufio"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/mockllm/mockllm"
	"github.com/mockllm/mockllm/redisstate/redistest"
)

// TestCommands: a call is one command to Redis, and the journal's beside it, which
// nobody waits for.
func TestCommands(t *testing.T) {
	server := redistest.Run(t)
	srv := replicas(t, server, 1, mockllm.ScenarioText(deployed+"\n[[limit]]\nrpm = 1000\n"))[0]
	ask(t, srv, "blue") // Now Redis knows the scripts.
	await(t, func() bool { return len(srv.Namespace("blue").Journal()) == 1 })
	monitor := monitor(t, server)
	const calls = 50
	for range calls {
		if got := ask(t, srv, "blue"); !strings.HasPrefix(got, "200") && !strings.HasPrefix(got, "429") {
			t.Fatal(got)
		}
	}
	await(t, func() bool {
		done := 0
		for _, e := range srv.Namespace("blue").Journal() {
			if e.Done {
				done++
			}
		}
		return done == calls+1
	})
	visits, tells, others := 0, 0, []string{}
	for _, line := range monitor() {
		switch {
		case strings.Contains(line, " lua] "), !strings.Contains(line, "{mockllm:blue}"): // What a script does, and what is asked at a beat.
		case strings.Contains(line, `"{mockllm:blue}" "3660" "10000"`):
			tells++
		case strings.Contains(strings.ToLower(line), `"evalsha"`):
			visits++
		case strings.Contains(line, "journal"), strings.Contains(line, "told"), strings.Contains(line, "emptied"), strings.Contains(strings.ToLower(line), `"hget"`): // The test reads it.
		default:
			others = append(others, line)
		}
	}
	if visits != calls || tells == 0 || tells > calls || len(others) > 0 {
		t.Errorf("%d calls are %d visits, told in %d batches, and %q", calls, visits, tells, others)
	}
}

// monitor has Redis tell of each command from now on. What is returned tells what
// came until it is called.
func monitor(t *testing.T, server *redistest.Server) (told func() []string) {
	t.Helper()
	conn, err := net.Dial("tcp", server.Addr())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	lines := bufio.NewScanner(conn)
	lines.Buffer(nil, 1<<20)
	if _, err := conn.Write([]byte("MONITOR\r\n")); err != nil || !lines.Scan() || lines.Text() != "+OK" {
		t.Fatalf("MONITOR: %v, %s", err, lines.Text())
	}
	return func() (all []string) {
		client := redis.NewClient(&redis.Options{Addr: server.Addr(), ReadTimeout: 2 * time.Minute})
		defer client.Close()
		if err := client.Echo(t.Context(), "that is all").Err(); err != nil {
			t.Fatal(err)
		}
		for lines.Scan() && !strings.Contains(lines.Text(), "that is all") {
			all = append(all, lines.Text())
		}
		return all
	}
}
