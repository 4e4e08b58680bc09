# Copyright (c) 2026 the goldenpath.microapps authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Which environment a lookup is asked in."""

from __future__ import annotations

from typing import Any

from ansible.plugins.lookup import LookupBase

from ..module_utils.catalog.profile_schema import profile_from
from ..module_utils.errors import Invalid
from ..module_utils.profile import Profile
from .in_process import plain


def profile_of(lookup: LookupBase, variables: dict[str, Any] | None) -> Profile:
    """The profile of the option `profile`, else of the host; `Invalid` where there is neither."""
    given = lookup.get_option("profile") or (variables or {}).get("microapp_environment")
    if not given:
        raise Invalid(
            f"{lookup.ansible_name.rpartition('.')[2]}: no profile", "this host has no microapp_environment", "Pass profile=..."
        )
    return profile_from(plain(lookup._templar.template(given)))
