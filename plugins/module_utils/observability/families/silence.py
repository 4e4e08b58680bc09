# Copyright (c) 2026 the goldenpath.microapps authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Silence: an app that is not there raises no error. Alerts on what is missing make the other alerts worth having."""

from __future__ import annotations

from .. import promql
from ..model import ABSENT, FEW, FIRES, QUIET, REPORTING, REQUESTS, SILENCE, Case, Rule, Target


def rules(target: Target) -> tuple[Rule, ...]:
    """Not reached, and reached without a word about requests."""
    return (_down(target), _unmeasured(target))


def _up(target: Target, values: str, pod: str = "one") -> tuple[str, str]:
    return promql.selector("up", namespace=target.namespace, job=target.job, pod=pod), values


def _down(target: Target) -> Rule:
    return Rule(
        alert="MicroAppDown",
        control=SILENCE,
        group="silence",
        # Both at once: the series is gone (nothing runs, nobody scrapes), or every scrape fails.
        expression=f"absent({target.up} == 1)",
        lasting=10,
        severity=target.urgent,
        summary="It is down, or nobody can see it",
        found="For ten minutes not a single instance could be reached.",
        value="",
        meaning="No instance of the app answers the platform. Most likely nobody can use it.",
        steps=(
            "Open the app in a browser. If it answers, only its monitoring is broken: tell the platform team.",
            "If it does not, restart it (see Restart).",
            "If it began with a new version, roll back (see Roll back).",
        ),
        cases=(
            Case(FIRES, "every scrape fails", (_up(target, "1x10 0x60"),), 40, True),
            Case(FIRES, "the series ends", (_up(target, "1x10 _x60"),), 40, True),
            Case(QUIET, "one of two instances answers", (_up(target, "0x60"), _up(target, "1x60", "two")), 40, False),
            Case(FEW, "a short interruption", (_up(target, "1x30 0x5 1x60"),), 40, False),
            Case(ABSENT, "no series at all", (), 40, True),
        ),
    )


def _unmeasured(target: Target) -> Rule:
    any_request = promql.selector(REQUESTS, namespace=target.namespace)
    reporting = promql.selector(REPORTING, namespace=target.namespace)
    told = promql.selector(REPORTING, namespace=target.namespace, job=target.job, pod="one")
    probed = target.served(200, "0+6x120", route=target.unwatched[0])
    return Rule(
        alert="MicroAppUnmeasured",
        control=SILENCE,
        group="silence",
        # Not a word about requests is normal before the first visitor; then at least the hook says that it is there.
        expression=f"absent({any_request})\nand on () absent({reporting})\nand on () max({target.up}) == 1",
        lasting=30,
        severity="warning",
        summary="It runs and tells nothing about its requests",
        found="The app is reached, and neither a request nor the measuring itself is reported.",
        value="",
        meaning="Errors and slow answers of the app would go unnoticed: it no longer reports them.",
        steps=("Ask the maintainer whether the platform's part that measures the app is still loaded when it starts.",),
        cases=(
            Case(FIRES, "reached, and no request is reported", (_up(target, "1x120"),), 60, True),
            Case(QUIET, "only probes are reported", (_up(target, "1x120"), probed), 60, False),
            Case(QUIET, "nobody has visited it yet", (_up(target, "1x120"), (told, "1x120")), 60, False),
            Case(FEW, "it has just been started", (_up(target, "_x50 1x60"),), 60, False),
            Case(ABSENT, "no series at all: that is MicroAppDown", (), 60, False),
        ),
    )
