// Package responders knows the wire: one file per dialect, which says how a
// request is read, what the vendor itself would refuse, and how an answer is
// written, byte for byte.
//
// Everything here is a pure function: no sockets, no clock, no state. A
// [Responder] reads an [Incoming] into the engine's words, and writes a
// [Message] for what the engine decided. What a message becomes on the socket
// is the business of package play.
package responders
