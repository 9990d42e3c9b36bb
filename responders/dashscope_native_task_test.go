package responders

import (
	"encoding/binary"
	"fmt"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/tidwall/gjson"

	"github.com/mockllm/mockllm/catalog"
	"github.com/mockllm/mockllm/scenarios"
)

// taskRoutes are the calls that make a task, by what they are made of.
func taskRoutes() []Route {
	routes := []Route{{transcriptionPath, catalog.OpTranscription}, {"/api/v1/services/embeddings/text-embedding/text-embedding", catalog.OpEmbedding}}
	for _, kind := range taskKinds {
		if kind.path != "" {
			routes = append(routes, Route{taskServices + kind.path, catalog.OpImage})
		}
	}
	return routes
}

func taskIncoming(route Route, body []byte) *Incoming {
	in := incoming(route, body)
	in.Query, in.Host = nil, "http://mock:8080"
	in.Header.Set("X-DashScope-Async", "enable")
	return in
}

// oneRecord is the view of a namespace in which one thing was made.
type oneRecord struct{ scenarios.Record }

func (o oneRecord) Get(kind, id string) (scenarios.Record, bool) {
	return o.Record, kind == o.Kind && id == o.ID
}

func (o oneRecord) List(kind string) []scenarios.Record {
	if kind != o.Kind {
		return nil
	}
	return []scenarios.Record{o.Record}
}

// FuzzTaskCalls sends any body to every call that makes a task, and looks after
// what was made at any time: each answer is well formed, and none is much larger
// than what was asked for.
func FuzzTaskCalls(f *testing.F) {
	for _, s := range []string{
		"", "{}", "[]", `{"input":[]}`, `{"model":"m","input":{"prompt":"p","url":"u","style_index":-1},"parameters":{"n":9,"size":"0*-1","duration":1e99}}`,
		`{"model":"m","input":{"prompt":"p","url":"u","file_url":"f"},"parameters":{"n":4,"size":"99999999999999999999*1","duration":1.5}}`,
		`{"model":"wan2.1-t2v","input":{"prompt":"` + "\xff" + `","url":{},"file_urls":["a","b",7]},"parameters":7}`,
		`{"model":"m","input":{"prompt":[],"url":"u","file_urls":["a","b"]},"parameters":{"size":"1*1"}}`,
	} {
		for kind := range len(taskKinds) {
			f.Add([]byte(s), uint8(kind), uint16(10), uint8(kind))
		}
	}
	d := dashScopeNative{}
	f.Fuzz(func(t *testing.T, body []byte, kind uint8, after uint16, life uint8) {
		routes := taskRoutes()
		in := taskIncoming(routes[int(kind)%len(routes)], body)
		r := d.Decode(in)
		m := Meta{Entropy: [2]uint64{1, 2}, Now: in.Now, Edition: catalog.EditionSeed, Records: noRecords{}}
		for _, refused := range []*scenarios.Refusal{r.Identity, r.Refused} {
			if refused != nil {
				wellFormed(t, d.Dialect().Name, Error(d, r, m, failure(t, refused, r.Dialect)))
			}
		}
		reply := []*scenarios.Reply{nil, {}, {Task: &scenarios.Task{Outcome: scenarios.TaskFailed}}, {Task: &scenarios.Task{Failed: 1}}}[life%4]
		made := d.Success(r, m, reply)
		wellFormed(t, d.Dialect().Name, made)
		if !r.Task {
			return
		}
		c := made.Changes[0]
		m.Records, m.Now = oneRecord{scenarios.Record{Kind: c.Kind, ID: c.ID, Value: c.Value}}, m.Now.Add(time.Duration(after)*time.Second)
		for _, path := range []string{tasksPath, tasksPath + "/" + c.ID, tasksPath + "/" + c.ID + cancelSuffix} {
			look := incoming(Route{path, catalog.OpTask}, nil)
			look.Query = nil
			answer := d.Success(d.Decode(look), m, nil)
			wellFormed(t, d.Dialect().Name, answer)
			if got, most := len(answer.Frames[0]), 4_000+60*len(body); got > most {
				t.Fatalf("%s: %d bytes for a call of %d", path, got, len(body))
			}
		}
	})
}

