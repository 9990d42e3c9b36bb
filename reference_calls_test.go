package mockllm

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/tidwall/gjson"
)

// tokens keep an access token of Qianfan V1.
type tokens struct {
	client *client
	mu     sync.Mutex
	token  string
}

// get returns the token, and fetches one if there is none: one worker fetches,
// the others wait.
func (k *tokens) get() string {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.token == "" {
		k.token = k.client.fetchToken()
	}
	return k.token
}

// drop forgets a token that was refused, unless another worker did so before.
func (k *tokens) drop(token string) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.token == token {
		k.token = ""
	}
}

func (c *client) fetchToken() string {
	url := c.srv.BaseURL("qianfan-oauth") + "/oauth/2.0/token?grant_type=client_credentials&client_id=" + c.key + "&client_secret=secret"
	res, err := c.http.Post(url, "application/json", nil)
	if err != nil {
		c.t.Error(err)
		return ""
	}
	defer res.Body.Close()
	raw, err := io.ReadAll(res.Body)
	if err != nil {
		c.t.Error(err)
	}
	return gjson.GetBytes(raw, "access_token").Str
}

// index sends batches of texts and says whether all of them were indexed.
func (c *client) index(batches ...string) bool {
	for _, batch := range batches {
		for attempt := 1; ; attempt++ {
			err := c.embed(batch)
			if err == nil {
				break
			}
			pause, ok := c.again(err, attempt)
			if !ok {
				return false
			}
			c.clock.Advance(pause)
		}
	}
	return true
}

// embed sends one batch.
func (c *client) embed(batch string) error {
	url, body := c.srv.BaseURL(c.dialect)+"/services/embeddings/text-embedding/text-embedding",
		map[string]any{"model": "text-embedding-v3", "input": map[string]any{"texts": []string{batch}}}
	if c.dialect == "qianfan-v1" {
		url, body = c.srv.BaseURL(c.dialect)+"/rpc/2.0/ai_custom/v1/wenxinworkshop/embeddings/embedding-v1?access_token="+c.tokens.get(),
			map[string]any{"input": []string{batch}}
	}
	raw, err := c.send(c.post(c.t.Context(), url, body))
	if err == nil && !gjson.Get(raw, "output.embeddings").Exists() && !gjson.Get(raw, "data").Exists() {
		err = errEmpty
	}
	return err
}

// send returns the whole body of an answer, or the refusal that it tells.
func (c *client) send(req *http.Request) (string, error) {
	res, err := c.http.Do(req)
	if err != nil {
		return "", err
	}
	defer res.Body.Close()
	raw, err := io.ReadAll(res.Body)
	if err != nil {
		return "", err
	}
	if p := parsePiece(string(raw)); p.code != "" {
		p.status = res.StatusCode
		return "", &p.refusal
	}
	return string(raw), nil
}

// make has a picture made or a video, and waits for it.
func (c *client) make(kind, path, body string) {
	id := ""
	for attempt := 1; id == ""; attempt++ {
		req := c.post(c.t.Context(), c.srv.BaseURL("dashscope-native")+path, gjson.Parse(body).Value())
		req.Header.Set("X-DashScope-Async", "enable")
		raw, err := c.send(req)
		id = gjson.Get(raw, "output.task_id").Str
		if err == nil {
			break
		}
		var told *refusal
		if c.strict && !errors.As(err, &told) {
			id = c.newestTask() // It may have been made: look first.
			continue
		}
		pause, ok := c.again(err, attempt)
		if !ok {
			return
		}
		c.clock.Advance(pause)
	}
	for range 20 {
		raw, err := c.look("/" + id)
		if status := gjson.Get(raw, "output.task_status").Str; err == nil && status != "PENDING" && status != "RUNNING" {
			if status == "FAILED" && gjson.Get(raw, "output.code").Str == "" {
				c.t.Errorf("%s failed without a code: %s", kind, raw)
			}
			return
		}
		if err != nil && !c.strict {
			return
		}
		c.clock.Advance(300 * time.Millisecond)
	}
	c.t.Errorf("%s is never over", kind)
}

func (c *client) newestTask() string {
	raw, err := c.look("")
	if err != nil {
		c.t.Error(err)
	}
	return gjson.Get(raw, "data.0.task_id").Str
}

// look asks for one task, or for the list.
func (c *client) look(path string) (string, error) {
	req, err := http.NewRequestWithContext(c.t.Context(), http.MethodGet, c.srv.BaseURL("dashscope-native")+"/tasks"+path, nil)
	if err != nil {
		return "", err
	}
	req.Header.Set("Authorization", "Bearer "+c.key)
	return c.send(req)
}

// crowd lets many workers ask at the same moment. Each comes back after its own
// pause: they are let in one by one, in the order of their times.
func crowd(workers []*client) {
	type turnOf struct {
		worker  *client
		n       int
		attempt int
		at      time.Time
	}
	var waiting []turnOf
	for i, w := range workers {
		waiting = append(waiting, turnOf{w, i, 1, w.clock.Now()})
	}
	for len(waiting) > 0 {
		slices.SortStableFunc(waiting, func(a, b turnOf) int { return a.at.Compare(b.at) })
		next := waiting[0]
		waiting = waiting[1:]
		if d := next.at.Sub(next.worker.clock.Now()); d > 0 {
			next.worker.clock.Advance(d)
		}
		_, err := next.worker.once([]turn{{"role": "user", "content": fmt.Sprintf("Question %d?", next.n)}})
		if err == nil {
			continue
		}
		if pause, ok := next.worker.again(err, next.attempt); ok {
			next.at = next.at.Add(pause)
			next.attempt++
			waiting = append(waiting, next)
		}
	}
}

// speak has a text read aloud, and asks once more if it breaks off.
func (c *client) speak(text string) {
	for attempt := 1; ; attempt++ {
		err := c.speakOnce(text)
		pause, ok := c.again(err, attempt)
		if err == nil || !ok {
			return
		}
		c.clock.Advance(pause)
	}
}

// speakOnce opens a connection for one task. Only a careful client asks how the
// task ended.
func (c *client) speakOnce(text string) error {
	s := openSocket(c.t, c.srv)
	defer settled(c.t, c.srv)
	defer s.conn.Close()
	s.send(runSpeech, continueTask(text), finishTask)
	heard, silent := make(chan string, 1), make(chan struct{})
	go func() { heard <- s.events() }()
	ctx, cancel := context.WithCancel(c.t.Context())
	defer cancel()
	if c.watch {
		go func() {
			if hushed(ctx, c.srv, c.clock, stalled) {
				c.clock.Advance(10 * time.Second)
				close(silent)
			}
		}()
	}
	select {
	case <-silent:
		s.conn.Close()
		<-heard
		return errSilent
	case all := <-heard:
		if c.strict && !strings.HasSuffix(all, "finished") {
			return errHalf
		}
		return nil
	}
}
