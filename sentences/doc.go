// Package sentences holds what mockllm itself says so that it can be said in
// another language: each sentence is kept as its form, beside what fills it.
package sentences
