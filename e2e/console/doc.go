// Package console tests the web console as a person meets it: in a browser,
// with the mouse and with the keyboard, against a server in the test's own
// process.
//
// It needs Chromium. Without one the tests are skipped, loudly, or fail if
// MOCKLLM_E2E_REQUIRE names chromium. MOCKLLM_E2E_SCREENSHOTS names a folder
// in which the pictures of TestScreens are kept.
package console
