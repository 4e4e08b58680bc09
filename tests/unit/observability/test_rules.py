# Copyright (c) 2026 the goldenpath.microapps authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Alert rules as data: what each must carry, how text of people is kept from acting, and what promtool's words become."""

from __future__ import annotations

import dataclasses
import json
import pathlib
import re

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as some

from ansible_collections.goldenpath.microapps.plugins.module_utils.catalog.load import load_app
from ansible_collections.goldenpath.microapps.plugins.module_utils.controls import Path
from ansible_collections.goldenpath.microapps.plugins.module_utils.observability import documents, promql, promtool
from ansible_collections.goldenpath.microapps.plugins.module_utils.observability.documents import (
    Words,
    as_yaml,
    groups,
    literal,
)
from ansible_collections.goldenpath.microapps.plugins.module_utils.observability.families.errors import duration, over
from ansible_collections.goldenpath.microapps.plugins.module_utils.observability.model import Target, target_of
from ansible_collections.goldenpath.microapps.plugins.module_utils.observability.rules import rules_for, unproven
from ansible_collections.goldenpath.microapps.plugins.module_utils.profile import Aws, DatabaseServer, Profile, Registry
from ansible_collections.goldenpath.microapps.plugins.module_utils.verdict import Verdict

LIGHT = Target("shop-dev", "shop-dev/shop", ("/healthz", "/metrics"), False, True, 0.05, 20, 1.0, 0.5)
FULL = dataclasses.replace(LIGHT, full=True, error_ratio=0.01)
WORDS = Words(
    "Shop (dev)", "Nobody buys.", "Ada <ada@example.com>", "", "https://r.example/shop/runbook.html", (("app", "shop"),)
)
COMMON = {
    "MicroAppDown",
    "MicroAppUnmeasured",
    "MicroAppErrorsFewRequests",
    "MicroAppSlow",
    "MicroAppMemoryNearLimit",
    "MicroAppOutOfMemory",
    "MicroAppCpuThrottled",
    "MicroAppRestarting",
}
DATABASE = {"MicroAppDatabaseSlow", "MicroAppDatabaseUnmeasured"}
BUDGET = {"MicroAppErrorBudgetFast", "MicroAppErrorBudgetSlow"}


@pytest.mark.parametrize(
    ("target", "alerts"),
    [
        (LIGHT, COMMON | DATABASE | {"MicroAppErrorRatio"}),
        (FULL, COMMON | DATABASE | BUDGET),
        (dataclasses.replace(LIGHT, database=False), COMMON | {"MicroAppErrorRatio"}),
    ],
)
def test_each_path_has_its_alerts(target: Target, alerts: set[str]) -> None:
    names = [rule.alert for rule in rules_for(target)]
    assert set(names) == alerts
    assert len(names) == len(set(names))


@pytest.mark.parametrize(
    ("app", "shown", "is_asked"),
    [
        ("lunch-poll", "sqlite", False),
        ("lunch-poll", "", False),
        ("lunch-poll", "mysql", True),
        ("where2eat", "sqlite", True),
        ("brochure", "", False),
    ],
)
def test_a_database_is_watched_unless_it_is_a_file(root: pathlib.Path, app: str, shown: str, is_asked: bool) -> None:
    entry = load_app(str(root / "inventories" / "apps" / f"{app}.yml"), app, "sandbox")
    profile = Profile("sandbox", Aws("123456789012", "eu-west-1"), Registry("r"), DatabaseServer("db"))
    target = target_of(entry, profile, Verdict(Path.LIGHT, 0, (), (), {"database": shown}, (), (), "c"))
    rules = {rule.alert: rule for rule in rules_for(target)}
    assert (rules.keys() >= DATABASE) == is_asked == ("MicroAppDatabaseSlow" in rules["MicroAppSlow"].steps[1])


@pytest.mark.parametrize("target", [LIGHT, FULL])
def test_every_rule_has_the_cases_that_prove_it(target: Target) -> None:
    for rule in rules_for(target):
        assert unproven(rule) == (), rule.alert
        assert any(case.fires for case in rule.cases)
        assert not all(case.fires for case in rule.cases)


def test_a_rule_without_a_case_for_missing_series_is_unproven() -> None:
    rule = rules_for(LIGHT)[0]
    assert unproven(dataclasses.replace(rule, cases=rule.cases[:1])) == ("quiet", "absent")
    assert unproven(dataclasses.replace(rule, cases=())) == ("fires", "quiet", "absent")


@pytest.mark.parametrize("target", [LIGHT, FULL])
def test_errors_are_a_ratio_with_a_floor(target: Target) -> None:
    """What the seed article got wrong: a rate per series, everything that is not 2xx, a metric the app does not have."""
    for rule in rules_for(target):
        if not rule.alert.startswith("MicroAppError"):
            continue
        assert " / " in rule.expression
        assert ">= " in rule.expression
        assert re.findall(r'http_response_status_code=~"([^"]*)"', rule.expression)[0] == "5.."
        assert not re.search(r"\brate\((?!http_server_request_duration_seconds_count\{)", rule.expression)
        assert "healthz" in rule.expression


