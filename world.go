package mockllm

import (
	"cmp"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/mockllm/mockllm/admin"
	"github.com/mockllm/mockllm/play"
	"github.com/mockllm/mockllm/scenarios"
)

// A world is what a namespace has of its own besides what the state and the
// journal keep.
type world struct {
	name   string
	clock  *play.Adjustable
	engine *scenarios.Engine // Nil follows the default namespace's scenario.

	created, used time.Time // By the clock that all worlds follow.
	requests      uint64
	active        int // Exchanges under way.

	agreeing sync.Mutex // Held while somebody finds out what it comes to that the servers agreed on something else.
	agreed   []byte     // What the servers of a deployment agreed on for it; nil without any.
	source   string     // The text of the scenario in it.
}

// Bounds of the worlds.
const (
	maxWorlds  = 10_000
	idleTime   = time.Hour   // A namespace that nobody calls for so long is forgotten.
	sweepEvery = time.Minute // How often is looked for such.
)

// worlds is every namespace that was called or told something.
type worlds struct {
	base play.Clock

	mu    sync.Mutex
	main  *world
	began *scenarios.Engine // What the default namespace follows unless the servers agreed on something.
	all   map[string]*world // All but the default one.
	swept time.Time
}

func newWorlds(base play.Clock, engine *scenarios.Engine) *worlds {
	now := base.Now()
	main := &world{clock: play.NewAdjustable(base), engine: engine, created: now}
	return &worlds{base: base, main: main, began: engine, all: map[string]*world{}, swept: now}
}

// A visit is a world as one exchange sees it: a scenario that is replaced
// meanwhile does not change it.
type visit struct {
	world  *world
	engine *scenarios.Engine
	clock  play.Clock
}

// visit begins an exchange in a namespace, which is made if there is none. It
// returns the namespaces that were forgotten to keep the bounds.
func (w *worlds) visit(name string) (visit, []string) { return w.enter(name, 1) }

// in returns the world of a namespace in the same way, without an exchange.
func (w *worlds) in(name string) (visit, []string) { return w.enter(name, 0) }

// look returns the world of a namespace for who only looks: none is made by it, nor
// kept.
func (w *worlds) look(name string) visit {
	w.mu.Lock()
	defer w.mu.Unlock()
	at := w.all[name]
	switch {
	case name == "":
		at = w.main
	case at == nil:
		at = &world{name: name, clock: play.NewAdjustable(w.base)}
	}
	return visit{world: at, engine: w.engineOf(at), clock: at.clock}
}

func (w *worlds) enter(name string, exchanges int) (visit, []string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	now := w.base.Now()
	at, gone := w.get(name, now)
	at.used = now
	at.requests += uint64(exchanges)
	at.active += exchanges
	return visit{world: at, engine: w.engineOf(at), clock: at.clock}, gone
}

// leave ends a visit.
func (w *worlds) leave(v visit) {
	w.mu.Lock()
	defer w.mu.Unlock()
	v.world.active--
	v.world.used = w.base.Now()
}

func (w *worlds) engineOf(at *world) *scenarios.Engine { return cmp.Or(at.engine, w.main.engine) }

func (w *worlds) get(name string, now time.Time) (*world, []string) {
	if name == "" {
		return w.main, nil
	}
	if at, found := w.all[name]; found {
		return at, nil
	}
	gone := w.sweep(now)
	at := &world{name: name, clock: play.NewAdjustable(w.base), created: now}
	w.all[name] = at
	return at, gone
}

// sweep forgets the namespaces that were idle for long and, if there are still
// too many, the one that was idle the longest.
func (w *worlds) sweep(now time.Time) (gone []string) {
	if full := len(w.all) >= maxWorlds; !full && now.Sub(w.swept) < sweepEvery {
		return nil
	}
	w.swept = now
	var oldest *world
	for name, at := range w.all {
		switch {
		case at.active > 0:
		case now.Sub(at.used) >= idleTime:
			delete(w.all, name)
			gone = append(gone, name)
		case oldest == nil || at.used.Before(oldest.used):
			oldest = at
		}
	}
	if len(w.all) >= maxWorlds && oldest != nil {
		delete(w.all, oldest.name)
		gone = append(gone, oldest.name)
	}
	return gone
}

// replace has a namespace follow another scenario, if the function says so of the
// one that it follows, and reports whether it does; nil follows the default
// namespace's again.
func (w *worlds) replace(name string, engine *scenarios.Engine, still func(*scenarios.Scenario) bool) (gone []string, replaced bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	at, gone := w.get(name, w.base.Now())
	if !still(w.engineOf(at).Scenario()) {
		return gone, false
	}
	if at == w.main {
		w.began = engine
	}
	at.engine = engine
	return gone, true
}

// has reports whether there is a namespace besides the default one.
func (w *worlds) has(name string) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.all[name] != nil
}

// drop forgets a namespace.
func (w *worlds) drop(name string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	delete(w.all, name)
}

// list returns all namespaces, the default one first and the others by name.
func (w *worlds) list() []admin.Namespace {
	w.mu.Lock()
	defer w.mu.Unlock()
	list := []admin.Namespace{w.describe(w.main)}
	for _, at := range w.all {
		list = append(list, w.describe(at))
	}
	slices.SortFunc(list[1:], func(a, b admin.Namespace) int { return strings.Compare(a.Name, b.Name) })
	return list
}

// count returns how many namespaces there are, and how many exchanges are under
// way in all of them.
func (w *worlds) count() (namespaces, active int) {
	w.mu.Lock()
	defer w.mu.Unlock()
	active = w.main.active
	for _, at := range w.all {
		active += at.active
	}
	return len(w.all) + 1, active
}

func (w *worlds) describe(at *world) admin.Namespace {
	return admin.Namespace{
		Name: at.name, Scenario: w.engineOf(at).Scenario().Name, Own: at.engine != nil,
		Created: at.created, Used: at.used, Requests: at.requests, Active: at.active,
	}
}
