#!/usr/bin/python
# Copyright (c) 2026 the goldenpath.microapps authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
from __future__ import annotations

DOCUMENTATION = r"""
module: app_observability
short_description: Puts an app's alert rules in place, proven before they are applied
version_added: 0.1.0
description:
  - Builds the alerts that an app of its path owes (failing and slow requests, running out, a slow database, silence) as
    data, proves each with the cases beside it by C(promtool), and applies them as PrometheusRule and PodMonitor objects in the
    app's namespace.
  - A rule that fails a case is refused and nothing is applied. Where C(promtool) is missing, nothing is applied either.
  - Names of series follow OpenTelemetry's semantic conventions.
requirements:
  - promtool of Prometheus 2.47 or newer, on PATH or named by C(observability.promtool) in the profile
notes:
  - A good verdict of promtool is kept in the collection's state folder by the digest of rules, cases and program.
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
- name: The app's alerts are in place and proven
  goldenpath.microapps.app_observability:
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
alerts:
  description: The names of the app's alerts.
  returned: always
  type: list
  elements: str
  sample: [MicroAppDown, MicroAppErrorRatio]
"""

from ..module_utils.capability import run_as_module
from ..module_utils.observability.capability import CAPABILITY


def main() -> None:
    """The module door."""
    run_as_module(CAPABILITY)


if __name__ == "__main__":
    main()
