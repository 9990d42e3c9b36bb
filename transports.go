package mockllm

import (
	"context"
	"crypto/tls"
	"errors"
	"net"
	"net/http"
	"time"

	"github.com/mockllm/mockllm/scenarios"
)

// transports carry calls to the servers behind: one that checks certificates
// and one that does not.
type transports struct {
	checking, trusting *http.Transport
	waiting            *waiting
}

func newTransports() transports {
	return transports{newTransport(true), newTransport(false), &waiting{most: mostWaiting, calls: map[waitingCall]int{}}}
}

// to returns the one for an upstream.
func (t transports) to(up *scenarios.Upstream) *http.Transport {
	if up.Verifies() {
		return t.checking
	}
	return t.trusting
}

func (t transports) close() {
	t.checking.CloseIdleConnections()
	t.trusting.CloseIdleConnections()
}

// Bounds of the connections to servers behind.
const (
	idleUpstream    = 90 * time.Second // How long one is kept for the next call.
	idleUpstreams   = 100              // How many are kept for each.
	upstreamHeader  = 256 << 10        // Bytes of the header of an answer.
	connectPatience = 30 * time.Second
)

// newTransport speaks HTTP/1.1, follows nothing and uncompresses nothing: what
// comes is what is passed on. Proxies are those of the environment.
func newTransport(verify bool) *http.Transport {
	t := &http.Transport{
		Proxy: http.ProxyFromEnvironment, DialContext: dialUpstream, TLSHandshakeTimeout: connectPatience,
		TLSClientConfig:    &tls.Config{MinVersion: tls.VersionTLS12, InsecureSkipVerify: !verify, NextProtos: []string{"http/1.1"}},
		DisableCompression: true, MaxResponseHeaderBytes: upstreamHeader,
		MaxIdleConnsPerHost: idleUpstreams, IdleConnTimeout: idleUpstream,
		Protocols: new(http.Protocols),
	}
	t.Protocols.SetHTTP1(true)
	return t
}

// errLoop says that the server behind is this one: every call would come again
// until nothing is left to call with.
var errLoop = errors.New("the upstream's address is this server's own")

// dialUpstream connects to a server behind, unless the request came on the
// very address that it would go to.
func dialUpstream(ctx context.Context, network, address string) (net.Conn, error) {
	conn, err := (&net.Dialer{Timeout: connectPatience}).DialContext(ctx, network, address)
	if err != nil {
		return nil, err
	}
	if local, ok := ctx.Value(http.LocalAddrContextKey).(net.Addr); ok && local.String() == conn.RemoteAddr().String() {
		conn.Close()
		return nil, errLoop
	}
	return conn, nil
}
