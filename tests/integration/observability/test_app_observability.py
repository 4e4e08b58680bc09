# Copyright (c) 2026 the goldenpath.microapps authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Rules against the real promtool, and the capability against the real API server. The witness is kubectl."""

from __future__ import annotations

import dataclasses
import json
import pathlib
import re
import subprocess
from collections.abc import Callable
from typing import Any

import pytest

from ansible_collections.goldenpath.microapps.plugins.module_utils.catalog.load import load_app
from ansible_collections.goldenpath.microapps.plugins.module_utils.catalog.profile_schema import profile_from
from ansible_collections.goldenpath.microapps.plugins.module_utils.controls import Path
from ansible_collections.goldenpath.microapps.plugins.module_utils.observability import promtool
from ansible_collections.goldenpath.microapps.plugins.module_utils.observability.capability import CAPABILITY
from ansible_collections.goldenpath.microapps.plugins.module_utils.observability.documents import Words
from ansible_collections.goldenpath.microapps.plugins.module_utils.observability.model import Rule, Target, target_of
from ansible_collections.goldenpath.microapps.plugins.module_utils.observability.rules import rules_for
from ansible_collections.goldenpath.microapps.plugins.module_utils.verdict import Verdict

LIGHT = Target("shop-dev", "shop-dev/shop", ("/healthz", "/metrics"), False, True, 0.05, 20, 1.0, 0.5)
FULL = dataclasses.replace(LIGHT, full=True, error_ratio=0.01)
WORDS = Words("Shop", "Nobody buys.", "Ada", "", "https://r.example/runbook.html", (("app", "shop"), ("namespace", "shop-dev")))
HOSTILE = '{{ query "up" }} {{{x}}} {{- end }} "quoted" \\ 🍔 $value {{/* # : - [a]'
NAMESPACE = "where2eat-sandbox"
PREDICTED = {
    f"PodMonitor/{NAMESPACE}/where2eat",
    f"PrometheusRule/{NAMESPACE}/where2eat-database",
    f"PrometheusRule/{NAMESPACE}/where2eat-errors",
    f"PrometheusRule/{NAMESPACE}/where2eat-saturation",
    f"PrometheusRule/{NAMESPACE}/where2eat-silence",
    f"ConfigMap/{NAMESPACE}/goldenpath-observability",
}


@pytest.fixture(scope="module")
def program(sandbox: Any) -> str:
    """The sandbox's promtool; skipped only where there is no Go to build it."""
    found = sandbox.block("tools")["promtool"]
    if not found and "Go is not installed" in sandbox.block("cluster")["why"]:
        pytest.skip("promtool is built where Go is installed")
    assert found
    return str(found)


def proven(program: str, rules: tuple[Rule, ...], cache: pathlib.Path, words: Words = WORDS) -> tuple[str, ...]:
    return promtool.prove(program, promtool.suites(rules, words, "shop-dev"), cache, remember=False)


@pytest.mark.parametrize(
    "target",
    [
        LIGHT,
        FULL,
        dataclasses.replace(LIGHT, error_ratio=0.5, fewest=1, latency=0.05, database_latency=0.005),
        dataclasses.replace(LIGHT, error_ratio=0.001, fewest=1000, latency=30.0, database_latency=60.0),
        # 14.4 times a generous objective passes 100 %: such an alert could never fire.
        dataclasses.replace(FULL, error_ratio=0.1),
        dataclasses.replace(FULL, error_ratio=0.0005, fewest=500),
        dataclasses.replace(LIGHT, unwatched=("/health.check", "/-/metrics")),
        # A front page that is probed is not left out of the alerts: people ask for it too.
        dataclasses.replace(FULL, unwatched=("/metrics",)),
    ],
)
def test_the_rules_of_any_sensible_profile_are_proven(program: str, target: Target, tmp_path: pathlib.Path) -> None:
    assert proven(program, rules_for(target), tmp_path) == ()


def test_a_front_page_that_is_probed_stays_watched(root: pathlib.Path, arguments: dict[str, Any]) -> None:
    brochure = load_app(str(root / "inventories" / "apps" / "brochure.yml"), "brochure", "sandbox")
    assert brochure.workload.health_path == "/"
    verdict = Verdict(Path.FULL, 27, (), (), {}, (), (), "c")
    assert target_of(brochure, profile_from(arguments["profile"]), verdict).unwatched == ("/metrics",)


