package main

import (
	"runtime/debug"
	"strings"
)

// gcPercent is how much a server's memory grows, in percent of what it really
// holds, before garbage is collected. That is little next to what an exchange
// makes: with Go's usual 100, a server under load would go through its journal
// again and again.
const gcPercent = 200

// relaxCollector has garbage collected more rarely, unless the user says how often
// or how much memory there is.
func relaxCollector(environ []string) {
	for _, variable := range environ {
		if strings.HasPrefix(variable, "GOGC=") || strings.HasPrefix(variable, "GOMEMLIMIT=") {
			return
		}
	}
	debug.SetGCPercent(gcPercent)
}
