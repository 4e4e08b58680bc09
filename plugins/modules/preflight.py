#!/usr/bin/python
# Copyright (c) 2026 the goldenpath.microapps authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
from __future__ import annotations

DOCUMENTATION = r"""
module: preflight
short_description: Asks every outside system of an environment before anything is changed
version_added: 0.1.0
description:
  - Asks the AWS account, the cluster, the registry, the database server, the forge, the secret store, promtool and the runner
    of a profile at once, and prints a table with one row for each. Nothing is written.
  - A row says whether the part answers, whether it lets us do what the collection's capabilities need, and its version. What
    could not be told is said so, and is never taken for a yes.
  - The cluster is asked right by right (SelfSubjectAccessReview), AWS by IAM's own simulator where it has one.
  - The task fails if any part is down, is another one than the profile pins, or lacks a right. The others are asked all the same.
  - Returns the least IAM policy and ClusterRole that the capabilities need, computed from what they declare.
options:
  profile:
    description:
      - The environment's profile, C(microapp_environment) in the inventory's C(group_vars/environment_<name>/).
      - Validated before anything else; an error names the field, the value and the mend.
    type: dict
    required: true
  apps:
    description:
      - The apps of the environment, each as the inventory plugin sets it in C(microapp).
      - Their repositories are asked for.
    type: list
    elements: dict
    default: []
    suboptions:
      name:
        description: The app's name in the catalog.
        type: str
        required: true
      environment:
        description: The environment's name.
        type: str
        required: true
      file:
        description: The catalog file of the app.
        type: path
        required: true
  app:
    description: Ask for the repository of this app only; one that is not among O(apps) is refused with the nearest name.
    type: str
    default: ""
  print_policies:
    description: Print the least IAM policy and ClusterRole below the table.
    type: bool
    default: false
extends_documentation_fragment:
  - goldenpath.microapps.evidence.attributes
author:
  - the goldenpath.microapps authors (@goldenpath)
"""

EXAMPLES = r"""
- name: Every part answers and permits what is needed
  goldenpath.microapps.preflight:
    profile: "{{ microapp_environment }}"
    apps: ["{{ microapp }}"]
    print_policies: true
"""

RETURN = r"""
parts:
  description: One entry for each part.
  returned: when the profile is valid
  type: list
  elements: dict
  sample:
    - part: registry
      target: 127.0.0.1:20004
      reachable: "yes"
      permitted: "yes"
      version: v2
      note: ""
      problem: ""
iam_policy:
  description: The least IAM policy for whoever runs the playbooks.
  returned: when the profile is valid
  type: dict
cluster_role:
  description: The least ClusterRole for whoever runs the playbooks.
  returned: when the profile is valid
  type: dict
store_role:
  description:
    - The least role for whoever runs the playbooks at the cloud that keeps the secrets, for Google Secret Manager and Azure Key
      Vault, as C(gcloud iam roles create) and C(az role definition create) take it.
  returned: when the profile's secret store is one of these
  type: dict
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

from ..module_utils.capability import run_as_module
from ..module_utils.preflight.preflight import CAPABILITY


def main() -> None:
    """The module door."""
    run_as_module(CAPABILITY)


if __name__ == "__main__":
    main()
