#!/usr/bin/python
# Copyright (c) 2026 the goldenpath.microapps authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
from __future__ import annotations

DOCUMENTATION = r"""
module: k8s_tenancy
short_description: Gives an app a Kubernetes namespace of its own and fences it in
version_added: 0.1.0
description:
  - Converges a namespace with Pod Security labels, quota, limits, network policies, access of the app's owners, and labels that
    say whose it is, by server-side apply, in one task.
  - A field of ours that a person changed is taken back. A field that a controller named in C(tenancy.controllers) of the
    profile holds is a refusal with that controller's name.
  - Pod Security labels, everything in a quota or limit range, and all network policies and role bindings in the namespace are
    ours alone. Policies and bindings of others are reported, or removed with C(tenancy.foreign=remove) in the profile.
  - What was applied before and is no longer wanted is deleted, by the rules of ApplySet (KEP-3659). Nothing else is.
  - On first contact with a namespace or object that others made it changes nothing, unless the profile says C(adopt=take).
options:
  manifests:
    description: Whether to return the wanted objects as a manifest that C(kubectl apply) takes.
    type: bool
    default: false
extends_documentation_fragment:
  - goldenpath.microapps.microapp
  - goldenpath.microapps.microapp.verdict
  - goldenpath.microapps.evidence
  - goldenpath.microapps.evidence.attributes
seealso:
  - module: goldenpath.microapps.k8s_tenancy_drill
author:
  - the goldenpath.microapps authors (@goldenpath)
"""

EXAMPLES = r"""
- name: Tenancy is in place
  goldenpath.microapps.k8s_tenancy:
    app: "{{ microapp }}"
    profile: "{{ microapp_environment }}"
    verdict: "{{ microapp_verdict }}"

- name: What would be applied
  goldenpath.microapps.k8s_tenancy:
    app: "{{ microapp }}"
    profile: "{{ microapp_environment }}"
    verdict: "{{ microapp_verdict }}"
    manifests: true
  check_mode: true
  register: tenancy
"""

RETURN = r"""
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
manifests:
  description: The wanted objects, as a Kubernetes C(List) in JSON.
  returned: with O(manifests=true)
  type: str
"""

from ..module_utils.capability import run_as_module
from ..module_utils.kubernetes.fence import CAPABILITY


def main() -> None:
    """The module door."""
    run_as_module(CAPABILITY)


if __name__ == "__main__":
    main()
