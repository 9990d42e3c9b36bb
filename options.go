package mockllm

import (
	"errors"
	"fmt"
	"log/slog"
	"net/url"
	"strings"

	"github.com/mockllm/mockllm/catalog"
	"github.com/mockllm/mockllm/play"
	"github.com/mockllm/mockllm/recordings"
	"github.com/mockllm/mockllm/scenarios"
)

// An Option changes how a [Server] is made. Of several that say the same, such as
// two scenarios, the last one counts.
type Option func(*config) error

// config is what options change.
type config struct {
	scenario  *scenarios.Scenario
	settings  scenarios.Settings
	state     scenarios.State
	clock     play.Clock
	log       *slog.Logger
	observer  Observer // Nil if nobody observes.
	quietWire bool
	journal   int   // Exchanges that it keeps,
	kept      int64 // and bytes of them.
	maxBody   int64
	times     times
	publicURL string

	failUnmatched bool
	inMemory      bool
	recorder      *recordings.Recorder // Of what comes from upstream; nil for none.
}

// configured returns what the options make of the defaults.
func configured(options []Option) (*config, error) {
	c := &config{
		scenario: &scenarios.Scenario{Name: "none"},
		clock:    play.Real(), log: slog.New(slog.DiscardHandler),
		journal: defaultJournal, kept: defaultKept, maxBody: defaultMaxBody, times: defaultTimes(),
	}
	for _, option := range options {
		if option == nil {
			return nil, errors.New("mockllm: option is nil")
		}
		if err := option(c); err != nil {
			return nil, fmt.Errorf("mockllm: %w", err)
		}
	}
	if c.state == nil {
		c.state = scenarios.NewMemory()
	}
	return c, nil
}

// Defaults of the bounds.
const (
	defaultJournal = 10_000   // Exchanges.
	defaultKept    = 64 << 20 // Bytes of them.
	defaultMaxBody = 10 << 20 // Bytes.
)

// ScenarioFile follows the scenario in a TOML file. What is wrong with it is a
// [*scenarios.InvalidError], as with [ScenarioText] and [WithScenario].
func ScenarioFile(path string) Option {
	return func(c *config) (err error) {
		c.scenario, err = scenarios.LoadFile(path)
		return err
	}
}

// ScenarioText follows a scenario written as TOML.
func ScenarioText(text string) Option {
	return func(c *config) (err error) {
		c.scenario, err = scenarios.Load("scenario.toml", []byte(text))
		return err
	}
}

// WithScenario follows a scenario that was loaded, or built in Go.
func WithScenario(s *scenarios.Scenario) Option {
	return func(c *config) error {
		if s == nil {
			return errors.New("scenario is nil")
		}
		var err error
		c.scenario, err = s.Compiled()
		return err
	}
}

// WithSeed uses this seed for all chance, instead of the scenario's.
func WithSeed(seed uint64) Option {
	return func(c *config) error {
		c.settings.Seed = &seed
		return nil
	}
}

// WithSpeed lets vendor time go faster by this factor, from 0.001 to
// 1,000,000, instead of the scenario's.
func WithSpeed(speed float64) Option {
	return func(c *config) error {
		c.settings.Speed = speed
		return scenarios.CheckSpeed(speed)
	}
}

// WithEdition sends the statuses of this edition of the vendors'
// documentation, instead of the scenario's.
func WithEdition(edition catalog.Edition) Option {
	return func(c *config) error {
		for _, known := range catalog.Editions() {
			if edition == known {
				c.settings.Edition = edition
				return nil
			}
		}
		return fmt.Errorf("there is no edition %q; there are %s", edition, catalog.List(catalog.Editions()))
	}
}

// WithClock takes the time from this clock, such as a [play.Manual].
func WithClock(clock play.Clock) Option {
	return func(c *config) error {
		if clock == nil {
			return errors.New("clock is nil")
		}
		c.clock = clock
		return nil
	}
}

// WithState keeps everything that is counted in this state, such as that of
// package redisstate, instead of in memory. Each server takes a state of its own.
func WithState(state scenarios.State) Option {
	return func(c *config) error {
		if state == nil {
			return errors.New("state is nil")
		}
		c.state = state
		return nil
	}
}

// WithLogger writes a line for every exchange, and what goes wrong with the server
// itself. The log of a test gets its lines from [RunT] all the same.
func WithLogger(log *slog.Logger) Option {
	return func(c *config) error {
		if log == nil {
			return errors.New("logger is nil")
		}
		c.log = log
		return nil
	}
}

// WithQuietWire leaves the X-Mockllm-Rule header out of answers.
func WithQuietWire() Option {
	return func(c *config) error {
		c.quietWire = true
		return nil
	}
}

// FailUnmatched fails the test of [RunT] for every call that no rule of the
// scenario matches, and tells how the nearest rules missed it. A call for which
// rules are not asked, because the caller or a one-shot chose its error or its
// key is refused, is none of these; a path that no vendor has is one. Only RunT
// takes it: elsewhere there is no test to fail.
func FailUnmatched() Option {
	return func(c *config) error {
		c.failUnmatched = true
		return nil
	}
}

// InMemory has [Run] and [RunT] serve without any socket: [Server.Client] leads
// there. So a server and its clients fit into a bubble of package
// testing/synctest, where time passes as soon as everybody waits.
//
// There is no TCP in memory, so that what cannot be without, the reset of a
// connection, is answered with our own 501 instead.
func InMemory() Option {
	return func(c *config) error {
		c.inMemory = true
		return nil
	}
}

// WithPublicURL lets addresses of files in answers begin with this URL,
// instead of the host that the request names: for clients that reach the server
// through another address than those who fetch the files.
func WithPublicURL(address string) Option {
	return func(c *config) error {
		if err := CheckPublicURL(address); err != nil {
			return err
		}
		c.publicURL = strings.TrimSuffix(address, "/")
		return nil
	}
}

// CheckPublicURL says what is wrong with a URL for [WithPublicURL], if
// anything.
func CheckPublicURL(address string) error {
	u, err := url.Parse(address)
	switch {
	case err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Hostname() == "":
		return fmt.Errorf("%q is no URL such as http://mock:8080", address)
	case u.User != nil || u.RawQuery != "" || u.ForceQuery || u.Fragment != "":
		return fmt.Errorf("%q has more than scheme, host, port and path", u.Redacted())
	}
	return nil
}

// WithJournal lets the journal keep at most that many exchanges, instead of
// 10,000, and that many bytes of them, instead of 64 MiB. The oldest make room;
// the newest is always kept.
func WithJournal(exchanges int, bytes int64) Option {
	return func(c *config) error {
		if exchanges < 1 || bytes < 1 {
			return fmt.Errorf("a journal keeps at least 1 exchange and 1 byte, not %d and %d", exchanges, bytes)
		}
		c.journal, c.kept = exchanges, bytes
		return nil
	}
}
