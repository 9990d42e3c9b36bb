package responders

import (
	"bytes"
	"compress/gzip"
	"fmt"
	"math"
	"strconv"
	"strings"
)

// What stands in the files to which answers point.

// pictureFile returns where a picture stands, below the address of the files.
// Its name tells how large it is.
func pictureFile(name string, width, height int) string {
	return pictureFolder + name + "." + strconv.Itoa(width) + "x" + strconv.Itoa(height) + ".png"
}

// picture draws a picture, as large as its name tells.
func picture(name string) []byte {
	const longest, usual = 128, 64
	parts := strings.Split(name, ".")
	width, height := usual, usual
	if len(parts) > 2 {
		w, h, _ := strings.Cut(parts[len(parts)-2], "x")
		toldWidth, errW := strconv.Atoi(w)
		toldHeight, errH := strconv.Atoi(h)
		if errW == nil && errH == nil {
			width, height = min(toldWidth, longest), min(toldHeight, longest)
		}
	}
	return smallPNG(name, width, height)
}

// A spoken word is one of a transcript.
type spoken struct {
	text       string
	begin, end int // In milliseconds.
}

// transcript makes up what is said in a recording: words of equal length.
func transcript(name string) []spoken {
	const each = 300
	var said []spoken
	for i, word := range strings.Fields(madeUp(name, "")) {
		said = append(said, spoken{word, i * each, (i + 1) * each})
	}
	return said
}

// lengthOf returns how long a recording is, in milliseconds.
func lengthOf(said []spoken) int { return said[len(said)-1].end }

// transcriptJSON writes a transcript of one channel in one sentence.
func transcriptJSON(name string) []byte {
	const rate = 16_000 // Samples a second.
	said := transcript(name)
	words := make([][]byte, len(said))
	all := make([]string, len(said))
	for i, w := range said {
		plain := strings.TrimRight(w.text, ".,:")
		words[i] = obj().num("begin_time", int64(w.begin)).num("end_time", int64(w.end)).
			str("text", plain).str("punctuation", w.text[len(plain):]).end()
		all[i] = w.text
	}
	text, length := strings.Join(all, " "), int64(lengthOf(said))
	sentence := obj().num("begin_time", 0).num("end_time", length).str("text", text).num("sentence_id", 1).raw("words", array(words...)).end()
	properties := obj().str("audio_format", "pcm_s16le").raw("channels", []byte("[0]")).
		num("original_sampling_rate", rate).num("original_duration_in_milliseconds", length).end()
	transcript := obj().num("channel_id", 0).num("content_duration_in_milliseconds", length).
		str("text", text).raw("sentences", array(sentence)).end()
	return obj().raw("properties", properties).raw("transcripts", array(transcript)).end()
}

// A file of vectors has so many lines, each of a text of so many tokens.
const (
	vectorLines  = 2
	vectorTokens = 8
)

// vectorLinesGzip writes vectors, one in a line. They are packed and not
// compressed, so that the bytes do not depend on the version of a compressor.
func vectorLinesGzip(name string) []byte {
	const dimensions = 1536
	var b bytes.Buffer
	w, err := gzip.NewWriterLevel(&b, gzip.NoCompression)
	if err != nil {
		panic(err) // There is such a level.
	}
	for i := range vectorLines {
		output := obj().num("code", 0).raw("embedding", floats(embedding(fmt.Sprint(name, i), dimensions))).num("text_index", int64(i)).end()
		w.Write(append(obj().raw("output", output).raw("usage", obj().num("total_tokens", vectorTokens).end()).end(), '\n'))
	}
	w.Close()
	return b.Bytes()
}

// seconds rounds milliseconds up.
func seconds(milliseconds int) int { return int(math.Ceil(float64(milliseconds) / 1000)) }
