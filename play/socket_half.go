package play

import (
	"sync"
	"time"

	"github.com/gorilla/websocket"
)

// A gate keeps the answers to pings and closes, which the reading side writes,
// out of the middle of a message.
type gate struct {
	sync.Mutex
	shut bool
	pong []byte // Waits until the gate opens; nil for none.
}

// answerControl answers pings and closes between messages. Of several pings the
// last alone needs an answer; who closes while a message is half out gets none.
func (s *Socket) answerControl() {
	s.conn.SetPingHandler(func(data string) error {
		s.half.Lock()
		defer s.half.Unlock()
		if s.half.shut {
			s.half.pong = []byte(data)
			return nil
		}
		return s.pong([]byte(data))
	})
	s.conn.SetCloseHandler(func(code int, _ string) error {
		s.half.Lock()
		defer s.half.Unlock()
		if !s.half.shut {
			s.conn.WriteControl(websocket.CloseMessage, websocket.FormatCloseMessage(code, ""), within(pongTime))
		}
		return nil
	})
}

// pongTime is how long the answer to a ping or a close may take.
const pongTime = time.Second

// pong answers a ping. That it could not is told by whatever is sent next.
func (s *Socket) pong(data []byte) error {
	s.conn.WriteControl(websocket.PongMessage, data, within(pongTime))
	return nil
}

// trickle sends a message as one frame: a little at a time, or only its
// beginning, behind which nothing of the protocol can come any more. It returns
// how much of the message went out.
func (s *Socket) trickle(kind int, step Step) (int, error) {
	s.half.Lock()
	s.half.shut = true
	s.half.Unlock()
	head := frameHead(finalFrame|byte(kind), max(len(step.Data), int(step.Length)))
	frame := append(head, step.Data...)
	size := len(frame)
	if step.Rate > 0 {
		size = int(max(step.Rate/20, 1)) // As a body of HTTP.
	}
	for left := frame; len(left) > 0; {
		n := min(size, len(left))
		if step.Rate > 0 {
			if err := s.clock.Sleep(s.ctx, time.Duration(n)*time.Second/time.Duration(step.Rate)); err != nil {
				return max(len(step.Data)-len(left), 0), err
			}
		}
		s.allowWrite()
		if err := s.out.raw(left[:n]); err != nil {
			return max(len(step.Data)-len(left), 0), err
		}
		left = left[n:]
	}
	if step.Length > 0 {
		return len(step.Data), nil
	}
	s.half.Lock()
	defer s.half.Unlock()
	s.half.shut = false
	if s.half.pong != nil {
		s.pong(s.half.pong)
		s.half.pong = nil
	}
	return len(step.Data), nil
}
