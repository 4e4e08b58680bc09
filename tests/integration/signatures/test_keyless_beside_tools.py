# Copyright (c) 2026 the goldenpath.microapps authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""cosign and Sigstore's Python client are asked about the same keyless images; where we differ, a table says why.

cosign 3 is the sandbox's, `cosign3` on PATH, or what GOLDENPATH_COSIGN3 names, cosign 2.5 is `cosign2` or GOLDENPATH_COSIGN2,
Sigstore's client is in the lock file. A test is skipped only where its program is not there; one that is named and does not run
fails.
"""

from __future__ import annotations

import pathlib
from collections.abc import Iterator
from typing import Any

import pytest

from ansible_collections.goldenpath.microapps.tests.fixtures.signatures import asking_keyless, beside_tools

CASES = [(group, entry) for group in beside_tools.GROUPS for entry in asking_keyless.cases(group)]
IDS = [f"{group}-{asking_keyless.name_of(entry)}" for group, entry in CASES]
TOOLS = ("cosign3", "cosign2", "sigstore")


@pytest.fixture(scope="module")
def hosts() -> Iterator[dict[str, str]]:
    """Registries with the fixtures."""
    with beside_tools.served() as found:
        yield found


@pytest.mark.parametrize("tool", TOOLS)
@pytest.mark.parametrize(("group", "entry"), CASES, ids=IDS)
def test_the_tool_answers_as_the_table_says(
    group: str, entry: dict[str, Any], tool: str, hosts: dict[str, str], tmp_path: pathlib.Path
) -> None:
    if tool != "sigstore" and not beside_tools.program(tool):
        pytest.skip(f"{tool} is not here; GOLDENPATH_{tool.upper()} can name it")
    assert beside_tools.says(tool, hosts, group, entry, tmp_path) == entry.get(tool, "")


@pytest.mark.parametrize(("group", "entry"), CASES, ids=IDS)
def test_where_we_differ_is_said_why(group: str, entry: dict[str, Any]) -> None:
    ours = "accept" if entry.get("accepted") else "reject"
    differs = any(entry.get(tool, ours) != ours for tool in TOOLS)
    assert differs == (entry.get("differs") in asking_keyless.cases("differences"))