def test_hostile_text_is_shown_and_not_run(program: str, tmp_path: pathlib.Path) -> None:
    words = dataclasses.replace(WORDS, title=HOSTILE, impact=HOSTILE, owner=HOSTILE)
    assert proven(program, rules_for(LIGHT)[:3], tmp_path, words) == ()
    unescaped = dataclasses.replace(rules_for(LIGHT)[0], found=HOSTILE)
    assert proven(program, (unescaped,), tmp_path)


@pytest.mark.parametrize(
    ("full", "alert", "pattern", "broken"),
    [
        (False, "MicroAppErrorRatio", r"\nand .*", ""),
        (False, "MicroAppErrorRatio", r'"=?~?5\.\."', '"[45].."'),
        (False, "MicroAppErrorRatio", r"http_route!~", "pod!~"),
        (False, "MicroAppErrorRatio", r" / ", " * "),
        (False, "MicroAppErrorsFewRequests", r" unless .*? offset 6h\)", ""),
        (False, "MicroAppErrorsFewRequests", r"\[1h\] offset", "[1m] offset"),
        (False, "MicroAppErrorsFewRequests", r">= 3", ">= 1"),
        (False, "MicroAppErrorsFewRequests", r"\nand .*", ""),
        (False, "MicroAppSlow", r"\nand .*", ""),
        (False, "MicroAppDatabaseSlow", r"0\.95", "0.01"),
        (False, "MicroAppDatabaseUnmeasured", r"\nand .*", ""),
        (False, "MicroAppMemoryNearLimit", r"> 0\.9", "> 0.99"),
        (False, "MicroAppOutOfMemory", r"\nand .*", ""),
        (False, "MicroAppCpuThrottled", r"\nand .*", ""),
        (False, "MicroAppRestarting", r">= 3", ">= 1"),
        (False, "MicroAppDown", r" == 1", ""),
        (False, "MicroAppDown", r"absent\((.*) == 1\)", r"\1 == 0"),
        (False, "MicroAppUnmeasured", r"\nand .*", ""),
        (True, "MicroAppErrorBudgetFast", r"\[5m\]", "[1h]"),
        (True, "MicroAppErrorBudgetFast", r"\[30m\]", "[6h]"),
        (True, "MicroAppErrorBudgetFast", r"> 0\.144", "> 0.9"),
        (True, "MicroAppErrorBudgetFast", r"\nand [^\n]*increase[^\n]*\[6h\][^\n]*>= 20", ""),
        (True, "MicroAppErrorBudgetSlow", r"\[6h\]", "[3d]"),
        (True, "MicroAppErrorBudgetSlow", r"\nand [^\n]*increase[^\n]*", ""),
    ],
)
def test_a_broken_rule_is_found_out(
    program: str, full: bool, alert: str, pattern: str, broken: str, tmp_path: pathlib.Path
) -> None:
    """The cases are worth something only if they fail where the rule is wrong."""
    (rule,) = (rule for rule in rules_for(FULL if full else LIGHT) if rule.alert == alert)
    changed = dataclasses.replace(rule, expression=re.sub(pattern, broken, rule.expression))
    assert changed.expression != rule.expression
    complaints = proven(program, (changed,), tmp_path)
    assert any(alert in complaint for complaint in complaints), complaints


def test_an_alert_that_waits_too_long_is_found_out(program: str, tmp_path: pathlib.Path) -> None:
    rule = rules_for(LIGHT)[0]
    assert proven(program, (dataclasses.replace(rule, lasting=600),), tmp_path)


def test_a_verdict_is_kept_by_what_was_proven(program: str, tmp_path: pathlib.Path) -> None:
    suites = promtool.suites(rules_for(LIGHT)[:1], WORDS, "shop-dev")
    assert promtool.prove(program, suites, tmp_path, remember=True) == ()
    assert [path.stem for path in tmp_path.iterdir()] == [promtool.digest(program, suites)]
    others = promtool.suites(rules_for(FULL)[:1], WORDS, "shop-dev")
    assert promtool.digest(program, others) != promtool.digest(program, suites)


