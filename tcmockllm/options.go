package tcmockllm

import (
	"io"
	"strconv"

	"github.com/testcontainers/testcontainers-go"
)

// WithScenario has the server follow the scenario in a TOML file of the test.
// The last of several scenarios is the one that counts.
func WithScenario(path string) testcontainers.CustomizeRequestOption {
	return testcontainers.WithFiles(testcontainers.ContainerFile{
		HostFilePath: path, ContainerFilePath: scenarioFile, FileMode: 0o644,
	})
}

// WithScenarioReader has the server follow the scenario, in TOML, that the
// reader holds.
func WithScenarioReader(toml io.Reader) testcontainers.CustomizeRequestOption {
	return testcontainers.WithFiles(testcontainers.ContainerFile{
		Reader: toml, ContainerFilePath: scenarioFile, FileMode: 0o644,
	})
}

// WithSeed sets the seed of all chance, instead of the scenario's.
func WithSeed(seed uint64) testcontainers.CustomizeRequestOption {
	return testcontainers.WithEnv(map[string]string{envSeed: strconv.FormatUint(seed, 10)})
}

// WithSpeed has vendor time (windows, tokens, tasks) go that many times faster,
// instead of what the scenario says.
func WithSpeed(factor float64) testcontainers.CustomizeRequestOption {
	return testcontainers.WithEnv(map[string]string{envSpeed: strconv.FormatFloat(factor, 'f', -1, 64)})
}

// WithTLS serves the vendors' paths under TLS as well, with a certificate for
// the vendors' own host names, localhost and the loopback addresses.
// [Container.CACert] returns whom to trust.
func WithTLS() testcontainers.CustomizeRequestOption {
	return func(req *testcontainers.GenericContainerRequest) error {
		req.ExposedPorts = append(req.ExposedPorts, tlsPort)
		return testcontainers.WithEnv(map[string]string{envTLSListen: "0.0.0.0:8443", envTLSCAOut: caFile})(req)
	}
}
