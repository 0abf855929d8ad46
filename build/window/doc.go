// Package window tests the real window on a virtual display.
package window