@pytest.fixture(scope="module")
def kubectl(sandbox: Any, root: pathlib.Path) -> Callable[..., str]:
    program = root / ".venv" / "bin" / "kubectl"

    def run(*arguments: str) -> str:
        command = [program, "--kubeconfig", sandbox.block("cluster")["kubeconfig"], "-n", NAMESPACE, *arguments]
        return subprocess.run(command, capture_output=True, text=True, check=True).stdout

    return run


@pytest.fixture
def namespace(kubectl: Callable[..., str]) -> str:
    """The app's namespace as k8s_tenancy would have made it, without any of our objects in it."""
    manifest = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": NAMESPACE}}
    if NAMESPACE not in kubectl("get", "namespaces", "-o", "name"):
        kubectl("create", "namespace", manifest["metadata"]["name"])
    kubectl("delete", "prometheusrules,podmonitors", "--all")
    kubectl("delete", "configmap", "goldenpath-observability", "--ignore-not-found")
    return NAMESPACE


@pytest.fixture
def arguments(sandbox: Any, root: pathlib.Path, tmp_path: pathlib.Path, program: str) -> dict[str, Any]:
    profile = {
        "name": "sandbox",
        "embedded": True,
        "adopt": "take",
        **{block: sandbox.block(block) for block in ("aws", "cluster", "database", "registry", "forge", "runner")},
        "observability": {"promtool": program},
    }
    return {
        "app": {
            "name": "where2eat",
            "environment": "sandbox",
            "file": str(root / "inventories" / "apps" / "where2eat.yml"),
        },
        "profile": profile,
        "verdict": Verdict(Path.FULL, 60, (), (), {"database": "postgresql"}, (), (), "c").as_result(),
        "evidence": {"directory": str(tmp_path / "evidence"), "app": "where2eat", "environment": "sandbox"},
    }


def states(result: dict[str, Any]) -> dict[str, str]:
    return {answer["control"][-2:]: answer["state"] for answer in result["answers"]}


@pytest.mark.cluster
def test_rules_are_applied_healed_and_pruned(
    sandbox: Any, cycle: Any, arguments: dict[str, Any], namespace: str, kubectl: Callable[..., str]
) -> None:
    def witness() -> list[Any]:
        found = json.loads(kubectl("get", "prometheusrules,podmonitors", "-o", "json"))["items"]
        return [[item["kind"], item["metadata"]["name"], item["metadata"]["generation"]] for item in found]

    request = {"environ": sandbox.environ}
    done = cycle.stage(CAPABILITY, arguments, witness, **request)
    assert {entry["object"] for entry in done["objects"] if entry["action"] == "created"} == PREDICTED
    assert set(states(done).values()) == {"in_place"}

    kubectl("delete", "prometheusrule", "where2eat-errors")
    audit = cycle.ask(CAPABILITY, arguments, check=True, **request)
    assert {key for key, state in states(audit).items() if state == "drifted"} == {"01", "05"}
    cycle.stage(CAPABILITY, arguments, witness, **request)

    path = "/spec/groups/0/rules/0/annotations/runbook_url"
    patch = json.dumps([{"op": "replace", "path": path, "value": "https://elsewhere.example"}])
    kubectl("patch", "prometheusrule", "where2eat-silence", "--type", "json", "-p", patch)
    audit = cycle.ask(CAPABILITY, arguments, check=True, **request)
    assert {key for key, state in states(audit).items() if state == "drifted"} == {"04", "05"}
    cycle.stage(CAPABILITY, arguments, witness, **request)

    added = json.dumps([{"op": "add", "path": "/spec/groups/-", "value": {"name": "theirs", "rules": []}}])
    kubectl("patch", "prometheusrule", "where2eat-saturation", "--type", "json", "-p", added)
    audit = cycle.ask(CAPABILITY, arguments, check=True, **request)
    assert {key for key, state in states(audit).items() if state == "drifted"} == {"02"}
    cycle.stage(CAPABILITY, arguments, witness, **request)
    assert "theirs" not in kubectl("get", "prometheusrule", "where2eat-saturation", "-o", "yaml")


