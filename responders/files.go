package responders

import (
	"cmp"
	"net/http"
	"slices"
	"strings"

	"github.com/mockllm/mockllm/catalog"
	"github.com/mockllm/mockllm/scenarios"
)

// filesPath is where the files stand to which answers point. The vendors keep
// theirs in an object store on another host, so no rule and no refusal is
// about them.
const filesPath = "/mockllm-files/"

// Below it stand recordings, the place to which clients send files with a
// policy, and what they uploaded otherwise.
const (
	audioPath  = filesPath + "audio/"
	uploadPath = filesPath + "upload"
	storedPath = filesPath + "stored/"
)

// The folders of other files, below filesPath, and what their names end in.
const (
	pictureFolder    = "image/"
	videoFolder      = "video/"
	transcriptFolder = "transcription/"
	vectorFolder     = "embedding/"
	vectorEnding     = ".txt.gz"
)

// A fileKind is a kind of files. The content of each is a function of its name.
type fileKind struct {
	path, ending, contentType string
	content                   func(name string) []byte
}

// fileKinds are the kinds there are.
var fileKinds = []fileKind{
	{audioPath, ".wav", "audio/wav", wav},
	{filesPath + pictureFolder, ".png", "image/png", picture},
	{filesPath + videoFolder, ".mp4", "video/mp4", mp4},
	{filesPath + transcriptFolder, ".json", "application/json", transcriptJSON},
	{filesPath + vectorFolder, vectorEnding, "application/gzip", vectorLinesGzip},
}

// fileKindOf returns the kind of the file at the path, or -1. There is a file
// for every name.
func fileKindOf(path string) int {
	return slices.IndexFunc(fileKinds, func(k fileKind) bool {
		name, below := strings.CutPrefix(path, k.path)
		stem, ends := strings.CutSuffix(name, k.ending)
		return below && ends && stem != "" && !strings.Contains(stem, "/")
	})
}

// fileURL returns the address of a file for the client that sent the request.
// Its path names the namespace, because whoever fetches the file may send
// neither key nor header.
func fileURL(in *Incoming, path string) string {
	if in.Namespace != "" {
		path = "/ns/" + in.Namespace + path
	}
	return cmp.Or(in.Public, in.Host) + path
}

// files answers requests for files. It is no dialect.
type files struct{}

// Dialect returns one without a name, which no rule matches.
func (files) Dialect() catalog.Dialect { return catalog.Dialect{} }

func (files) Routes() []Route { return nil }

// hasFile reports whether there is a file at the path, or may be one.
func hasFile(path string) bool {
	return path == uploadPath || strings.HasPrefix(path, storedPath) || fileKindOf(path) >= 0
}

func (f files) Decode(in *Incoming) *scenarios.Request {
	r := newRequest(in, f.Dialect())
	r.Operation, r.Detail = "file", in
	return r
}

// Success writes the file.
func (files) Success(r *scenarios.Request, m Meta, _ *scenarios.Reply) Message {
	header := http.Header{"Date": {m.date()}, "Server": {"AliyunOSS"}}
	allowOrigin(header, r)
	methods := []string{http.MethodGet, http.MethodHead}
	if r.Path == uploadPath {
		methods = []string{http.MethodPost}
	}
	if !slices.Contains(methods, r.Method) {
		header["Allow"] = []string{strings.Join(methods, ", ")}
		return Message{Status: http.StatusMethodNotAllowed, Header: header}
	}
	if r.Path == uploadPath {
		return takeUpload(r.Detail.(*Incoming), m, header)
	}
	if id, stored := strings.CutPrefix(r.Path, storedPath); stored {
		f, found := m.file(catalog.DashScope, id)
		if !found {
			return Message{Status: http.StatusNotFound, Header: header}
		}
		header["Content-Type"] = []string{"application/octet-stream"}
		return Message{Status: http.StatusOK, Header: header, Frames: []Frame{f.content}}
	}
	kind := fileKinds[fileKindOf(r.Path)]
	header["Content-Type"] = []string{kind.contentType}
	return Message{Status: http.StatusOK, Header: header, Frames: []Frame{kind.content(strings.TrimPrefix(r.Path, kind.path))}}
}

// Header, Body and Event are never asked for: nobody refuses a file.

func (files) Header(*scenarios.Request, Meta, *scenarios.Failure, int, bool) http.Header {
	return http.Header{}
}

func (files) Body(*scenarios.Request, Meta, *scenarios.Failure, int) []byte { return nil }

func (files) Event(*scenarios.Request, Meta, *scenarios.Failure, int, int) Frame { return nil }
