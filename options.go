package mockllm

import (
	"errors"
	"fmt"
	"log/slog"

	"github.com/mockllm/mockllm/catalog"
	"github.com/mockllm/mockllm/play"
	"github.com/mockllm/mockllm/scenarios"
)

// An Option changes how a [Server] is made.
type Option func(*config) error

// config is what options change.
type config struct {
	scenario  *scenarios.Scenario
	settings  scenarios.Settings
	state     scenarios.State
	clock     play.Clock
	log       *slog.Logger
	quietWire bool
	journal   int
	maxBody   int64
}

// Defaults of the bounds.
const (
	defaultJournal = 10_000   // Exchanges.
	defaultMaxBody = 10 << 20 // Bytes.
)

// ScenarioFile follows the scenario in a TOML file.
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

// WithState keeps everything that is counted in this state.
func WithState(state scenarios.State) Option {
	return func(c *config) error {
		if state == nil {
			return errors.New("state is nil")
		}
		c.state = state
		return nil
	}
}

// WithLogger writes a line for every exchange.
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
