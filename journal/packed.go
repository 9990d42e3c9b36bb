package journal

import (
	"encoding/binary"
	"iter"
)

// Headers are packed as the length of a name, the name, the length of a value,
// and the value. They are kept up to a number of values and of bytes.

// perValue is how many bytes the two lengths take at most.
const perValue = 2 * binary.MaxVarintLen16

// pack writes a header behind what is there. Which values are left out of one
// that is too long is left to chance.
func pack(to []byte, header map[string][]string) []byte {
	left, fields := keptHeader, keptFields
	for name, values := range header {
		for _, value := range values {
			size := len(name) + len(value) + perValue
			if size > left || fields == 0 {
				continue
			}
			left -= size
			fields--
			to = append(binary.AppendUvarint(to, uint64(len(name))), name...)
			to = append(binary.AppendUvarint(to, uint64(len(value))), value...)
		}
	}
	return to
}

// unpacked goes through the values of a packed header.
func unpacked(packed []byte) iter.Seq2[string, string] {
	next := func() string {
		n, read := binary.Uvarint(packed)
		text := packed[read : read+int(n)]
		packed = packed[read+int(n):]
		return string(text)
	}
	return func(yield func(name, value string) bool) {
		for len(packed) > 0 {
			if name := next(); !yield(name, next()) {
				return
			}
		}
	}
}
