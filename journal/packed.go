package journal

import (
	"encoding/binary"
	"iter"
	"maps"
	"slices"
	"strings"

	"github.com/mockllm/mockllm/scenarios"
)

// What is kept is packed into pieces of bytes, in which there is nothing to
// follow for the collector of garbage: numbers by their size, texts behind their
// length. Who unpacks asks for the same in the same order.

// A packer is what is packed so far. Each method returns it with more behind: so a
// piece on the stack stays there.
type packer []byte

func (p packer) number(n int64) packer { return binary.AppendVarint(p, n) }

func (p packer) bytes(data []byte) packer { return append(p.number(int64(len(data))), data...) }

func (p packer) text(text string) packer { return append(p.number(int64(len(text))), text...) }

// flags packs up to eight of them.
func (p packer) flags(flags ...bool) packer {
	var all byte
	for i, flag := range flags {
		if flag {
			all |= 1 << i
		}
	}
	return append(p, all)
}

// header packs a header, up to a number of values and of bytes. Of one that is too
// long, secrets are kept first, because no text may quote them.
func (p packer) header(header map[string][]string) packer {
	all, left := p, newHeaderRoom()
	for name, values := range header {
		all = left.keep(all, name, values)
	}
	if !left.lacks {
		return all
	}
	left = newHeaderRoom()
	for _, name := range slices.SortedFunc(maps.Keys(header), secretsFirst) {
		p = left.keep(p, name, header[name])
	}
	return p
}

// headerRoom is how much of a header may still be kept.
type headerRoom struct {
	fields, bytes int
	lacks         bool // Whether there was too little for a value.
}

func newHeaderRoom() headerRoom { return headerRoom{fields: keptFields, bytes: keptHeader} }

// keep packs the values that there is room for.
func (r *headerRoom) keep(p packer, name string, values []string) packer {
	for _, value := range values {
		size := len(name) + len(value)
		if size > r.bytes || r.fields == 0 {
			r.lacks = true
			continue
		}
		r.bytes -= size
		r.fields--
		p = p.text(name).text(value)
	}
	return p
}

// secretsFirst compares names of a header, so that the same are kept whenever it
// is packed.
func secretsFirst(a, b string) int {
	switch of, other := scenarios.IsSecret(a), scenarios.IsSecret(b); {
	case of && !other:
		return -1
	case other && !of:
		return 1
	}
	return strings.Compare(a, b)
}

// An unpacker takes out what was packed.
type unpacker []byte

func (u *unpacker) number() int64 {
	n, size := binary.Varint(*u)
	*u = (*u)[size:]
	return n
}

// bytes returns a part of what it holds.
func (u *unpacker) bytes() []byte {
	size := u.number()
	data := (*u)[:size:size]
	*u = (*u)[size:]
	return data
}

func (u *unpacker) text() string { return string(u.bytes()) }

func (u *unpacker) flags(to ...*bool) {
	for i, flag := range to {
		*flag = (*u)[0]&(1<<i) != 0
	}
	*u = (*u)[1:]
}

// packedHeader is a header by itself.
type packedHeader []byte

// all goes through the values.
func (h packedHeader) all() iter.Seq2[string, string] {
	return func(yield func(name, value string) bool) {
		for left := unpacker(h); len(left) > 0; {
			if name := left.text(); !yield(name, left.text()) {
				return
			}
		}
	}
}
