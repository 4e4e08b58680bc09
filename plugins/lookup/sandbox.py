# Copyright (c) 2026 the goldenpath.microapps authors (@goldenpath)
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The lookup that tells the sandbox's addresses."""

from __future__ import annotations

DOCUMENTATION = r"""
name: sandbox
author:
  - the goldenpath.microapps authors (@goldenpath)
version_added: 0.1.0
short_description: One block of the running sandbox, for its profile
description:
  - Reads the sandbox's state file at run time, so that a profile holds no port number. Fails with one line when the sandbox
    is not running.
  - No block holds a secret; files with secrets are named by their paths.
options:
  _terms:
    description:
      - Block names, C(aws), C(cluster), C(database), C(registry), C(forge), C(openbao), C(runner), C(tools),
        C(signature_policy), C(admission) or C(example).
    type: list
    elements: str
    required: true
"""

EXAMPLES = r"""
- name: The sandbox's registry
  ansible.builtin.debug:
    msg: "{{ lookup('goldenpath.microapps.sandbox', 'registry').address }}"
"""

RETURN = r"""
_raw:
  description: The blocks, in the order asked for.
  type: list
  elements: dict
"""

import functools
import os
import time
from typing import Any

from ansible.errors import AnsibleLookupError
from ansible.plugins.lookup import LookupBase

from ..module_utils.errors import MicroappsError
from ..module_utils.sandbox.layout import Layout, layout_of, named_block, running_blocks


@functools.lru_cache(maxsize=1)
def _blocks(layout: Layout, _process: int, _second: int) -> dict[str, dict[str, Any]]:
    # A profile asks for a dozen blocks at once, and its supervisor need not be knocked at for each of them.
    return running_blocks(layout)


class LookupModule(LookupBase):  # type: ignore[misc]  # ansible-core ships no type information
    """The sandbox's blocks."""

    def run(self, terms: list[Any], variables: dict[str, Any] | None = None, **kwargs: Any) -> list[dict[str, Any]]:
        """One dict for each name asked for."""
        try:
            blocks = _blocks(layout_of(os.environ), os.getpid(), int(time.monotonic()))
            return [named_block(blocks, str(term)) for term in terms]
        except MicroappsError as error:
            raise AnsibleLookupError(error.sentence()) from None
