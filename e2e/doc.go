// Package e2e tests mockllm as its users meet it: official and common SDKs,
// unchanged but for their base URL, against a server in the test's own process
// and against the built binary; and the command line, by scripts.
//
// It is a module of its own, so that who imports mockllm does not get the SDKs.
//
// To add a case for an SDK, add it to the table in that SDK's file: a scenario
// and a function that calls the SDK. Both kinds of server run it. To test the
// command, add a script to testdata/script; besides testscript's own commands
// it may use those at the top of script_test.go.
//
// Nothing here leaves the loopback interface, sleeps, or runs beside another
// case: two of the SDKs keep their configuration in package variables.
package e2e
