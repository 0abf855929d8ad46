//go:build desktop && !bindings

package desktop

import "os"

// prepareWebview keeps the window from staying blank with NVIDIA's driver, where
// WebKitGTK's DMA-BUF renderer draws nothing. Who has set the variable knows better.
func prepareWebview() {
	const variable = "WEBKIT_DISABLE_DMABUF_RENDERER"
	if _, set := os.LookupEnv(variable); set {
		return
	}
	if _, err := os.Stat("/proc/driver/nvidia/version"); err == nil {
		_ = os.Setenv(variable, "1")
	}
}
