#!/usr/bin/python
# Copyright (c) 2026 the goldenpath.microapps authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
from __future__ import annotations

DOCUMENTATION = r"""
module: image_signature
short_description: Verifies signatures and attestations of container images
version_added: 0.2.0
description:
  - Verifies a list of images against one policy, all at once, and answers for each of them. Nothing is ever changed.
  - A tag is resolved once, the manifest is hashed, and C(repo@digest) is returned; go on with that name only.
  - Reads what cosign (bundle and, if the policy says so, its old format) and notation store beside an image, whichever way. The
    format is found out, and is never the reason for "no signature".
  - An attestation never counts as a signature, bad signatures beside a good one change nothing, and a registry that refuses or
    does not answer is an error and never "unsigned".
  - If one image is not verified the task fails, with the answers for all of them in its result.
options:
  images:
    description: The images, by tag or digest. A name without a host belongs to O(registry).
    type: list
    elements: str
    required: true
  policy:
    description:
      - Whose signature an image needs; the fields of C(signature_policy) in the environment's profile, documented in
        docs/catalog.md and explained in docs/signatures.md.
      - Everything that is wrong with it is told before a registry is asked.
    type: dict
    required: true
  registry:
    description: The registry of images that name none, and how it is reached.
    type: dict
    suboptions:
      address:
        description: Host, port and path, without a scheme.
        type: str
        required: true
      plain_http:
        description: Speak HTTP to it, for a registry on this machine.
        type: bool
        default: false
      ca_file:
        description: A private authority's certificates in PEM, trusted for it beside the machine's.
        type: path
      available:
        description: Whether there is one at all, as the profile says.
        type: bool
        default: true
      why:
        description: Why there is none.
        type: str
      next_step:
        description: What to do about it.
        type: str
  aws:
    description: The AWS account that hosts of ECR are logged in to with; the block C(aws) of the profile.
    type: dict
    suboptions:
      account:
        description: The account's twelve digits.
        type: str
        required: true
      region:
        description: The region.
        type: str
        required: true
      endpoint_url:
        description: Another AWS API than the real one.
        type: str
      profile:
        description: The name of an AWS profile.
        type: str
      credentials_file:
        description: The file of that profile.
        type: path
      loopback_only:
        description: Refuse an endpoint that is not on this machine.
        type: bool
        default: false
      permissions_boundary:
        description: Not used here.
        type: str
      kms_key:
        description: Not used here.
        type: str
      oidc_provider:
        description: Not used here.
        type: str
      eks_cluster:
        description: Not used here.
        type: str
  path:
    description: The app's path, which decides which attestations are owed.
    type: str
    choices: [light, full]
    default: full
  source:
    description: The URL of the git repository that provenance must name, where the policy asks for it.
    type: str
    default: ""
  app:
    description: The app's name, for exceptions of the policy that are for some apps only.
    type: str
    default: ""
requirements:
  - cryptography >= 42
  - urllib3 >= 2.3
attributes:
  check_mode:
    description: Can run in check mode and does the same there.
    support: full
  diff_mode:
    description: There is never a difference to show.
    support: none
author:
  - the goldenpath.microapps authors (@goldenpath)
"""

EXAMPLES = r"""
- name: What is about to be deployed was signed by the pipeline
  goldenpath.microapps.image_signature:
    images: ["where2eat:1.4.0"]
    registry:
      address: registry.example.com/apps
    policy:
      signers:
        - name: pipeline
          role: ci
          key: /etc/goldenpath/pipeline.pub
      require:
        - role: ci
  register: verified

- name: From here on there is only the digest
  ansible.builtin.debug:
    msg: "{{ verified.images[0].reference }}"
"""

RETURN = r"""
images:
  description: One verdict for each image, in the order asked.
  returned: success, and when an image is not verified
  type: list
  elements: dict
  contains:
    image:
      description: As it was asked for.
      type: str
    reference:
      description: The same image by digest, the only name to go on with; empty if it could not be resolved.
      type: str
    digest:
      description: The digest of the manifest or index that was verified.
      type: str
    media_type:
      description: What it is.
      type: str
    covers:
      description: What the signatures are on, V(manifest), V(index), or V(platforms) for each platform's image but not the index.
      type: str
    platform:
      description: Of a platform's image, its platform.
      type: str
    verified:
      description: Whether the policy is met.
      type: bool
    could_not_tell:
      description: Whether the registry or a file could not be asked; then nothing is known.
      type: bool
    reason:
      description: Why it is not verified; empty if it is.
      type: str
    signatures:
      description:
        - The signatures that count, with format, signer, role, identity, where, digest, annotations, claims, signed_at, and notes
          (what did not hold and was not demanded).
      type: list
      elements: dict
    attestations:
      description: One answer for each attestation owed, with topic, passed, fault, why, where, digest, facts, notes.
      type: list
      elements: dict
    rejected:
      description: What was found and does not count, with where, digest, format, reason (a word for programs) and why.
      type: list
      elements: dict
    platforms:
      description: The verdicts of the images of all platforms, where the policy asks for them.
      type: list
      elements: dict
  sample:
    - image: registry.example.com/apps/where2eat:1.4.0
      reference: registry.example.com/apps/where2eat@sha256:0f3b5e4f6f3b2b7d3c1a
      verified: true
      covers: manifest
objects:
  description: One entry for each image; an image that is not verified has a C(reason).
  returned: always
  type: list
  elements: dict
  sample:
    - object: image:registry.example.com/apps/where2eat:1.4.0
      action: unchanged
"""

from ..module_utils.capability import run_as_module
from ..module_utils.signatures.image_signature import CAPABILITY


def main() -> None:
    """The module door."""
    run_as_module(CAPABILITY)


if __name__ == "__main__":
    main()
