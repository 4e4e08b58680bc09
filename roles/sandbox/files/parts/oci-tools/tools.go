//go:build tools

// Package tools names the commands that are built from this module, so that go.mod and go.sum cover them.
package tools

import (
	_ "github.com/google/go-containerregistry/cmd/crane"
	_ "goldenpath/sandbox/oci-tools/referrers"
	_ "oras.land/oras/cmd/oras"
)
