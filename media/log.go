package media

import (
	"fmt"
	"log/slog"

	"github.com/pion/logging"
)

// libraryLog passes the WebRTC library's warnings on at debug level: they
// describe packets of the network, which a participant or a bad line can cause
// at will, so they must not fill anybody's log.
type libraryLog struct {
	log   *slog.Logger
	scope string
}

var _ logging.LeveledLogger = libraryLog{}

// NewLogger makes it a factory of itself.
func (l libraryLog) NewLogger(scope string) logging.LeveledLogger {
	return libraryLog{log: l.log, scope: scope}
}

func (l libraryLog) Trace(string)          {}
func (l libraryLog) Tracef(string, ...any) {}
func (l libraryLog) Debug(string)          {}
func (l libraryLog) Debugf(string, ...any) {}
func (l libraryLog) Info(string)           {}
func (l libraryLog) Infof(string, ...any)  {}
func (l libraryLog) Warn(msg string)       { l.log.Debug(msg, "scope", l.scope) }
func (l libraryLog) Error(msg string)      { l.log.Debug(msg, "scope", l.scope) }

func (l libraryLog) Warnf(format string, args ...any) {
	l.log.Debug(fmt.Sprintf(format, args...), "scope", l.scope)
}

func (l libraryLog) Errorf(format string, args ...any) {
	l.log.Debug(fmt.Sprintf(format, args...), "scope", l.scope)
}
