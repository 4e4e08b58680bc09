# Copyright (c) 2026 the goldenpath.microapps authors (@goldenpath)
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The lookup that says which image a tag stands for."""

from __future__ import annotations

DOCUMENTATION = r"""
name: image_digest
author:
  - the goldenpath.microapps authors (@goldenpath)
version_added: 0.2.0
short_description: The image that a tag stands for now, by its digest
description:
  - Asks the registry once for each name and returns it with the digest of what was served. Whatever is done with that name
    afterwards is done with this image, wherever the tag is moved meanwhile.
  - The digest is computed from the manifest that came, never taken from the registry's word. An image for several platforms is
    one index, whose digest is returned.
  - An image that is missing, one that may not be read and a registry that does not answer are three different errors.
  - Nothing is verified but the digest. Whether the image is signed is what M(goldenpath.microapps.image_signature) tells, which
    returns the digest as well.
  - Logins are found as docker finds them (its C(config.json), with C(auths), C(credHelpers) and C(credsStore), in the folder that
    E(DOCKER_CONFIG) names or in C(~/.docker)), and for ECR in the profile's account.
options:
  _terms:
    description:
      - Names of images, with a tag (C(latest) if there is none) or a digest. A name without a host belongs to the registry of the
        profile.
    type: list
    elements: str
    required: true
  profile:
    description:
      - The environment's profile, of which C(registry) and C(aws) are used; the host's C(microapp_environment) by default.
    type: dict
seealso:
  - module: goldenpath.microapps.image_signature
"""

EXAMPLES = r"""
- name: Resolve the tag once
  ansible.builtin.set_fact:
    where2eat_image: "{{ lookup('goldenpath.microapps.image_digest', 'where2eat:1.0') }}"

- name: Pin an overlay to what was resolved
  ansible.builtin.copy:
    dest: kustomization.yaml
    content: "{{ kustomization | to_nice_yaml }}"
    mode: "0644"
  vars:
    kustomization:
      images:
        - name: where2eat
          newName: "{{ where2eat_image.split('@') | first }}"
          digest: "{{ where2eat_image.split('@') | last }}"
"""

RETURN = r"""
_raw:
  description: For each name C(REPOSITORY@DIGEST), with the registry's host, in the order asked for.
  type: list
  elements: str
  sample: ["registry.example.com/where2eat@sha256:6e3cf2a6b0a1e1c1b1c1d0a3c5b1f7c0a2a4f3e2d1c0b9a8978685746352413f"]
"""

import os
from typing import Any

from ansible.errors import AnsibleLookupError
from ansible.plugins.lookup import LookupBase

from ..module_utils.errors import MicroappsError
from ..module_utils.oci.client import open_registries
from ..module_utils.oci.reference import parse
from ..module_utils.oci.resolve import pinned
from ..module_utils.scrubber import Secrets
from ..plugin_utils.profiles import profile_of


class LookupModule(LookupBase):  # type: ignore[misc]  # ansible-core ships no type information
    """Images by digest."""

    def run(self, terms: list[Any], variables: dict[str, Any] | None = None, **kwargs: Any) -> list[str]:
        """One name for each name asked for."""
        self.set_options(var_options=variables, direct=kwargs)
        secrets = Secrets()
        try:
            profile = profile_of(self, variables)
            references = [parse(str(term), profile.registry.address) for term in terms]
            return pinned(open_registries(profile.registry, profile.aws, os.environ, secrets), references)
        except MicroappsError as error:
            raise AnsibleLookupError(secrets.scrub_text(error.sentence())) from None
