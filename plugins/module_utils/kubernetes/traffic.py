# Copyright (c) 2026 the goldenpath.microapps authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Who may talk to an app and whom it may talk to, as NetworkPolicies. Pure.

Everything is closed both ways first; each other policy opens one named way for the app's own pods.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final, TypeAlias

from ..app import App, Exposure, Integration
from ..errors import Invalid
from ..profile import Peer, Profile

Rule = dict[str, Any]
Network: TypeAlias = "ipaddress.IPv4Network | ipaddress.IPv6Network"

POD_LABEL: Final = "app.kubernetes.io/name"
# Other people's machines are public; these are ours, and 169.254.169.254 hands out the node's credentials.
_PRIVATE: Final[tuple[Network, ...]] = tuple(
    ipaddress.ip_network(network)
    for network in ("10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "fc00::/7")
)
_LINK_LOCAL: Final[tuple[Network, ...]] = (ipaddress.ip_network("169.254.0.0/16"), ipaddress.ip_network("fe80::/10"))
_ANYWHERE: Final = ("0.0.0.0/0", "::/0")
# Where a database in one's own network may be when only its name is known.
_OWN_NETWORKS: Final = ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "fc00::/7")
# The EKS Pod Identity agent on every node; it hands out the app's own role and nothing else.
_POD_IDENTITY: Final = ("169.254.170.23/32", "fd00:ec2::23/128")


def policies(app: App, profile: Profile) -> tuple[tuple[str, dict[str, Any]], ...]:
    """Name and spec of each NetworkPolicy, the one that closes everything first."""
    tenancy, workload = profile.tenancy, app.workload
    own = {"matchLabels": {POD_LABEL: app.name}}
    found: list[tuple[str, dict[str, Any]]] = [
        ("default-deny", {"podSelector": {}, "policyTypes": ["Ingress", "Egress"]}),
        ("allow-dns", {"podSelector": {}, "policyTypes": ["Egress"], "egress": [_dns(tenancy.dns, tenancy.node_local_dns)]}),
        ("allow-metrics", _inward(own, tenancy.monitoring, workload.port)),
    ]
    if app.hostname or app.exposure is not Exposure.INTERNAL:
        found.append(("allow-gateway", _inward(own, tenancy.gateway, workload.port)))
    ways_out = [*_database(app, profile), *_integrations(app.integrations), *_aws(app)]
    if ways_out:
        found.append(("allow-egress", {"podSelector": own, "policyTypes": ["Egress"], "egress": ways_out}))
    return tuple(found)


def _inward(pods: Mapping[str, Any], peer: Peer, port: int) -> dict[str, Any]:
    rule = {"from": [_peer(peer)], "ports": [_port(port)]}
    return {"podSelector": dict(pods), "policyTypes": ["Ingress"], "ingress": [rule]}


def _peer(peer: Peer) -> Rule:
    chosen: Rule = {"namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": peer.namespace}}}
    if peer.labels:
        chosen["podSelector"] = {"matchLabels": dict(peer.labels)}
    return chosen


def _port(port: int, protocol: str = "TCP") -> Rule:
    return {"port": port, "protocol": protocol}


def _dns(peer: Peer, node_local: str) -> Rule:
    to = [_peer(peer)]
    if node_local:
        # The node's own cache is no pod: only its address names it.
        to.append({"ipBlock": {"cidr": str(ipaddress.ip_network(node_local))}})
    return {"to": to, "ports": [_port(53, "UDP"), _port(53, "TCP")]}


def _database(app: App, profile: Profile) -> list[Rule]:
    # Without a place there is nothing to open: it is a file, or nobody has said which server it is on.
    place = profile.place_of(app.database) if app.database and app.database.engine != "sqlite" else None
    if place is None:
        return []
    host, port = place
    try:
        blocks = [str(ipaddress.ip_network(host))]
    except ValueError:
        # A policy knows addresses, not names; the port and the password narrow it further.
        blocks = list(_OWN_NETWORKS)
    return [_outward(blocks, [port])]


def _integrations(integrations: Iterable[Integration]) -> list[Rule]:
    named = [_outward([one.cidr], [one.port]) for one in integrations if one.cidr]
    ports = sorted({one.port for one in integrations if not one.cidr})
    return [*named, *([_outward(_ANYWHERE, ports)] if ports else [])]


def _aws(app: App) -> list[Rule]:
    if not app.aws_actions:
        return []
    return [_outward(_ANYWHERE, [443]), {"to": [{"ipBlock": {"cidr": cidr}} for cidr in _POD_IDENTITY], "ports": [_port(80)]}]


def _outward(blocks: Sequence[str], ports: Sequence[int]) -> Rule:
    return {"to": [{"ipBlock": _block(block)} for block in blocks], "ports": [_port(port) for port in ports]}


def _block(cidr: str) -> Rule:
    """The range, less whatever of ours lies within a range that is not itself ours."""
    try:
        network = ipaddress.ip_network(cidr, strict=False)
    except ValueError:
        raise Invalid(
            f"Open the way to {cidr}", "it is no address range", "Mend the integration's cidr in the catalog."
        ) from None
    if any(_within(network, other) for other in _LINK_LOCAL):
        raise Invalid(
            f"Open the way to {cidr}",
            "link-local addresses are the node's own, its credentials among them",
            "Name another range in the integration's cidr.",
        )
    closed = [str(other) for other in (*_PRIVATE, *_LINK_LOCAL) if other != network and _within(other, network)]
    return {"cidr": str(network), **({"except": closed} if closed else {})}


def _within(one: Network, other: Network) -> bool:
    if isinstance(one, ipaddress.IPv4Network) and isinstance(other, ipaddress.IPv4Network):
        return one.subnet_of(other)
    if isinstance(one, ipaddress.IPv6Network) and isinstance(other, ipaddress.IPv6Network):
        return one.subnet_of(other)
    return False
