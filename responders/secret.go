package responders

import "regexp"

// lookAlikes find what looks like a key, a signature or a token of a vendor.
var lookAlikes = regexp.MustCompile(`sk-[A-Za-z0-9_-]{16,}|bce-v3/ALTAK-[A-Za-z0-9/_-]{8,}|bce-auth-v1/[^\s"',]+|2[45]\.[0-9a-f]{32}[0-9.a-z-]*`)

// LookAlikes returns where in a text something looks like a vendor's key,
// signature or token, whoever says it.
func LookAlikes(text string) [][]int { return lookAlikes.FindAllStringIndex(text, -1) }
