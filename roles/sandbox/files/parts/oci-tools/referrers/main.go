// Copyright (c) 2026 the goldenpath.microapps authors
// GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

// A registry in memory with the referrers API, which the sandbox's own (Distribution) does not have. It is
// go-containerregistry's, whose own command leaves that API switched off. For tests; it serves this machine only.
package main

import (
	"flag"
	"io"
	"log"
	"net"
	"net/http"
	"time"

	"github.com/google/go-containerregistry/pkg/registry"
)

func main() {
	address := flag.String("address", "127.0.0.1:0", "where to serve")
	flag.Parse()
	listener, err := net.Listen("tcp", *address)
	if err != nil {
		log.Fatal(err)
	}
	log.Printf("serving on %s", listener.Addr())
	quiet := registry.Logger(log.New(io.Discard, "", 0))
	handler := registry.New(registry.WithReferrersSupport(true), quiet)
	server := &http.Server{Handler: handler, ReadHeaderTimeout: 5 * time.Second}
	log.Fatal(server.Serve(listener))
}
