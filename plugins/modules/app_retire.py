#!/usr/bin/python
# Copyright (c) 2026 the goldenpath.microapps authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
from __future__ import annotations

DOCUMENTATION = r"""
module: app_retire
short_description: Removes what was applied for an app in one environment
version_added: 0.1.0
description:
  - Removes what this collection applied, known by the marks that its runs leave (field manager and ApplySet, tags, comments), and
    nothing by its name alone. What others made stays and is reported.
  - The namespace goes if we made it and nothing of others is in it; else only what we applied in it goes. While others run
    something in it nothing is removed at all, because the fences around it would fall.
  - The IAM role goes with its policies. Secrets are scheduled for deletion and can be brought back. Database logins are closed
    (C(NOLOGIN)); the database, its data and the role that owns it stay. Image repositories stay unless O(images=delete).
  - Everything is looked at first. One thing that must not go, or that cannot be looked at, and nothing is begun.
options:
  app:
    description: The app's name. It need not be in the catalog.
    type: str
    required: true
  profile:
    description:
      - The environment's profile, C(microapp_environment) in the inventory's C(group_vars/environment_<name>/).
      - Validated before anything else; an error names the field, the value and the mend.
    type: dict
    required: true
  catalogued:
    description:
      - Whether the environment's catalog still has the app, or could not be read as a whole.
      - Then O(confirm) is asked for.
    type: bool
    required: true
  confirm:
    description: The app's name typed again.
    type: str
    default: ""
  images:
    description:
      - Whether to delete the app's image repositories with their images.
      - They stay while the app lives in another environment of the account.
    type: str
    choices: [keep, delete]
    default: keep
  sessions:
    description: V(refuse) closes no login that is in use; V(end) ends its sessions.
    type: str
    choices: [refuse, end]
    default: refuse
extends_documentation_fragment:
  - goldenpath.microapps.evidence.attributes
author:
  - the goldenpath.microapps authors (@goldenpath)
"""

EXAMPLES = r"""
- name: What was applied for the app is removed
  goldenpath.microapps.app_retire:
    app: old-poll
    profile: "{{ microapp_environment }}"
    catalogued: false
"""

RETURN = r"""
kept:
  description: What stays, and why.
  returned: success
  type: list
  elements: dict
  sample:
    - object: postgresql:database/old_poll
      why: data is never removed; old_poll_owner owns it
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
from ..module_utils.retire.app_retire import CAPABILITY


def main() -> None:
    """The module door."""
    run_as_module(CAPABILITY)


if __name__ == "__main__":
    main()
