package e2e

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"io"
	"math/big"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	dto "github.com/prometheus/client_model/go"

	"github.com/mockllm/mockllm/redisstate/redistest"
)

// TestStateIsGone: what the built binary tells while its Redis is gone: calls get
// our own 503, the admin port is well, because nobody is served better by another
// pod or a new one, and the metrics say it. Then all goes on by itself.
func TestStateIsGone(t *testing.T) {
	if _, err := exec.LookPath("redis-server"); err != nil {
		missing(t, "redis", err.Error())
	}
	redis := redistest.Run(t)
	log := must(os.Create(filepath.Join(t.TempDir(), "log")))(t)
	defer log.Close()
	p, err := serveTelling(log, []string{"MOCKLLM_STATE=" + redis.URL() + "?timeout=1m"}, "--listen", "127.0.0.1:0", "--admin", "127.0.0.1:0", "--quiet")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(p.kill)
	client := &http.Client{Transport: &http.Transport{}}
	defer client.CloseIdleConnections()
	want := func(answer string, up, outages float64) {
		t.Helper()
		if got := must(generate(client, p.vendors))(t); got != answer {
			t.Errorf("a call gets %s, want %s", got, answer)
		}
		health := must(http.Get(p.admin + "/healthz"))(t)
		health.Body.Close()
		families, _ := p.scrape(t, "")
		value := func(name string) float64 {
			m := families["mockllm_state_"+name].GetMetric()[0]
			return m.GetGauge().GetValue() + m.GetCounter().GetValue()
		}
		if health.StatusCode != http.StatusOK || value("up") != up || value("outages_total") != outages {
			t.Errorf("health %s, up %v, outages %v; want up %v, outages %v", health.Status, value("up"), value("outages_total"), up, outages)
		}
		if gone := outages > 0; gone != (value("refused_total") > 0) || gone != (value("dropped_exchanges_total") > 0) {
			t.Errorf("after %v outages %v refused and %v dropped", outages, value("refused_total"), value("dropped_exchanges_total"))
		}
		wantDashboard(t, families, true)
	}
	want("200 ", 1, 0)
	redis.Kill()
	for { // What is put into the journal while it is gone is dropped; both are counted by now.
		generate(client, p.vendors)
		families, _ := p.scrape(t, "")
		if counterOf(families, "mockllm_state_dropped_exchanges_total") > 0 && counterOf(families, "mockllm_state_refused_total") > 0 {
			break
		}
	}
	want("503 ", 0, 1)
	redis.Restart()
	for {
		if got := must(generate(client, p.vendors))(t); got == "200 " {
			break
		}
	}
	want("200 ", 1, 1)
}

func counterOf(families map[string]*dto.MetricFamily, name string) float64 {
	return families[name].GetMetric()[0].GetCounter().GetValue()
}

// TestStateOverTLS: rediss:// believes the certificates that SSL_CERT_FILE names,
// and no others.
func TestStateOverTLS(t *testing.T) {
	if _, err := exec.LookPath("redis-server"); err != nil {
		missing(t, "redis", err.Error())
	}
	file, certificate := ownCertificate(t)
	address := secured(t, redistest.Run(t).Addr(), certificate)
	flags := []string{"--listen", "127.0.0.1:0", "--admin", "127.0.0.1:0", "--quiet", "--state", "rediss://" + address + "/0?timeout=1m"}
	cmd := exec.Command(binary, append([]string{"serve"}, flags...)...)
	cmd.Env = []string{"SSL_CERT_DIR=" + t.TempDir()}
	if out, err := cmd.CombinedOutput(); err == nil || !strings.Contains(string(out), "certificate signed by unknown authority") {
		t.Errorf("a certificate that nobody knows: %v, %s", err, out)
	}
	p, err := serve([]string{"SSL_CERT_FILE=" + file}, flags...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(p.kill)
	if got := must(generate(http.DefaultClient, p.vendors))(t); got != "200 " {
		t.Errorf("over TLS: %s", got)
	}
	http.DefaultClient.CloseIdleConnections()
	if err := p.stop(); err != nil {
		t.Error(err)
	}
}

// ownCertificate makes a certificate of 127.0.0.1, signed by itself.
func ownCertificate(t *testing.T) (file string, certificate tls.Certificate) {
	t.Helper()
	key := must(ecdsa.GenerateKey(elliptic.P256(), rand.Reader))(t)
	template := x509.Certificate{
		SerialNumber: big.NewInt(1), NotAfter: time.Now().Add(time.Hour), IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)},
		IsCA: true, BasicConstraintsValid: true,
	}
	der := must(x509.CreateCertificate(rand.Reader, &template, &template, key.Public(), key))(t)
	file = filepath.Join(t.TempDir(), "redis.pem")
	put(t, file, string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})))
	return file, tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}
}

// secured speaks TLS before a Redis that does not.
func secured(t *testing.T, redis string, certificate tls.Certificate) (address string) {
	t.Helper()
	l := must(tls.Listen("tcp", "127.0.0.1:0", &tls.Config{Certificates: []tls.Certificate{certificate}}))(t)
	t.Cleanup(func() { l.Close() })
	go func() {
		for {
			client, err := l.Accept()
			if err != nil {
				return
			}
			go func() {
				defer client.Close()
				plain, err := net.Dial("tcp", redis)
				if err != nil {
					return
				}
				defer plain.Close()
				go func() {
					io.Copy(plain, client)
					plain.Close()
				}()
				io.Copy(client, plain)
			}()
		}
	}()
	return l.Addr().String()
}
