#!/usr/bin/python
# Copyright (c) 2026 the goldenpath.microapps authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
from __future__ import annotations

DOCUMENTATION = r"""
module: ecr_registry
short_description: Converges what an Amazon ECR registry scans and signs
version_added: 0.2.0
description:
  - An account has one registry of ECR in each region, with one setting of what is scanned and one of what AWS signs when it is
    pushed. Each option converges; an option that is not given is left alone and not even read.
  - The rules that are given are all the rules. Those of others go, and stand in the diff before; who shares an account keeps them
    in one place.
  - What does not go together (continuous scanning needs the enhanced kind) is refused in check mode too.
  - What was written is read back; if AWS holds something else, it failed.
options:
  scan_type:
    description:
      - V(basic) looks at packages of the operating system, V(enhanced) is Amazon Inspector, which also knows languages and costs.
      - When V(enhanced) is switched on, AWS asks the caller for C(inspector2:Enable), C(inspector2:ListAccountPermissions) and
        C(iam:CreateServiceLinkedRole) as well.
    type: str
    choices: [basic, enhanced]
  scan_rules:
    description: Which repositories are scanned when; an empty list is none.
    type: list
    elements: dict
    suboptions:
      frequency:
        description: V(continuous_scan) needs the enhanced kind, V(manual) the basic one.
        type: str
        choices: [scan_on_push, continuous_scan, manual]
        required: true
      filters:
        description:
          - Names of repositories, with C(*) for anything. AWS takes one without C(*) for every name that holds it anywhere.
        type: list
        elements: str
        required: true
  signing_rules:
    description:
      - Which repositories' images AWS Signer signs when they are pushed (a notation signature, stored beside the image); an empty
        list is none. Whoever pushes needs C(signer:SignPayload) on the profile.
    type: list
    elements: dict
    suboptions:
      profile:
        description: The ARN of the signing profile.
        type: str
        required: true
      filters:
        description: Names of repositories, with C(*) for anything; every repository if there are none.
        type: list
        elements: str
extends_documentation_fragment:
  - goldenpath.microapps.aws
attributes:
  check_mode:
    description: Can run in check mode and predicts what would be changed.
    support: full
  diff_mode:
    description: Shows what is and what will be.
    support: full
seealso:
  - module: goldenpath.microapps.ecr_repository
  - module: goldenpath.microapps.ecr_image_scan
  - module: goldenpath.microapps.image_signature
author:
  - the goldenpath.microapps authors (@goldenpath)
"""

EXAMPLES = r"""
- name: Everything is scanned when it is pushed
  goldenpath.microapps.ecr_registry:
    aws: "{{ microapp_environment.aws }}"
    scan_type: basic
    scan_rules:
      - frequency: scan_on_push
        filters: ["*"]

- name: AWS signs what is pushed for production
  goldenpath.microapps.ecr_registry:
    aws: "{{ microapp_environment.aws }}"
    signing_rules:
      - profile: arn:aws:signer:eu-west-1:123456789012:/signing-profiles/release
        filters: ["prod/*"]
"""

RETURN = r"""
objects:
  description: One entry, the registry; if it is unchanged, its name only.
  returned: always
  type: list
  elements: dict
  sample:
    - object: ecr:registry/123456789012/eu-west-1
      action: updated
      fields: [scan_rules]
"""

from ..module_utils.aws.ecr_registry import CAPABILITY
from ..module_utils.capability import run_as_module


def main() -> None:
    """The module door."""
    run_as_module(CAPABILITY)


if __name__ == "__main__":
    main()
