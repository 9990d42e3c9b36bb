package recordings

import (
	"bytes"
	"fmt"
	"slices"
	"strings"

	"github.com/tidwall/gjson"

	"github.com/mockllm/mockllm/responders"
)

// formOf tells how an answer is framed: as a whole, or as events with these
// fields.
func formOf(a Answer) string {
	if !a.Stream {
		return "a whole body"
	}
	var forms []string
	for _, frame := range a.Frames {
		if form := eventForm(frame); !slices.Contains(forms, form) {
			forms = append(forms, form)
		}
	}
	slices.Sort(forms)
	text := "events of " + strings.Join(forms, " and of ")
	if n := len(a.Frames); n > 0 && bytes.Equal(responders.EventData(a.Frames[n-1]), []byte("[DONE]")) {
		text += ", with an end mark"
	}
	return text
}

// eventForm lists the fields of an event as they are spelt, such as "data: ".
func eventForm(frame []byte) string {
	var fields []string
	for line := range bytes.Lines(frame) {
		name, value, found := strings.Cut(strings.TrimRight(string(line), "\r\n"), ":")
		switch {
		case !found && name == "":
			continue
		case !found:
			name = "a bare line"
		case name == "":
			name = "a comment"
		case strings.HasPrefix(value, " "):
			name += ": "
		default:
			name += ":"
		}
		fields = append(fields, fmt.Sprintf("%q", name))
	}
	return strings.Join(fields, " ")
}

// compareBodies compares the keys of JSON: which there are, of what type, and in
// which order. Of streams, the first event, the second and the last with JSON.
func compareBodies(recorded, mock Answer) []string {
	if !recorded.Stream {
		return compareJSON("", whole(recorded), whole(mock))
	}
	theirs, ours := events(recorded), events(mock)
	if len(theirs) == 0 || len(ours) == 0 {
		if len(theirs) != len(ours) {
			return []string{fmt.Sprintf("recorded %d events with JSON, mockllm %d", len(theirs), len(ours))}
		}
		return nil
	}
	all := compareJSON("first event: ", theirs[0], ours[0])
	if len(theirs) > 2 && len(ours) > 2 {
		all = append(all, compareJSON("second event: ", theirs[1], ours[1])...)
	}
	if len(theirs) > 1 && len(ours) > 1 {
		all = append(all, compareJSON("last event: ", theirs[len(theirs)-1], ours[len(ours)-1])...)
	}
	return all
}

func whole(a Answer) []byte { return bytes.Join(a.Frames, nil) }

// events returns the JSON of the events that have some.
func events(a Answer) [][]byte {
	var all [][]byte
	for _, frame := range a.Frames {
		if data := responders.EventData(frame); len(data) > 0 && data[0] == '{' && gjson.ValidBytes(data) {
			all = append(all, data)
		}
	}
	return all
}

// A shape is the keys of JSON: of each object, by its path, in order; and the
// type of each value, by its path.
type shape struct {
	paths []string // Of objects, in order.
	keys  map[string][]string
	types map[string]string
}

// deepestShape bounds how deep is looked.
const deepestShape = 20

func shapeOf(data []byte) shape {
	s := shape{keys: map[string][]string{}, types: map[string]string{}}
	s.look("", gjson.ParseBytes(data), 0)
	return s
}

// look takes in a value. All elements of an array count as one.
func (s *shape) look(path string, v gjson.Result, depth int) {
	if _, known := s.types[path]; !known || s.types[path] == "null" {
		s.types[path] = typeOf(v)
	}
	if depth > deepestShape {
		return
	}
	switch {
	case v.IsArray():
		for _, element := range v.Array() {
			s.look(path+"[]", element, depth+1)
		}
	case v.IsObject():
		if _, known := s.keys[path]; !known {
			s.paths = append(s.paths, path)
		}
		v.ForEach(func(key, value gjson.Result) bool {
			if !slices.Contains(s.keys[path], key.String()) {
				s.keys[path] = append(s.keys[path], key.String())
			}
			s.look(strings.TrimPrefix(path+"."+key.String(), "."), value, depth+1)
			return true
		})
	}
}

func typeOf(v gjson.Result) string {
	switch {
	case v.IsObject():
		return "object"
	case v.IsArray():
		return "array"
	case v.IsBool():
		return "boolean"
	}
	return strings.ToLower(v.Type.String())
}

// compareJSON tells how the keys differ.
func compareJSON(where string, recorded, mock []byte) []string {
	theirs, ours := gjson.ValidBytes(recorded), gjson.ValidBytes(mock)
	if !theirs || !ours {
		if theirs != ours {
			return []string{fmt.Sprintf("%sJSON: recorded %t, mockllm %t", where, theirs, ours)}
		}
		return nil
	}
	a, b := shapeOf(recorded), shapeOf(mock)
	var all []string
	if a.types[""] != b.types[""] {
		return []string{fmt.Sprintf("%srecorded %s, mockllm %s", where, a.types[""], b.types[""])}
	}
	for _, path := range a.paths {
		if b.keys[path] == nil {
			continue // Told of the key that leads there.
		}
		at := where
		if path != "" {
			at += path + ": "
		}
		for _, d := range compareKeys(a.keys[path], b.keys[path]) {
			all = append(all, at+d)
		}
		for _, key := range a.keys[path] {
			to := strings.TrimPrefix(path+"."+key, ".")
			if mine, known := b.types[to]; known && mine != a.types[to] && mine != "null" && a.types[to] != "null" {
				all = append(all, fmt.Sprintf("%s%s: recorded %s, mockllm %s", where, to, a.types[to], mine))
			}
		}
	}
	return all
}

// compareKeys tells which keys one object has and the other has not, and whether
// those of both stand in another order.
func compareKeys(recorded, mock []string) []string {
	all := onlyIn(recorded, mock)
	shared := func(keys, others []string) []string {
		return slices.DeleteFunc(slices.Clone(keys), func(key string) bool { return !slices.Contains(others, key) })
	}
	if theirs, ours := shared(recorded, mock), shared(mock, recorded); !slices.Equal(theirs, ours) {
		all = append(all, fmt.Sprintf("order: recorded %s; mockllm %s", strings.Join(theirs, ", "), strings.Join(ours, ", ")))
	}
	return all
}
