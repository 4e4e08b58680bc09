#!/usr/bin/python
# Copyright (c) 2026 the goldenpath.microapps authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
from __future__ import annotations

DOCUMENTATION = r"""
module: evidence_report
short_description: Joins what a run recorded, prints the closing table and decides how the run ends
version_added: 0.1.0
description:
  - The last task of the road. Joins the answers that the roles of this ansible-playbook recorded into one evidence document,
    draws the report from it and prints the table.
  - It is the only task that fails for a violated control, so a violated control never hides the others.
  - Runs on the controller only.
options:
  evidence:
    description: Where the roles recorded their answers.
    type: dict
    required: true
    suboptions:
      directory:
        description: The folder of all evidence; C(evidence) in the collection's state folder if it is not given.
        type: path
      app:
        description: The app's name.
        type: str
        required: true
      environment:
        description: The environment's name.
        type: str
        required: true
  verdict:
    description:
      - What M(goldenpath.microapps.app_triage) returned as C(verdict).
      - Without it (triage itself failed) every control is taken as owed.
    type: dict
  fail_on:
    description:
      - From which outcome on the task fails. With V(drifted) an audit that finds drift fails; with V(violated) it does not.
      - A control that could not be asked always makes the host count as unreachable (exit code 4).
    type: str
    choices: [drifted, violated]
    default: drifted
  table:
    description: Whether to print the closing table.
    type: bool
    default: true
extends_documentation_fragment:
  - goldenpath.microapps.evidence.attributes
author:
  - the goldenpath.microapps authors (@goldenpath)
"""

EXAMPLES = r"""
- name: What every control answered is recorded
  goldenpath.microapps.evidence_report:
    evidence: "{{ microapp_evidence }}"
    verdict: "{{ microapp_verdict }}"
    fail_on: violated
"""

RETURN = r"""
outcome:
  description: One word for the run, one of C(in_place), C(drifted), C(violated), C(error).
  returned: always
  type: str
  sample: in_place
artefacts:
  description:
    - Where the report, the evidence, its summary for a pipeline (a small JSON file), the runbook and the branch are.
  returned: always
  type: dict
"""

from ..module_utils.capability import run_as_module
from ..module_utils.evidence.report import CAPABILITY


def main() -> None:
    """The module door."""
    run_as_module(CAPABILITY)


if __name__ == "__main__":
    main()
