package responders

import (
	"strings"
	"testing"

	"github.com/tidwall/gjson"
)

// TestRealtimeBuffer: what was committed can be neither committed again nor
// cleared, and is paid for by the next answer.
func TestRealtimeBuffer(t *testing.T) {
	const sound, commit, clear, create = `{"type":"input_audio_buffer.append","audio":"AAAAAAAA"}`, `{"type":"input_audio_buffer.commit"}`,
		`{"type":"input_audio_buffer.clear"}`, `{"type":"response.create"}`
	for name, c := range map[string]struct {
		said []string
		want string // The types of what is answered, and the tokens of sound that the answer costs.
	}{
		"nothing":    {[]string{commit, create}, "error 0"},
		"one":        {[]string{sound, commit, create}, "committed created completed 25"},
		"twice":      {[]string{sound, commit, commit, create}, "committed created completed error 25"},
		"two":        {[]string{sound, commit, sound, commit, create}, "committed created completed committed created completed 25"},
		"cleared":    {[]string{sound, clear, commit, create}, "cleared error 0"},
		"half":       {[]string{sound, commit, sound, clear, create}, "committed created completed cleared 25"},
		"not at all": {[]string{sound, create, commit}, "25 error"},
	} {
		session, _ := socketFor(realtimePath, "qwen3-omni-flash-realtime")
		var got []string
		for _, said := range c.said {
			next, m := socketAnswer(t, session, SocketFrame{Data: []byte(said)})
			session = next
			for _, e := range m.Events {
				kind := gjson.GetBytes(e.Data, "type").Str
				switch {
				case e.Part == SocketFinish:
					got = append(got, gjson.GetBytes(e.Data, "response.usage.input_tokens_details.audio_tokens").Raw)
				case said != create:
					got = append(got, kind[strings.LastIndexByte(kind, '.')+1:])
				}
			}
		}
		if s := strings.Join(got, " "); s != c.want {
			t.Errorf("%s: %s, want %s", name, s, c.want)
		}
	}
}

// TestRealtimeItems: the events of a commit are about one item, those of the
// next about another.
func TestRealtimeItems(t *testing.T) {
	session, _ := socketFor(realtimePath, "qwen3-omni-flash-realtime")
	seen := map[string]bool{}
	for range 3 {
		session, _ = socketAnswer(t, session, SocketFrame{Data: []byte(`{"type":"input_audio_buffer.append","audio":"AAAA"}`)})
		next, m := socketAnswer(t, session, SocketFrame{Data: []byte(`{"type":"input_audio_buffer.commit"}`)})
		session = next
		id := gjson.GetBytes(m.Events[0].Data, "item_id").Str
		if seen[id] || id == "" || gjson.GetBytes(m.Events[1].Data, "item.id").Str != id || gjson.GetBytes(m.Events[2].Data, "item_id").Str != id {
			t.Errorf("events %s %s %s", m.Events[0].Data, m.Events[1].Data, m.Events[2].Data)
		}
		seen[id] = true
	}
}
