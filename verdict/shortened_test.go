package verdict

import (
	"strings"
	"testing"
)

// TestShortened: whoever cuts, drops turns or sums up leaves on the wire something
// of what was too long; another question does not.
func TestShortened(t *testing.T) {
	const (
		long = "rule=busy err=dashscope/model/InvalidParameter fp=long "
		page = "Sum+this+up:+" + "abcdefgh*30+ijklmnop*60+qrstuvwx*30"
		text = "0s say=long body=" + page + " " + long
	)
	for _, c := range []struct {
		name, journal string
		want          Status
		said          string
	}{
		{"cut behind", text + "\n1s say=short body=Sum+this+up:+abcdefgh*20", Pass, "1 of 1 call was"},
		{"cut before", text + "\n1s say=short body=qrstuvwx*20", Pass, ""},
		{"cut in the middle", text + "\n1s say=short body=Sum+this+up:+abcdefgh*10+[…]+qrstuvwx*10", Pass, ""},
		{"some of its sentences", text + "\n1s say=short body=What+was+it+ijklmnop*15+and+abcdefgh*15+?", Pass, ""},
		{"piece by piece", text + "\n1s say=a body=A+page:+jklmnop*1+ijklmnop*20\n2s say=b body=What+was+it", Pass, ""},
		{"old turns dropped", "0s say=old/answer/ask body=" + page + " " + long + "\n1s say=ask body=ask", Pass, ""},
		{"old turns summed up", "0s say=old/answer/ask body=" + page + " " + long + "\n1s say=sum/yes/ask body=sum+ask", Pass, ""},
		{"cut, too little, and said so", text + "\n1s say=short body=Sum+this+up:+abcdefgh*20+ijklmnop*40 " + long, Pass, "2 of 2 calls were"},
		{"only told", text, Fail, "0 of 1 call was"},
		{"another question", text + "\n1s say=other body=What+is+a+page?", Fail, ""},
		{"another question with all that was said before", "0s say=one\n1s say=one/yes/long body=" + page + " " + long + "\n2s say=one/yes/two body=two", Fail, ""},
		{"another question about the same", text + "\n1s say=two body=abcdefgh*30+ijklmnop*60+qrstuvwx*30+Why? " + long, Fail, "0 of 2 calls were"},
		{"the same again", text + "\n1s say=long body=" + page + " " + long, Fail, "0 of 1 call was"},
		{"before", "0s say=short body=abcdefgh*20\n1s say=long body=" + page + " " + long, Fail, ""},
		{"one of two", text + "\n1s say=short body=abcdefgh*20\n2s say=more body=zyxwvuts*200 " + long, Fail, "1 of 2 calls were"},
		{"under way", text + " open", Inconclusive, "under way"},
		{"longer than what is kept", "0s say=long body=abcdefgh*9000 " + long + "\n1s say=short body=abcdefgh*20", Inconclusive, "too long to be kept"},
		{"longer than what is kept, with its turn", "0s say=old/answer/ask body=abcdefgh*9000 " + long + "\n1s say=ask body=ask", Pass, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			v := judged(t, busyRule+"[[expect]]\nrule = 'busy'\nfinal = 'shortened'", c.journal)
			if e := v.Expectations[0]; e.Status != c.want || !strings.Contains(e.Text, c.said) || (e.Status == Fail) != (len(e.Evidence) > 0) {
				t.Errorf("%s %q, want %s %q\n%s", e.Status, e.Text, c.want, c.said, textOf(t, v))
			}
		})
	}
}
