//go:build !unix

package redistest

// Pause skips the test: nothing has a process hang here.
func (s *Server) Pause() { s.t.Skip("no signal has a process hang on this system") }

// Resume ends a Pause.
func (s *Server) Resume() {}
