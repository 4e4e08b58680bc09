#!/usr/bin/python
# Copyright (c) 2026 the goldenpath.microapps authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
from __future__ import annotations

DOCUMENTATION = r"""
module: app_secrets
short_description: Moves an app's secrets into the secret store, replaces what leaked and proves it dead
version_added: 0.1.0
description:
  - Reads again, from the app's repository, every credential that M(goldenpath.microapps.app_triage) found, and moves it into
    the secret store that the profile names.
  - Replaces the PostgreSQL credential without an outage. One role that cannot log in owns the app's objects, and two logins
    that are members of it take turns. The server is never sent a password, only a SCRAM verifier.
  - On MySQL and MariaDB two logins with the same rights take turns. There, too, the server is sent a hash and no password.
  - Replaces keys of third parties where the profile's C(vendors) say how, and makes session and signing keys.
  - Switches the app over, retires what was found, and asks every door again with it. It counts as dead only when refused.
  - A value that somebody wrote later than this module is not overwritten. It is reported.
  - May be ended at any moment. The next run finds in the store and in the database what is left to do.
options:
  max_age_days:
    description: How old a secret may be, in days, before it is replaced. V(0) means that age does not matter.
    type: int
    default: 90
extends_documentation_fragment:
  - goldenpath.microapps.microapp
  - goldenpath.microapps.microapp.verdict
  - goldenpath.microapps.evidence
  - goldenpath.microapps.evidence.attributes
author:
  - the goldenpath.microapps authors (@goldenpath)
"""

EXAMPLES = r"""
- name: What leaked is replaced and refused, and the app's secrets come from the store
  goldenpath.microapps.app_secrets:
    app: "{{ microapp }}"
    profile: "{{ microapp_environment }}"
    verdict: "{{ triage_result.verdict }}"
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
secrets:
  description: The names in the store of the app's secrets.
  returned: success
  type: list
  elements: str
  sample: [microapps/sandbox/where2eat/database]
could_vanish:
  description: Those of them that the app could do without, and what would take their place.
  returned: success
  type: dict
  sample:
    database: IAM database authentication (kind aws_rds_iam)
"""

from ..module_utils.capability import run_as_module
from ..module_utils.rotation.app_secrets import CAPABILITY


def main() -> None:
    """The module door."""
    run_as_module(CAPABILITY)


if __name__ == "__main__":
    main()
