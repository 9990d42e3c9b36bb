package responders

import (
	"bytes"
	"encoding/json"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/tidwall/gjson"

	"github.com/mockllm/mockllm/scenarios"
)

// What clients of the console make, and can ask for again. All that is made is
// ready at once.

// A kind is what can be made.
type kind struct {
	record string   // What its records are called.
	prefix string   // Of its ids.
	length int      // Of what stands behind the prefix.
	keeps  []string // What is kept of the call that makes one.

	// missing is the documented error for one that nobody made; without one
	// the parameter that names it is refused.
	missing, variant string
}

// A thing is one that was made.
type thing struct {
	kind   *kind
	id     string
	number int64  // The old paths number things, and give out ids as well.
	parent string // The id of what it belongs to, if anything.
	state  string // "" as long as nobody stops or publishes it.
	asked  gjson.Result
	at     time.Time
}

// A console is one call of the console, while it is done.
type console struct {
	r       *scenarios.Request
	m       Meta
	body    *jsonBody
	values  map[string]string // What the body has for variables; see value.
	chance  *rand.Rand        // Of which ids are drawn.
	changes []scenarios.Change
	refused *scenarios.Refusal // The first thing that was not found.
}

func newConsole(r *scenarios.Request, m Meta) *console {
	return &console{r: r, m: m, body: readBody(r), chance: m.chance(forRecords)}
}

// str returns a string of the body, in whatever type it came.
func (c *console) str(name string) string { return c.body.Get(name).String() }

// value returns what the body has under a key, whatever characters are in it.
// A page of templates asks for many, so that the body is read once for all.
func (c *console) value(key string) string {
	if c.values == nil {
		c.values = map[string]string{}
		c.body.ForEach(func(name, v gjson.Result) bool {
			if _, given := c.values[name.String()]; !given {
				c.values[name.String()] = v.String()
			}
			return true
		})
	}
	return c.values[key]
}

// forRecords is the purpose of chance that ids of things are drawn with.
const forRecords uint64 = 2 << 32

// newID draws an id. One without a prefix is a hash's digits.
func (k *kind) newID(chance *rand.Rand) string {
	if k.prefix == "" {
		return text(chance, k.length, lowerHex)
	}
	return k.prefix + text(chance, k.length, lowerAlnum)
}

// fixedID returns letters and digits that are a function of the text alone.
func fixedID(of string, n int) string {
	return text(rand.New(rand.NewPCG(hashed(of), 0)), n, lowerAlnum)
}

// create makes a thing out of the body, below a parent or none.
func (c *console) create(k *kind, parent string) thing {
	kept := obj()
	for _, name := range k.keeps {
		if v := c.body.Get(name); v.Exists() && len(v.Raw) <= maxKept {
			kept.raw(name, compact(v.Raw))
		}
	}
	t := thing{
		kind: k, parent: parent, asked: gjson.ParseBytes(kept.end()), at: c.m.Now,
		id:     k.newID(c.chance),
		number: 100_000_000 + c.chance.Int64N(900_000_000),
	}
	c.put(t)
	return t
}

// compact writes JSON on one line.
func compact(raw string) []byte {
	var b bytes.Buffer
	if err := json.Compact(&b, []byte(raw)); err != nil {
		return []byte("null")
	}
	return b.Bytes()
}

// maxKept bounds each value of a call that is kept, or repeated in an answer.
const maxKept = 4 << 10

func (c *console) put(t thing) {
	c.changes = append(c.changes, scenarios.Change{Kind: t.kind.record, ID: t.id, Value: t.value()})
}

// update puts a thing that was there. If another call removes it meanwhile, it
// stays removed.
func (c *console) update(t thing) {
	c.changes = append(c.changes, scenarios.Change{Kind: t.kind.record, ID: t.id, Value: t.value(), Existing: true})
}

// value writes what [kind.read] reads.
func (t thing) value() []byte {
	return obj().num("number", t.number).str("parent", t.parent).str("state", t.state).raw("asked", []byte(t.asked.Raw)).end()
}

func (c *console) remove(t thing) {
	c.changes = append(c.changes, scenarios.Change{Kind: t.kind.record, ID: t.id})
}

func (k *kind) read(r scenarios.Record) thing {
	value := gjson.ParseBytes(r.Value)
	return thing{
		kind: k, id: r.ID, at: r.Created, number: value.Get("number").Int(),
		parent: value.Get("parent").Str, state: value.Get("state").Str, asked: value.Get("asked"),
	}
}

// find returns the thing of that id or number.
func (c *console) find(k *kind, id string) (thing, bool) {
	if c.m.Records == nil {
		return thing{}, false
	}
	if r, found := c.m.Records.Get(k.record, id); found {
		return k.read(r), true
	}
	number, err := strconv.ParseInt(id, 10, 64)
	if err != nil {
		return thing{}, false
	}
	for _, r := range c.m.Records.List(k.record) {
		if gjson.GetBytes(r.Value, "number").Int() == number { // Reading all of each would be slow.
			return k.read(r), true
		}
	}
	return thing{}, false
}

// get returns the thing that the body names under the key. If there is none,
// the call is refused.
func (c *console) get(k *kind, key string) thing {
	t, found := c.find(k, c.str(key))
	if !found {
		c.miss(k, key)
		return thing{kind: k, at: c.m.Now}
	}
	return t
}

