package main

import (
	"bytes"
	"net"
	"strings"
	"testing"

	"github.com/mockllm/mockllm"
)

// TestBanner: what is pasted leads every way of an SDK here, WebSockets
// included, or speech would go to the vendor.
func TestBanner(t *testing.T) {
	srv, err := mockllm.New()
	if err != nil {
		t.Fatal(err)
	}
	defer srv.Close()
	var out bytes.Buffer
	banner(&out, srv, &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1), Port: 81}, &net.TCPAddr{IP: net.IPv4zero, Port: 82}, nil, "", nil)
	for _, want := range []string{
		"DASHSCOPE_HTTP_BASE_URL=http://127.0.0.1:81/api/v1 ",
		"DASHSCOPE_WEBSOCKET_BASE_URL=ws://127.0.0.1:81/api-ws/v1/inference ",
		"OPENAI_BASE_URL=http://127.0.0.1:81/compatible-mode/v1 ",
		"ANTHROPIC_BASE_URL=http://127.0.0.1:81/apps/anthropic ",
		"ANTHROPIC_BASE_URL=http://127.0.0.1:81/anthropic ",
		"admin     http://127.0.0.1:82\n",
	} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("there is no %q in\n%s", want, out.String())
		}
	}
}
