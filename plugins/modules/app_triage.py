#!/usr/bin/python
# Copyright (c) 2026 the goldenpath.microapps authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
from __future__ import annotations

DOCUMENTATION = r"""
module: app_triage
short_description: Reads an app's catalog entry and repository and decides its path, its risk and the controls it owes
version_added: 0.1.0
description:
  - Answers four questions about an app. What data does it touch, who can reach it, what does it depend on, what happens when it
    fails. The catalog answers first; the code in the app's repository confirms or contradicts, with file and line.
  - Reads the tree of the app's branch and the history of every ref (branches, tags, stashes). Nothing in the repository is run.
  - Where catalog and code disagree, the disagreement is reported and the stricter answer wins.
  - Credentials are told apart as V(live), V(signing_key), V(public_by_design), V(local_development) or V(placeholder).
    A found value is never printed; a finding has its kind, its place and a fingerprint.
  - Changes nothing, so a check run and a run are the same. The mirror of the repository in the state folder is a copy.
options:
  repository:
    description:
      - The repository to read, any URL git takes, instead of the one that the catalog and the profile's forge name.
      - Use it to triage a repository alone, before it is where the catalog says.
    type: str
extends_documentation_fragment:
  - goldenpath.microapps.microapp
  - goldenpath.microapps.evidence
  - goldenpath.microapps.evidence.attributes
requirements:
  - kingfisher-secret-scanner
  - git
seealso:
  - module: goldenpath.microapps.evidence_report
author:
  - the goldenpath.microapps authors (@goldenpath)
"""

EXAMPLES = r"""
- name: The app is triaged
  goldenpath.microapps.app_triage:
    app: "{{ microapp }}"
    profile: "{{ microapp_environment }}"
    evidence: "{{ microapp_evidence | default(omit) }}"
  register: triage_result

- name: Why the app takes its path
  ansible.builtin.debug:
    var: triage_result.verdict.reasons

- name: A repository is triaged before it is moved
  goldenpath.microapps.app_triage:
    app: "{{ microapp }}"
    profile: "{{ microapp_environment }}"
    repository: https://git.example.com/dining-club/where2eat-before.git
"""

RETURN = r"""
verdict:
  description: What triage decided; the roles after it take it as their C(verdict).
  returned: success
  type: dict
  contains:
    path:
      description: The road the app takes, V(light) or V(full).
      type: str
      returned: always
    score:
      description: How much can go wrong, 0 to 100; the sum of the points of its reasons, at most 100.
      type: int
      returned: always
    reasons:
      description: Each line of the score, with its points and the places that show it.
      type: list
      elements: str
      returned: always
    controls:
      description: The ids of the controls that the app owes.
      type: list
      elements: str
      returned: always
    facts:
      description: What is known about the app, the code's answer before the catalog's.
      type: dict
      returned: always
    credentials:
      description: Every credential that owes a rotation, and the first of those that do not; never a value.
      type: list
      elements: dict
      returned: always
    contradictions:
      description: Where the catalog says less than the code shows.
      type: list
      elements: str
      returned: always
    commit:
      description: The commit of the app's branch that was read.
      type: str
      returned: always
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
from ..module_utils.triage.app_triage import CAPABILITY


def main() -> None:
    """The module door."""
    run_as_module(CAPABILITY)


if __name__ == "__main__":
    main()
