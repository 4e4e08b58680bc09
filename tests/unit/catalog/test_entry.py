# Copyright (c) 2026 the goldenpath.microapps authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""One entry: what is accepted, what an environment changes, and how a fault reads."""

# ruff: noqa: E501 - a fault is one line, and is compared with one line
from __future__ import annotations

import dataclasses
import pathlib
from collections.abc import Callable
from typing import Any

import jsonschema
import pytest
import yaml

from ansible_collections.goldenpath.microapps.plugins.module_utils.app import App, DataClass, Exposure
from ansible_collections.goldenpath.microapps.plugins.module_utils.catalog.load import load_app, load_catalog
from ansible_collections.goldenpath.microapps.plugins.module_utils.catalog.schema import APP_SCHEMA, FIELDS, OVERRIDABLE
from ansible_collections.goldenpath.microapps.plugins.module_utils.errors import Invalid, NotFound

Catalog = Callable[..., pathlib.Path]


def faults(catalog: Catalog, text: str) -> list[str]:
    """What is wrong with an entry, without its path."""
    folder = catalog(minimal=text)
    return [str(problem).removeprefix(f"{folder}/") for problem in load_catalog(str(folder)).problems]


def test_the_shortest_entry_is_enough(catalog: Catalog, minimal: str) -> None:
    folder = catalog(minimal=minimal)
    app = load_app(str(folder / "minimal.yml"), "minimal", "sandbox")
    assert (app.name, app.environment, app.data, app.exposure) == ("minimal", "sandbox", DataClass.INTERNAL, Exposure.INTERNAL)
    assert app.environments == ("sandbox", "prod")
    assert app.database is None
    assert app.repository.branch == "main"
    assert app.file == str(folder / "minimal.yml")


def test_an_environment_changes_what_it_says_and_nothing_else(catalog: Catalog, minimal: str) -> None:
    file = str(catalog(minimal=minimal) / "minimal.yml")
    sandbox, prod = load_app(file, "minimal", "sandbox"), load_app(file, "minimal", "prod")
    assert prod == dataclasses.replace(sandbox, environment="prod", peak_users=300)


def test_mappings_are_merged_and_lists_replaced(catalog: Catalog, entry: dict[str, Any]) -> None:
    entry["workload"] = {"port": 3000, "replicas": 2}
    entry["integrations"] = [{"name": "a", "host": "a.example"}, {"name": "b", "host": "b.example"}]
    entry["database"] = {"engine": "postgresql", "name": "minimal"}
    entry["environments"]["prod"] = {
        "workload": {"replicas": 5},
        "integrations": [{"name": "c", "host": "c.example"}],
        "database": None,
    }
    app = load_app(str(catalog(minimal=yaml.safe_dump(entry)) / "minimal.yml"), "minimal", "prod")
    assert (app.workload.port, app.workload.replicas) == (3000, 5)
    assert [integration.name for integration in app.integrations] == ["c"]
    assert app.database is None


def test_an_app_that_does_not_live_there_says_where_it_does(catalog: Catalog, minimal: str) -> None:
    with pytest.raises(NotFound, match=r"does not live in 'dev'.*sandbox, prod"):
        load_app(str(catalog(minimal=minimal) / "minimal.yml"), "minimal", "dev")


def test_a_task_gets_one_line_about_a_bad_entry(catalog: Catalog, minimal: str) -> None:
    file = catalog(minimal=minimal.replace("runtime: python", "runtime: cobol")) / "minimal.yml"
    with pytest.raises(Invalid) as caught:
        load_app(str(file), "minimal", "sandbox")
    assert str(caught.value) == (
        f'The catalog entry is not valid: {file}:19: runtime: "cobol" is not one of python, node, static, go, java, dotnet, '
        "php, ruby, other; write it like python. Mend the file."
    )


