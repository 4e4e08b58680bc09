#!/usr/bin/python
# Copyright (c) 2026 the goldenpath.microapps authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
from __future__ import annotations

DOCUMENTATION = r"""
module: run_gate
short_description: Checks input and targets before anything is changed, and lets one run at a time work on an app
version_added: 0.1.0
description:
  - The first task of the road. Validates the catalog entry and the profile, and compares the AWS account and the cluster with
    those that the profile pins. A wrong target fails here; a part that is down is a warning, and the controls that need it
    are answered C(not_reached).
  - Takes the lease of the app in its environment, so that a second run says who is at work. The lease is a Kubernetes Lease
    in the namespace C(default), or a file where there is no cluster.
  - A lease whose holder was killed on this machine is taken over at once; one held elsewhere ends after C(lease_seconds).
  - In check mode no lease is taken.
options:
  state:
    description: V(entered) before the road, V(left) after it.
    type: str
    choices: [entered, left]
    default: entered
  fail_on:
    description:
      - What M(goldenpath.microapps.evidence_report) is asked at the end of the run. It changes nothing here; a word that is none
        ends the run before anything is changed.
    type: str
    choices: [drifted, violated]
    default: drifted
extends_documentation_fragment:
  - goldenpath.microapps.microapp
  - goldenpath.microapps.evidence.attributes
author:
  - the goldenpath.microapps authors (@goldenpath)
"""

EXAMPLES = r"""
- name: This is the right target and nobody else is at work on it
  goldenpath.microapps.run_gate:
    app: "{{ microapp }}"
    profile: "{{ microapp_environment }}"
"""

RETURN = r""" # """

from ..module_utils.capability import run_as_module
from ..module_utils.gate.run_gate import CAPABILITY


def main() -> None:
    """The module door."""
    run_as_module(CAPABILITY)


if __name__ == "__main__":
    main()
