#!/usr/bin/python
# Copyright (c) 2026 the goldenpath.microapps authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
from __future__ import annotations

DOCUMENTATION = r"""
module: app_scaffold
short_description: Proposes the platform's baseline on a branch of an app's repository
version_added: 0.1.0
description:
  - Renders the pipeline, the image, the deployment, the infrastructure and the smaller files that every app owes, from the
    catalog and from what the repository shows, and pushes them to the branch C(forge.branch) of the profile
    (C(goldenpath/baseline)).
  - The app's own branch is never written. When it moves, it is merged into the branch.
  - Credentials that triage found in the code are replaced by reads from the environment; otherwise the app's own code is
    not touched.
  - A second run updates without overwriting what the owner changed on the branch. Where both changed the same lines, the owner's
    version stays and the run says so. A file that the owner removed is not made again.
  - Nothing of the repository is run. There is no work tree.
  - Runs on the controller only. Needs git 2.38 or newer.
extends_documentation_fragment:
  - goldenpath.microapps.microapp
  - goldenpath.microapps.microapp.verdict
  - goldenpath.microapps.evidence
  - goldenpath.microapps.evidence.attributes
author:
  - the goldenpath.microapps authors (@goldenpath)
"""

EXAMPLES = r"""
- name: The baseline is proposed | scaffold-01 scaffold-02
  goldenpath.microapps.app_scaffold:
    app: "{{ microapp }}"
    profile: "{{ microapp_environment }}"
    verdict: "{{ microapp_verdict }}"
  register: proposed

- name: Where it can be reviewed
  ansible.builtin.debug:
    msg: "{{ proposed.remote }} {{ proposed.branch }} {{ proposed.commit }}"
"""

RETURN = r"""
branch:
  description:
    - The branch that holds the baseline.
    - It is the app's own branch once the owner has merged the baseline and nothing is left to propose.
  returned: always
  type: str
  sample: goldenpath/baseline
commit:
  description: The commit the branch stands at; null in check mode before the first push.
  returned: always
  type: str
remote:
  description: The repository, without any login.
  returned: always
  type: str
files:
  description: The files that were (in check mode would be) written or removed.
  returned: always
  type: list
  elements: str
replaced:
  description: The source files in which a credential was replaced by a read from the environment.
  returned: always
  type: list
  elements: str
findings:
  description: What is wrong with files of the owner's own, on the app's own branch. They are told, not changed.
  returned: always
  type: list
  elements: str
  sample: ["Dockerfile:1: the base python:latest is another one tomorrow: pin a version or, better, a digest (base-not-pinned)"]
artefacts:
  description: What the closing table names below itself.
  returned: when the branch exists
  type: dict
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
from ..module_utils.scaffold.app_scaffold import CAPABILITY


def main() -> None:
    """The module door."""
    run_as_module(CAPABILITY)


if __name__ == "__main__":
    main()
