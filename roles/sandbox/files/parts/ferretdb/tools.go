//go:build tools

// Package tools names the commands that the sandbox builds from this module, so that go.mod and go.sum cover them.
package tools

import (
	_ "goldenpath/sandbox/ferretdb/server"
)
