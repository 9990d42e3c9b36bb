package responders

import (
	"bytes"
	"io"
	"mime"
	"mime/multipart"
	"strings"
)

// A form is what an upload brings: fields, and files.
type form struct {
	fields map[string][]string
	files  []formFile
}

// A formFile is a part of a form that has a file name.
type formFile struct {
	name    string
	content []byte // Never nil.
}

// maxParts bounds the parts of a form.
const maxParts = 1_000

// readForm reads a multipart body, which is no longer than a server reads. It
// reports whether it is one, whole and with not too many parts.
func readForm(in *Incoming) (f form, ok bool) {
	kind, parameters, err := mime.ParseMediaType(in.Header.Get("Content-Type"))
	if err != nil || kind != "multipart/form-data" || parameters["boundary"] == "" || in.State != BodyComplete {
		return form{}, false
	}
	f.fields = map[string][]string{}
	parts := multipart.NewReader(bytes.NewReader(in.Body), parameters["boundary"])
	for range maxParts {
		part, err := parts.NextPart()
		if err == io.EOF {
			return f, true
		}
		if err != nil {
			return form{}, false
		}
		content, err := io.ReadAll(part)
		if err != nil {
			return form{}, false
		}
		if name := part.FileName(); name != "" || part.FormName() == "file" {
			f.files = append(f.files, formFile{name: oneName(name), content: content})
			continue
		}
		f.fields[part.FormName()] = append(f.fields[part.FormName()], string(content))
	}
	return form{}, false
}

// oneName makes a file's name fit for a line of JSON and for a path.
func oneName(name string) string {
	return clipped(strings.Map(func(c rune) rune {
		if c < ' ' || c == '/' || c == 0x7f {
			return '_'
		}
		return c
	}, strings.ToValidUTF8(name, "_")))
}

// field returns the first value of a field, cut at the length of a name.
func (f form) field(name string) string { return clipped(first(f.fields, name)) }
