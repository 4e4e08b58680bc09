#!/usr/bin/python
# Copyright (c) 2026 the goldenpath.microapps authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
from __future__ import annotations

DOCUMENTATION = r"""
module: sandbox
short_description: Starts, stops or wipes the local sandbox of real parts
version_added: 0.1.0
description:
  - An AWS API (moto), a secrets engine (OpenBao), PostgreSQL, an OCI registry, a git remote and a Kubernetes control plane
    (etcd, kube-apiserver, kube-controller-manager, kube-scheduler, kwok), all on loopback under one supervisor, together
    with the example app and the restaurant API it calls.
  - Started means that every part answered in its own protocol. A start on a running sandbox repairs what is down. After a
    kill of the supervisor, the next start first ends what it left behind, told by a mark in its environment.
  - The control plane, the registry and promtool are built once from pinned Go modules and cached in the user's cache folder
    (about ten minutes on two cores). Without Go, all else is started, and the block C(cluster) says why it is not there.
  - Data lies in C(sandbox) below the state folder (E(GOLDENPATH_STATE)) and survives the death of any part.
  - A part that you have already is named by an option, or by a variable that C(make) and every play see
    (E(GOLDENPATH_SANDBOX_KUBECONFIG) and the like, see docs/sandbox.md); the sandbox does not start its own then.
options:
  state:
    description:
      - V(started) starts or repairs. V(stopped) ends every process of this sandbox and keeps the data.
      - V(wiped) also removes the data of all parts together.
    type: str
    choices: [started, stopped, wiped]
    default: started
  cluster:
    description: A cluster of yours. Its identity (the UID of kube-system) is pinned for the run.
    type: dict
    suboptions:
      kubeconfig:
        description: The kubeconfig's path.
        type: path
        required: true
      context:
        description: Which context of it.
        type: str
        required: true
  aws:
    description: An AWS-compatible endpoint of yours. It must be on loopback; the sandbox's profile refuses any other.
    type: dict
    suboptions:
      endpoint_url:
        description: Its address.
        type: str
        required: true
      account:
        description: The account that answers there; V(123456789012) if it is not given.
        type: str
      region:
        description: The region; V(eu-west-1) if it is not given.
        type: str
      credentials_file:
        description: A shared credentials file; one whose keys open nothing if it is not given.
        type: path
      profile:
        description: The profile in that file; V(sandbox) if it is not given.
        type: str
  registry:
    description: An OCI registry of yours.
    type: dict
    suboptions:
      address:
        description: Host and port.
        type: str
        required: true
      plain_http:
        description: Whether it speaks HTTP without TLS; it does if this is not given.
        type: bool
  database:
    description: A PostgreSQL of yours, on which the example app's database is made.
    type: dict
    suboptions:
      host:
        description: Its host.
        type: str
        required: true
      port:
        description: Its port. Give it whenever the host is given.
        type: int
      admin_user:
        description: A login that may make logins and databases; V(postgres) if it is not given.
        type: str
      password_file:
        description: The file that holds this login's password.
        type: path
        required: true
      maintenance_database:
        description: The database to connect to; V(postgres) if it is not given.
        type: str
      sslmode:
        description: As libpq has it; V(disable) if it is not given.
        type: str
      sslrootcert:
        description: The authority's certificate.
        type: path
extends_documentation_fragment:
  - goldenpath.microapps.evidence.attributes
author:
  - the goldenpath.microapps authors (@goldenpath)
"""

EXAMPLES = r"""
- name: The sandbox is up
  goldenpath.microapps.sandbox:
    state: started
  check_mode: false

- name: The sandbox uses a cluster that is there already
  goldenpath.microapps.sandbox:
    state: started
    cluster:
      kubeconfig: ~/.kube/config
      context: kind-dev

- name: The sandbox and all its data are gone
  goldenpath.microapps.sandbox:
    state: wiped
"""

RETURN = r"""
folder:
  description: The folder with the sandbox's data and logs.
  returned: always
  type: str
  sample: /home/me/microapps/.state/sandbox
blocks:
  description:
    - What the sandbox's profile is made of, by block; the same as P(goldenpath.microapps.sandbox#lookup) gives.
  returned: when O(state=started)
  type: dict
  sample:
    registry:
      address: 127.0.0.1:24114
      plain_http: true
objects:
  description: One entry for each object; an unchanged one is answered by its name only.
  returned: always
  type: list
  elements: dict
  sample:
    - object: ecr:repository/where2eat
      action: updated
      fields: [mutability]
answers:
  description: One entry for each control that was asked.
  returned: always
  type: list
  elements: dict
  sample:
    - control: supply_chain-01
      state: in_place
      proof: ["ecr:repository/where2eat"]
      reason: ""
      found: "ecr:repository/where2eat differs in mutability"
      done: "updated ecr:repository/where2eat"
"""

from ansible_collections.goldenpath.microapps.plugins.module_utils.capability import run_as_module
from ansible_collections.goldenpath.microapps.plugins.module_utils.sandbox.sandbox import CAPABILITY


def main() -> None:
    """The module door: see `plugins/module_utils/sandbox/sandbox.py`."""
    run_as_module(CAPABILITY)


if __name__ == "__main__":
    main()
