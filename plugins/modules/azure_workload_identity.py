#!/usr/bin/python
# Copyright (c) 2026 the goldenpath.microapps authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
from __future__ import annotations

DOCUMENTATION = r"""
module: azure_workload_identity
short_description: Gives Kubernetes workloads managed identities that read their own secrets in Azure Key Vault, many at once
version_added: 0.1.0
description:
  - Makes a user-assigned managed identity for each workload, beside the vault, with one federated credential for exactly one
    service account of one cluster. A wildcard is refused.
  - Assigns the role C(Key Vault Secrets User) on each of its own secrets, and on nothing else. The vault must decide by roles.
  - Whatever else the identity trusts or may read, and other workloads on its secrets, are reported, or removed with
    O(adopt=take). Persons and groups are not touched.
  - What Azure then holds is judged by tokens of other namespaces, service accounts, clusters and audiences, also where a
    federated credential has an expression in the place of a subject.
options:
  address:
    description: The address of the vault.
    type: str
    required: true
  vault_id:
    description: The resource id of the vault. The identities are made in its resource group and location.
    type: str
    required: true
  issuer:
    required: true
  token_file:
    description:
      - The client's secret, or a federated token of it. Without it, the file of E(AZURE_FEDERATED_TOKEN_FILE), or the managed
        identity of the machine.
    type: path
  tenant_id:
    description: The tenant that logs in.
    type: str
  client_id:
    description: The client or managed identity that logs in.
    type: str
  identities:
    description: The identities. No secret may stand twice.
    type: list
    elements: dict
    required: true
    suboptions:
      name:
        description: The name of the identity.
        type: str
        required: true
      namespace:
        description: The namespace.
        type: str
        required: true
      service_account:
        description: The service account.
        type: str
        required: true
      secrets:
        description: The names of the secrets that it reads, as the vault has them.
        type: list
        elements: str
        required: true
      tags:
        description: Tags to set. Others stay. C(app) and C(environment) say whose it is.
        type: dict
        default: {}
extends_documentation_fragment:
  - goldenpath.microapps.workload_identity
  - goldenpath.microapps.evidence.attributes
author:
  - the goldenpath.microapps authors (@goldenpath)
"""

EXAMPLES = r"""
- name: The app's pods may read its database's credential, and nobody else may be them
  goldenpath.microapps.azure_workload_identity:
    address: https://acme-dev.vault.azure.net
    vault_id: >-
      /subscriptions/00000000-1111-4222-8333-444455556666/resourceGroups/rg-dev/providers/Microsoft.KeyVault/vaults/acme-dev
    issuer: https://oidc.example.com/clusters/dev
    identities:
      - name: id-where2eat-dev
        namespace: where2eat-dev
        service_account: where2eat
        secrets: [microapps--dev--where2eat--database]
"""

RETURN = r"""
objects:
  description: One entry for each object; an unchanged one is answered by its name only.
  returned: always
  type: list
  elements: dict
  sample:
    - object: azure:identity/id-where2eat-dev/trust
      action: updated
      fields: [trust]
clients:
  description: The client id of each identity, for the annotation C(azure.workload.identity/client-id).
  returned: success
  type: dict
  sample:
    id-where2eat-dev: 7d3e5a90-1111-4222-8333-444455556666
"""

from ..module_utils.capability import run_as_module
from ..module_utils.workload_identity.azure import CAPABILITY


def main() -> None:
    """The module door."""
    run_as_module(CAPABILITY)


if __name__ == "__main__":
    main()
