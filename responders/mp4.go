package responders

import (
	"encoding/binary"
	"math/rand/v2"
)

// The film of every task: one picture in one colour, shown for some seconds.
const (
	mp4Seconds = 5
	mp4Blocks  = 4              // Macroblocks a side.
	mp4Side    = mp4Blocks * 16 // Pixels a side.
	mp4Scale   = 1000           // Of times: milliseconds.
	mp4Length  = mp4Seconds * mp4Scale
)

// mp4 returns a film, a function of the name alone: an MP4 file with one H.264
// picture. Its blocks are stored as they are (I_PCM), so that nothing has to be
// compressed.
func mp4(name string) []byte {
	picture := lengthed(h264Picture(name))
	start := box("ftyp", []byte("isom\x00\x00\x02\x00isomiso2avc1mp41"))
	head := moov(uint32(len(picture)), 0)
	head = moov(uint32(len(picture)), uint32(len(start)+len(head)+8)) // Where the picture stands.
	return append(append(start, head...), box("mdat", picture)...)
}

// box writes a box of the file: its length, its name and what is in it.
func box(name string, parts ...[]byte) []byte {
	b := append(make([]byte, 4, 64), name...)
	for _, part := range parts {
		b = append(b, part...)
	}
	binary.BigEndian.PutUint32(b, uint32(len(b)))
	return b
}

// words writes numbers of 32 bits.
func words(numbers ...uint32) []byte {
	var b []byte
	for _, n := range numbers {
		b = binary.BigEndian.AppendUint32(b, n)
	}
	return b
}

// moov describes the film: one track of one picture, which has so many bytes
// and stands at the offset.
func moov(size, offset uint32) []byte {
	matrix := words(1<<16, 0, 0, 0, 1<<16, 0, 0, 0, 1<<30)
	mvhd := box("mvhd", words(0, 0, 0, mp4Scale, mp4Length, 1<<16, 1<<24, 0, 0), matrix, words(0, 0, 0, 0, 0, 0, 2))
	tkhd := box("tkhd", words(7, 0, 0, 1, 0, mp4Length, 0, 0, 0, 0), matrix, words(mp4Side<<16, mp4Side<<16))
	mdhd := box("mdhd", words(0, 0, 0, mp4Scale, mp4Length, 0x55c4<<16)) // No language.
	hdlr := box("hdlr", words(0, 0), []byte("vide"), words(0, 0, 0), []byte("video\x00"))
	dinf := box("dinf", box("dref", words(0, 1), box("url ", words(1))))
	stbl := box("stbl",
		box("stsd", words(0, 1), avc1()),
		box("stts", words(0, 1, 1, mp4Length)),
		box("stsc", words(0, 1, 1, 1, 1)),
		box("stsz", words(0, size, 1)),
		box("stco", words(0, 1, offset)),
	)
	minf := box("minf", box("vmhd", words(1, 0, 0)), dinf, stbl)
	return box("moov", mvhd, box("trak", tkhd, box("mdia", mdhd, hdlr, minf)))
}

// avc1 describes how the picture is coded.
func avc1() []byte {
	sps, pps := h264Sequence(), h264Parameters()
	config := []byte{1, sps[1], sps[2], sps[3], 0xff, 0xe1, 0, byte(len(sps))}
	config = append(append(config, sps...), 1, 0, byte(len(pps)))
	config = append(config, pps...)
	entry := words(0, 1, 0, 0, 0, 0, mp4Side<<16|mp4Side, 72<<16, 72<<16, 0, 1<<16)
	entry = append(entry, make([]byte, 30)...) // The rest of the coder's name, which is empty.
	entry = append(entry, 0, 0x18, 0xff, 0xff) // 24 bits a pixel, no palette.
	return box("avc1", entry, box("avcC", config))
}

// lengthed writes a unit of H.264 behind its length, as MP4 has it.
func lengthed(unit []byte) []byte { return append(words(uint32(len(unit))), unit...) }

// h264Sequence is the sequence's parameters: baseline, whole pictures of that
// size.
func h264Sequence() []byte {
	var w bits
	w.bytes(0x67, 66, 0xc0, 10) // Sequence parameters; baseline; level 1.
	w.golomb(0, 0, 2, 1)        // Id, frame numbers of 4 bits, pictures in order, one reference.
	w.put(0, 1)
	w.golomb(mp4Blocks-1, mp4Blocks-1)
	w.put(1, 1) // Frames only.
	w.put(1, 1)
	w.put(0, 2) // Nothing is cropped, and nothing more is said.
	return w.end()
}

// h264Parameters is the picture's parameters.
func h264Parameters() []byte {
	var w bits
	w.bytes(0x68)
	w.golomb(0, 0)
	w.put(0, 2) // Variable lengths; no order at the bottom.
	w.golomb(0, 0, 0)
	w.put(0, 3)
	w.golomb(0, 0, 0)
	w.put(0, 3)
	return w.end()
}

// h264Picture is a picture whose colour the name chooses.
func h264Picture(name string) []byte {
	chance := rand.New(rand.NewPCG(hashed(name), 3))
	// None of them is 0, so that no two zeros follow each other and nothing has
	// to be escaped.
	luma, blue, red := byte(60+chance.IntN(140)), byte(60+chance.IntN(140)), byte(60+chance.IntN(140))
	var w bits
	w.bytes(0x65)
	w.golomb(0, 7, 0) // First block, only intra blocks, parameters.
	w.put(0, 4)       // Frame number.
	w.golomb(0)
	w.put(0, 2)
	w.golomb(0) // Quantizer as in the parameters.
	for range mp4Blocks * mp4Blocks {
		w.golomb(25) // I_PCM.
		w.align()
		for range 256 {
			w.bytes(luma)
		}
		for range 64 {
			w.bytes(blue)
		}
		for range 64 {
			w.bytes(red)
		}
	}
	return w.end()
}

// bits writes single bits, the highest first.
type bits struct {
	done []byte
	left uint // How many bits of the last byte are free.
}

func (w *bits) put(value, n uint) {
	for ; n > 0; n-- {
		if w.left == 0 {
			w.done, w.left = append(w.done, 0), 8
		}
		w.left--
		w.done[len(w.done)-1] |= byte(value>>(n-1)&1) << w.left
	}
}

// bytes writes bytes, where a byte begins.
func (w *bits) bytes(all ...byte) { w.done = append(w.done, all...) }

// golomb writes numbers in Exp-Golomb code.
func (w *bits) golomb(numbers ...uint) {
	for _, n := range numbers {
		length := uint(0)
		for (n+1)>>(length+1) > 0 {
			length++
		}
		w.put(0, length)
		w.put(n+1, length+1)
	}
}

// align fills the last byte with zeros.
func (w *bits) align() { w.left = 0 }

// end writes the mark at the end of a unit and returns the unit.
func (w *bits) end() []byte {
	w.put(1, 1)
	return w.done
}
