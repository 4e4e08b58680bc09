# Copyright (c) 2026 the goldenpath.microapps authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Free text may be anything that fits on its lines, and comes out as it went in. Identifiers may be nothing of the kind."""

from __future__ import annotations

import json
import pathlib
import tempfile
from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from ansible_collections.goldenpath.microapps.plugins.module_utils.catalog.load import load_app, load_catalog

HOSTILE = [
    "{{ lookup('pipe', 'id > /tmp/owned') }}",
    "{% for x in ().__class__.__base__.__subclasses__() %}{{ x }}{% endfor %}",
    "nice: app # not a comment",
    "--- !!python/object/apply:os.system [id]",
    "*alias &anchor !tag |",
    '"; rm -rf / #',
    "$(id) `id` ${IFS} && id",
    "</script><script>alert(1)</script>",
    "# heading [link](javascript:alert(1)) ![](x) | cell | <b>",
    "\u202egnp.exe\u2066 reversed \u200b\ufeffhidden",
    "%s %n %x {0.__class__}",
    "Robert'); DROP TABLE apps;--",
    "../../etc/passwd",
    "=cmd|'/c calc'!A1",
    "😀 e\u0301 ﷽",
    "null",
    "~",
    "yes",
    "0x1F",
]
# Words that YAML takes for something else when they stand without quotes; harmless as a name.
PLAIN_WORDS = ("null", "yes", "0x1F")
MULTILINE = [
    "a\n  labels:\n    pod-security.kubernetes.io/enforce: privileged",
    "{{ x }}\n---\napiVersion: v1\n",
    "x\n\n\n\ty\n".replace("\t", " "),
]
# Every field of free text: how to put a text there, and how to read it back.
ONE_LINE = {
    "title": lambda app: app.title,
    "owner.name": lambda app: app.owner.name,
    "maintainer.name": lambda app: app.maintainer.name,
    "escalation.0.name": lambda app: app.escalation[0].name,
    "resolved_credentials.0.by": lambda app: app.resolved_credentials[0].by,
    "resolved_credentials.0.reason": lambda app: app.resolved_credentials[0].reason,
}
PROSE = {"description": lambda app: app.description, "impact": lambda app: app.impact}
IDENTIFIERS = [
    "name", "image", "runtime", "data", "exposure", "currency", "cost_center", "hostname", "owner.team", "owner.email",
    "owner.group", "maintainer.email", "escalation.0.phone", "repository.url", "repository.branch", "integrations.0.name",
    "integrations.0.host", "integrations.0.secret", "integrations.0.cidr", "database.name", "database.host", "secrets.0.name",
    "secrets.0.variables.key", "workload.health_path", "aws_actions.0.action", "aws_actions.0.resource",
    "resolved_credentials.0.fingerprint", "resolved_credentials.0.resolution", "resolved_credentials.0.on",
]  # fmt: skip


def put(entry: dict[str, Any], place: str, value: Any) -> None:
    *parents, last = place.split(".")
    target: Any = entry
    for part in parents:
        target = target[int(part)] if part.isdecimal() else target[part]
    target[last] = value


def full(entry: dict[str, Any]) -> dict[str, Any]:
    """An entry with every field there is."""
    more = {
        "impact": "None.",
        "hostname": "minimal.example.com",
        "database": {"engine": "postgresql", "name": "minimal", "host": "db.example.com", "port": 5432},
        "secrets": [{"name": "api", "kind": "api_key", "variables": {"key": "API_KEY"}}],
        "integrations": [{"name": "api", "host": "api.example.com", "secret": "api", "cidr": "203.0.113.0/24"}],
        "workload": {"health_path": "/healthz"},
        "aws_actions": [{"action": "s3:GetObject", "resource": "arn:aws:s3:::minimal/*"}],
        "resolved_credentials": [
            {"fingerprint": "a" * 24, "resolution": "revoked", "by": "Ada", "on": "2026-11-20", "reason": "Changed."}
        ],
    }
    return {**entry, **json.loads(json.dumps(more))}


def round_trip(entry: dict[str, Any]) -> Any:
    with tempfile.TemporaryDirectory() as folder:
        file = pathlib.Path(folder) / "minimal.yml"
        file.write_text(yaml.safe_dump(entry, allow_unicode=True), encoding="utf-8")
        return load_app(str(file), "minimal", "sandbox")


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_text_comes_out_as_it_went_in(entry: dict[str, Any], text: str) -> None:
    changed = full(entry)
    for place in (*ONE_LINE, *PROSE):
        put(changed, place, text)
    app = round_trip(changed)
    assert {place: read(app) for place, read in (ONE_LINE | PROSE).items()} == dict.fromkeys(ONE_LINE | PROSE, text)


@pytest.mark.parametrize("text", MULTILINE)
def test_so_does_hostile_text_of_several_lines(entry: dict[str, Any], text: str) -> None:
    changed = full(entry)
    for place in PROSE:
        put(changed, place, text)
    app = round_trip(changed)
    assert {place: read(app) for place, read in PROSE.items()} == dict.fromkeys(PROSE, text)


@pytest.mark.parametrize("place", IDENTIFIERS)
def test_no_identifier_takes_hostile_text(tmp_path: pathlib.Path, entry: dict[str, Any], place: str) -> None:
    dangerous = [text for text in HOSTILE if text not in PLAIN_WORDS]
    for number, text in enumerate([*dangerous, *MULTILINE, "where2eat\n", " where2eat", "-x", "a b", "é"]):
        changed = full(entry)
        put(changed, place, text)
        folder = tmp_path / str(number)
        folder.mkdir()
        (folder / "minimal.yml").write_text(yaml.safe_dump(changed, allow_unicode=True), encoding="utf-8")
        assert load_catalog(str(folder)).problems, (place, text)


@settings(max_examples=60, deadline=None)
@given(st.text(st.characters(exclude_categories=("Cc", "Cs"), exclude_characters="\u2028\u2029"), min_size=1, max_size=100))
def test_any_text_on_one_line_comes_out_as_it_went_in(text: str) -> None:
    entry = yaml.safe_load((pathlib.Path(__file__).resolve().parents[2] / "fixtures" / "catalog" / "minimal.yml").read_text())
    app = round_trip({**entry, "title": text, "impact": text})
    assert (app.title, app.impact) == (text, text)