# (what is replaced, by what, the fault)
ONE_LINE = "is not text on one line, of 1 to 100 characters, without control characters"
FAULTS = [
    ("data: internal", "data: helth", '20: data: "helth" is not one of public, internal, personal, payment, health; did you mean health?'),
    ("peak_users: 10\n", 'peak_users: "10"\n', '22: peak_users: "10" is not a whole number from 0 to 10000000; write it like 150'),
    ("peak_users: 10\n", "peak_users: true\n", "22: peak_users: true is not a whole number from 0 to 10000000; write it like 150"),
    ("peak_users: 10\n", "peak_users: -1\n", "22: peak_users: -1 is not a whole number from 0 to 10000000; write it like 150"),
    ("title: Minimal", "title: no", "3: title: false is not text on one line, of 1 to 100 characters, without control characters; put it in quotes"),
    ("title: Minimal", "title: 2026", "3: title: 2026 is not text on one line, of 1 to 100 characters, without control characters; put it in quotes"),
    ("title: Minimal", 'title: "a\\nb"', '3: title: "a\\nb" ' + ONE_LINE + '; write it like Where2Eat'),
    ("title: Minimal", 'title: "a\\u202Eb\\u2028"', '3: title: "a\\u202eb\\u2028" ' + ONE_LINE + '; write it like Where2Eat'),
    ("title: Minimal", f"title: {'x' * 103}", f'3: title: "{"x" * 56}... ' + ONE_LINE + '; shorten it to 100 characters'),
    ("title: Minimal\n", "", "2: title: is missing; add it, like title: Where2Eat"),
    ("exposure: internal", "exposed: internal", "2: exposure: is missing; add it, like exposure: internal"),
    ("  email: ada@example.com\n  group", "  email: ada\n  group", '8: owner.email: "ada" is not a mail address; write it like dining-club@example.com'),
    ("image: minimal", "image: Minimal:latest", '18: image: "Minimal:latest" is not an image\'s name; write it like where2eat'),
    ("currency: EUR", "currency: euro", '24: currency: "euro" is not a currency\'s three letters; shorten it to 3 characters'),
    ("environments:\n  sandbox: {}", "environments:\n  pre-prod: {}",
     '27: environments."pre-prod": "pre-prod" is not an environment\'s name: at most 10 of a-z and 0-9, beginning with a letter; rename it'),
    ("    peak_users: 300", "    owner: {}", "29: environments.prod.owner: is not a field that is known here; the fields here are"),
    ("    peak_users: 300", "    peak_user: 300", "29: environments.prod.peak_user: is not a field that is known here; did you mean peak_users?"),
    ("runtime: python", "runtime: python\npasword: hunter2", "20: pasword: is not a field that is known here"),
    ("escalation:\n  - name: Ada Lovelace\n    email: ada@example.com\n", "escalation: []\n", "10: escalation: [] is not a list of 1 to 10 entries"),
    ("https://git.example.com/team-a/minimal.git", "https://me:hunter2@git.example.com/x.git", "17: repository.url: the value is not a URL that git takes"),
    ("https://git.example.com/team-a/minimal.git", "https://ghtoken@git.example.com/x.git", "17: repository.url: the value is not a URL that git takes"),
    ("https://git.example.com/team-a/minimal.git", "ext::sh -c id", '17: repository.url: "ext::sh -c id" is not a URL that git takes'),
    ("https://git.example.com/team-a/minimal.git", "--upload-pack=id", '17: repository.url: "--upload-pack=id" is not a URL that git takes'),
]  # fmt: skip


@pytest.mark.parametrize(("old", "new", "fault"), FAULTS)
def test_a_fault_names_line_field_value_and_mend(catalog: Catalog, minimal: str, old: str, new: str, fault: str) -> None:
    assert minimal.count(old) >= 1
    found = faults(catalog, minimal.replace(old, new, 1))
    assert any(line.startswith(f"minimal.yml:{fault}") for line in found), found
    assert not any("hunter2" in line or "ghtoken" in line for line in found)
    assert all("\n" not in line and line.isprintable() for line in found)


