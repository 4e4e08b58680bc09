# Copyright (c) 2026 the goldenpath.microapps authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Which hosts a play takes: the app's name is checked before any task, and a whole fleet is never taken by accident. Pure.

Everything is read off the inventory's groups, because nothing else is there when a play's hosts are decided, and because
groups also survive an inventory that was exported and stored elsewhere.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Final

from ..errors import Invalid, NotFound
from .check import nearest, quoted
from .groups import ALL_APPS_GROUP, ENVIRONMENT_PREFIX, NO_APP
from .patterns import DNS_LABEL

MOST_NAMES: Final = 20
NAME: Final = re.compile(DNS_LABEL)
# What may be asked for, and the variable that asks.
_PACES: Final = {
    "serial": (re.compile(r"[1-9][0-9]{0,4}|(?:[1-9][0-9]?|100)%"), "at_a_time", "a number from 1, or a share from 1% to 100%"),
    "max_fail_percentage": (re.compile(r"[0-9]{1,2}|100"), "may_fail", "a whole number from 0 to 100"),
}

Groups = Mapping[str, Iterable[str]]


def selected(
    app: str,
    all_apps: bool,
    groups: Groups,
    faults: Iterable[str],
    example: str,
    elsewhere: Mapping[str, tuple[str, ...]] | None = None,
) -> list[str]:
    """Host patterns for a play's `hosts`; `example` is the shipped inventory that an error may name.

    `elsewhere` says of the catalog's apps in which environments they live, these or others.

    Raises `Invalid` or `NotFound` with one line, before any task.
    """
    problems = list(faults)
    if problems:
        raise Invalid("The inventory cannot be used", " | ".join(problems))
    loaded = _loaded(groups, example)
    environments = {name: [host for host in hosts if not _stands_for_none(host)] for name, hosts in loaded.items()}
    if not any(environments.values()):
        raise NotFound(
            f"No micro app lives in {_environments(environments)}",
            "no entry of its catalog names this environment",
            "Add the environment to an app's entry.",
        )
    return _one(app, environments, elsewhere or {}) if app else _all(all_apps, groups, environments)


def one_of_each(groups: Groups, faults: Iterable[str], limit: str, example: str) -> list[str]:
    """One host of each environment, for plays about the environment itself; raises like `selected`.

    `limit` is refused: it could leave no host, and the play would be skipped in silence.
    """
    problems = list(faults)
    if problems:
        raise Invalid("The inventory cannot be used", " | ".join(problems))
    if limit:
        raise Invalid("--limit does not fit this playbook", "it is about an environment, not about hosts", "Choose it by -i.")
    return sorted(min(hosts) for hosts in _loaded(groups, example).values())


def _loaded(groups: Groups, example: str) -> dict[str, list[str]]:
    environments = {name: list(hosts) for name, hosts in groups.items() if name.startswith(ENVIRONMENT_PREFIX)}
    if not any(environments.values()):
        raise NotFound(
            "The inventory has no micro app",
            "it was not given, or holds no microapps.yml of the plugin goldenpath.microapps.catalog",
            f"Add -i with your environment's inventory folder, or try the shipped example: -i {example}",
        )
    return {name: hosts for name, hosts in environments.items() if hosts}


def _stands_for_none(host: str) -> bool:
    return host.partition(".")[0] == NO_APP


def strictest(values: Iterable[int | str]) -> str:
    """The smallest step of several (`serial`, `max_fail_percentage`): a count is smaller than any share; '' for none."""
    steps = sorted({str(value) for value in values}, key=lambda step: (step.endswith("%"), int(step.removesuffix("%"))))
    return steps[0] if steps else ""


def asked_pace(setting: str, asked: str) -> str:
    """The pace that a user asks for in the place of the profile's; Invalid for one that Ansible would end in a traceback for."""
    form, variable, wants = _PACES[setting]
    if not form.fullmatch(asked):
        raise Invalid(f"{variable}: {quoted(asked)} is not {wants}", "", "Mend it, or leave it out for the profile's own pace.")
    return asked


def _one(app: str, environments: Mapping[str, list[str]], elsewhere: Mapping[str, tuple[str, ...]]) -> list[str]:
    hosts = sorted({host for members in environments.values() for host in members})
    names = sorted({host.partition(".")[0] for host in hosts})
    found = [host for host in hosts if host.partition(".")[0] == app]
    if found:
        return found
    if not NAME.fullmatch(app):
        raise Invalid(
            f"app: {quoted(app)} is not an app's name",
            "a name is made of a-z, 0-9 and hyphens; patterns and lists are not taken",
            _names(names),
        )
    if app in elsewhere:
        raise NotFound(
            f"The app {app} does not live in {_environments(environments)}",
            f"its catalog entry names {', '.join(elsewhere[app])}",
            f"Add the environment there, or choose another inventory (-i). {_names(names)}",
        )
    close = nearest(app, names)
    guess = f"Did you mean {close}? " if close else ""
    raise NotFound(f"There is no app {quoted(app)} in {_environments(environments)}", "", f"{guess}{_names(names)}")


def _all(all_apps: bool, groups: Groups, environments: Mapping[str, list[str]]) -> list[str]:
    free = set(groups.get(ALL_APPS_GROUP, ()))
    guarded = {name: hosts for name, hosts in environments.items() if not free.issuperset(hosts)}
    if guarded and not all_apps:
        count = len({host for hosts in guarded.values() for host in hosts})
        raise Invalid(
            f"No app was named, and this would take every app of {_environments(guarded)} ({count})",
            "",
            "Add -e app=<name> for one of them, or -e all_apps=true if you mean all.",
        )
    return sorted(name for name, hosts in environments.items() if hosts)


def _environments(environments: Iterable[str]) -> str:
    return ", ".join(sorted(name.removeprefix(ENVIRONMENT_PREFIX) for name in environments))


def _names(names: list[str]) -> str:
    shown = ", ".join(names[:MOST_NAMES])
    rest = f" and {len(names) - MOST_NAMES} more" if len(names) > MOST_NAMES else ""
    return f"The apps are: {shown}{rest}."
