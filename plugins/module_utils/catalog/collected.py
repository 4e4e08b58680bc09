# Copyright (c) 2026 the goldenpath.microapps authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What inventory sources of ours failed with, kept for this process.

ansible-playbook makes a warning of a broken inventory source and goes on without its hosts. The lookup `app_hosts` runs in
the same process, before any task, and raises what is kept here.
"""

from __future__ import annotations

_FAULTS: dict[str, str] = {}


def remember(source: str, fault: str) -> None:
    """Keep why an inventory source could not be used; an empty fault forgets an earlier one (the source was read again)."""
    if fault:
        _FAULTS[source] = fault
    else:
        _FAULTS.pop(source, None)


def faults() -> tuple[str, ...]:
    """Every fault kept, in the order of the sources' names, each once."""
    return tuple(dict.fromkeys(_FAULTS[source] for source in sorted(_FAULTS)))
