# Copyright (c) 2026 the goldenpath.microapps authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What is told at once about data is what jsonschema says: yes never where it says no, and no where it says no."""

from __future__ import annotations

import copy
import pathlib
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import jsonschema
import pytest
import yaml

from ansible_collections.goldenpath.microapps.plugins.module_utils.catalog.accept import acceptor
from ansible_collections.goldenpath.microapps.plugins.module_utils.catalog.profile_schema import PROFILE_SCHEMA
from ansible_collections.goldenpath.microapps.plugins.module_utils.catalog.schema import APP_SCHEMA

INVENTORIES = pathlib.Path(__file__).resolve().parents[3] / "inventories"
APPS = sorted((INVENTORIES / "apps").glob("*.yml"))
PROFILES = [INVENTORIES / name / "group_vars" / f"environment_{name}" / "profile.yml" for name in ("dev", "staging", "prod")]
ODD: tuple[Any, ...] = (
    None, True, False, 0, 1, -1, 10**9, 1.0, 1.5, float("nan"), "", "x", "x\n", "X y", "0", "20%", "\u00e9", "a" * 300,
    [], ["x"], ["x"] * 99, [None], {}, {"x": 1}, {"x": "x"}, {1: "x"}, {"A b\n": "x"}, b"x",
)  # fmt: skip


def read(file: pathlib.Path) -> Any:
    data = yaml.safe_load(file.read_text(encoding="utf-8"))
    return data.get("microapp_environment", data)


def changes(data: Any) -> Iterator[Callable[[Any], None]]:
    """Every way to put an odd value in the place of one, to leave one out, and to add one, at any depth."""
    if isinstance(data, (dict, list)):
        for key in list(data) if isinstance(data, dict) else range(len(data)):
            for odd in ODD:
                yield lambda copied, key=key, odd=odd: copied.__setitem__(key, odd)
            yield lambda copied, key=key: copied.__delitem__(key)
            for inner in changes(data[key]):
                yield lambda copied, key=key, inner=inner: inner(copied[key])
    if isinstance(data, dict):
        yield lambda copied: copied.__setitem__("unknown", "x")


@pytest.mark.parametrize("file", [*APPS, *PROFILES], ids=str)
def test_what_is_shipped_is_right(file: pathlib.Path) -> None:
    """At once."""
    assert acceptor(PROFILE_SCHEMA if file in PROFILES else APP_SCHEMA)(read(file))


@pytest.mark.parametrize("file", [INVENTORIES / "apps" / "where2eat.yml", PROFILES[0]], ids=str)
def test_it_agrees_with_jsonschema(file: pathlib.Path) -> None:
    """About everything that is nearly right; only a whole number written 1.0 is left to jsonschema."""
    schema = PROFILE_SCHEMA if file in PROFILES else APP_SCHEMA
    data, accepts, validator = read(file), acceptor(schema), jsonschema.Draft202012Validator(schema)
    for change in changes(data):
        changed = copy.deepcopy(data)
        change(changed)
        surely, right = accepts(changed), not any(validator.iter_errors(changed))
        assert surely is right or (right and has_float(changed)), changed


def has_float(value: Any) -> bool:
    """Whether a float is anywhere in it."""
    if isinstance(value, dict):
        return any(map(has_float, value.values()))
    return any(map(has_float, value)) if isinstance(value, list) else isinstance(value, float)


@pytest.mark.parametrize(
    "schema",
    [
        {"type": "string", "format": "email"},
        {"type": "array", "uniqueItems": True},
        {"type": "object", "properties": {"x": {"not": {}}}},
        {"enum": [1, True, None]},
        {"type": "integer", "enum": ["x"]},
    ],
    ids=str,
)
def test_what_it_does_not_know_is_never_right(schema: Mapping[str, Any]) -> None:
    """A keyword it does not know, or one about what is equal to what: jsonschema is asked."""
    accepts = acceptor(schema)
    assert not any(accepts(value) for value in (1, 1.0, True, None, "x", ["x"], ["x", "x"], {"x": 1}))


def test_right_data_does_not_even_load_jsonschema() -> None:
    """Its imports are a tenth of a second of every start."""
    script = (
        "import sys\n"
        "from ansible_collections.goldenpath.microapps.plugins.module_utils.catalog.load import load_catalog\n"
        "assert load_catalog(sys.argv[1]).entries\n"
        "assert 'jsonschema' not in sys.modules\n"
    )
    subprocess.run([sys.executable, "-c", script, str(INVENTORIES / "apps")], check=True)
