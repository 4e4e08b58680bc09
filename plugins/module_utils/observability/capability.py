# Copyright (c) 2026 the goldenpath.microapps authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The capability `app_observability`: builds the rules, proves them, and has the cluster hold exactly these."""

from __future__ import annotations

import dataclasses
import pathlib
from collections.abc import Iterable
from typing import Any, Final

from ..app import App
from ..capability import Capability, Change, Outcome, Plan, Refusal, Request, answers_of
from ..controls import Answer, State
from ..errors import Invalid, MicroappsError
from ..evidence.record import app_folder
from ..kubernetes.client import connect
from ..kubernetes.converge import Scope, converge
from ..kubernetes.objects import Wanted
from ..kubernetes.plan import rules_of as kubernetes_rules
from ..microapp import MICROAPP_OPTIONS, VERDICT_OPTION, context_of
from ..profile import Profile
from ..state_folder import state_folder
from . import promtool
from .documents import Words, groups, pod_monitor, prometheus_rule, words_of
from .foreign_groups import removed, with_foreign_groups
from .model import DATABASE, ERRORS, PROVEN, RUNBOOK, SATURATION, SILENCE, Rule
from .rules import rules_of, unproven

CONTROLS: Final = (ERRORS, SATURATION, DATABASE, SILENCE, RUNBOOK, PROVEN)
# Whatever is wrong with the set as a whole (its parent, what is pruned) is told where the monitor is told.
ROLE: Final = "observability"


def run(request: Request) -> Outcome:
    """Prove, then converge; rules that are not proven are not applied."""
    context = context_of(request)
    if context.verdict is None:
        raise Invalid("The verdict is empty", "the path decides which alerts an app owes", "Run the role triage first.")
    app, profile = context.app, context.profile
    rules = rules_of(app, profile, context.verdict)
    words = words_of(app, profile, runbook_url(request, app, profile))
    proof = _proof(request, app, profile, rules, words)
    plans: tuple[Plan, ...] = (proof, *_link(app, words))
    wanted = wanted_objects(app, profile, rules, words)
    stopped = proof.failure or (_not_proven() if proof.refusals else None)
    if stopped:
        plans += tuple(Plan(one.name, controls=one.controls).failed(stopped) for one in wanted)
    else:
        plans += _converged(request, app, profile, wanted)
    owed = tuple(control for control in CONTROLS if control != DATABASE or any(rule.control == DATABASE for rule in rules))
    answers = [*answers_of(plans, owed, request.check)]
    if DATABASE not in owed:
        answers.append(Answer(DATABASE, State.NOT_APPLICABLE, reason="The app has no database."))
    return Outcome(plans=plans, answers=tuple(answers), result={"alerts": [rule.alert for rule in rules]})


def runbook_url(request: Request, app: App, profile: Profile) -> str:
    """Where the app's runbook is published; the embedded sandbox publishes nothing, there it is the file itself."""
    base = profile.observability.runbook_base_url.rstrip("/")
    if base:
        return f"{base}/{app.name}/runbook.html"
    if not profile.embedded:
        return ""
    default = {"directory": str(state_folder(request.environ) / "evidence"), "app": app.name, "environment": app.environment}
    folder = app_folder(request.params.get("evidence") or default)
    return pathlib.Path(folder).absolute().joinpath("runbook.html").as_uri()


def wanted_objects(app: App, profile: Profile, rules: tuple[Rule, ...], words: Words) -> tuple[Wanted, ...]:
    """One PrometheusRule for each family of alerts, and the PodMonitor whose series they stand on. Pure."""
    families = dict.fromkeys(_family(rule) for rule in rules)
    wanted = []
    for family in families:
        of_family = tuple(rule for rule in rules if _family(rule) == family)
        manifest = prometheus_rule(app, profile, family, groups(of_family, words, app.namespace))
        controls = tuple(dict.fromkeys(rule.control for rule in of_family))
        # Beside ours, too: with a limit of its group an alert that is not alone falls silent.
        wanted.append(Wanted(manifest, (*controls, RUNBOOK), ((("spec",), controls[0]),), exclusive=(("spec",),)))
    # A limit beside ours (sampleLimit) would end the series, and with them every alert.
    return (*wanted, Wanted(pod_monitor(app, profile), (SILENCE, ERRORS), exclusive=(("spec",),)))


def _family(rule: Rule) -> str:
    return rule.group.partition("-")[0]


