# Copyright (c) 2026 the goldenpath.microapps authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The lookup that decides a play's hosts, and refuses a wrong name before any task."""

from __future__ import annotations

DOCUMENTATION = r"""
name: app_hosts
author:
  - the goldenpath.microapps authors (@goldenpath)
version_added: 0.1.0
short_description: The hosts of one app, or of all, checked before any task
description:
  - For C(hosts) of a play. A pattern that matches nothing would be skipped in silence, with an exit code of 0; a name that is
    almost right would be taken for a pattern. This lookup fails instead, and names the apps that exist and the nearest one.
  - Without an app's name it takes every app where the environment's profile says C(all_apps=true), as the sandbox's does;
    elsewhere it demands O(all_apps).
  - A catalog that could not be read, which Ansible only warns about, is raised here.
  - Give the play a literal C(name), else Ansible's message names a keyword instead.
options:
  _terms:
    description: The app's name; empty for all apps.
    type: str
    required: true
  all_apps:
    description: Take every app of an environment other than the sandbox.
    type: bool
    default: false
"""

EXAMPLES = r"""
- name: Harden
  hosts: "{{ query('goldenpath.microapps.app_hosts', app | default(''), all_apps=all_apps | default(false)) }}"
  gather_facts: false
  tasks: []
"""

RETURN = r"""
_raw:
  description: Host names, or names of environments' groups.
  type: list
  elements: str
"""

from typing import Any

from ansible import context
from ansible.errors import AnsibleLookupError
from ansible.plugins.lookup import LookupBase

from ..module_utils.catalog import collected
from ..module_utils.catalog.selection import selected
from ..module_utils.errors import MicroappsError
from ..module_utils.state_folder import collection_root


class LookupModule(LookupBase):  # type: ignore[misc]  # ansible-core ships no type information
    """The hosts of a play."""

    def run(self, terms: list[Any], variables: dict[str, Any] | None = None, **kwargs: Any) -> list[str]:
        """Called by Ansible before the first task of a play, in every mode."""
        self.set_options(var_options=variables, direct=kwargs)
        if context.CLIARGS.get("syntax"):
            return ["all"]  # only the syntax is asked about; there may be no inventory at all
        app = "" if not terms or terms[0] is None else str(terms[0])
        example = str(collection_root() / "inventories" / "sandbox")
        groups = (variables or {}).get("groups", {})
        try:
            return selected(app, self.get_option("all_apps"), groups, collected.faults(), example, collected.homes())
        except MicroappsError as error:
            raise AnsibleLookupError(error.sentence()) from None
