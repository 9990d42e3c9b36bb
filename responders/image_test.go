package responders

import (
	"bytes"
	"image/png"
	"testing"
)

func TestSmallPNG(t *testing.T) {
	for _, c := range []struct{ width, height, wantWidth, wantHeight int }{
		{64, 64, 64, 64}, {1, 1, 1, 1}, {7, 300, 7, 300}, {0, -5, 1, 1}, {1 << 20, 3, 2048, 3},
	} {
		data := smallPNG("a cat", c.width, c.height)
		picture, err := png.Decode(bytes.NewReader(data))
		if err != nil {
			t.Errorf("%dx%d: %v", c.width, c.height, err)
			continue
		}
		if size := picture.Bounds().Size(); size.X != c.wantWidth || size.Y != c.wantHeight {
			t.Errorf("%dx%d: is %v", c.width, c.height, size)
		}
		if !bytes.Equal(data, smallPNG("a cat", c.width, c.height)) {
			t.Errorf("%dx%d: two pictures of one seed differ", c.width, c.height)
		}
	}
	if bytes.Equal(smallPNG("a cat", 64, 64), smallPNG("a dog", 64, 64)) {
		t.Error("a cat looks like a dog")
	}
}
