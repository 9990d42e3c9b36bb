// Package scorecards drives clients that people use through the incidents of
// the library, and keeps the page docs/scorecards.md true: a table of what
// became of each client in each incident.
//
// program_test.go is the program around the clients, clients_test.go what
// differs from client to client, trials_test.go what is asked in each incident.
// To add a client, add it to libraries; the page is rewritten by
// make scorecards.
//
// Nothing here leaves the loopback interface or runs beside another case: two
// of the clients keep their configuration in package variables.
package scorecards
