// Package wine tests the Windows program on a machine that has no Windows.
package wine
