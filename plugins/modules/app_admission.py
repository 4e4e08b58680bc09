#!/usr/bin/python
# Copyright (c) 2026 the goldenpath.microapps authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
from __future__ import annotations

DOCUMENTATION = r"""
module: app_admission
short_description: Has the cluster itself enforce the signature policy for an app
version_added: 0.2.0
description:
  - Renders the C(signature_policy) of the profile for the admission controller that C(admission.controller) names, for one app in
    one environment, and has the cluster hold exactly these objects (sigstore policy-controller's C(ClusterImagePolicy) and
    C(TrustRoot), Kyverno's C(ImageValidatingPolicy)). What is no longer wanted is removed.
  - The label by which the app's namespace asks policy-controller is M(goldenpath.microapps.k8s_tenancy)'s.
  - Says which verified image the controller will refuse, and why, as a warning and in the control's answer.
  - Answers in which case nothing is enforced. Nothing names a controller, it cannot be told the policy, or its webhook is not
    registered.
requirements:
  - cryptography >= 42
  - urllib3 >= 2.3
  - PyYAML
options:
  manifests:
    description: Also return the objects as a List that C(kubectl apply) takes.
    type: bool
    default: false
extends_documentation_fragment:
  - goldenpath.microapps.microapp
  - goldenpath.microapps.microapp.verdict
  - goldenpath.microapps.evidence
  - goldenpath.microapps.evidence.attributes
author:
  - the goldenpath.microapps authors (@goldenpath)
"""

EXAMPLES = r"""
- name: The cluster itself refuses what nobody signed
  goldenpath.microapps.app_admission:
    app: "{{ microapp }}"
    profile: "{{ microapp_environment }}"
    verdict: "{{ microapp_verdict }}"
    evidence: "{{ microapp_evidence | default(omit) }}"
"""

RETURN = r"""
differences:
  description: Where the controller's answer can differ from the policy, because it cannot be told that part.
  returned: when the profile names a controller and a policy
  type: list
  elements: dict
  sample:
    - gap: looser
      what: attestations.sbom
      why: That a bill of materials is there is asked for, not what it holds.
forecast:
  description: Why the controller will refuse the image that was verified; empty if it will not, or if that could not be told.
  returned: when the objects can be applied
  type: list
  elements: dict
  sample: []
manifests:
  description: The objects, as JSON.
  returned: with manifests
  type: str
  sample: '{"apiVersion": "v1", "kind": "List", "items": []}'
objects:
  description: One entry for each object.
  returned: always
  type: list
  elements: dict
  sample:
    - object: ImageValidatingPolicy/microapp-where2eat-dev
      action: created
answers:
  description: One entry for the control that was asked.
  returned: always
  type: list
  elements: dict
  sample:
    - control: supply_chain-13
      state: in_place
      proof: ["ImageValidatingPolicy/microapp-where2eat-dev"]
      reason: ""
      found: ImageValidatingPolicy/microapp-where2eat-dev is missing
      done: created ImageValidatingPolicy/microapp-where2eat-dev
"""

from ..module_utils.capability import run_as_module
from ..module_utils.signatures.admission.app_admission import CAPABILITY


def main() -> None:
    """The module door."""
    run_as_module(CAPABILITY)


if __name__ == "__main__":
    main()
