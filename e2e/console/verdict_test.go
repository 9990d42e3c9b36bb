package console

import (
	"encoding/json"
	"encoding/xml"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	cdpbrowser "github.com/chromedp/cdproto/browser"
	"github.com/chromedp/chromedp"

	"github.com/mockllm/mockllm/admin"
)

// A person reads what the client did wrong, goes to the proof, and takes the
// reports home.
func TestVerdict(t *testing.T) {
	w := serve(t, `
		name = "judged"
		[[rule]]
		name  = "wall"
		error = "Arrearage"
		[[expect]]
		max_attempts = 1
		`, admin.Options{})
	for range 3 {
		w.chat("", "qwen-plus", "again and again")
	}
	p := open(t, w.console+"#verdict", desk)
	p.sees("#judged", "FAIL", "judged", "Exchanges: 3 · logical calls: 1", "Instead:", "max_attempts = 1")
	kept := p.downloads()
	for button, file := range map[string]string{"junit": "mockllm-default-junit.xml", "markdown": "mockllm-default-verdict.md", "har": "mockllm-default-journal.har"} {
		p.click("#download-" + button)
		text := kept(file)
		switch button {
		case "junit":
			var report struct {
				Suite struct {
					Failures int `xml:"failures,attr"`
				} `xml:"testsuite"`
			}
			if err := xml.Unmarshal(text, &report); err != nil || report.Suite.Failures != 2 {
				t.Errorf("%v, %+v in %s", err, report, text)
			}
		case "markdown":
			if !strings.Contains(string(text), "judged") || !strings.Contains(string(text), "FAIL") {
				t.Errorf("the report is %s", text)
			}
		default:
			var har struct {
				Log struct{ Entries []json.RawMessage }
			}
			if err := json.Unmarshal(text, &har); err != nil || len(har.Log.Entries) != 3 {
				t.Errorf("%v, %d entries", err, len(har.Log.Entries))
			}
		}
	}
	p.click("#judged a.exchange")
	p.sees("#detail", "dashscope/model/Arrearage")
	p.quiet()
}

// While nothing happens the journal is not judged again; what happens is seen.
func TestVerdictIsNotJudgedAgain(t *testing.T) {
	w := serve(t, "name = \"wall\"\n[[rule]]\nname = \"wall\"\nerror = \"Arrearage\"\n", admin.Options{})
	p := open(t, w.console+"#verdict", desk)
	p.sees("#judged", "INCONCLUSIVE", "nothing was called")
	p.until(`performance.getEntriesByType('resource').some((r) => r.name.includes('/api/v1/verdict') && r.responseStatus === 304)`)
	p.sees("#judged", "nothing was called")
	w.chat("", "qwen-plus", "once")
	p.sees("#judged", "PASS", "Exchanges: 1")
	p.quiet()
}

// A finding that was seen often shows some places, and says how many more there are.
func TestVerdictSaysHowManyMore(t *testing.T) {
	w := serve(t, "name = \"wall\"\n[[rule]]\nname = \"wall\"\nerror = \"Arrearage\"\n", admin.Options{})
	for range 16 {
		w.chat("", "qwen-plus", "again and again")
	}
	p := open(t, w.console+"#verdict", look{width: 1280, height: 860, zh: true})
	p.sees("#judged", "FAIL 未通过", "hopeless-retry × 15", "还有 5 处")
	p.quiet()
}

// downloads keeps what is downloaded, and returns how to wait for a file.
func (p *page) downloads() func(name string) []byte {
	p.t.Helper()
	dir := p.t.TempDir()
	c := chromedp.FromContext(p.ctx)
	_, err := chromedp.CallBrowser(p.ctx, cdpbrowser.SetDownloadBehavior, cdpbrowser.SetDownloadBehaviorParams{
		Behavior: cdpbrowser.SetDownloadBehaviorBehaviorAllow, DownloadPath: dir, BrowserContextID: c.BrowserContextID,
	})
	if err != nil {
		p.t.Fatal(err)
	}
	return func(name string) []byte {
		p.t.Helper()
		for range int(patience / (10 * time.Millisecond)) {
			if text, err := os.ReadFile(filepath.Join(dir, name)); err == nil && len(text) > 0 {
				return text
			}
			time.Sleep(10 * time.Millisecond)
		}
		p.t.Fatalf("%s was not saved\n%s", name, p.state())
		return nil
	}
}
