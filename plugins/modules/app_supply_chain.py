#!/usr/bin/python
# Copyright (c) 2026 the goldenpath.microapps authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
from __future__ import annotations

DOCUMENTATION = r"""
module: app_supply_chain
short_description: Secures what an app's images are kept in and what its workload may do
version_added: 0.1.0
description:
  - Converges the app's ECR repository and the IAM role of its workload, and answers for their controls.
  - The desired objects follow from the catalog entry and the profile; see the role C(goldenpath.microapps.supply_chain).
  - A repository or role that exists without our tag is refused, unless the profile says C(adopt=take); one that is tagged as
    another app's is always refused.
options:
  mutable_tags:
    description: Tags that may be moved although all others may not; by default those that cosign keeps signatures under.
    type: list
    elements: str
    default: ["sha256-*"]
  images_kept:
    description: How many images stay, the newest first.
    type: int
    default: 100
  untagged_days:
    description: After how many days an image without a tag expires.
    type: int
    default: 14
requirements:
  - boto3 >= 1.40
extends_documentation_fragment:
  - goldenpath.microapps.microapp
  - goldenpath.microapps.microapp.verdict
  - goldenpath.microapps.evidence
  - goldenpath.microapps.evidence.attributes
author:
  - the goldenpath.microapps authors (@goldenpath)
"""

EXAMPLES = r"""
- name: What the app is built into and what it may do is secured
  goldenpath.microapps.app_supply_chain:
    app: "{{ microapp }}"
    profile: "{{ microapp_environment }}"
    verdict: "{{ microapp_verdict }}"
    evidence: "{{ microapp_evidence | default(omit) }}"
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
repository:
  description: The name of the app's ECR repository.
  returned: success
  type: str
  sample: where2eat
role:
  description: The name of the IAM role of its workload.
  returned: success
  type: str
  sample: microapp-where2eat-sandbox
"""

from ..module_utils.aws.app_supply_chain import CAPABILITY
from ..module_utils.capability import run_as_module


def main() -> None:
    """The module door."""
    run_as_module(CAPABILITY)


if __name__ == "__main__":
    main()