@pytest.mark.cluster
@pytest.mark.parametrize(
    ("kind", "name", "path", "limit"),
    [
        # With it, no series would be read, and no alert could fire.
        ("podmonitor", "where2eat", "/spec/sampleLimit", "sampleLimit"),
        # With it, a rule that would fire more often fails, and does not fire at all.
        ("prometheusrule", "where2eat-silence", "/spec/groups/0/limit", " limit:"),
    ],
)
def test_a_limit_that_somebody_adds_is_taken_away(
    sandbox: Any,
    cycle: Any,
    arguments: dict[str, Any],
    namespace: str,
    kubectl: Callable[..., str],
    kind: str,
    name: str,
    path: str,
    limit: str,
) -> None:
    request = {"environ": sandbox.environ}
    cycle.ask(CAPABILITY, arguments, **request)
    kubectl("patch", kind, name, "--type", "json", "-p", json.dumps([{"op": "add", "path": path, "value": 1}]))
    assert limit in kubectl("get", kind, name, "-o", "yaml")
    assert states(cycle.ask(CAPABILITY, arguments, check=True, **request))["04"] == "drifted"
    cycle.stage(CAPABILITY, arguments, **request)
    assert limit not in kubectl("get", kind, name, "-o", "yaml")


@pytest.mark.cluster
def test_nothing_is_applied_that_is_not_proven(
    sandbox: Any, cycle: Any, arguments: dict[str, Any], namespace: str, kubectl: Callable[..., str], tmp_path: pathlib.Path
) -> None:
    liar = tmp_path / "promtool"
    liar.write_text("#!/bin/sh\necho '    name: MicroAppDown: every scrape fails,'\nexit 1\n")
    liar.chmod(0o755)
    profile = {**arguments["profile"], "observability": {"promtool": str(liar)}}
    result = cycle.ask(CAPABILITY, {**arguments, "profile": profile}, environ=sandbox.environ)
    found = states(result)
    assert found.pop("06") == "violated"
    assert set(found.values()) == {"not_reached"}
    assert not result["changed"]
    assert any("MicroAppDown: every scrape fails" in answer["reason"] for answer in result["answers"])
    assert kubectl("get", "prometheusrules", "-o", "name") == ""


@pytest.mark.cluster
@pytest.mark.parametrize("configured", ["", "/nowhere/promtool"])
def test_without_promtool_everything_is_answered_and_nothing_pretended(
    sandbox: Any, cycle: Any, arguments: dict[str, Any], namespace: str, kubectl: Callable[..., str], configured: str
) -> None:
    profile = {**arguments["profile"], "observability": {"promtool": configured}}
    environ = {**sandbox.environ, "PATH": "/nonexistent"}
    result = cycle.ask(CAPABILITY, {**arguments, "profile": profile}, environ=environ)
    assert set(states(result).values()) == {"not_reached"}
    assert all("Install Prometheus" in answer["reason"] for answer in result["answers"])
    assert kubectl("get", "prometheusrules", "-o", "name") == ""


def test_without_a_cluster_the_rules_are_still_proven(sandbox: Any, cycle: Any, arguments: dict[str, Any]) -> None:
    gone = {"available": False, "why": "Go is not installed", "next_step": "Install Go."}
    result = cycle.ask(CAPABILITY, {**arguments, "profile": {**arguments["profile"], "cluster": gone}}, environ=sandbox.environ)
    found = states(result)
    assert found.pop("06") == "in_place"
    assert set(found.values()) == {"not_reached"}
    assert "Install Go." in result["answers"][0]["reason"]


def test_a_profile_without_an_address_for_runbooks_is_told_so(sandbox: Any, cycle: Any, arguments: dict[str, Any]) -> None:
    profile = {**arguments["profile"], "embedded": False, "cluster": {"available": False}}
    result = cycle.ask(CAPABILITY, {**arguments, "profile": profile}, check=True, environ=sandbox.environ)
    (answer,) = (answer for answer in result["answers"] if answer["control"] == "observability-05")
    assert "not_reached" in answer["state"] or "observability.runbook_base_url" in answer["reason"]
    assert any("observability.runbook_base_url" in entry.get("reason", "") for entry in result["objects"])


def test_check_mode_leaves_no_verdict_behind(sandbox: Any, cycle: Any, arguments: dict[str, Any], tmp_path: pathlib.Path) -> None:
    environ = {**sandbox.environ, "GOLDENPATH_STATE": str(tmp_path / "state")}
    profile = {**arguments["profile"], "cluster": {"available": False}}
    cycle.ask(CAPABILITY, {**arguments, "profile": profile}, check=True, environ=environ)
    assert not (tmp_path / "state").exists()
    assert not (tmp_path / "evidence").exists()
