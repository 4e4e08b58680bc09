#!/usr/bin/python
# Copyright (c) 2026 the goldenpath.microapps authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
from __future__ import annotations

DOCUMENTATION = r"""
module: fleet_orphans
short_description: Reports what was applied for apps that the catalog does not have any more
version_added: 0.1.0
description:
  - Looks for namespaces, IAM roles, image repositories, secrets and database logins of an environment that carry the marks
    which only runs of this collection leave, and whose app is not in the environment's catalog any more. Reads only.
  - Prints each with the command that removes it (M(goldenpath.microapps.app_retire)).
  - A system that cannot be asked is a warning, and the others are still told.
options:
  profile:
    description:
      - The environment's profile, C(microapp_environment) in the inventory's C(group_vars/environment_<name>/).
      - Validated before anything else; an error names the field, the value and the mend.
    type: dict
    required: true
  apps:
    description: The names of the apps that live in the environment.
    type: list
    elements: str
    required: true
  unread:
    description: Whether some catalog entries could not be read, so that an orphan may be none.
    type: bool
    default: false
extends_documentation_fragment:
  - goldenpath.microapps.evidence.attributes
author:
  - the goldenpath.microapps authors (@goldenpath)
"""

EXAMPLES = r"""
- name: What belongs to no app any more is told
  goldenpath.microapps.fleet_orphans:
    profile: "{{ microapp_environment }}"
    apps: [where2eat, lunch-poll]
"""

RETURN = r"""
orphans:
  description: One entry for each app that left the catalog and was not retired.
  returned: success
  type: list
  elements: dict
  sample:
    - app: old-poll
      environment: dev
      objects: ["Namespace/old-poll-dev", "iam:role/microapp-old-poll-dev"]
      command: ansible-playbook goldenpath.microapps.retire -i <inventory of dev> -e app=old-poll
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
from ..module_utils.retire.fleet_orphans import CAPABILITY


def main() -> None:
    """The module door."""
    run_as_module(CAPABILITY)


if __name__ == "__main__":
    main()
