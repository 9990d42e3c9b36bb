package admin

import (
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/mockllm/mockllm/journal"
)

// The types of an HTTP Archive, version 1.2, as far as we have what it asks
// for. What it demands and nobody knows is empty, or -1 where it says so.
type (
	harEntry struct {
		Started    time.Time   `json:"startedDateTime"`
		Time       float64     `json:"time"` // Times are in milliseconds.
		Request    harRequest  `json:"request"`
		Response   harResponse `json:"response"`
		Cache      struct{}    `json:"cache"`
		Timings    harTimings  `json:"timings"`
		Connection string      `json:"connection,omitempty"`
		Ours       harOurs     `json:"_mockllm"`
	}
	harRequest struct {
		Method      string       `json:"method"`
		URL         string       `json:"url"`
		Version     string       `json:"httpVersion"`
		Cookies     []harPair    `json:"cookies"`
		Headers     []harPair    `json:"headers"`
		Query       []harPair    `json:"queryString"`
		PostData    *harPostData `json:"postData,omitempty"`
		HeadersSize int          `json:"headersSize"`
		BodySize    int          `json:"bodySize"`
	}
	harResponse struct {
		Status      int        `json:"status"`
		StatusText  string     `json:"statusText"`
		Version     string     `json:"httpVersion"`
		Cookies     []harPair  `json:"cookies"`
		Headers     []harPair  `json:"headers"`
		Content     harContent `json:"content"`
		RedirectURL string     `json:"redirectURL"`
		HeadersSize int        `json:"headersSize"`
		BodySize    int64      `json:"bodySize"`
	}
	harPair struct {
		Name  string `json:"name"`
		Value string `json:"value"`
	}
	harPostData struct {
		MimeType string `json:"mimeType"`
		Text     string `json:"text"`
	}
	harContent struct {
		Size     int    `json:"size"`
		MimeType string `json:"mimeType"`
		Text     string `json:"text"`
	}
	harTimings struct {
		Send    float64 `json:"send"`
		Wait    float64 `json:"wait"`
		Receive float64 `json:"receive"`
	}
	harOurs struct {
		ID         uint64           `json:"id"`
		Namespace  string           `json:"namespace"`
		Cause      string           `json:"cause"`
		Error      string           `json:"error,omitempty"`
		Fault      string           `json:"fault,omitempty"`
		Rules      []journal.Firing `json:"rules,omitempty"`
		Done       bool             `json:"done"`
		ClientLeft bool             `json:"client_left"`
		Failed     string           `json:"failed,omitempty"`
	}
)

// writeHAR writes an HTTP Archive. Faults of connections have no request, and
// so no place in it.
func (a api) writeHAR(w io.Writer, p journal.Page) {
	fmt.Fprintf(w, `{"log":{"version":"1.2","creator":%s,"comment":%s,"entries":[`,
		line(map[string]string{"name": "mockllm", "version": a.server.Info().Version}),
		line(fmt.Sprintf("%d exchanges were evicted from the journal of this namespace; secrets are redacted; bodies are their first 16 KiB", p.EvictedHere)))
	comma := ""
	for e := range p.All() {
		if e.Address == "" {
			continue
		}
		io.WriteString(w, comma)
		w.Write(line(harOf(e)))
		comma = ","
	}
	io.WriteString(w, "]}}\n")
}

func harOf(e journal.Exchange) harEntry {
	first, took := milliseconds(e.FirstByte), milliseconds(e.Took)
	h := harEntry{
		Started: e.Time, Time: took,
		Request: harRequest{
			Method: e.Method, URL: e.Address, Version: "HTTP/1.1", Cookies: []harPair{}, Headers: pairs(e.RequestHeader),
			Query: queryPairs(e.Address), HeadersSize: -1, BodySize: e.BodyBytes,
		},
		Response: harResponse{
			Status: e.Status, StatusText: http.StatusText(e.Status), Version: "HTTP/1.1", Cookies: []harPair{}, Headers: pairs(e.AnswerHeader),
			Content:     harContent{Size: e.AnswerBytes, MimeType: headerOf(e.AnswerHeader, "Content-Type"), Text: e.AnswerBody},
			HeadersSize: -1, BodySize: e.SentBytes,
		},
		Timings: harTimings{Wait: first, Receive: took - first},
		Ours: harOurs{
			ID: e.ID, Namespace: e.Namespace, Cause: e.Cause, Error: e.Error, Fault: e.Fault, Rules: e.Rules,
			Done: e.Done, ClientLeft: e.ClientLeft, Failed: e.Failed,
		},
	}
	if e.Connection > 0 {
		h.Connection = fmt.Sprint(e.Connection)
	}
	if e.BodyBytes > 0 {
		h.Request.PostData = &harPostData{MimeType: headerOf(e.RequestHeader, "Content-Type"), Text: e.Body}
	}
	return h
}

func milliseconds(d time.Duration) float64 { return float64(d) / float64(time.Millisecond) }

// pairs lists a header by name.
func pairs(header map[string][]string) []harPair {
	list := []harPair{}
	for name, values := range header {
		for _, value := range values {
			list = append(list, harPair{name, value})
		}
	}
	slices.SortStableFunc(list, func(a, b harPair) int { return strings.Compare(a.Name, b.Name) })
	return list
}

func headerOf(header map[string][]string, name string) string {
	for known, values := range header {
		if strings.EqualFold(known, name) {
			return strings.Join(values, ", ")
		}
	}
	return ""
}

// queryPairs takes the query of an address apart as far as it can be read.
func queryPairs(address string) []harPair {
	list := []harPair{}
	_, query, _ := strings.Cut(address, "?")
	for part := range strings.SplitSeq(query, "&") {
		if part == "" {
			continue
		}
		name, value, _ := strings.Cut(part, "=")
		list = append(list, harPair{unescaped(name), unescaped(value)})
	}
	return list
}

func unescaped(text string) string {
	if plain, err := url.QueryUnescape(text); err == nil {
		return plain
	}
	return text
}
