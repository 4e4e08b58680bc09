# Copyright (c) 2026 the goldenpath.microapps authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""An alert as data: what it asks Prometheus, what it says to people, and the cases that prove it right."""

from __future__ import annotations

import dataclasses
from typing import Final

from ..app import App
from ..controls import Path
from ..errors import Invalid
from ..profile import Profile
from ..verdict import Verdict
from . import promql

ERRORS: Final = "observability-01"
SATURATION: Final = "observability-02"
DATABASE: Final = "observability-03"
SILENCE: Final = "observability-04"
RUNBOOK: Final = "observability-05"
PROVEN: Final = "observability-06"

# What a rule must be proven against before it is applied (`Case.kind`): it fires when it should; it stays quiet when all
# is well, when there is too little to tell, and when its series does not exist. For an alert on silence the last is a fire.
FIRES: Final = "fires"
QUIET: Final = "quiet"
FEW: Final = "few"
ABSENT: Final = "absent"


@dataclasses.dataclass(frozen=True, slots=True)
class Case:
    """One promtool test of a rule: series (selector, values per minute) and whether the alert fires at `minute`.

    `found` is what `Rule.value` reads then, and `labels` what Prometheus adds to the rule's labels.
    """

    kind: str
    name: str
    series: tuple[tuple[str, str], ...]
    minute: int
    fires: bool
    found: str = ""
    labels: tuple[tuple[str, str], ...] = ()


@dataclasses.dataclass(frozen=True, slots=True)
class Rule:
    """One alert. `lasting` is how many minutes it must be true; `value` how its value is shown (a Go template pipeline).

    `summary` and `found` (with `%s` for the value) are sentences for whoever is called; `meaning` and `steps` explain it
    in the runbook to an owner who does not code. `control` is the one it serves.
    """

    alert: str
    control: str
    group: str
    expression: str
    lasting: int
    severity: str
    summary: str
    found: str
    value: str
    meaning: str
    steps: tuple[str, ...]
    cases: tuple[Case, ...]

    @property
    def anchor(self) -> str:
        """The rule's place in the runbook: what both HTML ids and Markdown renderers make of the heading."""
        return self.alert.lower()


@dataclasses.dataclass(frozen=True, slots=True)
class Target:
    """What the rules are about: where the app's series are found, and what is too much. Times in seconds, ratios 0 to 1."""

    namespace: str
    job: str
    unwatched: tuple[str, ...]
    full: bool
    database: bool
    error_ratio: float
    fewest: int
    latency: float
    database_latency: float

    @property
    def requests(self) -> str:
        """People's requests. Probes are left out: some thousand good answers to a probe hide that every visitor is refused."""
        return promql.selector(REQUESTS, namespace=self.namespace, http_route=promql.none_of(*self.unwatched))

    @property
    def failures(self) -> str:
        """Those of them that failed through a fault of ours: 5xx. A visitor's mistake (4xx) or a redirect is no error."""
        return promql.selector(
            REQUESTS,
            namespace=self.namespace,
            http_route=promql.none_of(*self.unwatched),
            http_response_status_code="=~5..",
        )

    @property
    def up(self) -> str:
        """Whether Prometheus reaches the app."""
        return promql.selector("up", namespace=self.namespace, job=self.job)

    @property
    def urgent(self) -> str:
        """Somebody is called at night for an app on the full path; the light path waits for the morning."""
        return "critical" if self.full else "warning"

    def served(self, status: int, values: str, route: str = "/", pod: str = "one") -> tuple[str, str]:
        """A series of answered requests for a test case."""
        return (
            promql.selector(
                REQUESTS,
                namespace=self.namespace,
                job=self.job,
                pod=pod,
                http_route=route,
                http_response_status_code=str(status),
            ),
            values,
        )


# Names of OpenTelemetry's semantic conventions (http.server.request.duration, db.client.operation.duration), the way
# its Prometheus exporter writes them.
REQUESTS: Final = "http_server_request_duration_seconds_count"
REQUEST_BUCKETS: Final = "http_server_request_duration_seconds_bucket"
# The resource behind the series; OpenTelemetry's exporter writes it whether or not anything was measured yet.
REPORTING: Final = "target_info"
QUERIES: Final = "db_client_operation_duration_seconds_count"
QUERY_BUCKETS: Final = "db_client_operation_duration_seconds_bucket"
# What no app asks over a connection: nothing, and a file.
_NOT_ASKED: Final = frozenset({"", "sqlite"})


def target_of(app: App, profile: Profile, verdict: Verdict) -> Target:
    """What the rules of this app are about. A database that only the code shows counts as well as a declared one, unless it is a
    file: nothing is asked over a connection there, so nothing could be timed."""
    settings = profile.observability
    full = verdict.path is Path.FULL
    ratio = settings.error_ratio_full if full else settings.error_ratio
    if not 0 < ratio < 1:
        field = "error_ratio_full" if full else "error_ratio"
        why = f"observability.{field} is {ratio}: every request, or none, would be too much"
        raise Invalid("The limit for errors is none", why, f"Set observability.{field} between 0 and 1 in the profile.")
    return Target(
        namespace=app.namespace,
        job=f"{app.namespace}/{app.name}",
        unwatched=_unwatched(app),
        full=full,
        database=not {app.database.engine if app.database else "", verdict.facts.get("database", "")} <= _NOT_ASKED,
        error_ratio=ratio,
        fewest=settings.fewest_requests,
        latency=settings.latency_seconds,
        database_latency=settings.database_latency_seconds,
    )


def _unwatched(app: App) -> tuple[str, ...]:
    # Where the probe asks for the front page, people do so too: it is watched, and the probe's good answers count with theirs.
    paths = (app.workload.health_path, app.workload.metrics_path)
    return tuple(dict.fromkeys(path for path in paths if path != "/")) or ("/metrics",)
