package mockllm

import (
	"errors"
	"net/http"

	"github.com/mockllm/mockllm/play"
	"github.com/mockllm/mockllm/recordings"
)

// WithRecorder keeps every exchange with an upstream, to be written down as a
// scenario. So that its secrets can be seen, answers are asked for
// uncompressed.
func WithRecorder(r *recordings.Recorder) Option {
	return func(c *config) error {
		if r == nil {
			return errors.New("recorder is nil")
		}
		c.recorder = r
		return nil
	}
}

// record begins to keep the exchange, if that is wanted. It returns what hears
// the answer's body.
func (p *passing) record(answer *http.Response, stream bool) func(chunk []byte) {
	if p.server.recorder == nil {
		return nil
	}
	headed := p.at.clock.Now()
	p.recorded.Status, p.recorded.Answer, p.recorded.Stream = answer.StatusCode, answer.Header, stream
	p.recorded.FirstByte = p.came.FirstByte
	return func(chunk []byte) { p.recorded.Hear(p.at.clock.Now().Sub(headed), chunk) }
}

// keep ends the recording of the exchange.
func (p *passing) keep(req *http.Request, sent play.Sent) {
	r := p.server.recorder
	if r == nil {
		return
	}
	p.recorded.Request, p.recorded.Header, p.recorded.Query, p.recorded.Time = p.request, req.Header, req.URL.RawQuery, p.in.Now
	end := recordings.Whole
	switch {
	case errors.Is(sent.Err, play.ErrClosed):
		end = recordings.Stopped
	case sent.ClientLeft:
		end = recordings.ClientLeft
	case p.recorded.Status == 0 || p.decision.Problem != nil:
		end = recordings.NoAnswer
	case p.answer.Body.Failed() != nil:
		end = recordings.BrokenOff
	case sent.Err != nil:
		end = recordings.ClientLeft
	case !p.answer.Body.Over():
		end = recordings.CutShort
	}
	r.Keep(&p.recorded, end)
}
