package tcmockllm

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/testcontainers/testcontainers-go"
	"github.com/testcontainers/testcontainers-go/wait"
)

// The ports and folders of the image.
const (
	vendorsPort  = "8080/tcp"
	adminPort    = "8081/tcp"
	tlsPort      = "8443/tcp"
	scenarioFile = "/scenarios/scenario.toml"
	caFile       = "/tls/ca.pem"
)

// The variables that steer the server.
const (
	envSeed       = "MOCKLLM_SEED"
	envSpeed      = "MOCKLLM_SPEED"
	envAdminToken = "MOCKLLM_ADMIN_TOKEN"
	envTLSListen  = "MOCKLLM_TLS_LISTEN"
	envTLSCAOut   = "MOCKLLM_TLS_CA_OUT"
)

// startTime bounds how long the server may take to answer on its admin port.
const startTime = time.Minute

// Container is a running mockllm.
type Container struct {
	testcontainers.Container
	tls   bool
	token string // Of the admin API; "" demands none.
}

// Run starts mockllm from an image and returns when it answers. With an error
// it returns the container too, if one was made, so that it can be terminated.
// If the server ended by itself, as it does at a bad scenario, the error says
// what the server said.
func Run(ctx context.Context, img string, opts ...testcontainers.ContainerCustomizer) (*Container, error) {
	c := &Container{}
	all := []testcontainers.ContainerCustomizer{
		testcontainers.WithExposedPorts(vendorsPort, adminPort),
		testcontainers.WithWaitStrategy(wait.ForHTTP("/healthz").WithPort(adminPort).WithStartupTimeout(startTime)),
	}
	all = append(all, opts...)
	// Read last, whichever option or variable said it.
	all = append(all, testcontainers.CustomizeRequestOption(func(req *testcontainers.GenericContainerRequest) error {
		c.tls, c.token = req.Env[envTLSListen] != "", req.Env[envAdminToken]
		return nil
	}))
	ctr, err := testcontainers.Run(ctx, img, all...)
	if ctr == nil {
		return nil, fmt.Errorf("run mockllm: %w", err)
	}
	c.Container = ctr
	if err != nil {
		return c, fmt.Errorf("run mockllm: %w", errors.Join(c.complaint(ctx), err))
	}
	return c, nil
}

// maxLog bounds what is read of a log in search of a complaint.
const maxLog = 1 << 20

// complaint returns what a server that ended by itself said was wrong, or nil.
func (c *Container) complaint(ctx context.Context) error {
	state, err := c.State(ctx)
	if err != nil || state.Running {
		return nil
	}
	log, err := c.Logs(ctx)
	if err != nil {
		return nil
	}
	defer log.Close()
	return complaintIn(io.LimitReader(log, maxLog))
}

// complaintIn finds the lines in which the command says why it ends.
func complaintIn(log io.Reader) error {
	var said []string
	for lines := bufio.NewScanner(log); lines.Scan(); {
		if text, ok := strings.CutPrefix(lines.Text(), "mockllm: "); ok {
			said = append(said, text)
		}
	}
	if len(said) == 0 {
		return nil
	}
	return errors.New(strings.Join(said, "\n"))
}

// BaseURL returns what a client of the dialect takes for its base URL, as seen
// from the test: "dashscope-compatible", say, ends in /compatible-mode/v1. It
// begins with https if there is TLS, with ws or wss for "dashscope-ws". Other
// containers on the same network reach the server by its alias, at port 8080 or,
// under TLS, 8443.
func (c *Container) BaseURL(ctx context.Context, dialect string) (string, error) {
	path, err := basePath(dialect)
	if err != nil {
		return "", err
	}
	port, scheme := vendorsPort, "http"
	if c.tls {
		port, scheme = tlsPort, "https"
	}
	if dialect == sockets {
		scheme = strings.Replace(scheme, "http", "ws", 1)
	}
	url, err := c.PortEndpoint(ctx, port, scheme)
	if err != nil {
		return "", fmt.Errorf("base url: %w", err)
	}
	return url + path, nil
}

// AdminURL returns the address of the admin API, as seen from the test.
func (c *Container) AdminURL(ctx context.Context) (string, error) {
	url, err := c.PortEndpoint(ctx, adminPort, "http")
	if err != nil {
		return "", fmt.Errorf("admin url: %w", err)
	}
	return url, nil
}

// Admin returns a client of the admin API, about the default namespace.
func (c *Container) Admin(ctx context.Context) (*Admin, error) {
	url, err := c.AdminURL(ctx)
	if err != nil {
		return nil, err
	}
	return &Admin{URL: url, Token: c.token}, nil
}

// errNoTLS says that nobody asked for what is looked for.
var errNoTLS = errors.New("ca certificate: the container was started without WithTLS")

// CACert returns the certificate, in PEM, of the authority that a client must
// trust to talk to a container started [WithTLS].
func (c *Container) CACert(ctx context.Context) ([]byte, error) {
	if !c.tls {
		return nil, errNoTLS
	}
	file, err := c.CopyFileFromContainer(ctx, caFile)
	if err != nil {
		return nil, fmt.Errorf("ca certificate: %w", err)
	}
	defer file.Close()
	pem, err := io.ReadAll(file)
	if err != nil {
		return nil, fmt.Errorf("ca certificate: %w", err)
	}
	return pem, nil
}
