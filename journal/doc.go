// Package journal remembers what happened: one [Exchange] for each request
// that was answered, the newest ones. It does not judge. Keys, queries and
// bodies are to be passed through [RedactKey], [RedactURL] and [RedactBody]
// first: they hide every secret that its name tells, not those in free text.
package journal
