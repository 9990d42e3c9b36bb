package responders

import (
	"net/http"
	"strconv"
	"time"

	"github.com/mockllm/mockllm/catalog"
	"github.com/mockllm/mockllm/scenarios"
)

// nativeFiles is a call about files on the native API. They are the same files
// as in compatible mode.
type nativeFiles struct {
	in     *Incoming
	id     string // Of the file, "" for all of them.
	form   form
	isForm bool
}

func readNativeFiles(in *Incoming) nativeFiles {
	c := nativeFiles{in: in, id: clipped(in.Vars["file_id"])}
	if c.uploads() {
		c.form, c.isForm = readForm(in)
	}
	return c
}

func (c nativeFiles) uploads() bool { return c.in.Method == http.MethodPost }

func (nativeFiles) turns() []scenarios.Turn { return nil }

func (c nativeFiles) refusal(*dashScopeQuestion) *scenarios.Refusal {
	switch {
	case !c.uploads():
		return nil
	case !c.isForm || len(c.form.files) == 0:
		return parameterMissing("files")
	case c.form.field("purpose") == "":
		return compatibleStore{}.noPurpose()
	}
	return nil
}

func (c nativeFiles) bodyRefusal(in *Incoming, r *scenarios.Request) *scenarios.Refusal {
	if in.State != BodyComplete {
		return bodyRefusal(in, r)
	}
	return c.refusal(nil)
}

func (c nativeFiles) answer(r *scenarios.Request, m Meta, _ *scenarios.Reply) Message {
	if c.uploads() {
		return c.upload(r, m)
	}
	if c.id == "" {
		return m.control(r, c.list(r, m))
	}
	f, found := m.file(r.Provider, c.id)
	if !found {
		return m.controlRefused(r, invalidParameter("File not found.", nil))
	}
	if c.in.Method == http.MethodDelete {
		return m.control(r, obj(), scenarios.Change{Kind: storedKind(r.Provider), ID: f.id})
	}
	return m.control(r, obj().raw("data", c.write(f, true)))
}

// control is the answer of a service behind no model: the request id stands at
// its end.
func (m Meta) control(r *scenarios.Request, o *object, changes ...scenarios.Change) Message {
	return m.controlWhole(r, o.str("request_id", m.requestUUID()).end(), changes...)
}

func (m Meta) controlWhole(r *scenarios.Request, body []byte, changes ...scenarios.Change) Message {
	return Message{
		Status: http.StatusOK, Header: m.dashScopeControlHeader(r, controlType), Frames: []Frame{body}, Changes: changes,
	}
}

// controlRefused refuses what only the records show to be impossible.
func (m Meta) controlRefused(r *scenarios.Request, refused *scenarios.Refusal) Message {
	return Error(dashScopeNative{}, r, m, failureOf(refused, catalog.DashScopeNative))
}

// mostUploads is how many files one upload may bring.
const mostUploads = 10

// upload keeps as many files as it may. The others have failed, in an answer
// that says 200.
func (c nativeFiles) upload(r *scenarios.Request, m Meta) Message {
	var kept, failed [][]byte
	var changes []scenarios.Change
	chance := m.chance(forRecords)
	for i, sent := range c.form.files {
		if i >= mostUploads {
			why := failureOf(&scenarios.Refusal{ID: dashScopeModel + "BadRequest.TooMany"}, r.Dialect)
			failed = append(failed, obj().str("name", sent.name).str("code", why.Entry.Code).
				str("message", why.Variant.Fill(map[string]string{"max": strconv.Itoa(mostUploads)})).end())
			continue
		}
		f := storedFile{name: sent.name, content: sent.content, purpose: c.form.field("purpose"), number: 100_000_000 + chance.Int64N(900_000_000)}
		if descriptions := c.form.fields["descriptions"]; i < len(descriptions) {
			f.description = clipped(descriptions[i])
		}
		f.id, f.ready = m.dashScopeFileID(chance.Uint64(), f.purpose), m.readyAt(f.purpose)
		kept = append(kept, obj().str("name", f.name).str("file_id", f.id).end())
		changes = append(changes, f.put(r.Provider))
	}
	data := obj().raw("uploaded_files", array(kept...)).raw("failed_uploads", array(failed...)).end()
	return m.control(r, obj().raw("data", data), changes...)
}

func (c nativeFiles) list(r *scenarios.Request, m Meta) *object {
	size, number := min(queryNumber(c.in, "page_size", 10, 1), 100), queryNumber(c.in, "page_no", 1, 1)
	files := m.files(r.Provider)
	var shown [][]byte
	for _, f := range onPage(files, number, size) {
		shown = append(shown, c.write(f, false))
	}
	data := obj().num("total", int64(len(files))).raw("files", array(shown...)).
		num("page_size", int64(size)).num("page_no", int64(number)).end()
	return obj().raw("data", data)
}

// onPage returns the part of a list that stands on a page, from 1.
func onPage[T any](all []T, number, size int) []T {
	if number-1 > len(all)/size { // Else the product might overflow.
		return nil
	}
	start := min((number-1)*size, len(all))
	return all[start:min(start+size, len(all))]
}

// write writes a file; lists leave its purpose out. Its address leads here.
func (c nativeFiles) write(f storedFile, whole bool) []byte {
	o := obj().num("id", f.number).str("name", f.name).str("description", f.description)
	if whole {
		o.str("purpose", f.purpose)
	}
	return o.num("size", int64(len(f.content))).str("md5", f.md5()).str("region", "cn-beijing").str("file_id", f.id).
		str("url", fileURL(c.in, storedPath+f.id)).str("user_id", accountID).str("api_key_id", "67516").
		str("gmt_create", f.at.In(cst).Format(time.DateTime)).end()
}

// accountID is the number of the account that owns everything here.
const accountID = "1493478651020171"
