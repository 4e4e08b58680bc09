#!/usr/bin/python
# Copyright (c) 2026 the goldenpath.microapps authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
from __future__ import annotations

DOCUMENTATION = r"""
module: secret_rotation
short_description: Replaces secrets of an app that are due, asked for or known to others
version_added: 0.1.0
description:
  - One state machine (create, set, test, finish, retire) over a secret store and what issues the credential. All its state is
    in the store's version stages and in the target system, so that a run that was ended at any moment is finished by the next.
  - Of two runs at once, one proceeds and the other says so. A value that somebody wrote in between is not overwritten.
  - In check mode the result is the plan.
  - Works on secrets that M(goldenpath.microapps.app_secrets) has put into the store. What triage found in the code is that
    module's business.
options:
  secrets:
    description: The names of the app's secrets in the catalog; all of them if it is not given.
    type: list
    elements: str
  rotate:
    description:
      - V(due) replaces what is older than O(max_age_days), and finishes what an earlier run began.
      - V(now) replaces regardless of age. Where the app still runs with the value before the current one, it ends that rotation
        instead, with a warning.
      - V(compromised) does the same and retires the old value at once, whatever O(cutover) says. An app that could not be
        restarted by us loses its access until it is.
    type: str
    choices: [due, now, compromised]
    default: due
  max_age_days:
    description: How old a secret may be, in days. V(0) means that age does not matter.
    type: int
    default: 90
  cutover:
    description:
      - When the old value is retired. With V(when_seen) once the running app was seen with the new one, in a later run, with
        V(now) in this run, after the app was restarted.
      - What the profile says if it is not given.
    type: str
    choices: [when_seen, now]
  grace_seconds:
    description:
      - For how long after a rotation the former database credential stays valid in any case, and no other rotation begins.
        Clients that hold what the store said until then can log in. Not with a cut-over of V(now).
    type: int
    default: 120
extends_documentation_fragment:
  - goldenpath.microapps.microapp
  - goldenpath.microapps.evidence
  - goldenpath.microapps.evidence.attributes
author:
  - the goldenpath.microapps authors (@goldenpath)
"""

EXAMPLES = r"""
- name: Secrets older than 30 days are replaced
  goldenpath.microapps.secret_rotation:
    app: "{{ microapp }}"
    profile: "{{ microapp_environment }}"
    max_age_days: 30

- name: The database credential has leaked
  goldenpath.microapps.secret_rotation:
    app: "{{ microapp }}"
    profile: "{{ microapp_environment }}"
    secrets: [database]
    rotate: compromised
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
rotated:
  description: The names in the store of the secrets that get (in check mode, would get) a new value.
  returned: success
  type: list
  elements: str
  sample: [microapps/sandbox/where2eat/database]
held:
  description: For secrets whose old value is not retired yet, why.
  returned: success
  type: dict
  sample: {}
"""

from ..module_utils.capability import run_as_module
from ..module_utils.rotation.on_demand import CAPABILITY


def main() -> None:
    """The module door."""
    run_as_module(CAPABILITY)


if __name__ == "__main__":
    main()
