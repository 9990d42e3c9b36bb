package main

import (
	"archive/tar"
	"compress/gzip"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"time"
)

// build makes the release binary as a release does, and returns its path.
func build(root, folder string) (string, error) {
	const version = "v0.0.0-performance"
	platform := runtime.GOOS + "/" + runtime.GOARCH
	dist := filepath.Join(folder, "dist")
	command := exec.Command(filepath.Join(root, "scripts", "release"), version, dist)
	command.Env = append(os.Environ(), "TARGETS="+platform)
	if out, err := command.CombinedOutput(); err != nil {
		return "", fmt.Errorf("scripts/release: %w\n%s", err, out)
	}
	name := fmt.Sprintf("mockllm_%s_%s_%s", version, runtime.GOOS, runtime.GOARCH)
	return unpack(filepath.Join(dist, name+".tar.gz"), name+"/mockllm", filepath.Join(folder, "mockllm"))
}

// unpack copies one program out of an archive.
func unpack(archive, name, to string) (string, error) {
	file, err := os.Open(archive)
	if err != nil {
		return "", err
	}
	defer file.Close()
	plain, err := gzip.NewReader(file)
	if err != nil {
		return "", err
	}
	in := tar.NewReader(plain)
	for {
		header, err := in.Next()
		if err != nil {
			return "", fmt.Errorf("%s: %s: %w", archive, name, err)
		}
		if header.Name == name {
			break
		}
	}
	out, err := os.OpenFile(to, os.O_CREATE|os.O_WRONLY, 0o755)
	if err != nil {
		return "", err
	}
	_, err = io.Copy(out, in)
	if closed := out.Close(); err == nil {
		err = closed
	}
	return to, err
}

// process measures the release binary: its size, how fast it answers, and what
// it takes when nobody calls.
func (p plan) process() ([]row, error) {
	const mebi = 1 << 20
	info, err := os.Stat(p.binary)
	if err != nil {
		return nil, err
	}
	var starts []time.Duration
	var rest []int64
	for range p.starts {
		took, memory, err := p.start()
		if err != nil {
			return nil, err
		}
		starts, rest = append(starts, took), append(rest, memory)
	}
	start, memory := median(starts), median(rest)
	return []row{
		{"process start to first answer", fmt.Sprintf("**%s** (median of %d; the worst %s)", milli(start), len(starts), milli(quantile(starts, 1))), "under 30 ms", start >= 30*time.Millisecond},
		{"resident at rest, a call answered", fmt.Sprintf("**%.1f MiB**", float64(memory)/mebi), "under 20 MB", memory >= 20e6},
		{"release binary", fmt.Sprintf("**%.1f MiB**", float64(info.Size())/mebi), "at most 15 MB", info.Size() > 15e6},
	}, nil
}

// start starts the binary and returns how long the first answer took, from the
// start of the process on. The client learns the address as people do, from what
// the process prints.
func (p plan) start() (took time.Duration, memory int64, err error) {
	begin := time.Now()
	s, err := p.product()
	if err != nil {
		return 0, 0, err
	}
	defer s.stop()
	if _, err := probe(s.address, chat(chatPath, wholeBody)); err != nil {
		return 0, 0, err
	}
	took = time.Since(begin)
	time.Sleep(p.settle)
	return took, s.memory(), nil
}
