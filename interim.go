package mockllm

import (
	"context"
	"errors"
	"maps"
	"net/http"
	"net/http/httptrace"
	"net/textproto"
	"sync"

	"github.com/mockllm/mockllm/play"
)

// An interim passes on what upstream says before its answer, such as 103 Early
// Hints.
type interim struct {
	mu   sync.Mutex
	w    http.ResponseWriter // Nil once the answer is there.
	left int
}

// mostInterim bounds how often upstream may say something before its answer.
const mostInterim = 100

var errInterim = errors.New("it says too much before its answer")

// hearInterim has what comes before the answer passed on until end is called:
// unless something is done to the answer, or nobody knows how it would arrive.
func (p *passing) hearInterim(ctx context.Context, w http.ResponseWriter, req *http.Request) (hearing context.Context, end func()) {
	_, ours := p.server.connection(req.Context())
	if !ours || !req.ProtoAtLeast(1, 1) || p.decision.Delay != nil || play.Shapes(p.decision) {
		return ctx, func() {}
	}
	i := &interim{w: w, left: mostInterim}
	return httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{Got1xxResponse: i.pass}), i.end
}

func (i *interim) pass(status int, header textproto.MIMEHeader) error {
	i.mu.Lock()
	defer i.mu.Unlock()
	if i.left--; i.left < 0 {
		return errInterim
	}
	if i.w == nil || status == http.StatusContinue { // The client has been told by ourselves.
		return nil
	}
	h := i.w.Header()
	maps.Copy(h, http.Header(header))
	dropHops(h)
	i.w.WriteHeader(status)
	clear(h)
	return nil
}

func (i *interim) end() {
	i.mu.Lock()
	defer i.mu.Unlock()
	i.w = nil
}
