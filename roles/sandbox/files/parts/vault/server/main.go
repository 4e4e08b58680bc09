// Copyright (c) 2026 the goldenpath.microapps authors
// GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

// HashiCorp Vault's own server (core, HTTP API, integrated storage) with what our collection asks of one and no more: KV, the
// database engine with PostgreSQL, and the logins by AppRole, AWS, JWT and Kubernetes. Vault's command carries fifty others.
// Of 1.14.2, under the MPL 2.0 (from 1.13.13 and 1.14.9 on it is not).
package main

import (
	"context"
	"flag"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"os"
	_ "unsafe" // for go:linkname

	"github.com/hashicorp/go-hclog"
	wrapping "github.com/hashicorp/go-kms-wrapping/wrappers/aead/v2"
	jwt "github.com/hashicorp/vault-plugin-auth-jwt"
	kubernetes "github.com/hashicorp/vault-plugin-auth-kubernetes"
	kv "github.com/hashicorp/vault-plugin-secrets-kv"
	"github.com/hashicorp/vault/builtin/credential/approle"
	aws "github.com/hashicorp/vault/builtin/credential/aws"
	"github.com/hashicorp/vault/builtin/logical/database"
	"github.com/hashicorp/vault/builtin/plugin"
	"github.com/hashicorp/vault/command/server"
	vaulthttp "github.com/hashicorp/vault/http"
	"github.com/hashicorp/vault/physical/raft"
	"github.com/hashicorp/vault/plugins/database/postgresql"
	"github.com/hashicorp/vault/sdk/framework"
	"github.com/hashicorp/vault/sdk/helper/consts"
	"github.com/hashicorp/vault/sdk/logical"
	"github.com/hashicorp/vault/sdk/physical"
	"github.com/hashicorp/vault/vault"
	"github.com/hashicorp/vault/vault/seal"
)

// The paths that only Vault Enterprise has; this edition answers "enterprise-only feature" there. Two of them have no existence
// check, and the published SDK starts no backend that lacks one (releases are built with a state of it that was not published).
//
//go:linkname enterprise github.com/hashicorp/vault/vault.entPaths
var enterprise func(*vault.SystemBackend) []*framework.Path

func main() {
	file := flag.String("config", "", "the file with the server's configuration")
	flag.Parse()
	enterprise = func(*vault.SystemBackend) []*framework.Path { return nil }
	if err := serve(*file); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// What follows is what Vault's command does for `vault server -config`, in its order.
func serve(file string) error {
	config, err := server.LoadConfigFile(file)
	if err != nil {
		return err
	}
	core, err := coreOf(config)
	if err != nil {
		return err
	}
	core.SetClusterHandler(vaulthttp.Handler.Handler(&vault.HandlerProperties{Core: core}))
	if err := core.InitiateRetryJoin(context.Background()); err != nil {
		return err
	}
	return listen(core, config)
}

func coreOf(config *server.Config) (*vault.Core, error) {
	logger := hclog.NewInterceptLogger(&hclog.LoggerOptions{Level: hclog.Info})
	storage, err := raft.NewRaftBackend(config.Storage.Config, logger)
	if err != nil {
		return nil, err
	}
	cluster, err := url.Parse(config.Storage.ClusterAddr)
	if err != nil {
		return nil, err
	}
	cluster.Scheme = "https" // nodes speak TLS among themselves, whatever is configured
	return vault.NewCore(&vault.CoreConfig{
		RawConfig:          config,
		Physical:           storage,
		HAPhysical:         storage.(physical.HABackend),
		StorageType:        config.Storage.Type,
		RedirectAddr:       config.Storage.RedirectAddr,
		ClusterAddr:        cluster.String(),
		Seal:               vault.NewDefaultSeal(seal.NewAccess(wrapping.NewShamirWrapper())),
		LogicalBackends:    map[string]logical.Factory{"database": database.Factory, "kv": kv.Factory, "plugin": plugin.Factory},
		CredentialBackends: map[string]logical.Factory{"plugin": plugin.Factory},
		BuiltinRegistry:    carried{},
		Logger:             logger,
		DisableMlock:       config.DisableMlock,
	})
}

func listen(core *vault.Core, config *server.Config) error {
	of := config.Listeners[0]
	of.MaxRequestSize, of.MaxRequestDuration = vaulthttp.DefaultMaxRequestSize, vault.DefaultMaxRequestDuration
	among, err := net.ResolveTCPAddr("tcp", of.ClusterAddress)
	if err != nil {
		return err
	}
	core.SetClusterListenerAddrs([]*net.TCPAddr{among})
	listener, err := net.Listen("tcp", of.Address)
	if err != nil {
		return err
	}
	return http.Serve(listener, vaulthttp.Handler.Handler(&vault.HandlerProperties{Core: core, ListenerConfig: of}))
}

// What this server carries, as Vault's core asks for it.
type carried struct{}

func (carried) of(kind consts.PluginType) map[string]any {
	switch kind {
	case consts.PluginTypeCredential:
		return map[string]any{
			"approle":    logical.Factory(approle.Factory),
			"aws":        logical.Factory(aws.Factory),
			"jwt":        logical.Factory(jwt.Factory),
			"kubernetes": logical.Factory(kubernetes.Factory),
		}
	case consts.PluginTypeSecrets:
		return map[string]any{"kv": logical.Factory(kv.Factory)}
	case consts.PluginTypeDatabase:
		return map[string]any{"postgresql-database-plugin": postgresql.New}
	default:
		return nil
	}
}

func (c carried) Contains(name string, kind consts.PluginType) bool {
	_, found := c.of(kind)[name]
	return found
}

func (c carried) Get(name string, kind consts.PluginType) (func() (any, error), bool) {
	made, found := c.of(kind)[name]
	if factory, itself := made.(func() (any, error)); itself {
		return factory, found
	}
	return func() (any, error) { return made, nil }, found
}

func (c carried) Keys(kind consts.PluginType) []string {
	var names []string
	for name := range c.of(kind) {
		names = append(names, name)
	}
	return names
}

func (c carried) DeprecationStatus(name string, kind consts.PluginType) (consts.DeprecationStatus, bool) {
	return consts.Supported, c.Contains(name, kind)
}

func (carried) IsBuiltinEntPlugin(string, consts.PluginType) bool { return false }
