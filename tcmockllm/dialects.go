package tcmockllm

import (
	"fmt"
	"maps"
	"slices"
	"strings"
)

// sockets is the dialect that is spoken over WebSockets.
const sockets = "dashscope-ws"

// basePaths says, for each dialect, what stands between host and operation in a
// client's base URL. A test of the main module holds it against the catalogue.
var basePaths = map[string]string{
	"qianfan-v1":           "",
	"qianfan-v2":           "/v2",
	"qianfan-anthropic":    "/anthropic",
	"qianfan-responses":    "/v2",
	"qianfan-oauth":        "",
	"qianfan-iam":          "",
	"qianfan-console":      "",
	"dashscope-native":     "/api/v1",
	"dashscope-compatible": "/compatible-mode/v1",
	"dashscope-responses":  "/compatible-mode/v1",
	"dashscope-anthropic":  "/apps/anthropic",
	sockets:                "/api-ws/v1/inference",
}

func basePath(dialect string) (string, error) {
	path, ok := basePaths[dialect]
	if !ok {
		return "", fmt.Errorf("base url: unknown dialect %q; it is one of %s", dialect, strings.Join(slices.Sorted(maps.Keys(basePaths)), ", "))
	}
	return path, nil
}
