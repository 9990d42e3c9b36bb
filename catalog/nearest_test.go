package catalog

import "testing"

func TestNearest(t *testing.T) {
	commands := []string{"catalog", "explain", "health", "serve", "validate", "version"}
	codes := []string{"18", "336003", "336006", "LimitRequests", "limit_requests", "Throttling", "Throttling.RateQuota"}
	for _, c := range []struct {
		word       string
		candidates []string
		want       string
	}{
		{"serve", commands, "serve"},   // Itself.
		{"sevre", commands, "serve"},   // Two letters swapped: one mistake, not two.
		{"srve", commands, "serve"},    // A letter missing.
		{"servve", commands, "serve"},  // One too many.
		{"cerve", commands, "serve"},   // A wrong one.
		{"SERVE", commands, "serve"},   // Case does not count...
		{"Serv", commands, "serve"},    // ...beside another mistake either.
		{"run", commands, ""},          // Too far from all.
		{"se", commands, ""},           // Three letters of two would differ.
		{"explain file", commands, ""}, // Five letters too many; four may differ.
		{"explain fil", commands, ""},  // Four too many; three may differ.
		{"explained", commands, "explain"},
		{"", commands, ""},          // Nothing is near nothing.
		{"serve", nil, ""},          // Nor is there anything to be near to.
		{"336004", codes, "336003"}, // A tie goes to the first.
		{"l8", codes, ""},           // One of two letters is more than a third.
		{"throttling.ratequota", codes, "Throttling.RateQuota"},
		{"Throttlin", codes, "Throttling"}, // The nearest, not the longest.
		{"限流配", []string{"限流额"}, "限流额"},    // Letters, not bytes: one of three.
	} {
		if got := Nearest(c.word, c.candidates); got != c.want {
			t.Errorf("Nearest(%q) = %q, want %q", c.word, got, c.want)
		}
	}
}

func TestDidYouMean(t *testing.T) {
	for word, want := range map[string]string{
		"sevre":    `; did you mean "serve"?`,
		"whatever": "",
	} {
		if got := DidYouMean(word, []string{"serve"}).String(); got != want {
			t.Errorf("DidYouMean(%q) = %q, want %q", word, got, want)
		}
	}
}

func TestDistance(t *testing.T) {
	for _, c := range []struct {
		a, b string
		want int
	}{
		{"", "", 0},
		{"", "abc", 3},
		{"abc", "abc", 0},
		{"abc", "abd", 1},
		{"abc", "ab", 1},
		{"abc", "xabc", 1},
		{"ab", "ba", 1}, // Swapped.
		{"abcd", "badc", 2},
		{"ca", "abc", 3}, // A swapped pair is not edited again.
		{"kitten", "sitting", 3},
		{"配额", "额配", 1},
		{"abc", "xyz", 3},
	} {
		// It does not matter which of them is the typo.
		if got, back := distance(c.a, c.b), distance(c.b, c.a); got != c.want || back != c.want {
			t.Errorf("distance(%q, %q) = %d and %d, want %d", c.a, c.b, got, back, c.want)
		}
	}
}
