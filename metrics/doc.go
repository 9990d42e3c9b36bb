// Package metrics counts what a server does, for Prometheus. Give it to
// [mockllm.WithObserver], have it watch the server, and serve it:
//
//	m := metrics.New()
//	server, err := mockllm.New(mockllm.WithObserver(m))
//	…
//	m.Watch(server)
//	server.ServeAdmin(listener, admin.Options{Metrics: m})
//
// The command does so. No label holds what callers choose freely, so that the
// number of series is bounded whatever is sent.
package metrics
