# Copyright (c) 2026 the goldenpath.microapps authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Failing and slow requests. Errors are a ratio of all requests, never a rate: one failing request a minute is a
catastrophe for one app and nothing for another. And a ratio needs a floor: one failure of one request is 100 %."""

from __future__ import annotations

from typing import Final

from .. import promql
from ..model import ABSENT, ERRORS, FEW, FIRES, QUIET, REQUEST_BUCKETS, Case, Rule, Target

# So many failed requests within SLOW_WINDOW are worth a look even where a ratio has too little to stand on. One is not:
# that alert cries wolf.
FEWEST_ERRORS: Final = 3
SLOW_WINDOW: Final = "6h"
# Pairs of windows from "Alerting on SLOs", chapter 5 of Google's Site Reliability Workbook: (factor, long, short). The long
# one says that it matters, the short one that it is still going on.
FAST_BURN: Final = ((14.4, "1h", "5m"), (6.0, "6h", "30m"))
SLOW_BURN: Final = ((1.0, "3d", "6h"),)
# A generous objective times 14.4 passes 100 % and would never fire.
HIGHEST_RATIO: Final = 0.5

STEPS: Final = (
    "Open the app in a browser and see whether it answers.",
    "Read the newest errors in the logs (see Logs).",
    "If it began with a new version, roll back (see Roll back).",
    "If the logs name the database or another service, look there; else call the maintainer.",
)


def rules(target: Target) -> tuple[Rule, ...]:
    """A single ratio on the light path, burn-rate pairs on the full path; slow answers and micro traffic on both."""
    ratios = (_burn(target, fast=True), _burn(target, fast=False)) if target.full else (_share(target),)
    return (*ratios, _few_requests(target), _slow(target))


def _share(target: Target) -> Rule:
    limit = target.error_ratio
    above, enough = over(limit), 1.5 * target.fewest / 15
    return Rule(
        alert="MicroAppErrorRatio",
        control=ERRORS,
        group="errors",
        expression=(
            f"{promql.ratio(target.failures, target.requests, '15m')} > {promql.number(limit)}\n"
            f"and {promql.at_least(target.requests, '15m', target.fewest)}"
        ),
        lasting=5,
        severity=target.urgent,
        summary="Too many requests fail",
        found="%s of the requests of the last 15 minutes failed.",
        value="$value | humanizePercentage",
        meaning="A noticeable share of visitors get an error page instead of an answer.",
        steps=STEPS,
        cases=(
            Case(
                FIRES,
                "a little more than allowed, beside many good probes",
                _traffic(target, enough, above),
                40,
                True,
                percent(above),
            ),
            Case(QUIET, "less than allowed; visitors' mistakes are no errors", _traffic(target, enough, limit / 2), 40, False),
            Case(FEW, "everything fails, and hardly anybody asked", _traffic(target, enough / 3, 1), 40, False),
            Case(ABSENT, "no series at all", (), 40, False),
        ),
    )


def _burn(target: Target, fast: bool) -> Rule:
    pairs = FAST_BURN if fast else SLOW_BURN
    return Rule(
        alert="MicroAppErrorBudgetFast" if fast else "MicroAppErrorBudgetSlow",
        control=ERRORS,
        group="errors" if fast else "errors-slow",
        expression="\nor\n".join(f"({_pair(target, *pair)})" if len(pairs) > 1 else _pair(target, *pair) for pair in pairs),
        lasting=2 if fast else 30,
        severity="critical" if fast else "warning",
        summary="Many requests fail right now" if fast else "Requests have been failing for days",
        found="Far more requests fail than allowed, and it goes on."
        if fast
        else "More requests fail than allowed, and it goes on.",
        value="",
        meaning=(
            "So many visitors get an error page that the errors allowed for a month are used up within days."
            if fast
            else "A small but steady share of visitors get an error page; at this pace the errors allowed for a month run out."
        ),
        steps=STEPS,
        cases=_fast_cases(target) if fast else _slow_cases(target),
    )


def _limit(target: Target, factor: float) -> float:
    return min(factor * target.error_ratio, HIGHEST_RATIO)


def _fast_cases(target: Target) -> tuple[Case, ...]:
    quick, steady = (_limit(target, factor) for factor, _long, _short in FAST_BURN)
    hour, hours = 1.5 * target.fewest / 60, 1.5 * target.fewest / 360
    # Forty minutes of this make 1.5 times the limit of one hour, and stay below the limit of six.
    burst = min(1.0, 1.5 * quick * 60 / 40)
    return (
        Case(FIRES, "well for hours, then a burst", _phases(target, hour, (380, 0), (40, burst)), 420, True),
        Case(FIRES, "steadily more than six times the allowed", _traffic(target, hours, over(steady), 420), 420, True),
        Case(QUIET, "the burst is over", _phases(target, hour, (380, 0), (40, burst), (15, 0)), 435, False),
        Case(QUIET, "the steady failing is over", _phases(target, hours, (380, over(steady)), (40, 0)), 420, False),
        Case(QUIET, "less than that; visitors' mistakes are no errors", _traffic(target, hour, steady / 2, 420), 420, False),
        Case(FEW, "everything fails, and hardly anybody asked", _traffic(target, hours / 3, 1, 420), 420, False),
        Case(ABSENT, "no series at all", (), 420, False),
    )


def _slow_cases(target: Target) -> tuple[Case, ...]:
    limit = _limit(target, SLOW_BURN[0][0])
    day = 24 * 60
    enough = 1.5 * target.fewest / day
    return (
        Case(FIRES, "a little more than allowed for a day", _traffic(target, enough, over(limit), day), day, True),
        Case(QUIET, "it is over", _phases(target, enough, (960, over(limit, 3)), (480, 0)), day, False),
        Case(QUIET, "less than allowed; visitors' mistakes are no errors", _traffic(target, enough, limit / 2, day), day, False),
        Case(FEW, "everything fails, and hardly anybody asked", _traffic(target, enough / 3, 1, day), day, False),
        Case(ABSENT, "no series at all", (), day, False),
    )


def _pair(target: Target, factor: float, long: str, short: str) -> str:
    limit = promql.number(_limit(target, factor))
    return (
        f"{promql.ratio(target.failures, target.requests, long)} > {limit}\n"
        f"and {promql.ratio(target.failures, target.requests, short)} > {limit}\n"
        f"and {promql.at_least(target.requests, long, target.fewest)}"
    )


def _few_requests(target: Target) -> Rule:
    errors = promql.counted(target.failures, SLOW_WINDOW)
    total = promql.counted(target.requests, SLOW_WINDOW)
    return Rule(
        alert="MicroAppErrorsFewRequests",
        control=ERRORS,
        group="errors",
        expression=f"{errors} >= {FEWEST_ERRORS}\nand {errors} / {total} > {promql.number(target.error_ratio)}",
        lasting=10,
        severity="warning",
        summary="The few who use it get errors",
        found="%s requests failed within 6 hours.",
        value='$value | printf "%.0f"',
        meaning="Few people use the app at the moment, and several of their requests failed.",
        steps=STEPS,
        cases=_few_requests_cases(target),
    )


def _few_requests_cases(target: Target) -> tuple[Case, ...]:
    three = FEWEST_ERRORS
    above = int(three / over(target.error_ratio)) - three
    below = int(2 * three / target.error_ratio)
    probes = (target.served(200, "0+6x600", target.unwatched[0]), target.served(503, "0+6x600", target.unwatched[0]))
    mistakes = (target.served(302, "_x30 9x600"), target.served(404, "_x30 9x600"))
    # Evaluated at minute 488 the window begins at minute 128; there the series have no sample for twenty minutes.
    missed = (target.served(500, "50x110 _x20 50x400"), target.served(200, "60x110 _x20 60x400"))
    return (
        Case(FIRES, "three failures in one burst, seen as one new series", _burst(target, three, above), 60, True, "3"),
        Case(FEW, "a single failure", _burst(target, 1, 2), 60, False),
        Case(QUIET, "as many failures among many requests", _burst(target, three, below), 60, False),
        Case(QUIET, "visitors' mistakes and failing probes", (*probes, *mistakes), 60, False),
        Case(QUIET, "the failures are older than the window", _burst(target, three, above), 60 + 6 * 60 + 30, False),
        Case(QUIET, "old failures, and scrapes were missed when the window began", missed, 488, False),
        Case(ABSENT, "no series at all", (), 60, False),
    )


def _slow(target: Target) -> Rule:
    buckets = promql.selector(REQUEST_BUCKETS, namespace=target.namespace, http_route=promql.none_of(*target.unwatched))
    limit = target.latency
    slow_database = "MicroAppDatabaseSlow, " if target.database else ""
    return Rule(
        alert="MicroAppSlow",
        control=ERRORS,
        group="errors",
        expression=(
            f"{promql.quantile(0.95, buckets, '15m')} > {promql.number(limit)}\n"
            f"and {promql.at_least(target.requests, '15m', target.fewest)}"
        ),
        lasting=10,
        severity="warning",
        summary="Answers are slow",
        found="One request in twenty took longer than %s.",
        value="$value | humanizeDuration",
        meaning="Visitors wait noticeably longer than they should.",
        steps=(
            "Open the app and see whether it is slow for you.",
            f"Look for the alerts {slow_database}MicroAppCpuThrottled and MicroAppMemoryNearLimit: they name the cause.",
            "If it began with a new version, roll back (see Roll back).",
        ),
        cases=slow_cases(target, REQUEST_BUCKETS, limit, target.served(200, "")[0]),
    )


def slow_cases(target: Target, buckets: str, limit: float, count: str) -> tuple[Case, ...]:
    """Cases for an alert on a 95th percentile over a histogram: all observations lie in the bucket below or above the limit.

    `count` is the selector of the histogram's counter, which the floor asks.
    """
    bounds = [_bucket(target, buckets, bound) for bound in (limit, 2 * limit, None)]

    def series(pace: float, within: bool) -> tuple[tuple[str, str], ...]:
        grows = f"0+{promql.number(pace)}x60"
        return ((bounds[0], grows if within else "0x60"), (bounds[1], grows), (bounds[2], grows), (count, grows))

    enough = 1.5 * target.fewest / 15
    return (
        Case(FIRES, "all take up to twice the limit", series(enough, False), 50, True, duration(limit * 1.95)),
        Case(QUIET, "all stay below the limit", series(enough, True), 50, False),
        Case(FEW, "a few slow ones", series(enough / 3, False), 50, False),
        Case(ABSENT, "no series at all", (), 50, False),
    )


def _bucket(target: Target, metric: str, bound: float | None) -> str:
    le = "+Inf" if bound is None else promql.number(bound)
    return promql.selector(metric, namespace=target.namespace, job=target.job, pod="one", http_route="/", le=le)


def duration(seconds: float) -> str:
    """What Prometheus' humanizeDuration makes of seconds."""
    if seconds < 1:
        return f"{seconds * 1000:.4g}ms"
    whole = int(seconds)
    if whole < 60:
        return f"{seconds:.4g}s"
    parts = ((whole // 86400, "d"), (whole // 3600 % 24, "h"), (whole // 60 % 60, "m"), (whole % 60, "s"))
    first = next(index for index, (amount, _unit) in enumerate(parts) if amount)
    return " ".join(f"{amount}{unit}" for amount, unit in parts[first:])


def over(limit: float, times: float = 1.5) -> float:
    """A ratio above the limit and not above 1, for a case that must fire."""
    return min(times * limit, (1 + limit) / 2)


def percent(ratio: float) -> str:
    """What Prometheus' humanizePercentage makes of a ratio."""
    return f"{ratio * 100:.4g}%"


def _traffic(target: Target, pace: float, share: float, minutes: int = 60) -> tuple[tuple[str, str], ...]:
    return _phases(target, pace, (minutes, share))


def _phases(target: Target, pace: float, *phases: tuple[int, float]) -> tuple[tuple[str, str], ...]:
    """`pace` requests a minute, of which a share fails; phases of (minutes, share). A third of the good ones are visitors'
    mistakes and redirects, and probes are answered a hundred times as often.
    """
    failing = _curve([(minutes, pace * share) for minutes, share in phases])
    good = _curve([(minutes, pace * (1 - share) / 3) for minutes, share in phases])
    probes = _curve([(minutes, pace * 100) for minutes, _share in phases])
    served = [target.served(status, good) for status in (200, 302, 404)]
    return (*served, target.served(503, failing), target.served(200, probes, target.unwatched[0]))


def _curve(phases: list[tuple[int, float]]) -> str:
    # promtool's notation "start+step x times"; each phase begins where the one before ended.
    level, parts = 0.0, []
    for minutes, step in phases:
        parts.append(f"{promql.number(level)}+{promql.number(step)}x{minutes}" if step else f"{promql.number(level)}x{minutes}")
        level += step * (minutes + 1) if step else 0.0
    return " ".join(parts)


def _burst(target: Target, failures: int, others: int) -> tuple[tuple[str, str], ...]:
    # The series of failures is born with its value and never grows: what a counter looks like on a quiet day.
    probes = target.served(200, "0+6x600", target.unwatched[0])
    return (target.served(200, f"_x20 {others}x600"), target.served(500, f"_x30 {failures}x600"), probes)
