# Copyright (c) 2026 the goldenpath.microapps authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The lookup that brings a profile's pace to a play's own keywords."""

from __future__ import annotations

DOCUMENTATION = r"""
name: pace
author:
  - the goldenpath.microapps authors (@goldenpath)
version_added: 0.1.0
short_description: How many apps at a time, by the environment's profile
description:
  - For C(serial) and C(max_fail_percentage) of a play. Ansible renders these before any host is known, so no host variable
    reaches them; the inventory plugin P(goldenpath.microapps.catalog#inventory) keeps what the profile says in plain words.
  - With several environments loaded, the smallest step wins.
  - Where the profile says nothing, or was not loaded by the plugin (an inventory that AWX stored), the default is taken.
options:
  _terms:
    description: The setting.
    type: str
    required: true
    choices: [serial, max_fail_percentage]
  default:
    description: What is taken where no profile says anything.
    type: str
    required: true
  asked:
    description: What a user asked for, which goes before the profile's; empty for nothing. One that cannot be meant is refused.
    type: str
    default: ''
"""

EXAMPLES = r"""
- name: Harden
  hosts: "{{ query('goldenpath.microapps.app_hosts', app | default('')) }}"
  serial: "{{ lookup('goldenpath.microapps.pace', 'serial', default='100%') }}"
  max_fail_percentage: "{{ lookup('goldenpath.microapps.pace', 'max_fail_percentage', default='0') }}"
  gather_facts: false
  tasks: []
"""

RETURN = r"""
_raw:
  description: The setting's value as text.
  type: list
  elements: str
"""

from typing import Any

from ansible.errors import AnsibleLookupError
from ansible.plugins.lookup import LookupBase

from ..module_utils.catalog import collected
from ..module_utils.catalog.selection import asked_pace, strictest
from ..module_utils.errors import Invalid


class LookupModule(LookupBase):  # type: ignore[misc]  # ansible-core ships no type information
    """The pace of a play."""

    def run(self, terms: list[str], variables: dict[str, Any] | None = None, **kwargs: Any) -> list[str]:
        """Called by Ansible before a play begins."""
        self.set_options(var_options=variables, direct=kwargs)
        asked = self.get_option("asked")
        try:
            if asked:
                return [asked_pace(terms[0], asked)]
            return [strictest(collected.settings(terms[0])) or self.get_option("default")]
        except Invalid as error:
            raise AnsibleLookupError(error.sentence()) from None
        except ValueError:
            raise AnsibleLookupError(f"{terms[0]} of the profile is neither a number nor a share. Correct it.") from None
