#!/usr/bin/python
# Copyright (c) 2026 the goldenpath.microapps authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
from __future__ import annotations

DOCUMENTATION = r"""
module: image_sign
short_description: Signs and attests an image with your own cosign or notation
version_added: 0.2.0
description:
  - Signs an app's image for one of the signers of the profile's C(signature_policy), and attests what given files say about it.
  - The tag is resolved once; what is signed is the digest. What this signer has signed or said already is left alone.
  - The tool is yours, and so are the key and the login. Afterwards the same verifier as in M(goldenpath.microapps.app_image)
    must count the signature for this signer, or the task fails with the reason.
requirements:
  - cosign >= 2, or notation >= 1.3
  - cryptography >= 42
  - urllib3 >= 2.3
notes:
  - Signing only adds to what lies beside the image. A run that was killed is run again.
  - cosign keeps the fields of a predicate that it knows. Where it writes another one than the file has, a warning says so.
options:
  image:
    description: The image, C(HOST/PATH:TAG) or C(HOST/PATH@sha256:...); without a host it is in the profile's registry.
    type: str
    required: true
  signer:
    description: The name of the signer in the C(signature_policy) for whom this run signs.
    type: str
    required: true
  tool:
    description: The program to sign with.
    type: str
    choices: [cosign, notation]
    default: cosign
  program:
    description: Where the program is; found on PATH if it is not given.
    type: path
  key:
    description:
      - Where the key is, in the tool's own words. For cosign a file or a KMS's address (C(awskms://), C(azurekms://), C(gcpkms://),
        C(hashivault://)), for notation the name of a key.
      - Without it cosign signs keyless with the identity it finds (a workflow's token, E(SIGSTORE_ID_TOKEN)), and notation with
        its default key.
    type: str
  password_file:
    description: The file with the password of cosign's key; without it E(COSIGN_PASSWORD) is what cosign asks for.
    type: path
  signing_config:
    description: The Sigstore signing configuration that cosign 3 is given (C(--signing-config)); without it, cosign's own.
    type: path
  attestations:
    description: What is to be said about the image, by cosign.
    type: list
    elements: dict
    default: []
    suboptions:
      type:
        description: The predicate's type, by cosign's short name.
        type: str
        choices: [cyclonedx, openvex, slsaprovenance, slsaprovenance1, spdxjson, vuln]
        required: true
      predicate:
        description: The file with the predicate, in JSON.
        type: path
        required: true
extends_documentation_fragment:
  - goldenpath.microapps.microapp
  - goldenpath.microapps.evidence
  - goldenpath.microapps.evidence.attributes
author:
  - the goldenpath.microapps authors (@goldenpath)
"""

EXAMPLES = r"""
- name: What the pipeline built is signed with its key, and says what it is made of
  goldenpath.microapps.image_sign:
    app: "{{ microapp }}"
    profile: "{{ microapp_environment }}"
    image: where2eat@sha256:0f3b5e4f6f3b2b7d3c1a0f3b5e4f6f3b2b7d3c1a0f3b5e4f6f3b2b7d3c1a0f3b
    signer: pipeline
    key: awskms:///alias/microapps-signing
    attestations:
      - type: cyclonedx
        predicate: sbom.json

- name: A reviewer signs with notation
  goldenpath.microapps.image_sign:
    app: "{{ microapp }}"
    profile: "{{ microapp_environment }}"
    image: where2eat:1.4.0
    signer: reviewer
    tool: notation
    key: reviewer
"""

RETURN = r"""
reference:
  description: The image by the digest that was signed.
  returned: always
  type: str
  sample: registry.example.com/apps/where2eat@sha256:0f3b5e4f6f3b2b7d3c1a
objects:
  description: One entry for the image; its fields name what was (in check mode, would be) added.
  returned: always
  type: list
  elements: dict
  sample:
    - object: image:registry.example.com/apps/where2eat@sha256:0f3b5e4f6f3b2b7d3c1a
      action: updated
      fields: [signature, attestation cyclonedx]
"""

from ..module_utils.capability import run_as_module
from ..module_utils.signatures.signing import CAPABILITY


def main() -> None:
    """The module door."""
    run_as_module(CAPABILITY)


if __name__ == "__main__":
    main()
