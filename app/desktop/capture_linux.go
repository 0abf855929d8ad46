//go:build desktop && webkit2_41

package desktop

/*
#cgo pkg-config: webkit2gtk-4.1
#include <stdint.h>
#include <webkit2/webkit2.h>

extern gboolean parvisMayCapture(uintptr_t);

// WebKitWebView's own answer to a permission request is no, and Wails gives none: this
// hook runs before both. Only what a call needs is answered here.
static gboolean parvisAnswer(GSignalInvocationHint *hint, guint count, const GValue *values, gpointer asked) {
	if (count < 2 || !G_VALUE_HOLDS_OBJECT(values + 1)) {
		return TRUE;
	}
	GObject *request = g_value_get_object(values + 1);
	if ((WEBKIT_IS_USER_MEDIA_PERMISSION_REQUEST(request) || WEBKIT_IS_DEVICE_INFO_PERMISSION_REQUEST(request)) && parvisMayCapture((uintptr_t)asked)) {
		webkit_permission_request_allow(WEBKIT_PERMISSION_REQUEST(request));
	}
	return TRUE; // stays for the next one
}

// The settings of a web view can be reached from its signals only: Wails keeps them.
static gboolean parvisEnable(GSignalInvocationHint *hint, guint count, const GValue *values, gpointer mock) {
	WebKitSettings *settings = webkit_web_view_get_settings(WEBKIT_WEB_VIEW(g_value_get_object(values)));
	webkit_settings_set_enable_media_stream(settings, TRUE);
	webkit_settings_set_enable_mock_capture_devices(settings, mock != NULL);
	return TRUE;
}

static gboolean parvisAnswerCapture(uintptr_t ask, gboolean mock) {
	if (!gtk_init_check(NULL, NULL)) { // a web view's class made before it ends the program
		return FALSE;
	}
	g_type_class_unref(g_type_class_ref(WEBKIT_TYPE_WEB_VIEW)); // its signals exist from now on
	guint asked = g_signal_lookup("permission-request", WEBKIT_TYPE_WEB_VIEW);
	guint loads = g_signal_lookup("load-changed", WEBKIT_TYPE_WEB_VIEW);
	if (asked == 0 || loads == 0) {
		return FALSE;
	}
	g_signal_add_emission_hook(asked, 0, parvisAnswer, (gpointer)ask, NULL);
	g_signal_add_emission_hook(loads, 0, parvisEnable, mock ? "mock" : NULL, NULL);
	return TRUE;
}
*/
import "C"

import (
	"errors"
	"runtime"
	"runtime/cgo"
)

// parvisMayCapture is asked on GTK's thread.
//
//export parvisMayCapture
func parvisMayCapture(handle C.uintptr_t) C.gboolean {
	if allowed, ok := cgo.Handle(handle).Value().(func() bool); ok && allowed() {
		return 1
	}
	return 0
}

// answerCapture lets the page have camera, microphone and the list of devices while
// allowed says so, and refuses them else, until the program ends. allowed must not
// block.
func answerCapture(allowed func() bool) error {
	runtime.LockOSThread() // GTK belongs to the thread that began it, as Wails will too
	if C.parvisAnswerCapture(C.uintptr_t(cgo.NewHandle(allowed)), C.gboolean(mockDevices)) == 0 {
		return errors.New("this WebKitGTK has no permission requests: calls have no camera and no microphone")
	}
	return nil
}
