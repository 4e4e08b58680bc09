# Copyright (c) 2026 the goldenpath.microapps authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Running out: memory, CPU, and the restarts that follow. Series of the kubelet (cAdvisor) and kube-state-metrics."""

from __future__ import annotations

from typing import Final

from .. import promql
from ..model import ABSENT, FEW, FIRES, QUIET, SATURATION, Case, Rule, Target

NEAR_LIMIT: Final = 0.9
THROTTLED: Final = 0.25
# A period is a tenth of a second in which the container wanted to run; below ten seconds' worth the share says nothing.
FEWEST_PERIODS: Final = 100
RESTARTS: Final = 3

EACH: Final = "by (pod, container)"


def rules(target: Target) -> tuple[Rule, ...]:
    """One alert for each way to run out."""
    return (_memory(target), _out_of_memory(target), _cpu(target), _restarting(target))


def _series(target: Target, metric: str, values: str, **labels: str) -> tuple[str, str]:
    return promql.selector(metric, namespace=target.namespace, pod="one", container="app", **labels), values


WHO: Final = (("pod", "one"), ("container", "app"))


def _memory(target: Target) -> Rule:
    used = promql.selector("container_memory_working_set_bytes", namespace=target.namespace, container="!=")
    limit = promql.selector("kube_pod_container_resource_limits", namespace=target.namespace, resource="memory")

    def case(kind: str, name: str, mebibytes: int, fires: bool, found: str = "") -> Case:
        series = (
            _series(target, "container_memory_working_set_bytes", f"{mebibytes * 2**20}x60"),
            _series(target, "kube_pod_container_resource_limits", f"{256 * 2**20}x60", resource="memory", unit="byte"),
        )
        return Case(kind, name, series, 50, fires, found, WHO if fires else ())

    unlimited = (_series(target, "container_memory_working_set_bytes", f"{256 * 2**20}x60"),)
    return Rule(
        alert="MicroAppMemoryNearLimit",
        control=SATURATION,
        group="saturation",
        expression=f"max {EACH} ({used}) / on (pod, container) max {EACH} ({limit}) > {promql.number(NEAR_LIMIT)}",
        lasting=15,
        severity="warning",
        summary="Memory is nearly used up",
        found="%s of the allowed memory is in use.",
        value="$value | humanizePercentage",
        meaning="If it grows further, the platform ends the app and starts it anew; whoever uses it then gets an error.",
        steps=(
            "Restart the app (see Restart); that gives air.",
            "If it comes back within days, the app needs more memory or holds on to too much: ask the maintainer.",
        ),
        cases=(
            case(FIRES, "240 of 256 MiB for long", 240, True, "93.75%"),
            case(QUIET, "half of the memory", 128, False),
            Case(QUIET, "a container without a limit", unlimited, 50, False),
            Case(ABSENT, "no series at all", (), 50, False),
        ),
    )


def _out_of_memory(target: Target) -> Rule:
    why = promql.selector("kube_pod_container_status_last_terminated_reason", namespace=target.namespace, reason="OOMKilled")
    restarts = promql.selector("kube_pod_container_status_restarts_total", namespace=target.namespace)

    def series(reason: str, counts: str) -> tuple[tuple[str, str], ...]:
        return (
            _series(target, "kube_pod_container_status_last_terminated_reason", "_x30 1x60", reason=reason),
            _series(target, "kube_pod_container_status_restarts_total", counts),
        )

    return Rule(
        alert="MicroAppOutOfMemory",
        control=SATURATION,
        group="saturation",
        expression=f"sum {EACH} (increase({restarts}[30m])) > 0\nand on (pod, container) max {EACH} ({why}) == 1",
        lasting=0,
        severity=target.urgent,
        summary="It was ended because it used too much memory",
        found="It was started anew %s times within half an hour.",
        value='$value | printf "%.0f"',
        meaning="The platform ended the app because it wanted more memory than it may have, and started it anew.",
        steps=(
            "Open the app and see whether it is back.",
            "Tell the maintainer what people did at that time (a large upload, a long list, a report).",
        ),
        cases=(
            Case(FIRES, "killed for memory and restarted", series("OOMKilled", "0x30 1x60"), 40, True, "1", WHO),
            Case(QUIET, "restarted for another reason", series("Error", "0x30 1x60"), 40, False),
            Case(QUIET, "that was an hour ago", series("OOMKilled", "0x30 1x60"), 80, False),
            Case(ABSENT, "no series at all", (), 40, False),
        ),
    )


def _cpu(target: Target) -> Rule:
    waited = promql.selector("container_cpu_cfs_throttled_periods_total", namespace=target.namespace, container="!=")
    wanted = promql.selector("container_cpu_cfs_periods_total", namespace=target.namespace, container="!=")

    def case(kind: str, name: str, paces: tuple[int, int], fires: bool, found: str = "") -> Case:
        series = (
            _series(target, "container_cpu_cfs_throttled_periods_total", f"0+{paces[0]}x60"),
            _series(target, "container_cpu_cfs_periods_total", f"0+{paces[1]}x60"),
        )
        return Case(kind, name, series, 50, fires, found, WHO if fires else ())

    return Rule(
        alert="MicroAppCpuThrottled",
        control=SATURATION,
        group="saturation",
        expression=(
            f"sum {EACH} (increase({waited}[15m])) / sum {EACH} (increase({wanted}[15m])) > {promql.number(THROTTLED)}\n"
            f"and sum {EACH} (increase({wanted}[15m])) >= {FEWEST_PERIODS}"
        ),
        lasting=15,
        severity="warning",
        summary="It is slowed down: it wants more CPU than it may have",
        found="It had to wait in %s of the time in which it had work to do.",
        value="$value | humanizePercentage",
        meaning="The app has more to compute than it is allowed to; its answers are slower than they could be.",
        steps=(
            "See whether many more people than usual use it; then it may pass by itself.",
            "If it stays, ask the platform team for more CPU, or the maintainer for what is so costly.",
        ),
        cases=(
            case(FIRES, "waits half of the time", (15, 30), True, "50%"),
            case(QUIET, "waits now and then", (3, 30), False),
            case(FEW, "hardly anything to do", (2, 3), False),
            Case(ABSENT, "no series at all", (), 50, False),
        ),
    )


def _restarting(target: Target) -> Rule:
    restarts = promql.selector("kube_pod_container_status_restarts_total", namespace=target.namespace)

    def case(kind: str, name: str, values: str, fires: bool, found: str = "") -> Case:
        series = (_series(target, "kube_pod_container_status_restarts_total", values),)
        return Case(kind, name, series, 61, fires, found, WHO if fires else ())

    return Rule(
        alert="MicroAppRestarting",
        control=SATURATION,
        group="saturation",
        expression=f"sum {EACH} (increase({restarts}[1h])) >= {RESTARTS}",
        lasting=0,
        severity=target.urgent,
        summary="It crashes again and again",
        found="It was started anew %s times within an hour.",
        value='$value | printf "%.0f"',
        meaning="The app ends by itself soon after it was started; most of the time nobody can use it.",
        steps=(
            "If it began with a new version, roll back (see Roll back).",
            "Read the last lines of the logs before the end (see Logs) and call the maintainer.",
        ),
        cases=(
            case(FIRES, "four restarts within the hour", "0x20 1x9 2x9 3x9 4x20", True, "4"),
            case(QUIET, "a single restart", "0x20 1x60", False),
            case(QUIET, "many restarts, long ago", "9x80", False),
            Case(ABSENT, "no series at all", (), 61, False),
        ),
    )
