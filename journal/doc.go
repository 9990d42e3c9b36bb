// Package journal remembers what happened: one [Exchange] for each request
// that was answered, the newest ones. It does not judge. It keeps what came as
// it came; whatever is read from it is redacted then. That hides every secret
// that its name tells, and the caller's key wherever it is quoted, but no other
// secrets in free text.
package journal