def _proof(request: Request, app: App, profile: Profile, rules: tuple[Rule, ...], words: Words) -> Plan:
    plan = Plan(f"promtool:{app.name}", before="proven", after="proven", controls=(PROVEN,))
    lacking = [_refusal(rule.alert, f"it has no case that {' or '.join(lacks)}") for rule in rules if (lacks := unproven(rule))]
    if lacking:
        return dataclasses.replace(plan, refusals=tuple(lacking))
    try:
        program = promtool.find(profile.observability.promtool, request.environ)
        suites = promtool.suites(rules, words, app.namespace)
        cache = state_folder(request.environ) / "promtool"
        complaints = promtool.prove(program, suites, cache, remember=not request.check)
    except MicroappsError as error:
        return plan.failed(error)
    return dataclasses.replace(plan, refusals=tuple(_refusal("an alert", complaint) for complaint in complaints))


def _refusal(what: str, why: str) -> Refusal:
    step = "Mend the limits in the profile (observability), or report it as a defect in goldenpath.microapps."
    return Refusal(f"Apply {what} that is not proven", why, step, PROVEN)


def _not_proven() -> MicroappsError:
    return MicroappsError("Apply the alert rules", "they are not proven", "See observability-06; nothing was changed.")


def _link(app: App, words: Words) -> tuple[Plan, ...]:
    if words.runbook_url:
        return ()
    why = "the profile does not say where runbooks are published"
    step = "Publish the evidence folder of this environment, and name its address in observability.runbook_base_url."
    refusal = Refusal(f"The alerts of {app.name} lead nowhere", why, step, RUNBOOK)
    return (Plan(f"catalog:{app.name}", refusals=(refusal,), controls=(RUNBOOK,)),)


def _converged(request: Request, app: App, profile: Profile, wanted: tuple[Wanted, ...]) -> tuple[Plan, ...]:
    try:
        client = connect(profile.cluster, request.environ, request.secrets)
        scope = Scope(app.namespace, ROLE, control=SILENCE)
        plans = converge(client, wanted, scope, kubernetes_rules(profile), check=request.check)
    except MicroappsError as error:
        return tuple(Plan(one.name, controls=one.controls).failed(error) for one in wanted)
    rules = {one.name: one for one in wanted if one.manifest["kind"] == "PrometheusRule"}
    plans = tuple(with_foreign_groups(plan, rules[plan.object]) if plan.object in rules else plan for plan in plans)
    if not request.check:
        plans = tuple(removed(client, plan, rules[plan.object]) if plan.object in rules else plan for plan in plans)
    return tuple(with_link_changes(plan) for plan in plans)


def with_link_changes(plan: Plan) -> Plan:
    """The same plan, saying so where the way from an alert to the runbook differs. Pure."""
    if RUNBOOK not in plan.controls or plan.before is None or plan.after is None or not plan.changes:
        return plan
    if links_of(plan.before) == links_of(plan.after):
        return plan
    return dataclasses.replace(plan, changes=(*plan.changes, Change("update", "runbook_url", control=RUNBOOK)))


def links_of(manifest: Any) -> frozenset[tuple[str, str]]:
    """Each alert of a PrometheusRule with the place its runbook_url names."""
    found: Iterable[Any] = manifest.get("spec", {}).get("groups") or ()
    entries = [entry for group in found for entry in group.get("rules") or () if entry.get("alert")]
    return frozenset((entry["alert"], (entry.get("annotations") or {}).get("runbook_url", "")) for entry in entries)


CAPABILITY: Final = Capability(
    name="app_observability",
    spec={**MICROAPP_OPTIONS, **VERDICT_OPTION},
    run=run,
    permissions=(
        "monitoring.coreos.com/prometheusrules:create",
        "monitoring.coreos.com/prometheusrules:delete",
        "monitoring.coreos.com/prometheusrules:get",
        "monitoring.coreos.com/prometheusrules:list",
        "monitoring.coreos.com/prometheusrules:patch",
        "monitoring.coreos.com/podmonitors:create",
        "monitoring.coreos.com/podmonitors:delete",
        "monitoring.coreos.com/podmonitors:get",
        "monitoring.coreos.com/podmonitors:list",
        "monitoring.coreos.com/podmonitors:patch",
        "configmaps:create",
        "configmaps:get",
        "configmaps:patch",
        "namespaces:get",
    ),
    controls=CONTROLS,
)
