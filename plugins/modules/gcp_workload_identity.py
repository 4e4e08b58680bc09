#!/usr/bin/python
# Copyright (c) 2026 the goldenpath.microapps authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
from __future__ import annotations

DOCUMENTATION = r"""
module: gcp_workload_identity
short_description: Lets Kubernetes workloads read their own secrets in Google Secret Manager, many at once
version_added: 0.1.0
description:
  - Gives, on each secret, the role C(roles/secretmanager.secretAccessor) to the principal of exactly one Kubernetes service
    account, by Workload Identity Federation. No Google service account and no key is needed. A wildcard is refused.
  - The secret's policy is read, changed and written under its etag. Nothing of persons and service accounts is touched.
  - Another workload, a set of them or everybody on the same secret is reported, or removed with O(adopt=take); the same holds for
    further roles of the workload's own. Of the project's own policy, which reaches every secret, they are reported only.
  - What Google then holds is judged by tokens of other namespaces, service accounts, clusters and audiences. GKE's pool is shared
    by all clusters of a project, so there a service account of the same name in another cluster is let in; a warning says so.
  - The pool and its provider are the platform's to make. They are read, and never changed.
options:
  project:
    description: The id of the project whose secrets these are.
    type: str
    required: true
  token_file:
    description: The key file of a Google service account; without it, the metadata server is asked for a login.
    type: path
  address:
    description: Another address of Secret Manager than Google's own.
    type: str
  identity_provider:
    description:
      - Who vouches for the cluster's tokens, by full name. GKE's pool of a project
        (C(projects/<number>/locations/global/workloadIdentityPools/<project>.svc.id.goog)), or a provider of a pool of one's own
        (C(projects/<number>/locations/global/workloadIdentityPools/<pool>/providers/<provider>)).
      - Without it, GKE's pool of O(project).
    type: str
  issuer:
    description: The URL of the cluster's OIDC issuer. Required with a provider of one's own.
  workloads:
    description: The workloads and their secrets. No secret may stand twice.
    type: list
    elements: dict
    required: true
    suboptions:
      namespace:
        description: The namespace.
        type: str
        required: true
      service_account:
        description: The service account.
        type: str
        required: true
      secrets:
        description: The ids of the secrets that it reads, as Google has them.
        type: list
        elements: str
        required: true
extends_documentation_fragment:
  - goldenpath.microapps.workload_identity
  - goldenpath.microapps.evidence.attributes
author:
  - the goldenpath.microapps authors (@goldenpath)
"""

EXAMPLES = r"""
- name: The app's pods may read its database's credential, and no other workload may
  goldenpath.microapps.gcp_workload_identity:
    project: acme-dev
    workloads:
      - namespace: where2eat-dev
        service_account: where2eat
        secrets: [microapps_dev_where2eat_database]

- name: The same for the pods of one cluster only
  goldenpath.microapps.gcp_workload_identity:
    project: acme-dev
    identity_provider: projects/123456789012/locations/global/workloadIdentityPools/microapps/providers/cluster-dev
    issuer: https://oidc.example.com/clusters/dev
    workloads:
      - namespace: where2eat-dev
        service_account: where2eat
        secrets: [microapps_dev_where2eat_database]
"""

RETURN = r"""
objects:
  description: One entry for each object; an unchanged one is answered by its name only.
  returned: always
  type: list
  elements: dict
  sample:
    - object: gcp:projects/acme-dev/secrets/microapps_dev_where2eat_database/policy
      action: updated
      fields: [readers]
principals:
  description: How the policies name the workloads.
  returned: success
  type: list
  elements: str
"""

from ..module_utils.capability import run_as_module
from ..module_utils.workload_identity.google import CAPABILITY


def main() -> None:
    """The module door."""
    run_as_module(CAPABILITY)


if __name__ == "__main__":
    main()
