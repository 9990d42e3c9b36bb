package tcmockllm_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"strings"
	"syscall"
	"testing"
	"time"
)

// network makes a network for the length of a test and returns its name.
func newNetwork(t *testing.T) string {
	t.Helper()
	id := docker(t, "network", "create", "--label", "org.mockllm.test=network", strings.ToLower(strings.ReplaceAll(testRegistry+"-"+t.Name(), "/", "-")))
	t.Cleanup(func() {
		if _, err := command(context.Background(), "docker", "network", "rm", id); err != nil {
			t.Error(err)
		}
	})
	return id
}

// Containers on one network reach the mock by its alias.
func TestAlias(t *testing.T) {
	needImage(t)
	network := newNetwork(t)
	id := started(t, "--network", network, "--network-alias", "qianfan", imageTag())
	eventually(t, "healthy", isHealthy(t, id))
	if out := docker(t, "run", "--rm", "--network", network, imageTag(), "health", "--admin", "qianfan:8081"); out != `{"status":"ok"}` {
		t.Errorf("health says %s", out)
	}
}

// addressOn returns the address of a container on a network, or skips: on
// engines in a virtual machine the host cannot reach it.
func addressOn(t *testing.T, id, network string) string {
	t.Helper()
	ip := docker(t, "inspect", "-f", `{{range .NetworkSettings.Networks}}{{if eq .NetworkID "`+network+`"}}{{.IPAddress}}{{end}}{{end}}`, id)
	conn, err := net.DialTimeout("tcp", ip+":8080", 5*time.Second)
	if err != nil {
		t.Skipf("the containers' addresses are out of reach: %v", err)
	}
	conn.Close()
	return ip
}

// When the network is cut in the middle of a stream nobody is told: the client
// gets neither an end nor an error, only silence.
func TestCutNetwork(t *testing.T) {
	needImage(t)
	network := newNetwork(t)
	dir := folder(t, map[string]string{"s.toml": "[[rule]]\nname = \"slow\"\nlatency = { frame = \"300ms\" }\n"})
	id := started(t, "--network", network, "-v", dir+":/scenarios:ro", imageTag())
	eventually(t, "healthy", isHealthy(t, id))
	ip := addressOn(t, id, network)

	conn, err := net.Dial("tcp", ip+":8080")
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	if _, err := fmt.Fprintf(conn, "POST /compatible-mode/v1/chat/completions HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer any\r\n"+
		"Content-Length: %d\r\n\r\n%s", len(chat), chat); err != nil {
		t.Fatal(err)
	}
	lines := bufio.NewReader(conn)
	for text := ""; !strings.HasPrefix(text, "data: "); {
		if text, err = lines.ReadString('\n'); err != nil {
			t.Fatal(err)
		}
	}
	docker(t, "network", "disconnect", network, id)
	conn.SetReadDeadline(time.Now().Add(3 * time.Second))
	rest, err := io.ReadAll(lines)
	if !errors.Is(err, os.ErrDeadlineExceeded) || strings.Contains(string(rest), "[DONE]") {
		t.Errorf("after the cut: %v, %s", err, rest)
	}

	// The server is still there, and answers when the network is.
	docker(t, "network", "connect", network, id)
	if got := status(t, "http://"+addressOn(t, id, network)+":8080"); got != http.StatusOK {
		t.Errorf("after the network is back: status %d", got)
	}
}

// A reset is a RST on the container's own address. Through a published port on
// loopback it is what the engine's proxy makes of it; docs/container.md says so.
func TestReset(t *testing.T) {
	needImage(t)
	network := newNetwork(t)
	dir := folder(t, map[string]string{"s.toml": "[[rule]]\nname = \"r\"\nfault = { kind = \"reset\" }\n"})
	id := started(t, "--network", network, "-v", dir+":/scenarios:ro", "-p", "127.0.0.1::8080", imageTag())
	eventually(t, "healthy", isHealthy(t, id))

	_, err := call(t, published(t, id, "8080"))
	t.Logf("through the published port: %v", err)
	if !errors.Is(err, io.EOF) && !errors.Is(err, syscall.ECONNRESET) {
		t.Errorf("through the published port: %v, neither a FIN nor a RST", err)
	}
	if _, err := call(t, "http://"+addressOn(t, id, network)+":8080"); !errors.Is(err, syscall.ECONNRESET) {
		t.Errorf("on the container's address: %v, want a RST", err)
	}
}
