# Copyright (c) 2026 the goldenpath.microapps authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Rules proven before they are applied: Prometheus' own promtool checks their syntax and runs their cases.

A verdict is kept by the digest of what was proven and of the promtool that did it, so a run without changes asks nobody.
"""

from __future__ import annotations

import dataclasses
import hashlib
import json
import os
import pathlib
import re
import shutil
import subprocess
import tempfile
from collections.abc import Iterable, Mapping
from typing import Any, Final

from ..errors import NotFound, Unreachable
from ..evidence.record import write_json
from .documents import USUAL_INTERVAL, Words, as_yaml, groups, tests
from .model import Rule

# Far above what the cases need (a second), far below what a person waits.
TIMEOUT_SECONDS: Final = 120
LONG_CASE: Final = 200
HOW_TO_GET_IT: Final = (
    "Install Prometheus' promtool and put it on PATH, or name it in the profile (observability.promtool); "
    "the sandbox builds it where Go is installed."
)

_FAULT: Final = re.compile(r"^error|^Error|\.ya?ml: |parse error|could not parse|invalid")


@dataclasses.dataclass(frozen=True, slots=True)
class Suite:
    """One rule file and its test file, as text."""

    name: str
    rules: str
    tests: str


def suites(rules: tuple[Rule, ...], words: Words, prefix: str) -> tuple[Suite, ...]:
    """One suite for each rule: its cases then evaluate it alone, which takes a third of the time of a whole group."""
    return tuple(_suite(rule, words, prefix) for rule in rules)


def _suite(rule: Rule, words: Words, prefix: str) -> Suite:
    # Hours of cases evaluated every minute take seconds; every five minutes they tell the same.
    interval = "5m" if any(case.minute > LONG_CASE for case in rule.cases) else USUAL_INTERVAL
    document = {"groups": groups((rule,), words, prefix)}
    return Suite(rule.alert, as_yaml(document), as_yaml(tests((rule,), words, f"{rule.alert}.rules.yml", interval)))


def find(configured: str, environ: Mapping[str, str]) -> str:
    """The promtool to use: the profile's, else the first on PATH; raises NotFound."""
    if configured:
        path = os.path.expanduser(configured)
        if os.access(path, os.X_OK):
            return path
        raise NotFound(f"There is no promtool at {configured}", "the profile names it", HOW_TO_GET_IT)
    found = shutil.which("promtool", path=environ.get("PATH", os.defpath))
    if not found:
        raise NotFound("The alert rules cannot be proven", "promtool was not found", HOW_TO_GET_IT)
    return found


def prove(promtool: str, suites_: Iterable[Suite], cache: pathlib.Path, remember: bool) -> tuple[str, ...]:
    """What promtool says against the rules, a line each; nothing when they are right. A good verdict is kept if `remember`."""
    suites_ = tuple(suites_)
    known = cache / f"{digest(promtool, suites_)}.json"
    if known.exists():
        return ()
    complaints = _run(promtool, suites_)
    if remember and not complaints:
        write_json(known, {"proven": [suite.name for suite in suites_]})
    return complaints


def digest(promtool: str, suites_: Iterable[Suite]) -> str:
    """Changes whenever the rules, their cases or the program that proved them do."""
    stat = os.stat(promtool)
    parts: list[Any] = [os.path.realpath(promtool), stat.st_size, stat.st_mtime_ns]
    parts += [dataclasses.astuple(suite) for suite in suites_]
    return hashlib.sha256(json.dumps(parts).encode()).hexdigest()


def _run(promtool: str, suites_: tuple[Suite, ...]) -> tuple[str, ...]:
    # Only rules are written there, nothing secret; a folder that a killed run leaves behind is the system's to sweep.
    with tempfile.TemporaryDirectory(prefix="goldenpath-promtool-") as name:
        folder = pathlib.Path(name)
        for suite in suites_:
            (folder / f"{suite.name}.rules.yml").write_text(suite.rules, encoding="utf-8")
            (folder / f"{suite.name}.tests.yml").write_text(suite.tests, encoding="utf-8")
        checked = _ask(promtool, folder, ["check", "rules", *(f"{suite.name}.rules.yml" for suite in suites_)])
        return checked or _ask(promtool, folder, ["test", "rules", *(f"{suite.name}.tests.yml" for suite in suites_)])


def _ask(promtool: str, folder: pathlib.Path, arguments: list[str]) -> tuple[str, ...]:
    try:
        done = subprocess.run(
            [promtool, *arguments],
            cwd=folder,
            env={"PATH": os.defpath, "HOME": str(folder), "LC_ALL": "C.UTF-8"},
            capture_output=True,
            timeout=TIMEOUT_SECONDS,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        why = "it took too long" if isinstance(error, subprocess.TimeoutExpired) else error.strerror or "unknown"
        raise Unreachable(f"{promtool} could not be run", why, HOW_TO_GET_IT) from None
    if done.returncode == 0:
        return ()
    return complaints_in(done.stdout.decode("utf-8", "replace") + done.stderr.decode("utf-8", "replace"))


def complaints_in(output: str) -> tuple[str, ...]:
    """What is wrong in promtool's output, a line each: the cases that fail, and any error of the rule file itself."""
    lines = [" ".join(line.split()) for line in output.splitlines()]
    cases = [f"the case fails: {line.removeprefix('name: ').rstrip(',')}" for line in lines if line.startswith("name: ")]
    faults = [line for line in lines if _FAULT.search(line)]
    return tuple(dict.fromkeys(faults + cases)) or ("promtool refused the rules and did not say why",)
