# Copyright (c) 2026 the goldenpath.microapps authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The options of `module_utils/microapp.py`, documented once."""

from __future__ import annotations


class ModuleDocFragment:
    """Used by every module that works on one app in one environment."""

    DOCUMENTATION = r"""
options:
  app:
    description:
      - The app and environment to work on, as the inventory plugin P(goldenpath.microapps.catalog#inventory) sets them in
        C(microapp).
      - The catalog entry itself is read from its file when the task runs, because its text is nobody's template.
    type: dict
    required: true
    suboptions:
      name:
        description: The app's name in the catalog.
        type: str
        required: true
      environment:
        description: The environment's name.
        type: str
        required: true
      file:
        description: The catalog file of the app.
        type: path
        required: true
  profile:
    description:
      - The environment's profile, C(microapp_environment) in the inventory's C(group_vars/environment_<name>/).
      - Validated before anything else; an error names the field, the value and the mend.
    type: dict
    required: true
"""

    # For the modules that come after triage.
    VERDICT = r"""
options:
  verdict:
    description: What M(goldenpath.microapps.app_triage) returned as C(verdict).
    type: dict
    required: true
"""
