package journal

import "maps"

// maxDead bounds how many namespaces are remembered of which nothing is kept
// any more.
const maxDead = 10_000

// tallies count what became of the exchanges of each namespace.
type tallies struct {
	of   map[string]*tally
	dead int // How many namespaces there are of which nothing is kept.

	goneUpTo uint64 // The newest id that was evicted, of all namespaces.
	changes  uint64 // How often anything changed, in all namespaces.
}

// tally is the count of one namespace, since it was reset.
type tally struct {
	revision uint64 // Which of the changes was the last one here.

	kept     int
	done     int    // How many are over, evicted ones included.
	gone     uint64 // How many were evicted.
	goneUpTo uint64 // The newest id of these.
}

// keep counts a new exchange.
func (t *tallies) keep(namespace string) {
	one := t.of[namespace]
	if one == nil {
		one = &tally{}
		t.of[namespace] = one
	} else if one.kept == 0 {
		t.dead--
	}
	one.kept++
	t.touch(namespace)
}

// touch notes that something changed in a namespace.
func (t *tallies) touch(namespace string) {
	if one := t.of[namespace]; one != nil {
		t.changes++
		one.revision = t.changes
	}
}

// done counts an exchange that is over.
func (t *tallies) done(namespace string) {
	if one := t.of[namespace]; one != nil {
		one.done++
		t.touch(namespace)
	}
}

// evict counts an exchange that makes room. When many namespaces are left of
// which nothing is kept, they are forgotten: clients may make up as many as
// they like. They are then as new, as they are in the state.
func (t *tallies) evict(namespace string, id uint64) {
	one := t.of[namespace]
	one.kept--
	one.gone++
	one.goneUpTo, t.goneUpTo = id, id
	t.touch(namespace)
	if one.kept > 0 {
		return
	}
	if t.dead++; t.dead > maxDead {
		maps.DeleteFunc(t.of, func(_ string, one *tally) bool { return one.kept == 0 })
		t.dead = 0
	}
}

// look returns the tally of a namespace, of which nothing may be known.
func (t *tallies) look(namespace string) tally {
	if one := t.of[namespace]; one != nil {
		return *one
	}
	return tally{}
}

// reset forgets a namespace.
func (t *tallies) reset(namespace string) {
	if one := t.of[namespace]; one != nil && one.kept == 0 {
		t.dead--
	}
	delete(t.of, namespace)
}
