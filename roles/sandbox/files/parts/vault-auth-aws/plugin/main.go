// Copyright (c) 2026 the goldenpath.microapps authors
// GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)

// HashiCorp Vault's login by AWS as a plugin for OpenBao, which has none of its own. Of 1.14.2, under the MPL 2.0 (from 1.14.9 on it is not).
package main

import (
	"os"

	"github.com/hashicorp/vault/api"
	aws "github.com/hashicorp/vault/builtin/credential/aws"
	"github.com/hashicorp/vault/sdk/plugin"
)

func main() {
	meta := &api.PluginAPIClientMeta{}
	flags := meta.FlagSet()
	if err := flags.Parse(os.Args[1:]); err != nil {
		os.Exit(2)
	}
	served := &plugin.ServeOpts{BackendFactoryFunc: aws.Factory, TLSProviderFunc: api.VaultPluginTLSProvider(meta.GetTLSConfig())}
	if err := plugin.ServeMultiplex(served); err != nil {
		os.Exit(1)
	}
}
