# Copyright (c) 2026 the goldenpath.microapps authors (@goldenpath)
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The lookup that reads a secret when a task needs it."""

from __future__ import annotations

DOCUMENTATION = r"""
name: secret
author:
  - the goldenpath.microapps authors (@goldenpath)
version_added: 0.1.0
short_description: A secret from the store that the profile names
description:
  - Reads one version of a secret of an app when the task that needs it runs. Nothing is kept, printed or registered by it.
  - ansible-core has no mark for a value that must not be shown, so whoever uses it says C(no_log) or, better, hands it to an
    option that is C(no_log) by its module. Our own modules never need it, they take references.
  - A secret that is missing, one that may not be read and a store that does not answer are three different errors.
options:
  _terms:
    description:
      - Names of secrets. A name without a slash is a secret of the app (see O(app)), one with a slash is an id in the store.
    type: list
    elements: str
    required: true
  app:
    description: The app's name; the host's app if it is not given.
    type: str
  profile:
    description: The environment's profile; the host's C(microapp_environment) if it is not given.
    type: dict
  stage:
    description: Which version.
    type: str
    choices: [current, previous, pending]
    default: current
  key:
    description: A JMESPath expression for the part of the JSON document that is wanted; the whole document if it is not given.
    type: str
    default: ""
"""

EXAMPLES = r"""
- name: Ask the app's database for its size
  community.postgresql.postgresql_query:
    login_user: "{{ lookup('goldenpath.microapps.secret', 'database', key='username') }}"
    login_password: "{{ lookup('goldenpath.microapps.secret', 'database', key='password') }}"
    query: SELECT pg_database_size(current_database())
"""

RETURN = r"""
_raw:
  description: For each name, the document or the part of it that was asked for.
  type: list
  elements: raw
"""

import os
from typing import Any

from ansible.errors import AnsibleLookupError
from ansible.plugins.lookup import LookupBase

from ..module_utils.errors import Invalid, MicroappsError
from ..module_utils.rotation.reading import read_value
from ..plugin_utils.in_process import plain
from ..plugin_utils.profiles import profile_of


class LookupModule(LookupBase):  # type: ignore[misc]  # ansible-core ships no type information
    """Secrets by reference."""

    def run(self, terms: list[Any], variables: dict[str, Any] | None = None, **kwargs: Any) -> list[Any]:
        """One value for each name asked for."""
        self.set_options(var_options=variables, direct=kwargs)
        try:
            return [self._read(str(term), variables or {}) for term in terms]
        except MicroappsError as error:
            raise AnsibleLookupError(error.sentence()) from None

    def _read(self, term: str, variables: dict[str, Any]) -> Any:
        profile = profile_of(self, variables)
        name = term
        if "/" not in term:
            app = self.get_option("app") or plain(self._templar.template(variables.get("microapp") or {})).get("name")
            if not app:
                raise Invalid(f"secret: whose secret '{term}' is meant", "this host is no app", "Pass app=... or the store's id.")
            name = f"microapps/{profile.name}/{app}/{term}"
        return read_value(profile, name, self.get_option("stage"), self.get_option("key"), os.environ)
