#!/usr/bin/python
# Copyright (c) 2026 the goldenpath.microapps authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
from __future__ import annotations

DOCUMENTATION = r"""
module: app_runbook
short_description: Writes an app's runbook, one page for people
version_added: 0.1.0
description:
  - Renders the runbook of an app as Markdown and as a printable HTML page of one sheet, from the same data as its alerts and its
    tenancy, and writes C(runbook.md) and C(runbook.html) beside the app's evidence.
  - Text of the catalog is shown as it was written and never acts as markup. The same state gives the same bytes.
options: {}
extends_documentation_fragment:
  - goldenpath.microapps.microapp
  - goldenpath.microapps.microapp.verdict
  - goldenpath.microapps.evidence
  - goldenpath.microapps.evidence.attributes
author:
  - the goldenpath.microapps authors (@goldenpath)
"""

EXAMPLES = r"""
- name: The app has a runbook, and it is current
  goldenpath.microapps.app_runbook:
    app: "{{ microapp }}"
    profile: "{{ microapp_environment }}"
    verdict: "{{ microapp_verdict }}"
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
artefacts:
  description: Where the printable page lies.
  returned: success
  type: dict
  sample:
    runbook: /home/ada/.local/state/goldenpath-microapps/evidence/sandbox/where2eat/runbook.html
"""

from ..module_utils.capability import run_as_module
from ..module_utils.runbook.capability import CAPABILITY


def main() -> None:
    """The module door."""
    run_as_module(CAPABILITY)


if __name__ == "__main__":
    main()
