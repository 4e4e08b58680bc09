# Copyright (c) 2026 the goldenpath.microapps authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The database as the app sees it: how long its queries take, and whether that is measured at all."""

from __future__ import annotations

from .. import promql
from ..model import ABSENT, DATABASE, FEW, FIRES, QUERIES, QUERY_BUCKETS, QUIET, Case, Rule, Target
from .errors import slow_cases


def rules(target: Target) -> tuple[Rule, ...]:
    """None for an app without a database."""
    return (_slow(target), _unmeasured(target)) if target.database else ()


def _queries(target: Target, values: str) -> tuple[str, str]:
    labels = {"namespace": target.namespace, "job": target.job, "pod": "one", "db_system_name": "postgresql"}
    return promql.selector(QUERIES, **labels), values


def _slow(target: Target) -> Rule:
    buckets = promql.selector(QUERY_BUCKETS, namespace=target.namespace)
    queries = promql.selector(QUERIES, namespace=target.namespace)
    return Rule(
        alert="MicroAppDatabaseSlow",
        control=DATABASE,
        group="database",
        expression=(
            f"{promql.quantile(0.95, buckets, '15m')} > {promql.number(target.database_latency)}\n"
            f"and {promql.at_least(queries, '15m', target.fewest)}"
        ),
        lasting=10,
        severity="warning",
        summary="The database answers slowly",
        found="One query in twenty took longer than %s.",
        value="$value | humanizeDuration",
        meaning="The app waits for its database, and people wait for the app.",
        steps=(
            "If it began with a new version, roll back (see Roll back).",
            "Ask the platform team whether the database server is busy or full.",
            "Ask the maintainer for the slowest queries; an index is often missing.",
        ),
        cases=slow_cases(target, QUERY_BUCKETS, target.database_latency, _queries(target, "")[0]),
    )


def _unmeasured(target: Target) -> Rule:
    queries = promql.selector(QUERIES, namespace=target.namespace)
    served = target.served(200, f"0+{promql.number(1.5 * target.fewest / 60)}x120")
    hardly = target.served(200, f"0+{promql.number(0.5 * target.fewest / 60)}x120")
    return Rule(
        alert="MicroAppDatabaseUnmeasured",
        control=DATABASE,
        group="database",
        # A rule over a series that does not exist never fires and looks like health.
        expression=f"absent({queries})\nand on () {promql.at_least(target.requests, '1h', target.fewest)}",
        lasting=30,
        severity="warning",
        summary="Nobody measures its database",
        found="The app answers requests and reports no query at all.",
        value="",
        meaning="The app uses a database and does not tell how long its queries take: a slow database would go unnoticed.",
        steps=("Ask the maintainer whether the platform's part that measures the app is still loaded when it starts.",),
        cases=(
            Case(FIRES, "requests are served and no query is reported", (served,), 110, True),
            Case(QUIET, "queries are reported", (served, _queries(target, "0+1x120")), 110, False),
            Case(FEW, "hardly any requests", (hardly,), 110, False),
            Case(ABSENT, "no series at all: another alert's matter", (), 110, False),
        ),
    )
