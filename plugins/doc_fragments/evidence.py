# Copyright (c) 2026 the goldenpath.microapps authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The option `evidence` and the attributes and return values that every capability shares, documented once."""

from __future__ import annotations


class ModuleDocFragment:
    """Used by every module of the collection that answers for controls."""

    DOCUMENTATION = r"""
options:
  evidence:
    description:
      - Where to record what each control answered. Recorded on the controller by the action plugin.
      - With it, a violated control or a part that is down is an answer in the result and the task does not fail,
        so that the controls after it are asked too. M(goldenpath.microapps.evidence_report) counts them at the end.
      - Without it, a refusal or failure of any object fails the task.
    type: dict
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
"""

    ATTRIBUTES = r"""
options: {}
attributes:
  check_mode:
    support: full
    description: Predicts exactly what a run would change, and writes nothing.
  diff_mode:
    support: full
    description: One entry for each object that is (or would be) changed.
  idempotent:
    support: full
    description: A second run on an unchanged world changes nothing.
"""
