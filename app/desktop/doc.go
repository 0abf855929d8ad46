// Package desktop is the Wails window: the same api as in the browser, carried by
// the window's own bridge. It is the only importer of Wails, and empty in the
// headless flavour.
package desktop
