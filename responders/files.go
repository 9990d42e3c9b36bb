package responders

import (
	"net/http"
	"strings"

	"github.com/mockllm/mockllm/catalog"
	"github.com/mockllm/mockllm/scenarios"
)

// filesPath is where the files stand to which answers point. The vendors keep
// theirs in an object store on another host, so no rule and no refusal is
// about them.
const filesPath = "/mockllm-files/"

const audioPath = filesPath + "audio/"

// fileURL returns the address of a file for the client that sent the request.
// Its path names the namespace, because whoever fetches the file may send
// neither key nor header.
func fileURL(in *Incoming, path string) string {
	if in.Namespace != "" {
		path = "/ns/" + in.Namespace + path
	}
	return in.Host + path
}

// files answers requests for files. It is no dialect.
type files struct{}

// Dialect returns one without a name, which no rule matches.
func (files) Dialect() catalog.Dialect { return catalog.Dialect{} }

func (files) Routes() []Route { return nil }

// hasFile reports whether there is a file at the path. There is one for every
// name: its content is a function of the name.
func hasFile(path string) bool {
	name, found := strings.CutPrefix(path, audioPath)
	name, wav := strings.CutSuffix(name, ".wav")
	return found && wav && name != "" && !strings.Contains(name, "/")
}

func (f files) Decode(in *Incoming) *scenarios.Request {
	r := newRequest(in, f.Dialect())
	r.Operation = "file"
	return r
}

// Success writes the file.
func (files) Success(r *scenarios.Request, m Meta, _ *scenarios.Reply) Message {
	header := http.Header{"Date": {m.Now.UTC().Format(http.TimeFormat)}, "Server": {"AliyunOSS"}}
	allowOrigin(header, r)
	if r.Method != http.MethodGet {
		header["Allow"] = []string{http.MethodGet}
		return Message{Status: http.StatusMethodNotAllowed, Header: header}
	}
	header["Content-Type"] = []string{"audio/wav"}
	return Message{Status: http.StatusOK, Header: header, Frames: []Frame{wav(strings.TrimPrefix(r.Path, audioPath))}}
}

// Header, Body and Event are never asked for: nobody refuses a file.

func (files) Header(*scenarios.Request, Meta, *scenarios.Failure, int, bool) http.Header {
	return http.Header{}
}

func (files) Body(*scenarios.Request, Meta, *scenarios.Failure, int) []byte { return nil }

func (files) Event(*scenarios.Request, Meta, *scenarios.Failure, int, int) Frame { return nil }
