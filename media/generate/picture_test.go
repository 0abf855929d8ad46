package generate

import (
	"fmt"
	"image"
	"testing"

	"pgregory.net/rapid"
)

func TestDecoderShowsExactlyWhatWasDrawn(t *testing.T) {
	for _, size := range []image.Point{{X: 640, Y: 360}, {X: 320, Y: 180}, {X: 16, Y: 16}, {X: 15, Y: 33}, {X: 1, Y: 1}} {
		t.Run(fmt.Sprint(size), func(t *testing.T) {
			e := newEncoder(size.X, size.Y)
			rapid.Check(t, func(t *rapid.T) {
				pad := noise(rapid.Uint64Min(1).Draw(t, "seed"))
				grid := make([]shade, e.columns*e.rows)
				for i := range grid {
					v := pad.next()
					grid[i] = shade{uint8(v), uint8(v >> 8), uint8(v >> 16)}
				}
				picture, err := decodePicture(e.frame(grid, 0))
				if err != nil {
					t.Fatal(err)
				}
				if got := picture.Bounds().Size(); got != size {
					t.Fatalf("size %v", got)
				}
				for y := range size.Y {
					for x := range size.X {
						got, want := picture.YCbCrAt(x, y), grid[y/16*e.columns+x/16]
						if got.Y != want[0] || far(got.Cb, want[1]) || far(got.Cr, want[2]) {
							t.Fatalf("at %d,%d: %v, want %v", x, y, got, want)
						}
					}
				}
			})
		})
	}
}

// far is more than the step of chroma allows.
func far(a, b uint8) bool { return max(a, b)-min(a, b) >= chromaStep }

func TestMarkIsReadFromBothLayers(t *testing.T) {
	large, small := newLayer(2, 600), newLayer(1, 150)
	rapid.Check(t, func(t *rapid.T) {
		p := newPicture(rapid.String().Draw(t, "name"))
		counter := rapid.Uint32().Draw(t, "counter")
		for _, l := range []*layer{large, small} {
			frame := l.frame(p, counter)
			if len(frame) != l.size {
				t.Fatalf("%d bytes, want %d", len(frame), l.size)
			}
			picture, err := decodePicture(frame)
			if err != nil {
				t.Fatal(err)
			}
			if c, hash, ok := ReadMark(picture); !ok || c != counter || hash != uint16(p.hash) {
				t.Fatalf("mark %d %x %v, want %d %x", c, hash, ok, counter, p.hash)
			}
		}
	})
}

// TestMarkSurvivesScalingAndNoise: a page shows the picture in any size, after a lossy
// codec.
func TestMarkSurvivesScalingAndNoise(t *testing.T) {
	frame := newLayer(2, 600).frame(newPicture("Ana"), 0xa5c30f12)
	picture, err := decodePicture(frame)
	if err != nil {
		t.Fatal(err)
	}
	for _, size := range []image.Point{{X: 160, Y: 90}, {X: 213, Y: 119}, {X: 320, Y: 180}, {X: 501, Y: 281}, {X: 1280, Y: 720}} {
		scaled := rescale(picture, size, 40)
		if c, _, ok := ReadMark(scaled); !ok || c != 0xa5c30f12 {
			t.Errorf("at %v: counter %x %v", size, c, ok)
		}
	}
}

// rescale takes the nearest pixel and disturbs its luma.
func rescale(from *image.YCbCr, size image.Point, disturb int) *image.YCbCr {
	to := image.NewYCbCr(image.Rectangle{Max: size}, image.YCbCrSubsampleRatio420)
	pad := noise(7)
	for y := range size.Y {
		for x := range size.X {
			c := from.YCbCrAt(x*from.Bounds().Dx()/size.X, y*from.Bounds().Dy()/size.Y)
			luma := int(c.Y) + int(pad.next()%uint64(2*disturb)) - disturb
			to.Y[to.YOffset(x, y)] = uint8(min(max(luma, 0), 255))
		}
	}
	return to
}

func TestNoMarkIsFoundWhereNoneIs(t *testing.T) {
	for _, luma := range []uint8{0, 16, 128, 235, 255} {
		for _, size := range []image.Point{{}, {X: 1, Y: 1}, {X: 19, Y: 11}, {X: 640, Y: 360}} {
			picture := image.NewYCbCr(image.Rectangle{Max: size}, image.YCbCrSubsampleRatio420)
			for i := range picture.Y {
				picture.Y[i] = luma
			}
			if counter, _, ok := ReadMark(picture); ok {
				t.Errorf("luma %d, size %v: counter %d", luma, size, counter)
			}
		}
	}
}

// TestColourOnTheScreen: the patch comes out as Colour says, within what limited range
// and steps of chroma lose.
func TestColourOnTheScreen(t *testing.T) {
	for _, name := range []string{"Ana", "Ben", "Chi", "Dao"} {
		want := Colour(name)
		got := toShade(want)
		y, cb, cr := (int(got[0])-16)*298, int(got[1])-128, int(got[2])-128
		shown := [3]int{(y + 409*cr) >> 8, (y - 100*cb - 208*cr) >> 8, (y + 516*cb) >> 8}
		for i := range shown {
			if d := shown[i] - int(want[i]); d < -6 || d > 6 {
				t.Errorf("%s: %v, want %v", name, shown, want)
			}
		}
	}
}

func BenchmarkLarge(b *testing.B)    { benchmarkLayer(b, newLayer(2, 600)) }
func BenchmarkSmall(b *testing.B)    { benchmarkLayer(b, newLayer(1, 150)) }
func BenchmarkUnpadded(b *testing.B) { benchmarkLayer(b, newLayer(2, 0)) }

func benchmarkLayer(b *testing.B, l *layer) {
	p := newPicture("Ana")
	counter, bytes := uint32(0), 0
	for b.Loop() {
		counter++
		bytes += len(l.frame(p, counter))
	}
	b.ReportMetric(float64(bytes)/float64(counter), "bytes/frame")
}

func BenchmarkDecodeLarge(b *testing.B) {
	frame := newLayer(2, 600).frame(newPicture("Ana"), 1)
	for b.Loop() {
		if _, err := decodePicture(frame); err != nil {
			b.Fatal(err)
		}
	}
}
