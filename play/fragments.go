package play

// fragments sends a message as several frames, which the library does not do.
func (s *Socket) fragments(kind int, parts [][]byte) error {
	const continuation = 0
	for i, part := range parts {
		first := byte(kind)
		if i > 0 {
			first = continuation
		}
		if i == len(parts)-1 {
			first |= finalFrame
		}
		if err := s.out.raw(append(frameHead(first, len(part)), part...)); err != nil {
			return err
		}
	}
	return nil
}

// finalFrame is the bit of a message's last frame.
const finalFrame = 0x80

// frameHead begins a frame of so many bytes.
func frameHead(first byte, size int) []byte {
	switch {
	case size < 126:
		return []byte{first, byte(size)}
	case size < 1<<16:
		return []byte{first, 126, byte(size >> 8), byte(size)}
	default:
		return []byte{first, 127, 0, 0, 0, 0, byte(size >> 24), byte(size >> 16), byte(size >> 8), byte(size)}
	}
}
