package mockllm

import "runtime/debug"

// stamped is the version that a release or an image is built as. The linker
// sets it, where there is no repository or module proxy to tell it:
//
//	go build -ldflags "-X github.com/mockllm/mockllm.stamped=v0.1.0" ./cmd/mockllm
var stamped string

// Version returns the version that the program was built as, such as "v0.1.0",
// or "devel" and the commit.
func Version() string {
	if stamped != "" {
		return stamped
	}
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return "unknown"
	}
	version := info.Main.Version
	for _, dep := range info.Deps {
		if dep.Path == "github.com/mockllm/mockllm" {
			version = dep.Version
		}
	}
	if version != "" && version != "(devel)" {
		return version
	}
	for _, setting := range info.Settings {
		if setting.Key == "vcs.revision" {
			return "devel " + setting.Value[:min(len(setting.Value), 12)]
		}
	}
	return "devel"
}
