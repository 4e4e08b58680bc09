# Copyright (c) 2026 the goldenpath.microapps authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Judges alerting rules of Prometheus, in rule files and in PrometheusRule objects."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from ..model import Finding
from .reading import documents, line, listing, mapping


def findings(path: str, text: str) -> Iterator[Finding]:
    """Everything wrong with the alerts of one file."""
    alerts: list[dict[Any, Any]] = []
    for document in documents(text):
        groups = (
            mapping(document.get("spec")).get("groups") if document.get("kind") == "PrometheusRule" else document.get("groups")
        )
        for group in listing(groups):
            alerts += [rule for rule in listing(mapping(group).get("rules")) if "alert" in mapping(rule)]
    if not alerts:
        return
    for alert in alerts:
        yield from _of_alert(path, alert)
    everything = "\n".join(str(alert.get("expr", "")) for alert in alerts)
    place = line(alerts[0])
    if "absent" not in everything and not re.search(r"\bup\b", everything):
        yield Finding(
            "no-absence-alert", path, place, "an app that is gone sends no errors: nothing alerts when its series are absent"
        )
    if not re.search(r"memory|cpu|saturation|quota|kube_pod|restarts", everything):
        yield Finding("no-saturation-alert", path, place, "nothing alerts before memory or CPU runs out")
    if not re.search(r"db_|database|sql|postgres|pg_", everything):
        yield Finding("no-database-alert", path, place, "nothing alerts when the database is slow")


def _of_alert(path: str, alert: dict[Any, Any]) -> Iterator[Finding]:
    expression, place = str(alert.get("expr", "")), line(alert)
    errors = re.search(r"(status|code)\w*\s*(=~|!~|=|!=)", expression)
    if errors and re.search(r"\b(rate|increase)\(", expression) and "/" not in re.sub(r"\"[^\"]*\"", "", expression):
        yield Finding("rate-not-ratio", path, place, "errors per second are compared, not the share of requests that fail")
    if re.search(r"(status|code)\w*\s*!~\s*\"2", expression):
        yield Finding(
            "counts-redirects", path, place, "everything that is not 2xx counts: redirects and the users' own mistakes too"
        )
    if errors and re.search(r"\b(rate|increase)\(", expression) and not re.search(r"\bsum\b|\bavg\b", expression):
        yield Finding(
            "each-series-alone", path, place, "each series alerts for itself: one bad pod of many pages, an even trouble does not"
        )
    if errors and not re.search(r"\b(and|unless)\b|>=? *bool|clamp_min|increase\(.*\) *>=? *\d", expression):
        yield Finding(
            "no-traffic-floor",
            path,
            place,
            "one failed request at night is a ratio of 100 %: nothing sets a least number of requests",
        )
    if re.search(r"http_server_requests_seconds_|http_requests_total", expression):
        yield Finding(
            "foreign-metric",
            path,
            place,
            "the metric is another framework's: OpenTelemetry calls it http_server_request_duration_seconds_count",
        )
