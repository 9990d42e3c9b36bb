package responders

import (
	"net/http"
	"testing"
	"time"
)

func TestDate(t *testing.T) {
	east := time.FixedZone("", 8*60*60)
	for _, now := range []time.Time{
		time.Date(2026, time.May, 8, 8, 5, 9, 999, time.UTC), time.Date(2026, time.January, 1, 0, 0, 0, 0, east),
		time.Date(1970, time.December, 31, 23, 59, 59, 0, time.UTC), time.Date(2104, time.February, 29, 12, 0, 30, 0, east), {},
	} {
		if got, want := (Meta{Now: now}).date(), now.UTC().Format(http.TimeFormat); got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
}