@pytest.mark.parametrize("target", [LIGHT, FULL])
def test_every_alert_is_labelled_and_leads_to_its_place_in_the_runbook(target: Target) -> None:
    for group in groups(rules_for(target), WORDS, "shop-dev"):
        for entry in group["rules"]:
            assert entry["labels"].keys() >= {"app", "severity"}
            assert entry["annotations"]["runbook_url"] == f"https://r.example/shop/runbook.html#{entry['alert'].lower()}"


def test_the_light_path_wakes_nobody() -> None:
    assert {rule.severity for rule in rules_for(LIGHT)} == {"warning"}
    assert {rule.alert for rule in rules_for(FULL) if rule.severity == "critical"} >= {"MicroAppDown", "MicroAppErrorBudgetFast"}


@pytest.mark.parametrize(
    ("labels", "text"),
    [
        ({"a": "b"}, 'm{a="b"}'),
        ({"a": 'x"} or vector(1) #'}, 'm{a="x\\"} or vector(1) #"}'),
        ({"a": "=~5.."}, 'm{a=~"5.."}'),
        ({"a": "!="}, 'm{a!=""}'),
        ({"a": "line\nbreak\\"}, 'm{a="line\\nbreak\\\\"}'),
        ({"a": promql.none_of("/health.z", "/m|x")}, 'm{a!~"/health\\\\.z|/m\\\\|x"}'),
    ],
)
def test_label_values_are_quoted(labels: dict[str, str], text: str) -> None:
    assert promql.selector("m", **labels) == text


@pytest.mark.parametrize(
    ("number", "text"),
    [(0.05, "0.05"), (1.0, "1"), (0.144, "0.144"), (14.4 * 0.01, "0.144"), (0.1 + 0.2, "0.3"), (1e-05, "0.00001")],
)
def test_numbers(number: float, text: str) -> None:
    assert promql.number(number) == text


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (1.95, "1.95s"),
        (0.975, "975ms"),
        (0.4875, "487.5ms"),
        (78, "1m 18s"),
        (3600, "1h 0m 0s"),
        (90061, "1d 1h 1m 1s"),
        (19.5, "19.5s"),
    ],
)
def test_durations_read_as_prometheus_writes_them(seconds: float, text: str) -> None:
    assert duration(seconds) == text


@given(some.floats(0.0001, 0.99), some.floats(1.0, 5.0))
def test_a_ratio_over_the_limit_is_one(limit: float, times: float) -> None:
    assert over(limit, 1.01 * times) > limit
    assert over(limit, times) <= 1


@given(some.text())
def test_no_text_of_the_catalog_opens_a_template(text: str) -> None:
    escaped = literal(text)
    assert "{{" not in escaped.replace('{{ "{{" }}', "")
    assert escaped.replace('{{ "{{" }}', "{{") == " ".join(text.split())


@given(some.text())
def test_rule_files_are_yaml_that_reads_back_the_same(text: str) -> None:
    document = {"text": text, "list": [text]}
    written = as_yaml(document)
    if not any(0xD800 <= ord(sign) <= 0xDFFF for sign in text):
        assert yaml.safe_load(written) == document
    assert json.loads(written) == document


def test_a_test_expects_what_a_reader_sees() -> None:
    words = dataclasses.replace(WORDS, title='Shop {{ query "up" }}', impact="two\nlines")
    (rule,) = (rule for rule in rules_for(LIGHT) if rule.alert == "MicroAppErrorRatio")
    (entry,) = groups((rule,), words, "p")[0]["rules"]
    assert entry["annotations"]["summary"] == 'Shop {{ "{{" }} query "up" }}: Too many requests fail'
    assert entry["annotations"]["description"].startswith("{{ $value | humanizePercentage }} of the requests")
    expected = documents.tests((rule,), words, "r.yml", "1m")["tests"][0]["alert_rule_test"][0]["exp_alerts"][0]
    assert expected["exp_annotations"]["summary"] == 'Shop {{ query "up" }}: Too many requests fail'
    assert expected["exp_annotations"]["description"].startswith("7.5% of the requests")
    assert expected["exp_annotations"]["impact"] == "two lines"


FAILED = """\
Unit Testing:  errors.tests.yml
  FAILED:
    name: MicroAppDown: a short interruption,
    alertname: MicroAppDown, time: 40m,
        exp:[
            0:
              Labels:{alertname="MicroAppDown"}
            ],
        got:[]
"""
UNREADABLE = """\
Checking bad.rules.yml
  FAILED:
bad.rules.yml: 5:15: group "x", rule 1, "Bad": could not parse expression: 1:5: parse error: unexpected end of input
bad.rules.yml: 5:15: group "x", rule 1, "Bad": could not parse expression: 1:5: parse error: unexpected end of input
"""


@pytest.mark.parametrize(
    ("output", "lines"),
    [
        (FAILED, ("the case fails: MicroAppDown: a short interruption",)),
        (UNREADABLE, (UNREADABLE.splitlines()[2],)),
        ("", ("promtool refused the rules and did not say why",)),
    ],
)
def test_what_promtool_says_against_a_rule(output: str, lines: tuple[str, ...]) -> None:
    assert promtool.complaints_in(output) == lines
