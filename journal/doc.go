// Package journal remembers what happened: one [Exchange] for each request
// that was answered, the newest ones, without secrets. It does not judge.
package journal
