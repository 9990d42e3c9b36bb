package console

import (
	"testing"
	"time"

	"github.com/mockllm/mockllm/admin"
)

// The clock is read, stopped and moved forward, and windows follow.
func TestClock(t *testing.T) {
	w := serve(t, `
		name  = "hours"
		speed = 2
		[[rule]]
		name  = "in an hour"
		when  = { window = "1h.." }
		error = "Throttling.RateQuota"
		`, admin.Options{})
	if status, _ := w.chat("", "qwen-plus", "now"); status != 200 {
		t.Fatalf("status %d", status)
	}
	p := open(t, w.console+"#clock", desk)
	p.sees("#clock-about", "runs", "vendor time goes 2 × as fast")
	p.click("#stop")
	p.sees("#clock-about", "stands still")
	before := p.now()
	p.click(`[data-by="30s"]`)
	p.sees("#said", "Advanced by 30s.")
	if by := p.now().Sub(before); by != 30*time.Second {
		t.Errorf("30s moved it by %v", by)
	}
	p.write("#by", "soon")
	p.click("#advance")
	p.sees("#said", `must be a duration such as "90s"`)
	p.write("#by", "29m30s")
	p.click("#advance")
	p.sees("#said", "Advanced by 29m30s.")
	p.until(`document.querySelector('#now').textContent.length > 0`)
	if by := p.now().Sub(before); by != 30*time.Minute {
		t.Errorf("in all it moved by %v", by)
	}
	if status, _ := w.chat("", "qwen-plus", "later"); status != 429 {
		t.Errorf("half an hour at double speed: status %d", status)
	}
	p.visit("scenario")
	p.sees("#rule-0", "is open at 1 h")
	p.visit("clock")
	p.click("#stop")
	p.sees("#clock-about", "runs")
	p.quiet("400")
}

// now reads the clock.
func (p *page) now() time.Time {
	p.t.Helper()
	at, err := time.Parse(time.DateTime, p.text("#now"))
	if err != nil {
		p.t.Fatal(err)
	}
	return at
}