// FuzzTaskID: what an id tells is what was put into it, ids look like random
// UUIDs, and any other text is nobody's.
func FuzzTaskID(f *testing.F) {
	f.Add(int64(1_779_955_200_000), uint8(0), uint8(4), true, "", "1111")
	f.Add(int64(0), uint8(200), uint8(255), false, "blue", "e25af799-739d-49bf-81cd-e95b2e18eeff")
	f.Add(int64(1)<<47, uint8(10), uint8(1), true, "a", "E25AF799-739D-49BF-81CD-E95B2E18EEFF")
	f.Fuzz(func(t *testing.T, made int64, kind, results uint8, usual bool, namespace, text string) {
		m := Meta{Entropy: [2]uint64{uint64(made), uint64(kind)}}
		told := taskID{time.UnixMilli(made & (1<<47 - 1)), int(kind) % len(taskKinds), int(results & 0x0f), usual}
		id := m.taskID(namespace, told)
		parsed, err := uuid.Parse(id)
		if err != nil || parsed.Version() != 4 || parsed.Variant() != uuid.RFC4122 {
			t.Fatalf("%s is no random UUID: %v", id, err)
		}
		if back, genuine := readTaskID(id, namespace); !genuine || back != told {
			t.Fatalf("%s tells %+v, %t; want %+v", id, back, genuine, told)
		}
		if _, genuine := readTaskID(id, namespace+"x"); genuine {
			t.Fatalf("%s is known in another namespace", id)
		}
		if _, genuine := readTaskID(strings.ToUpper(id), namespace); genuine && strings.ToUpper(id) != id {
			t.Fatalf("%s is known in capitals", id)
		}
		if back, genuine := readTaskID(text, namespace); genuine && m.taskID(namespace, back) == "" {
			t.Fatalf("%s tells %+v", text, back)
		}
	})
}

// TestTaskIDsDiffer: tasks of one moment are told apart, and every bit that is
// changed makes an id nobody's.
func TestTaskIDsDiffer(t *testing.T) {
	seen := map[string]bool{}
	for i := range uint64(1000) {
		seen[Meta{Entropy: [2]uint64{i, 7}}.taskID("", taskID{made: time.UnixMilli(1)})] = true
	}
	if len(seen) != 1000 {
		t.Errorf("%d ids for 1000 tasks", len(seen))
	}
	id := uuid.MustParse(Meta{}.taskID("", taskID{made: time.UnixMilli(1_779_955_200_000), kind: 3, results: 1, usual: true}))
	for bit := range 128 {
		changed := id
		changed[bit/8] ^= 1 << (bit % 8)
		if _, genuine := readTaskID(changed.String(), ""); genuine && bit/8 != 6 { // The version tells nothing.
			t.Errorf("bit %d makes no difference", bit)
		}
	}
}

// TestManyFiles: what a call for transcripts may name is bounded in number and
// in bytes.
func TestManyFiles(t *testing.T) {
	list := func(n, length int) []byte {
		file := `"` + strings.Repeat("f", length) + `"`
		return []byte(`{"model":"paraformer-v2","input":{"file_urls":[` + strings.Repeat(file+",", n-1) + file + `]}}`)
	}
	for _, c := range []struct {
		body []byte
		want string
	}{
		{list(mostFiles, 10), ""}, {list(mostFiles+1, 10), "batch size is invalid"}, {list(2, mostFileBytes), "batch size is invalid"},
		{[]byte(`{"model":"paraformer-v2","input":{"file_urls":["a",1]}}`), "Required parameter"}, {[]byte(`{"model":"paraformer-v2","input":{"file_urls":"a"}}`), "Required parameter"},
		{[]byte(`{"model":"paraformer-v2","input":{"file_url":"a"}}`), ""}, {[]byte(`{"model":"paraformer-v2","input":{"file_url":""}}`), "Required parameter"},
	} {
		r := dashScopeNative{}.Decode(taskIncoming(Route{transcriptionPath, catalog.OpTranscription}, c.body))
		if got := fmt.Sprint(r.Refused); (r.Refused == nil) != (c.want == "") || !strings.Contains(got, c.want) {
			t.Errorf("%.60s: %s, want %q", c.body, got, c.want)
		}
	}
}

