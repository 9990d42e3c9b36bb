package responders

import (
	"bytes"
	"image"
	"image/color"
	"image/png"
	"math/rand/v2"
)

// smallPNG draws a picture that is a function of its arguments alone: a mirrored
// pattern of blocks in four colours. It is not compressed, so that its bytes do
// not depend on the version of a compressor; two bits for each pixel keep it
// small. Sides are bounded.
func smallPNG(seed string, width, height int) []byte {
	const blocks, longest = 8, 2048
	width, height = min(max(width, 1), longest), min(max(height, 1), longest)
	chance := rand.New(rand.NewPCG(hashed(seed), 2))
	colours := color.Palette{color.RGBA{250, 250, 250, 255}}
	for range 3 {
		colours = append(colours, color.RGBA{uint8(chance.IntN(230)), uint8(chance.IntN(230)), uint8(chance.IntN(230)), 255})
	}
	var pattern [blocks][blocks]uint8
	for y := range pattern {
		for x := range blocks / 2 {
			pattern[y][x] = uint8(chance.IntN(len(colours)))
			pattern[y][blocks-1-x] = pattern[y][x]
		}
	}
	picture := image.NewPaletted(image.Rect(0, 0, width, height), colours)
	for y := range height {
		for x := range width {
			picture.Pix[y*picture.Stride+x] = pattern[y*blocks/height][x*blocks/width]
		}
	}
	var b bytes.Buffer
	encoder := png.Encoder{CompressionLevel: png.NoCompression}
	if err := encoder.Encode(&b, picture); err != nil {
		panic(err) // Only a picture without sides or a buffer that fails could cause it.
	}
	return b.Bytes()
}
