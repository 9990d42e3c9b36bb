package main

import (
	"crypto/tls"
	"net"
	"os"
	"time"

	"github.com/spf13/cobra"

	"github.com/mockllm/mockllm"
)

// tlsFlags are the flags of serve that are about TLS.
type tlsFlags struct{ address, cert, key, ca string }

func (f *tlsFlags) add(c *cobra.Command) {
	c.Flags().StringVar(&f.address, "tls-listen", "", "`address` of the vendors' paths under TLS, besides --listen")
	c.Flags().StringVar(&f.cert, "tls-cert", "", "certificate `file` in PEM; one for the vendors' host names is made without")
	c.Flags().StringVar(&f.key, "tls-key", "", "`file` with the certificate's key in PEM")
	c.Flags().StringVar(&f.ca, "tls-ca-out", "", "write the certificate of the authority that was made to this `file`, for clients to trust")
}

// listen opens the port and reads or makes the certificate. Without an address
// it returns nil.
func (f *tlsFlags) listen(problems *problems) (net.Listener, tls.Certificate) {
	f.check(problems)
	if f.address == "" || len(*problems) > 0 {
		return nil, tls.Certificate{}
	}
	certificate, err := f.certificate()
	if err != nil {
		problems.add("%v", err)
		return nil, tls.Certificate{}
	}
	l, err := net.Listen("tcp", f.address)
	if err != nil {
		problems.add("flag --tls-listen: %v", err)
		return nil, tls.Certificate{}
	}
	return l, certificate
}

func (f *tlsFlags) check(problems *problems) {
	if f.address == "" && (f.cert != "" || f.key != "" || f.ca != "") {
		problems.add("flags --tls-cert, --tls-key and --tls-ca-out go with --tls-listen")
	}
	if (f.cert == "") != (f.key == "") {
		problems.add("flags --tls-cert and --tls-key go together")
	}
	if f.cert != "" && f.ca != "" {
		problems.add("flag --tls-ca-out: no authority is made if --tls-cert is given")
	}
}

func (f *tlsFlags) certificate() (tls.Certificate, error) {
	if f.cert != "" {
		return tls.LoadX509KeyPair(f.cert, f.key)
	}
	made, err := mockllm.NewCertificate(time.Now())
	if err != nil {
		return tls.Certificate{}, err
	}
	if f.ca == "" {
		return made.TLS, nil
	}
	return made.TLS, os.WriteFile(f.ca, made.CA, 0o644)
}