RESOLVED = {"fingerprint": "0" * 23 + "a", "resolution": "revoked", "by": "Ada", "on": "2026-11-20", "reason": "Changed."}
SEMANTIC = [
    ({"secrets": [{"name": "a", "kind": "api_key", "variables": {"k": v}} for v in ("V", "W")]}, 'secrets[1].name: "a" is not a new name'),
    (
        {
            "secrets": [
                {"name": "a", "kind": "api_key", "variables": {"k": "VALUE"}},
                {"name": "b", "kind": "api_key", "variables": {"k": "VALUE"}},
            ]
        },
        'secrets[1].variables.k: "VALUE" is not a variable of its own',
    ),
    ({"secrets": [{"name": "a", "kind": "postgresql", "variables": {"k": "V"}}]}, "secrets[0].kind: "),
    ({"secrets": [{"name": "a", "kind": "aws_iam_access_key", "variables": {"access_key_id": "V"}}]}, "secrets[0].kind: "),
    (
        {
            "database": {"engine": "postgresql", "name": "x"},
            "secrets": [{"name": "a", "kind": "aws_rds_iam", "variables": {"password": "V"}}],
        },
        "secrets[0].variables: a login of kind aws_rds_iam has no password",
    ),
    (
        {"secrets": [{"name": "a", "kind": "aws_iam_access_key", "user": "u", "variables": {"k": "V"}}]},
        'secrets[0].variables: "k" is not a key of its document',
    ),
    ({"secrets": [{"name": "a", "kind": "api_key", "overlap_hours": 1, "variables": {"k": "V"}}]}, "secrets[0].overlap_hours: 1 "),
    ({"secrets": [{"name": "a", "kind": "generated", "overlap_hours": 1, "variables": {"k": "V"}}]}, "secrets[0].overlap_hours: 1 "),
    ({"secrets": [{"name": "a", "kind": "generated", "variables": {"previous": "V"}}]}, 'secrets[0].variables: "previous" '),
    ({"secrets": [{"name": "a", "kind": "api_key", "user": "u", "variables": {"k": "V"}}]}, "secrets[0].user: "),
    ({"integrations": [{"name": "a", "host": "a.example", "secret": "gone"}]}, 'integrations[0].secret: "gone" is not one of `secrets`'),
    ({"integrations": [{"name": "a", "host": "a.example", "cidr": "10.0.0.1/8"}]}, 'integrations[0].cidr: "10.0.0.1/8"'),
    ({"resolved_credentials": [RESOLVED, RESOLVED]}, f'resolved_credentials[1].fingerprint: "{RESOLVED["fingerprint"]}" is not a new name'),
    ({"resolved_credentials": [{**RESOLVED, "on": "2026-02-30"}]}, 'resolved_credentials[0].on: "2026-02-30" is not a day of the calendar'),
    ({"environments": {"prod": {"database": {"name": "x"}}}}, "environments.prod.database.engine: is missing"),
    (
        {"environments": {"prod": {"integrations": [{"name": "a", "host": "a.example", "secret": "gone"}]}}},
        "environments.prod.integrations[0].secret:",
    ),
]  # fmt: skip


@pytest.mark.parametrize(("changes", "fault"), SEMANTIC)
def test_what_contradicts_itself_is_refused(catalog: Catalog, entry: dict[str, Any], changes: dict[str, Any], fault: str) -> None:
    found = faults(catalog, yaml.safe_dump({**entry, **changes}))
    assert len(found) == 1
    assert fault in found[0]


def test_every_fault_of_an_entry_is_told_in_the_order_of_its_lines(catalog: Catalog, minimal: str) -> None:
    text = (
        minimal.replace("runtime: python", "runtime: cobol")
        .replace("currency: EUR", "currency: e")
        .replace("title: Minimal\n", "")
    )
    lines = [int(fault.split(":")[1]) for fault in faults(catalog, text)]
    assert len(lines) == 3
    assert lines == sorted(lines)


def test_the_schema_is_a_schema() -> None:
    jsonschema.Draft202012Validator.check_schema(APP_SCHEMA)


def test_the_schema_and_the_model_know_the_same_fields() -> None:
    model = {field.name for field in dataclasses.fields(App)} - {"environment", "environments", "file"}
    assert set(FIELDS) == model
    assert set(OVERRIDABLE) < set(FIELDS)


def test_a_line_break_at_the_end_of_a_name_is_not_overlooked(catalog: Catalog, minimal: str) -> None:
    # `$` of Python's regular expressions would let it pass.
    assert faults(catalog, minimal.replace("image: minimal", 'image: "minimal\\n"'))
    assert faults(catalog, minimal.replace("  prod:", '  "prod\\n":'))
