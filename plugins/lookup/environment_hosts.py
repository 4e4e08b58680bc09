# Copyright (c) 2026 the goldenpath.microapps authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The lookup that decides the hosts of a play about an environment itself."""

from __future__ import annotations

DOCUMENTATION = r"""
name: environment_hosts
author:
  - the goldenpath.microapps authors (@goldenpath)
version_added: 0.1.0
short_description: One host of each environment, for plays about the environment itself
description:
  - For C(hosts) of a play that works on an environment and not on an app, like the playbooks C(preflight) and C(retire). Such a
    play needs the environment's profile, which only a host of the environment has.
  - An environment in which no app lives any more has a host too, see P(goldenpath.microapps.catalog#inventory).
  - A catalog that could not be read, which Ansible only warns about, is raised here, and so is C(--limit), which could leave
    no host and an exit code of 0.
options:
  _terms:
    description: None.
    type: list
    elements: str
"""

EXAMPLES = r"""
- name: Preflight
  hosts: "{{ query('goldenpath.microapps.environment_hosts') }}"
  gather_facts: false
  tasks: []
"""

RETURN = r"""
_raw:
  description: Host names, one for each environment that was loaded.
  type: list
  elements: str
"""

from typing import Any

from ansible import context
from ansible.errors import AnsibleLookupError
from ansible.plugins.lookup import LookupBase

from ..module_utils.catalog import collected
from ..module_utils.catalog.selection import one_of_each
from ..module_utils.errors import MicroappsError
from ..module_utils.state_folder import collection_root


class LookupModule(LookupBase):  # type: ignore[misc]  # ansible-core ships no type information
    """The hosts of a play about environments."""

    def run(self, terms: list[Any], variables: dict[str, Any] | None = None, **kwargs: Any) -> list[str]:
        """Called by Ansible before the first task of a play, in every mode."""
        self.set_options(var_options=variables, direct=kwargs)
        if context.CLIARGS.get("syntax"):
            return ["all"]  # only the syntax is asked about; there may be no inventory at all
        groups = (variables or {}).get("groups", {})
        limit = str(context.CLIARGS.get("subset") or "")
        try:
            return one_of_each(groups, collected.faults(), limit, str(collection_root() / "inventories" / "sandbox"))
        except MicroappsError as error:
            raise AnsibleLookupError(error.sentence()) from None
