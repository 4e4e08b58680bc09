# Copyright (c) 2026 the goldenpath.microapps authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Rules as the documents others read: PrometheusRule and PodMonitor objects, promtool's rule and test files.

Annotations are Go templates that Prometheus renders when an alert fires. Text of the catalog goes in through `literal`
only: `{{ query "up" }}` in an app's description must be shown, not run.
"""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Mapping
from typing import Any, Final

from ..app import App
from ..profile import Profile
from .model import Case, Rule

# Burn rates over days need no evaluation twice a minute.
INTERVALS: Final = {"errors-slow": "5m"}
USUAL_INTERVAL: Final = "1m"
MANAGED_BY: Final = "goldenpath-microapps"


@dataclasses.dataclass(frozen=True, slots=True)
class Words:
    """What every alert of an app says besides its own sentences; free text of the catalog, not yet escaped."""

    title: str
    impact: str
    owner: str
    logs_url: str
    runbook_url: str
    labels: tuple[tuple[str, str], ...]


def words_of(app: App, profile: Profile, runbook_url: str) -> Words:
    """The app's side of its alerts; `runbook_url` is where its runbook is published."""
    return Words(
        title=f"{app.title} ({app.environment})",
        impact=app.impact,
        owner=f"{app.owner.name} <{app.owner.email}>",
        logs_url=profile.observability.logs_url,
        runbook_url=runbook_url,
        labels=(
            ("app", app.name),
            ("environment", app.environment),
            ("namespace", app.namespace),
            ("owner", app.owner.team),
        ),
    )


def literal(text: str) -> str:
    """Text that a Go template shows as it is, on one line: only `{{` has a meaning outside of an action."""
    return " ".join(text.split()).replace("{{", '{{ "{{" }}')


def _annotations(rule: Rule, words: Words, found: str, quoted: bool) -> dict[str, str]:
    # The same sentences twice: as templates for the rule, and as what a reader sees for the test of the rule.
    say = literal if quoted else lambda text: " ".join(text.split())
    sentence = rule.found % found if rule.value else rule.found
    said = {
        "summary": say(f"{words.title}: {rule.summary}"),
        "description": f"{sentence} {rule.meaning}",
        "impact": say(words.impact),
        "owner": say(words.owner),
        "logs_url": say(words.logs_url),
        "runbook_url": say(f"{words.runbook_url}#{rule.anchor}") if words.runbook_url else "",
    }
    return {name: text for name, text in said.items() if text}


def alert(rule: Rule, words: Words) -> dict[str, Any]:
    """One entry of a rule group."""
    entry: dict[str, Any] = {
        "alert": rule.alert,
        "expr": rule.expression,
        "labels": {**dict(words.labels), "severity": rule.severity},
        "annotations": _annotations(rule, words, f"{{{{ {rule.value} }}}}", quoted=True),
    }
    if rule.lasting:
        entry["for"] = f"{rule.lasting}m"
    return entry


def groups(rules: tuple[Rule, ...], words: Words, prefix: str) -> list[dict[str, Any]]:
    """The rules as Prometheus' groups, in the order they come; `prefix` keeps the names of different apps apart."""
    names = dict.fromkeys(rule.group for rule in rules)
    return [
        {
            "name": f"{prefix}-{name}",
            "interval": INTERVALS.get(name, USUAL_INTERVAL),
            "rules": [alert(rule, words) for rule in rules if rule.group == name],
        }
        for name in names
    ]


def tests(rules: tuple[Rule, ...], words: Words, rule_file: str, interval: str) -> dict[str, Any]:
    """The cases of the rules as a file for `promtool test rules`, beside the rules' own file."""
    return {
        "rule_files": [rule_file],
        "evaluation_interval": interval,
        "tests": [_test(rule, case, words) for rule in rules for case in rule.cases],
    }


def _test(rule: Rule, case: Case, words: Words) -> dict[str, Any]:
    expected = {
        "exp_labels": {**dict(words.labels), "severity": rule.severity, **dict(case.labels)},
        "exp_annotations": _annotations(rule, words, case.found, quoted=False),
    }
    return {
        "name": f"{rule.alert}: {case.name}",
        "interval": "1m",
        "input_series": [{"series": series, "values": values} for series, values in case.series],
        "alert_rule_test": [
            {"eval_time": f"{case.minute}m", "alertname": rule.alert, "exp_alerts": [expected] if case.fires else []}
        ],
    }


def as_yaml(document: Mapping[str, Any]) -> str:
    """JSON that every YAML parser accepts: control characters and line separators are escaped, the rest stays readable."""
    text = json.dumps(document, indent=2, ensure_ascii=False)
    return "".join(f"\\u{ord(sign):04x}" if _escaped(sign) else sign for sign in text) + "\n"


def _escaped(sign: str) -> bool:
    return "\x7f" <= sign <= "\x9f" or sign in "\u2028\u2029\ufeff\ufffe\uffff"


def prometheus_rule(app: App, profile: Profile, name: str, groups_: list[dict[str, Any]]) -> dict[str, Any]:
    """A PrometheusRule object with the labels that this environment's Prometheus selects."""
    return {
        "apiVersion": "monitoring.coreos.com/v1",
        "kind": "PrometheusRule",
        "metadata": _metadata(app, profile, f"{app.name}-{name}"),
        "spec": {"groups": groups_},
    }


def pod_monitor(app: App, profile: Profile) -> dict[str, Any]:
    """What has the app's pods scraped, by the port's name: the series that all rules stand on carry its name as `job`."""
    return {
        "apiVersion": "monitoring.coreos.com/v1",
        "kind": "PodMonitor",
        "metadata": _metadata(app, profile, app.name),
        "spec": {
            "selector": {"matchLabels": {"app.kubernetes.io/name": app.name}},
            "podMetricsEndpoints": [{"port": "http", "path": app.workload.metrics_path, "interval": "30s"}],
        },
    }


def _metadata(app: App, profile: Profile, name: str) -> dict[str, Any]:
    labels = {
        **dict(profile.observability.rule_labels),
        "app.kubernetes.io/name": app.name,
        "app.kubernetes.io/managed-by": MANAGED_BY,
    }
    return {"name": name, "namespace": app.namespace, "labels": labels}
