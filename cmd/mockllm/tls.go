package main

import (
	"crypto/tls"
	"fmt"
	"os"
	"time"

	"github.com/spf13/cobra"

	"github.com/mockllm/mockllm"
)

// tlsFlags are the flags of serve that are about TLS.
type tlsFlags struct{ address, cert, key, ca string }

func (f *tlsFlags) add(c *cobra.Command) {
	c.Flags().StringVar(&f.address, tlsListen, "", "`address` of the vendors' paths under TLS, besides --listen")
	c.Flags().StringVar(&f.cert, "tls-cert", "", "certificate `file` in PEM; one for the vendors' host names is made without")
	c.Flags().StringVar(&f.key, "tls-key", "", "`file` with the certificate's key in PEM")
	c.Flags().StringVar(&f.ca, "tls-ca-out", "", "write the certificate of the authority that was made to this `file`, for clients to trust")
}

// tlsListen is the flag without which there is no TLS.
const tlsListen = "tls-listen"

// read reads or makes the certificate, if TLS is asked for.
func (f *tlsFlags) read(problems *problems) tls.Certificate {
	f.check(problems)
	if f.address == "" || len(*problems) > 0 {
		return tls.Certificate{}
	}
	certificate, err := f.certificate()
	if err != nil {
		problems.add("%v", err)
	}
	return certificate
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
		certificate, err := tls.LoadX509KeyPair(f.cert, f.key)
		if err != nil {
			err = fmt.Errorf("flags --tls-cert and --tls-key: %w", err)
		}
		return certificate, err
	}
	made, err := mockllm.NewCertificate(time.Now())
	if err != nil {
		return tls.Certificate{}, err
	}
	if f.ca == "" {
		return made.TLS, nil
	}
	if err := os.WriteFile(f.ca, made.CA, 0o644); err != nil {
		return tls.Certificate{}, fmt.Errorf("flag --tls-ca-out: %w", err)
	}
	return made.TLS, nil
}
