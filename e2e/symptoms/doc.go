// Package symptoms asks every fault for what HTTP clients of several languages
// say of it, and keeps docs/symptoms.md true.
//
// A client that is not installed is skipped, loudly, or fails the test if
// MOCKLLM_E2E_REQUIRE names clients. One of another version than the page names
// is asked, but not compared: what it says may have changed.
package symptoms
