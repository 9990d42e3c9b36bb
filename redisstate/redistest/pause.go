//go:build unix

package redistest

import "syscall"

// Pause has the server hang until Resume.
func (s *Server) Pause() { s.cmd.Process.Signal(syscall.SIGSTOP) }

// Resume ends a Pause.
func (s *Server) Resume() { s.cmd.Process.Signal(syscall.SIGCONT) }
