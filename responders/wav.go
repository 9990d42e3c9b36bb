package responders

import (
	"encoding/binary"
	"math"
)

// The sound of a made-up recording: a tenth of a second of one tone.
const (
	wavRate    = 8000 // Samples a second.
	wavSamples = wavRate / 10
	wavHeader  = 44 // Bytes before the samples.
)

// wav returns a WAV file, a function of the name alone: 16-bit mono PCM. The
// name chooses the tone.
func wav(name string) []byte {
	const (
		sample  = 2 // Bytes of one.
		pcm     = 1
		mono    = 1
		loudest = 8000
	)
	tone := float64(220 + hashed(name)%660)
	b := make([]byte, 0, wavHeader+sample*wavSamples)
	b = append(b, "RIFF"...)
	b = binary.LittleEndian.AppendUint32(b, wavHeader-8+sample*wavSamples)
	b = append(b, "WAVEfmt "...)
	b = binary.LittleEndian.AppendUint32(b, 16) // Bytes of what follows, up to the data.
	b = binary.LittleEndian.AppendUint16(b, pcm)
	b = binary.LittleEndian.AppendUint16(b, mono)
	b = binary.LittleEndian.AppendUint32(b, wavRate)
	b = binary.LittleEndian.AppendUint32(b, wavRate*sample)
	b = binary.LittleEndian.AppendUint16(b, sample)
	b = binary.LittleEndian.AppendUint16(b, sample*8)
	b = append(b, "data"...)
	b = binary.LittleEndian.AppendUint32(b, sample*wavSamples)
	for i := range wavSamples {
		height := loudest * math.Sin(2*math.Pi*tone*float64(i)/wavRate)
		b = binary.LittleEndian.AppendUint16(b, uint16(int16(math.Round(height))))
	}
	return b
}
