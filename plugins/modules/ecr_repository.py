#!/usr/bin/python
# Copyright (c) 2026 the goldenpath.microapps authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
from __future__ import annotations

DOCUMENTATION = r"""
module: ecr_repository
short_description: Converges Amazon ECR repositories, many at once
version_added: 0.1.0
description:
  - Makes, changes and deletes ECR repositories. Every option converges; an option that is not given is left alone.
  - The repositories of one task are worked on side by side, each gets its answer, and the task fails at the end if any failed.
  - Encryption cannot be changed once a repository is made. A wish for another one is refused, in check mode too, and nothing of
    that repository is changed.
  - Policies are compared by their meaning, so order, spelling of one value or a list, and the case of actions are no difference.
  - What was written is read back; if AWS holds something else, the repository failed.
options:
  repositories:
    description: The repositories.
    type: list
    elements: dict
    required: true
    suboptions:
      name:
        description: The name.
        type: str
        required: true
      state:
        description: Whether it should be there.
        type: str
        choices: [present, absent]
        default: present
      mutability:
        description:
          - Whether a tag may be moved to another image. A new repository is V(mutable) if nothing is said, as AWS has it.
          - To turn a repository with exclusions around, say the exclusions as well, because they would mean the opposite.
        type: str
        choices: [immutable, mutable]
      exclusions:
        description:
          - Tags that are an exception to O(repositories[].mutability), with up to two C(*) each; at most five.
          - An empty list removes them.
        type: list
        elements: str
      scan_on_push:
        description: Whether images are scanned when they are pushed.
        type: bool
      encryption:
        description: How the images are encrypted; only for a new repository, otherwise it must be what is there.
        type: dict
        suboptions:
          type:
            description: The kind.
            type: str
            choices: [AES256, KMS, KMS_DSSE]
            required: true
          key:
            description: The KMS key by alias, id or ARN. Without it, AWS's own key is taken, and an existing one is left alone.
            type: str
      lifecycle:
        description: Which images expire, as AWS documents the lifecycle policy; C({}) for none.
        type: dict
      policy:
        description: The repository policy; C({}) for none.
        type: dict
      tags:
        description: Tags to set. Others stay, unless O(repositories[].purge_tags).
        type: dict
      purge_tags:
        description: Remove tags that are not named. AWS's own (C(aws:)) always stay.
        type: bool
        default: false
      force:
        description: Delete the repository's images with it. Without it, a repository that holds images is refused.
        type: bool
        default: false
extends_documentation_fragment:
  - goldenpath.microapps.aws
  - goldenpath.microapps.evidence.attributes
author:
  - the goldenpath.microapps authors (@goldenpath)
"""

EXAMPLES = r"""
- name: Images cannot be replaced under their tag
  goldenpath.microapps.ecr_repository:
    aws: "{{ microapp_environment.aws }}"
    repositories:
      - name: where2eat
        mutability: immutable
        exclusions: ["sha256-*"]
        scan_on_push: true
        encryption:
          type: KMS
          key: alias/microapps
        lifecycle:
          rules:
            - rulePriority: 1
              selection:
                tagStatus: untagged
                countType: sinceImagePushed
                countUnit: days
                countNumber: 14
              action:
                type: expire
        tags:
          cost-center: CC-1042

- name: An old repository is gone, with its images
  goldenpath.microapps.ecr_repository:
    aws:
      account: "123456789012"
      region: eu-west-1
    repositories:
      - name: old-experiment
        state: absent
        force: true
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

from ..module_utils.aws.ecr import CAPABILITY
from ..module_utils.capability import run_as_module


def main() -> None:
    """The module door."""
    run_as_module(CAPABILITY)


if __name__ == "__main__":
    main()
