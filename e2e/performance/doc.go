// Command performance measures the product against what it could be at best,
// and against peers, and prints ratios: `make performance`. What is compared
// runs side by side in one run, in short turns, so that a busy machine hits all
// alike. Each server is a process of its own; servers and client share the
// machine's cores. docs/performance.md says what each figure means.
package main
