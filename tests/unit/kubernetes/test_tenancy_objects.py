# Copyright (c) 2026 the goldenpath.microapps authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The fence as data: what each kind of app gets, and that no text of anybody's becomes structure."""

from __future__ import annotations

import dataclasses
import ipaddress
import json
import pathlib
import re
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.goldenpath.microapps.plugins.module_utils.app import Database, Exposure, Integration, Workload
from ansible_collections.goldenpath.microapps.plugins.module_utils.catalog.load import load_app
from ansible_collections.goldenpath.microapps.plugins.module_utils.controls import Path
from ansible_collections.goldenpath.microapps.plugins.module_utils.errors import Invalid
from ansible_collections.goldenpath.microapps.plugins.module_utils.kubernetes import tenancy_controls
from ansible_collections.goldenpath.microapps.plugins.module_utils.kubernetes.client import _encoded
from ansible_collections.goldenpath.microapps.plugins.module_utils.kubernetes.drill import attempts, pod, questions
from ansible_collections.goldenpath.microapps.plugins.module_utils.kubernetes.fence import manifests
from ansible_collections.goldenpath.microapps.plugins.module_utils.kubernetes.objects import holds
from ansible_collections.goldenpath.microapps.plugins.module_utils.kubernetes.tenancy import label_of, tenancy_objects
from ansible_collections.goldenpath.microapps.plugins.module_utils.kubernetes.traffic import policies
from ansible_collections.goldenpath.microapps.plugins.module_utils.profile import (
    Aws,
    DatabaseServer,
    MysqlServer,
    Peer,
    Profile,
    Registry,
    Tenancy,
)
from ansible_collections.goldenpath.microapps.plugins.module_utils.verdict import Verdict

ROOT = pathlib.Path(__file__).resolve().parents[3]
APP = load_app(str(ROOT / "inventories" / "apps" / "where2eat.yml"), "where2eat", "prod")
PROFILE = Profile("prod", Aws("123456789012", "eu-west-1"), Registry("r.example.com"), DatabaseServer("db.example.com"))
LIGHT = Verdict(Path.LIGHT, 1, (), (), {}, (), (), "")
FULL = dataclasses.replace(LIGHT, path=Path.FULL)
LABEL = re.compile(r"([A-Za-z0-9]([A-Za-z0-9._-]{0,61}[A-Za-z0-9])?)?")


def objects(app: Any = APP, profile: Profile = PROFILE, verdict: Verdict = LIGHT) -> dict[str, dict[str, Any]]:
    return {one.name: dict(one.manifest) for one in tenancy_objects(app, profile, verdict)}


def test_every_control_of_the_fence_is_served_and_declared() -> None:
    served = {control for one in tenancy_objects(APP, PROFILE, LIGHT) for control in one.controls}
    assert served == set(tenancy_controls.FENCE) - {tenancy_controls.ALONE}
    declared = yaml.safe_load((ROOT / "roles" / "k8s_tenancy" / "meta" / "controls.yml").read_text(encoding="utf-8"))
    assert [control["id"] for control in declared["controls"]] == [*tenancy_controls.FENCE, *tenancy_controls.DRILLS]


def test_pod_security_is_pinned_and_alone() -> None:
    profile = dataclasses.replace(PROFILE, tenancy=Tenancy(pod_security_version="v1.33"))
    (namespace, *_rest) = tenancy_objects(APP, profile, LIGHT)
    labels = namespace.manifest["metadata"]["labels"]
    for mode in ("enforce", "audit", "warn"):
        assert labels[f"pod-security.kubernetes.io/{mode}"] == "restricted"
        assert labels[f"pod-security.kubernetes.io/{mode}-version"] == "v1.33"
    assert namespace.control_of(("metadata", "labels", "pod-security.kubernetes.io/anything")) == tenancy_controls.POD_SECURITY
    assert namespace.control_of(("metadata", "labels", "goldenpath.microapps/owner")) == tenancy_controls.OWNERSHIP


def test_everything_is_closed_first() -> None:
    (name, spec), *others = policies(APP, PROFILE)
    assert name == "default-deny" and spec == {"podSelector": {}, "policyTypes": ["Ingress", "Egress"]}
    own = {"matchLabels": {"app.kubernetes.io/name": "where2eat"}}
    assert all(spec["podSelector"] == own for name, spec in others if name != "allow-dns")


