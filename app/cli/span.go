package cli

import (
	"errors"
	"strconv"
	"strings"
	"time"
)

// span is a flag with a time that is longer than none: Go's durations, and days.
type span struct{ of *time.Duration }

func newSpan(of *time.Duration, usual time.Duration) span {
	*of = usual
	return span{of}
}

const day = 24 * time.Hour

// String writes whole days as days.
func (s span) String() string {
	switch {
	case s.of == nil:
		return ""
	case *s.of >= day && *s.of%day == 0:
		return strconv.Itoa(int(*s.of/day)) + "d"
	}
	text := s.of.String()
	for _, zero := range []string{"m0s", "h0m"} {
		if strings.HasSuffix(text, zero) {
			text = text[:len(text)-2]
		}
	}
	return text
}

// Set reads a time.
func (s span) Set(text string) error {
	parsed, err := time.ParseDuration(text)
	if days, ok := strings.CutSuffix(text, "d"); ok {
		var n int
		n, err = strconv.Atoi(days)
		parsed = time.Duration(n) * day
	}
	if err != nil || parsed <= 0 || parsed > 1000*day {
		return errors.New(`a time is a number with s, m, h or d behind it, such as "90s", "12h" or "7d"`)
	}
	*s.of = parsed
	return nil
}

// Type names the kind of value in help texts.
func (s span) Type() string { return "time" }
