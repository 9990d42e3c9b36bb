package mockllm

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"fmt"
	"math/big"
	"net"
	"net/http"
	"time"

	"github.com/mockllm/mockllm/responders"
)

// A Certificate is what a server shows under TLS, and what clients must trust.
type Certificate struct {
	TLS tls.Certificate // For [Server.ServeTLS], its key included.
	CA  []byte          // The authority's certificate in PEM.
}

// certificateLife is long enough for any test, and short enough for clients
// that refuse longer ones.
const certificateLife = 397 * 24 * time.Hour

// NewCertificate makes an authority and a certificate of it for the vendors'
// host names, localhost and the loopback addresses, so that clients with a
// hard-coded host can be caught. Neither key is ever written anywhere.
func NewCertificate(now time.Time) (*Certificate, error) {
	authority, authorityKey, err := newAuthority(now)
	if err != nil {
		return nil, fmt.Errorf("mockllm: certificate: %w", err)
	}
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, fmt.Errorf("mockllm: certificate: %w", err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(now.UnixNano() + 1), Subject: pkix.Name{CommonName: "mockllm"},
		NotBefore: now.Add(-time.Hour), NotAfter: now.Add(certificateLife),
		KeyUsage: x509.KeyUsageDigitalSignature, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
		DNSNames:    append(responders.Hosts(), "localhost"),
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1), net.IPv6loopback},
	}
	der, err := x509.CreateCertificate(rand.Reader, template, authority, &key.PublicKey, authorityKey)
	if err != nil {
		return nil, fmt.Errorf("mockllm: certificate: %w", err)
	}
	return &Certificate{
		TLS: tls.Certificate{Certificate: [][]byte{der, authority.Raw}, PrivateKey: key},
		CA:  pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: authority.Raw}),
	}, nil
}

func newAuthority(now time.Time) (*x509.Certificate, *ecdsa.PrivateKey, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, nil, err
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(now.UnixNano()), Subject: pkix.Name{CommonName: "mockllm test authority"},
		NotBefore: now.Add(-time.Hour), NotAfter: now.Add(certificateLife),
		IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		return nil, nil, err
	}
	authority, err := x509.ParseCertificate(der)
	return authority, key, err
}

// ServeTLS answers the vendors' paths under TLS until [Server.Close]. The
// faults work as they do without: a reset is still a RST.
func (s *Server) ServeTLS(l net.Listener, certificate tls.Certificate) error {
	s.setURL("https://" + l.Addr().String())
	config := &tls.Config{Certificates: []tls.Certificate{certificate}, NextProtos: []string{"http/1.1"}, MinVersion: tls.VersionTLS12}
	return s.serve(tls.NewListener(s.withFate(l), config), &http.Server{Handler: s.Handler()})
}