def rules(app: Any, profile: Profile, name: str, way: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = dict(policies(app, profile)).get(name, {}).get(way, [])
    return found


@pytest.mark.parametrize(
    ("exposure", "hostname", "expected"),
    [(Exposure.PUBLIC, "", True), (Exposure.PARTNER, "", True), (Exposure.INTERNAL, "a.b", True), (Exposure.INTERNAL, "", False)],
)
def test_the_gateway_is_let_in_where_there_is_something_to_see(exposure: Exposure, hostname: str, expected: bool) -> None:
    app = dataclasses.replace(APP, exposure=exposure, hostname=hostname, workload=Workload(port=3000))
    profile = dataclasses.replace(PROFILE, tenancy=Tenancy(gateway=Peer("edge", (("app", "gw"),))))
    found = rules(app, profile, "allow-gateway", "ingress")
    assert bool(found) is expected
    if expected:
        (peer,) = found[0]["from"]
        assert peer["namespaceSelector"] == {"matchLabels": {"kubernetes.io/metadata.name": "edge"}}
        assert peer["podSelector"] == {"matchLabels": {"app": "gw"}}
        assert found[0]["ports"] == [{"port": 3000, "protocol": "TCP"}]


def test_names_are_resolved_over_both_protocols_and_by_the_node_s_cache() -> None:
    profile = dataclasses.replace(PROFILE, tenancy=Tenancy(node_local_dns="169.254.20.10"))
    (rule,) = rules(APP, profile, "allow-dns", "egress")
    assert {(port["protocol"], port["port"]) for port in rule["ports"]} == {("UDP", 53), ("TCP", 53)}
    assert {"ipBlock": {"cidr": "169.254.20.10/32"}} in rule["to"]
    assert len(rules(APP, PROFILE, "allow-dns", "egress")[0]["to"]) == 1


def open_to(app: Any, address: str, port: int, profile: Profile = PROFILE) -> bool:
    """Whether the app's pods may connect to an address: the policies read as a network plugin reads them."""
    target = ipaddress.ip_address(address)
    for rule in rules(app, profile, "allow-egress", "egress"):
        for peer in rule["to"]:
            block = peer["ipBlock"]
            inside = target in ipaddress.ip_network(block["cidr"])
            excepted = any(target in ipaddress.ip_network(closed) for closed in block.get("except", ()))
            if inside and not excepted and any(each["port"] == port for each in rule["ports"]):
                return True
    return False


BARE = dataclasses.replace(APP, integrations=(), database=None, aws_actions=())
ANY_API = (Integration("api", "api.example.com"),)


@pytest.mark.parametrize(
    ("changed", "address", "port", "expected"),
    [
        ({}, "93.184.216.34", 443, False),
        ({"integrations": ANY_API}, "93.184.216.34", 443, True),
        ({"integrations": ANY_API}, "2606:2800::1", 443, True),
        ({"integrations": ANY_API}, "93.184.216.34", 80, False),
        ({"integrations": ANY_API}, "10.1.2.3", 443, False),
        ({"integrations": ANY_API}, "100.64.0.1", 443, False),
        ({"integrations": ANY_API}, "169.254.169.254", 443, False),
        ({"integrations": ANY_API}, "fd00:ec2::254", 443, False),
        ({"integrations": (Integration("api", "a.b", 8443, cidr="203.0.113.7/24"),)}, "203.0.113.9", 8443, True),
        ({"integrations": (Integration("api", "a.b", 8443, cidr="203.0.113.0/24"),)}, "203.0.114.9", 8443, False),
        ({"integrations": (Integration("api", "a.b", cidr="10.9.0.0/16"),)}, "10.9.1.1", 443, True),
        ({"integrations": (Integration("api", "a.b", cidr="0.0.0.0/0"),)}, "169.254.169.254", 443, False),
        ({"integrations": (Integration("api", "a.b", cidr="160.0.0.0/3"),)}, "169.254.169.254", 443, False),
        ({"database": Database("postgresql", "d")}, "10.1.2.3", 5432, True),
        ({"database": Database("postgresql", "d")}, "93.184.216.34", 5432, False),
        ({"database": Database("postgresql", "d", "192.0.2.7", 6432)}, "192.0.2.7", 6432, True),
        ({"database": Database("postgresql", "d", "192.0.2.7", 6432)}, "10.1.2.3", 6432, False),
        ({"database": Database("sqlite", "d")}, "10.1.2.3", 5432, False),
        # The environment's PostgreSQL is no way to another kind of server, and this profile names no MySQL.
        ({"database": Database("mysql", "d")}, "10.1.2.3", 5432, False),
        ({"database": Database("mysql", "d")}, "10.1.2.3", 3306, False),
        ({"database": Database("mariadb", "d", "192.0.2.7", 3306)}, "192.0.2.7", 3306, True),
        ({"database": Database("mongodb", "d")}, "10.1.2.3", 5432, False),
        ({"aws_actions": (("s3:GetObject", "*"),)}, "52.95.1.1", 443, True),
        ({"aws_actions": (("s3:GetObject", "*"),)}, "169.254.170.23", 80, True),
        ({"aws_actions": (("s3:GetObject", "*"),)}, "169.254.169.254", 80, False),
    ],
)
def test_the_ways_out(changed: dict[str, Any], address: str, port: int, expected: bool) -> None:
    assert open_to(dataclasses.replace(BARE, **changed), address, port) is expected


@pytest.mark.parametrize("engine", ["mysql", "mariadb"])
def test_the_way_to_the_environment_s_mysql(engine: str) -> None:
    profile = dataclasses.replace(PROFILE, mysql=MysqlServer("192.0.2.8", 3307))
    app = dataclasses.replace(BARE, database=Database(engine, "d"))
    assert open_to(app, "192.0.2.8", 3307, profile)
    assert not open_to(app, "192.0.2.8", 5432, profile) and not open_to(app, "10.1.2.3", 5432, profile)


@given(st.ip_addresses(v=4), st.integers(min_value=0, max_value=32))
def test_no_range_of_a_catalog_opens_the_node_s_credentials(address: ipaddress.IPv4Address, length: int) -> None:
    network = ipaddress.ip_network((address, length), strict=False)
    app = dataclasses.replace(BARE, integrations=(Integration("api", "a.b", cidr=str(network)),))
    try:
        assert not open_to(app, "169.254.169.254", 443)
    except Invalid:
        assert network.subnet_of(ipaddress.ip_network("169.254.0.0/16"))


@pytest.mark.parametrize("cidr", ["300.1.1.1/8", "10.0.0.0/99", "::g/3", "169.254.169.254/32", "fe80::/64"])
def test_a_range_that_cannot_be_is_refused(cidr: str) -> None:
    with pytest.raises(Invalid, match=re.escape(cidr)):
        policies(dataclasses.replace(APP, integrations=(Integration("api", "a.b", cidr=cidr),)), PROFILE)


def test_quota_grows_with_the_app_and_closes_the_side_doors() -> None:
    app = dataclasses.replace(APP, workload=Workload(replicas=3, cpu_millicores=500, memory_mib=512))
    hard = objects(app)["ResourceQuota/where2eat-prod/goldenpath"]["spec"]["hard"]
    expected = {"pods": "12", "requests.cpu": "6", "limits.cpu": "12", "requests.memory": "6Gi",
                "services.loadbalancers": "0", "services.nodeports": "0"}  # fmt: skip
    assert holds(expected, hard)
    (container, _volume) = objects(app)["LimitRange/where2eat-prod/goldenpath"]["spec"]["limits"]
    assert container["defaultRequest"] == {"cpu": "500m", "memory": "512Mi"}


def test_who_may_change_an_image_depends_on_the_path() -> None:
    def verbs(verdict: Verdict, resource: str) -> set[str]:
        found = objects(verdict=verdict)["Role/where2eat-prod/owners"]["rules"]
        return {verb for rule in found if resource in rule["resources"] for verb in rule["verbs"]}

    assert "patch" in verbs(LIGHT, "deployments") and "patch" not in verbs(FULL, "deployments")
    for verdict in (LIGHT, FULL):
        assert "delete" in verbs(verdict, "pods")
        assert verbs(verdict, "secrets") == verbs(verdict, "pods/exec") == verbs(verdict, "*") == set()
    (subject,) = objects()["RoleBinding/where2eat-prod/owners"]["subjects"]
    assert (subject["kind"], subject["name"]) == ("Group", APP.owner.group)


TEXTS = st.text(st.characters(exclude_categories=("Cs", "Cc")), min_size=1, max_size=60)


@given(TEXTS, TEXTS, TEXTS)
def test_no_text_becomes_structure(title: str, description: str, cost_center: str) -> None:
    hostile = dataclasses.replace(APP, title=title, description=description + "\nlabels: {}", cost_center=cost_center)
    plain, found = objects(), objects(hostile)
    assert list(plain) == list(found)
    for name, manifest in found.items():
        labels = manifest["metadata"]["labels"]
        assert labels.keys() == plain[name]["metadata"]["labels"].keys()
        assert all(LABEL.fullmatch(value) for value in labels.values())
        assert {**manifest, "metadata": None} == {**plain[name], "metadata": None}
    annotations = found["Namespace/where2eat-prod"]["metadata"]["annotations"]
    assert annotations["goldenpath.microapps/title"] == title
    assert annotations["goldenpath.microapps/cost-center"] == cost_center


@given(st.text(max_size=100))
def test_a_label_is_always_a_label(text: str) -> None:
    assert LABEL.fullmatch(label_of(text)) and label_of(label_of(text)) == label_of(text)


@given(st.dictionaries(st.text(max_size=5), st.text(st.characters(exclude_categories=("Cs",)), max_size=20), max_size=4))
def test_what_is_sent_is_json_and_yaml_alike(data: dict[str, str]) -> None:
    text = _encoded(data).decode()
    assert json.loads(text) == data
    assert "\\" in text or yaml.safe_load(text) == data


def test_manifests_are_a_list() -> None:
    printed = json.loads(manifests(tenancy_objects(APP, PROFILE, LIGHT)))
    assert [item["kind"] for item in printed["items"]][:2] == ["Namespace", "ResourceQuota"]


def test_each_attempt_breaks_one_rule_of_a_pod_that_keeps_them() -> None:
    good = pod(APP)["spec"]
    for attempt in attempts(APP, PROFILE):
        if attempt.manifest["kind"] == "Pod" and attempt.control == tenancy_controls.DRILL_PODS:
            differing = [key for key in attempt.manifest["spec"] if attempt.manifest["spec"].get(key) != good.get(key)]
            assert len(differing) == 1, attempt.name
    asked = [review["spec"] for _name, review in questions(APP)]
    assert {review["user"] for review in asked} == {"system:serviceaccount:where2eat-prod:where2eat"}