// miss refuses the call because the thing is not there.
func (c *console) miss(k *kind, key string) {
	switch {
	case c.refused != nil:
	case k.missing != "":
		c.refused = &scenarios.Refusal{ID: k.missing, Variant: k.variant}
	default:
		c.refused = lacking(c.r.Operation, isOld(c.r), key)
	}
}

// all returns the things of a kind, oldest first; below the parent, if one is
// given.
func (c *console) all(k *kind, parent string) []thing {
	if c.m.Records == nil {
		return nil
	}
	var things []thing
	for _, r := range c.m.Records.List(k.record) {
		if parent == "" || gjson.GetBytes(r.Value, "parent").Str == parent {
			things = append(things, k.read(r))
		}
	}
	return things
}

// A writer writes a thing as a call shows it.
type writer func(c *console, t thing) []byte

// makes answers a call that makes a thing.
func makes(k *kind, write writer) func(*console) []byte {
	return func(c *console) []byte { return write(c, c.create(k, "")) }
}

// makesBelow makes a thing that belongs to another, which the key names.
func makesBelow(k, parent *kind, key string, write writer) func(*console) []byte {
	return func(c *console) []byte {
		above := c.get(parent, key)
		return write(c, c.create(k, above.id))
	}
}

// shows answers a call that asks for one thing.
func shows(k *kind, key string, write writer) func(*console) []byte {
	return func(c *console) []byte { return write(c, c.get(k, key)) }
}

// removes deletes a thing, and what belongs to it.
func removes(k *kind, key string, below ...*kind) func(*console) []byte {
	return func(c *console) []byte {
		c.removeAll(c.get(k, key), below...)
		return []byte("true")
	}
}

func (c *console) removeAll(t thing, below ...*kind) {
	c.remove(t)
	for _, k := range below {
		for _, b := range c.all(k, t.id) {
			c.remove(b)
		}
	}
}

// turns puts a thing into a state.
func turns(k *kind, key, state string) func(*console) []byte {
	return func(c *console) []byte {
		t := c.get(k, key)
		t.state = state
		c.update(t)
		return []byte("true")
	}
}

// modifies takes over what the body says anew.
func modifies(k *kind, key string, write writer) func(*console) []byte {
	return func(c *console) []byte {
		t := c.get(k, key)
		merged := obj()
		for _, name := range k.keeps {
			v := c.body.Get(name)
			if !v.Exists() || len(v.Raw) > maxKept {
				v = t.asked.Get(name)
			}
			if v.Exists() {
				merged.raw(name, compact(v.Raw))
			}
		}
		t.asked = gjson.ParseBytes(merged.end())
		c.update(t)
		return write(c, t)
	}
}

// says answers every call the same.
func says(json string) func(*console) []byte {
	return func(*console) []byte { return []byte(json) }
}

// lists answers a call of the new generation that asks for a page of things:
// the page begins with the marker.
func lists(k *kind, name string, write writer) func(*console) []byte {
	return func(c *console) []byte { return c.page(name, k.prefix, c.all(k, ""), write) }
}

// listsBelow lists what belongs to the thing that the key names.
func listsBelow(k, parent *kind, key, name string, write writer) func(*console) []byte {
	return func(c *console) []byte {
		above := c.get(parent, key)
		return c.page(name, k.prefix, c.all(k, above.id), write)
	}
}

func (c *console) page(name, prefix string, things []thing, write writer) []byte {
	const most = 100
	if c.body.Get("pageReverse").Bool() {
		slices.Reverse(things)
	}
	marker, size := c.str("marker"), number(c.body.Get("maxKeys"), 1, most, most)
	if strings.HasPrefix(marker, prefix) {
		from := slices.IndexFunc(things, func(t thing) bool { return t.id == marker })
		if from < 0 {
			c.refused = &scenarios.Refusal{ID: iamFamily + "InvalidMarker"}
			return nil
		}
		things = things[from:]
	}
	info := obj().str("marker", marker).num("maxKeys", int64(size)).boolean("isTruncated", len(things) > size)
	if len(things) > size {
		info.str("nextMarker", things[size].id)
		things = things[:size]
	}
	return obj().raw("pageInfo", info.end()).raw(name, c.array(things, write)).end()
}

func (c *console) array(things []thing, write writer) []byte {
	items := make([][]byte, len(things))
	for i, t := range things {
		items[i] = write(c, t)
	}
	return array(items...)
}

// The vendor's ways to write a time. Where it names no zone, it means Beijing.
func utc(t time.Time) string     { return t.UTC().Format("2006-01-02T15:04:05Z") }
func beijing(t time.Time) string { return t.In(cst).Format(time.RFC3339) }
func clock(t time.Time) string   { return t.In(cst).Format(time.DateTime) }

var cst = time.FixedZone("CST", 8*60*60)

// the returns what the thing's maker called it, or else the fallback.
func (t thing) the(name, fallback string) string {
	if v := t.asked.Get(name); v.Exists() && v.Type != gjson.Null {
		return v.String()
	}
	return fallback
}

// raw returns what the thing's maker gave under that name, or else the
// fallback, which is JSON.
func (t thing) raw(name, fallback string) []byte {
	if v := t.asked.Get(name); v.Exists() {
		return []byte(v.Raw)
	}
	return []byte(fallback)
}
