#!/usr/bin/python
# Copyright (c) 2026 the goldenpath.microapps authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
from __future__ import annotations

DOCUMENTATION = r"""
module: k8s_tenancy_drill
short_description: Tries what the fence around an app must refuse
version_added: 0.1.0
description:
  - Tries to make pods and services that must be refused, as server-side dry runs, and asks the API server what the app's own
    service account may do. Nothing is ever made.
  - An attempt counts as refused only when the rule in question refused it, and a pod that keeps every rule must be admitted.
  - In check mode an attempt that is admitted counts as drift, because the converge before it may be what closes the fence.
extends_documentation_fragment:
  - goldenpath.microapps.microapp
  - goldenpath.microapps.evidence
  - goldenpath.microapps.evidence.attributes
seealso:
  - module: goldenpath.microapps.k8s_tenancy
author:
  - the goldenpath.microapps authors (@goldenpath)
"""

EXAMPLES = r"""
- name: What must be refused is refused
  goldenpath.microapps.k8s_tenancy_drill:
    app: "{{ microapp }}"
    profile: "{{ microapp_environment }}"
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
"""

from ..module_utils.capability import run_as_module
from ..module_utils.kubernetes.drill import CAPABILITY


def main() -> None:
    """The module door."""
    run_as_module(CAPABILITY)


if __name__ == "__main__":
    main()
