# Copyright (c) 2026 the goldenpath.microapps authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What inventory sources of ours failed with, kept for this process.

ansible-playbook makes a warning of a broken inventory source and goes on without its hosts. The lookup `app_hosts` runs in
the same process, before any task, and raises what is kept here.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

_FAULTS: dict[str, str] = {}
_SETTINGS: dict[str, dict[str, Any]] = {}
_HOMES: dict[str, tuple[str, ...]] = {}


def remember(source: str, fault: str) -> None:
    """Keep why an inventory source could not be used; an empty fault forgets an earlier one (the source was read again)."""
    if fault:
        _FAULTS[source] = fault
    else:
        _FAULTS.pop(source, None)


def faults() -> tuple[str, ...]:
    """Every fault kept, in the order of the sources' names, each once."""
    return tuple(dict.fromkeys(_FAULTS[source] for source in sorted(_FAULTS)))


def remember_settings(environment: str, settings: Mapping[str, Any]) -> None:
    """Keep what an environment's profile says in plain words, for a play's own keywords: no host variable reaches those."""
    _SETTINGS[environment] = dict(settings)


def settings(name: str) -> tuple[Any, ...]:
    """A setting of every environment that was loaded and has it, each value once."""
    return tuple(dict.fromkeys(found[name] for found in _SETTINGS.values() if name in found))


def remember_homes(apps: Iterable[tuple[str, tuple[str, ...]]]) -> None:
    """Keep in which environments each app of the catalog lives, so that a wrong choice of inventory can be told from a typo."""
    _HOMES.update(apps)


def homes() -> Mapping[str, tuple[str, ...]]:
    """The environments of every app whose entry was read."""
    return dict(_HOMES)
