//go:build desktop && webkit2_41 && !mockcapture

package desktop

// mockDevices is off: the page has the devices of this computer.
const mockDevices = 0
