package responders

import (
	"bytes"
	"crypto/md5"
	"encoding/base64"
	"math/rand/v2"
	"time"

	"github.com/tidwall/gjson"

	"github.com/mockllm/mockllm/scenarios"
)

// A storedFile is a file that a client uploaded, or that a batch wrote.
type storedFile struct {
	id, name, purpose, description string

	number  int64 // DashScope numbers files besides.
	content []byte
	at      time.Time
	ready   time.Time // When it is parsed, if it was uploaded for that; else when it is there.

	// batch is the id of the batch that writes the file, if one does, and
	// failures whether its failures stand in it or its answers.
	batch    string
	failures bool
}

// storedKind is what a vendor's file records are called. A namespace keeps the
// files of both apart.
func storedKind(provider string) string { return provider + "-file" }

// put keeps the file: a line of JSON, and the content behind it.
func (f storedFile) put(provider string) scenarios.Change {
	head := obj().str("name", f.name).str("purpose", f.purpose).str("description", f.description).num("number", f.number)
	if f.batch != "" {
		head.str("batch", f.batch).boolean("failures", f.failures)
	}
	value := append(head.end(), '\n')
	return scenarios.Change{Kind: storedKind(provider), ID: f.id, Value: append(value, f.content...), Until: f.ready}
}

// parseTime is how long a file is parsed, in vendor time, whose text is to be
// asked about. The vendor's takes seconds to minutes.
const parseTime = 2 * time.Second

// toBeParsed is the purpose of such files.
const toBeParsed = "file-extract"

// readyAt returns when a file that is uploaded for the purpose is ready.
func (m Meta) readyAt(purpose string) time.Time {
	if purpose == toBeParsed {
		return m.Now.Add(m.onClock(parseTime))
	}
	return m.Now
}

// readFile is the reverse of put. What a batch writes has no content yet.
func readFile(record scenarios.Record) storedFile {
	head, content, _ := bytes.Cut(record.Value, []byte("\n"))
	told := gjson.ParseBytes(head)
	return storedFile{
		id: record.ID, at: record.Created, ready: record.Until, content: content,
		name: told.Get("name").Str, purpose: told.Get("purpose").Str, description: told.Get("description").Str,
		number: told.Get("number").Int(), batch: told.Get("batch").Str, failures: told.Get("failures").Bool(),
	}
}

// file returns the file of that id.
func (m Meta) file(provider, id string) (storedFile, bool) {
	if m.Records == nil {
		return storedFile{}, false
	}
	record, found := m.Records.Get(storedKind(provider), id)
	if !found {
		return storedFile{}, false
	}
	return m.written(provider, readFile(record))
}

// written adds what a batch has written to the file. Until the batch has ended,
// or if it had nothing to write, there is no such file.
func (m Meta) written(provider string, f storedFile) (storedFile, bool) {
	if f.batch == "" {
		return f, true
	}
	b, found := m.batch(provider, f.batch)
	if !found {
		return storedFile{}, false
	}
	state := b.state(m.Now)
	f.at, f.content = state.ended, b.write(state, f.failures)
	return f, len(f.content) > 0
}

// files returns all files, the newest first.
func (m Meta) files(provider string) []storedFile {
	if m.Records == nil {
		return nil
	}
	records := m.Records.List(storedKind(provider))
	files := make([]storedFile, 0, len(records))
	for i := len(records) - 1; i >= 0; i-- {
		if f, there := m.written(provider, readFile(records[i])); there {
			files = append(files, f)
		}
	}
	return files
}

// md5 returns the sum of the content as DashScope writes it.
func (f storedFile) md5() string {
	sum := md5.Sum(f.content)
	return base64.StdEncoding.EncodeToString(sum[:])
}

// randomHex draws n digits.
func randomHex(chance *rand.Rand, n int) string { return text(chance, n, lowerHex) }

// page cuts a list behind the id of the cursor, if it has one, at the limit,
// and reports whether more follows. A cursor that names nothing is at the end.
func page[T any](all []T, id func(T) string, cursor string, limit int) (some []T, more bool) {
	if cursor != "" {
		from := len(all)
		for i := range all {
			if id(all[i]) == cursor {
				from = i + 1
			}
		}
		all = all[from:]
	}
	if len(all) > limit {
		return all[:limit], true
	}
	return all, false
}
