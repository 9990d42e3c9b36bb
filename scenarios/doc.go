// Package scenarios is the language in which people say what goes wrong, and
// the engine that decides what happens to a request.
//
// A scenario is TOML: rules, each with what it matches, when it fires and what
// comes out. [Load] reads one strictly: every mistake is reported at once, with
// its line, and nothing that is misspelt passes. An [Engine] then turns one
// [Request] after the other into a [Decision].
//
// The engine keeps no state of its own: everything that is counted lives in a
// [State]. It reads no clock and draws no chance: the time is an argument, and
// whether a rule with a probability fires is a pure function of the seed, the
// rule's name, the counting key and the number of the call (see [Roll]).
package scenarios