// TestStageEdges looks at a task at the very moments at which it changes.
func TestStageEdges(t *testing.T) {
	start := time.UnixMilli(1_000_000)
	for _, c := range []struct {
		outcome scenarios.TaskOutcome
		after   time.Duration
		want    string
	}{
		{scenarios.TaskSucceeded, 0, pending}, {scenarios.TaskSucceeded, time.Second - 1, pending},
		{scenarios.TaskSucceeded, time.Second, running}, {scenarios.TaskSucceeded, 3*time.Second - 1, running},
		{scenarios.TaskSucceeded, 3 * time.Second, succeeded}, {scenarios.TaskFailed, 3 * time.Second, failed},
		{scenarios.TaskSucceeded, 12*time.Hour - 1, succeeded}, {scenarios.TaskSucceeded, 12 * time.Hour, unknown},
		{scenarios.TaskCanceled, time.Second - 1, pending}, {scenarios.TaskCanceled, time.Second, canceled},
		{scenarios.TaskUnknown, time.Second, running}, {scenarios.TaskUnknown, 3 * time.Second, unknown},
		{scenarios.TaskSucceeded, -time.Hour, pending}, // A clock that went back.
	} {
		k := task{Made: start.UnixMilli(), Pending: time.Second, Running: 2 * time.Second, Life: 12 * time.Hour, Outcome: c.outcome}
		if got := k.stage(Meta{Now: start.Add(c.after)}).status; got != c.want {
			t.Errorf("%s after %v: %s, want %s", c.outcome, c.after, got, c.want)
		}
	}
	never := task{Made: start.UnixMilli(), Pending: math.MaxInt64, Running: math.MaxInt64, Life: taskLife}
	if got := never.stage(Meta{Now: start.Add(time.Hour)}).status; got != pending {
		t.Errorf("a task that never begins is %s", got)
	}
}

// TestMP4 walks through the boxes of a film to its one picture.
func TestMP4(t *testing.T) {
	file := mp4("a.mp4")
	find := func(path ...string) []byte {
		in := file
		for _, name := range path {
			at := 0
			for at+8 <= len(in) && string(in[at+4:at+8]) != name {
				at += int(binary.BigEndian.Uint32(in[at:]))
			}
			if at+8 > len(in) {
				t.Fatalf("there is no box %v", path)
			}
			in = in[at+8 : at+int(binary.BigEndian.Uint32(in[at:]))]
		}
		return in
	}
	stbl := []string{"moov", "trak", "mdia", "minf", "stbl"}
	table := func(name string) []byte { return find(append(stbl, name)...) }
	offset, size := binary.BigEndian.Uint32(table("stco")[8:]), binary.BigEndian.Uint32(table("stsz")[4:])
	picture := find("mdat")
	if string(file[offset:offset+size]) != string(picture) || binary.BigEndian.Uint32(picture) != size-4 {
		t.Errorf("the picture of %d bytes does not stand at %d of %d", size, offset, len(file))
	}
	if ms := binary.BigEndian.Uint32(find("moov", "mvhd")[16:]); ms != mp4Length {
		t.Errorf("it lasts %d ms", ms)
	}
	entry := table("stsd")[16:]
	if w, h := binary.BigEndian.Uint16(entry[24:]), binary.BigEndian.Uint16(entry[26:]); w != mp4Side || h != mp4Side || string(entry[82:86]) != "avcC" {
		t.Errorf("a picture of %d x %d, coded as %q", w, h, entry[82:86])
	}
	for _, unit := range [][]byte{h264Sequence(), h264Parameters(), picture[4:]} {
		if strings.Contains(string(unit), "\x00\x00\x00") || strings.Contains(string(unit), "\x00\x00\x01") || strings.Contains(string(unit), "\x00\x00\x02") || strings.Contains(string(unit), "\x00\x00\x03") {
			t.Errorf("a unit of %d bytes would have to be escaped", len(unit))
		}
	}
	if string(file) != string(mp4("a.mp4")) || string(file) == string(mp4("b.mp4")) {
		t.Error("the name alone does not choose the film")
	}
}

// TestTranscript: the words make the sentence, and what a task charges is the
// length of its recordings.
func TestTranscript(t *testing.T) {
	file := gjson.ParseBytes(transcriptJSON("x.json"))
	sentence, said := file.Get("transcripts.0.sentences.0"), ""
	for _, w := range sentence.Get("words").Array() {
		said += " " + w.Get("text").Str + w.Get("punctuation").Str
	}
	if want := sentence.Get("text").Str; said[1:] != want || want == "" {
		t.Errorf("the words are %q, the sentence is %q", said, want)
	}
	if file.Get("properties.original_duration_in_milliseconds").Int() != sentence.Get("end_time").Int() {
		t.Errorf("lengths differ: %s", file.Raw)
	}
}

// TestPictureFile: pictures are as large as their names tell, within bounds.
func TestPictureFile(t *testing.T) {
	for name, want := range map[string]string{
		"a.png": "64x64", "a.32x16.png": "32x16", "a.9999x1.png": "128x1", "a.-1x0.png": "1x1", "a.x.png": "64x64", "32x16.png": "64x64",
	} {
		file := picture(name)
		if got := fmt.Sprintf("%dx%d", binary.BigEndian.Uint32(file[16:]), binary.BigEndian.Uint32(file[20:])); got != want {
			t.Errorf("%s is %s, want %s", name, got, want)
		}
	}
}
