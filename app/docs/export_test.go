package docs

// For the tests of what lies inside.
var EncodePaint = encodePaint

const (
	LargeFrom = largeFrom
	PaintWait = paintWait
)
