#!/usr/bin/python
# Copyright (c) 2026 the goldenpath.microapps authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
from __future__ import annotations

DOCUMENTATION = r"""
module: app_image
short_description: Verifies, pins and compares the image that an app runs
version_added: 0.2.0
description:
  - Verifies the image that the app's overlay of this environment names, or else the one that the catalog names by a tag or
    digest, or else that of the newest commit which has one, against the C(signature_policy) of the profile.
  - Pins the overlay on the branch C(forge.branch) to the verified digest, and compares what the app's pods run.
  - Where the policy has C(ecr_findings), asks ECR what its scanner found in that image, and judges it.
  - It is a gate. An image that is not signed as the policy asks, has findings that block, or could not be asked about,
    fails the task after its answers are recorded, so that nothing after it is done.
  - An app of which no image is released yet owes nothing here.
requirements:
  - cryptography >= 42
  - urllib3 >= 2.3
  - PyYAML
extends_documentation_fragment:
  - goldenpath.microapps.microapp
  - goldenpath.microapps.microapp.verdict
  - goldenpath.microapps.evidence
  - goldenpath.microapps.evidence.attributes
author:
  - the goldenpath.microapps authors (@goldenpath)
"""

EXAMPLES = r"""
- name: What it runs was signed by whom we trust, and only that
  goldenpath.microapps.app_image:
    app: "{{ microapp }}"
    profile: "{{ microapp_environment }}"
    verdict: "{{ microapp_verdict }}"
    evidence: "{{ microapp_evidence | default(omit) }}"
"""

RETURN = r"""
image:
  description: The verdict, as M(goldenpath.microapps.image_signature) returns it for each image.
  returned: when an image was verified or refused
  type: dict
  sample:
    reference: registry.example.com/apps/where2eat@sha256:0f3b5e4f6f3b2b7d3c1a
    verified: true
gate:
  description: Why the road ends here; the task has failed with it.
  returned: when the gate is closed
  type: str
  sample: "where2eat is not signed as the policy asks: 0 of 1 signatures in the role ci are there."
artefacts:
  description: Where the verification summary (SLSA VSA) and the verified bill of materials lie, by label.
  returned: with evidence
  type: dict
  sample:
    verification summary: /var/lib/goldenpath/evidence/dev/where2eat/converge.vsa.json
objects:
  description: One entry for the overlay.
  returned: always
  type: list
  elements: dict
  sample:
    - object: git:where2eat@goldenpath/baseline:deploy/overlays/dev/kustomization.yaml
      action: updated
      fields: [digest]
answers:
  description: One entry for each control that was asked.
  returned: always
  type: list
  elements: dict
  sample:
    - control: supply_chain-10
      state: in_place
      proof: ["image:registry.example.com/apps/where2eat@sha256:0f3b5e4f6f3b2b7d3c1a"]
      reason: ""
      found: signed by pipeline (key sha256:5a0f)
      done: ""
"""

from ..module_utils.capability import run_as_module
from ..module_utils.signatures.app_image import CAPABILITY


def main() -> None:
    """The module door."""
    run_as_module(CAPABILITY)


if __name__ == "__main__":
    main()
