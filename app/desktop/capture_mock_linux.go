//go:build desktop && webkit2_41 && mockcapture

package desktop

// mockDevices gives the page WebKit's own mock camera and microphone: for tests.
const mockDevices = 1
