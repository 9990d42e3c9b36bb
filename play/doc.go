// Package play turns an answer into what happens on the socket.
//
// [Plan] is pure: a message and a decision become a [Script], a list of steps
// that can be read, printed and compared. [Play] performs a script; it is the
// only code that writes to a client or waits.
package play
