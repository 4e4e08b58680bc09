# Copyright (c) 2026 the goldenpath.microapps authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""An app's namespace: what of it we applied, what others put there, and how ours goes without theirs.

Ours is what an ApplySet of ours lists and our field manager applied: both, because a label can be written by anybody. While
a workload of others is there the fences around it stay, so nothing is removed at all.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterable, Mapping
from typing import Any, Final

from ..capability import Change, Plan, Refusal
from ..errors import Denied, Invalid, NotFound
from ..kubernetes.applyset import PARENT_KIND, PART_OF, kinds_in
from ..kubernetes.client import Client
from ..kubernetes.kinds import BY_GROUP_KIND, Kind
from ..kubernetes.objects import MANAGER, differences, field_of, is_ours, name_of, trimmed
from ..preflight.cluster import page
from .model import Area, Kept, Step

Object = Mapping[str, Any]

NAMESPACE: Final = BY_GROUP_KIND["Namespace"]
# What can start a pod, or is one.
_WORKLOADS: Final = frozenset(
    {"CronJob", "DaemonSet", "Deployment", "Job", "Pod", "ReplicaSet", "ReplicationController", "Rollout", "StatefulSet"}
)
# Kinds that the system fills by itself.
_SYSTEM_KINDS: Final = frozenset({"Endpoints", "EndpointSlice", "Event", "PodMetrics"})
# Objects that every namespace is born with.
_BORN: Final = frozenset(
    {("ConfigMap", "kube-root-ca.crt"), ("ConfigMap", "openshift-service-ca.crt"), ("ServiceAccount", "default")}
)
MOST_SHOWN: Final = 5


@dataclasses.dataclass(frozen=True, slots=True)
class Seen:
    """A namespace as it is. `members` and `parents` are ours; `unread` are kinds that this login may not list."""

    name: str
    live: Object | None = None
    members: tuple[Object, ...] = ()
    parents: tuple[Object, ...] = ()
    foreign: tuple[Object, ...] = ()
    unread: tuple[Kind, ...] = ()


def observe(client: Client, name: str) -> Seen:
    """Read the namespace and everything in it."""
    live = client.get(NAMESPACE, "", name)
    if live is None or "deletionTimestamp" in live["metadata"] or not is_ours(live):
        return Seen(name, live)
    parents = tuple(
        entry for entry in client.list_all(PARENT_KIND, name, f"app.kubernetes.io/managed-by={MANAGER}") if _is_parent(entry)
    )
    sets = {str(entry["metadata"]["labels"]["applyset.kubernetes.io/id"]) for entry in parents}
    named = {group_kind for entry in parents for group_kind in kinds_in(entry)}
    everything, unread = _everything(client, name)
    ours = [entry for entry in everything if _set_of(entry) in sets and is_ours(entry) and _group_kind(entry) in named]
    known = {_identity(entry) for entry in (*ours, *parents)}
    foreign = [entry for entry in everything if _identity(entry) not in known and not _of_the_system(entry)]
    return Seen(name, live, tuple(ours), parents, tuple(foreign), unread)


def _is_parent(entry: Object) -> bool:
    labels = entry["metadata"].get("labels") or {}
    return is_ours(entry) and "applyset.kubernetes.io/id" in labels


def _set_of(entry: Object) -> str:
    return str((entry["metadata"].get("labels") or {}).get(PART_OF, ""))


def _group_kind(entry: Object) -> str:
    group = str(entry["apiVersion"]).rpartition("/")[0]
    return f"{entry['kind']}.{group}" if group else str(entry["kind"])


def _identity(entry: Object) -> str:
    return str(entry["metadata"].get("uid") or name_of(entry))


def _of_the_system(entry: Object) -> bool:
    metadata = entry["metadata"]
    # What is owned by another object goes when that one goes.
    return (
        bool(metadata.get("ownerReferences"))
        or _is_born(entry)
        or (entry["kind"] == "RoleBinding" and str(metadata["name"]).startswith("system:"))
        or entry.get("type") == "kubernetes.io/service-account-token"
    )


def _is_born(entry: Object) -> bool:
    return (entry["kind"], entry["metadata"]["name"]) in _BORN


def _everything(client: Client, namespace: str) -> tuple[tuple[Object, ...], tuple[Kind, ...]]:
    kinds = tuple(_kinds(client))
    answers = client.together(lambda kind: _listed(client, kind, namespace), kinds)
    unread = tuple(kind for kind, answer in zip(kinds, answers, strict=True) if answer is None)
    return tuple(entry for answer in answers for entry in answer or ()), unread


def _listed(client: Client, kind: Kind, namespace: str) -> tuple[Object, ...] | None:
    try:
        return client.list_all(kind, namespace)
    except NotFound:
        return ()
    except Denied:
        return None


def _kinds(client: Client) -> Iterable[Kind]:
    """Every kind of object that can be listed in a namespace, each in the version that the server prefers."""
    groups = [entry["preferredVersion"]["groupVersion"] for entry in page(client, "/apis").get("groups", ())]
    paths = [("v1", "/api/v1"), *((version, f"/apis/{version}") for version in groups)]
    pages = client.together(lambda path: page(client, path[1]), paths)
    for (api_version, _path), found in zip(paths, pages, strict=True):
        group, _slash, version = api_version.rpartition("/")
        for entry in found.get("resources", ()):
            usable = entry.get("namespaced") and "/" not in entry["name"] and "list" in entry.get("verbs", ())
            if usable and entry["kind"] not in _SYSTEM_KINDS:
                yield Kind(group, version, str(entry["kind"]), str(entry["name"]))


@dataclasses.dataclass(frozen=True, slots=True)
class Decision:
    """What is deleted and then released, in this order, what stays, and the refusal that forbids all of it."""

    delete: tuple[Object, ...] = ()
    release: tuple[Object, ...] = ()
    kept: tuple[Kept, ...] = ()
    refused: tuple[Plan, ...] = ()


def decide(seen: Seen) -> Decision:
    """What of the namespace goes. A workload of others is a refusal of everything."""
    label = f"Namespace/{seen.name}"
    if seen.live is None:
        return Decision()
    if "deletionTimestamp" in seen.live["metadata"]:
        return Decision(kept=(Kept(label, "it is being deleted already"),))
    if not is_ours(seen.live):
        return Decision(kept=(Kept(label, "it was made by others, and nothing of ours is applied to it"),))
    workloads = [entry for entry in seen.foreign if entry["kind"] in _WORKLOADS]
    if workloads:
        step = "Remove them where they are deployed from, and run again: until then the fences around them stay."
        return Decision(refused=(_refused(seen, label, f"others run something in it: {_names(workloads)}", step),))
    hidden = [kind.resource for kind in seen.unread if kind.kind in _WORKLOADS]
    if hidden:
        step = "Bind the ClusterRole that the playbook preflight prints with -e print_policies=true."
        why = f"it could not be told whether something runs in it ({', '.join(hidden)})"
        return Decision(refused=(_refused(seen, label, why, step),))
    born = [entry for entry in seen.members if _is_born(entry)]
    shared = [entry for entry in seen.members if entry not in born and is_shared(entry)]
    own = [entry for entry in seen.members if entry not in born and entry not in shared]
    others = _others_hold(seen.live)
    why = _why_kept(seen, others, shared)
    if not why:
        return Decision((*own, *seen.parents, seen.live))
    kept = (Kept(label, why), *map(kept_in_part, shared))
    return Decision((*own, *seen.parents), (*born, *shared, *((seen.live,) if others else ())), kept)


def is_shared(entry: Object) -> bool:
    """Whether others hold something of it that is more than a report about it."""
    return bool(_others_hold(entry, "metadata", "status"))


def kept_in_part(entry: Object) -> Kept:
    """What is said of an object that others hold fields of."""
    who = ", ".join(_others_hold(entry, "metadata", "status"))
    return Kept(name_of(entry), f"{who} holds fields of it, so only ours are taken out")


def _refused(seen: Seen, label: str, why: str, step: str) -> Plan:
    before = trimmed(seen.live) if seen.live else None
    return Plan(label, before, before, refusals=(Refusal(f"{label} is not removed", why, step),))


def _why_kept(seen: Seen, others: tuple[str, ...], shared: list[Object]) -> str:
    if others:
        return f"{', '.join(others)} made it or changed it, so only what we applied goes"
    if seen.foreign or shared:
        return f"it holds what others made: {_names((*seen.foreign, *shared))}"
    hidden = ", ".join(kind.resource for kind in seen.unread[:MOST_SHOWN])
    step = f"kubectl delete namespace {seen.name} removes it"
    return f"it could not be told whether it is empty (this login may not list {hidden}); {step}" if hidden else ""


def _others_hold(live: Object, *but: str) -> tuple[str, ...]:
    """Field managers beside us that hold something outside of these top fields; what controllers report does not count."""
    unimportant = {f"f:{field}" for field in but}
    entries = live["metadata"].get("managedFields") or ()
    names = (
        str(entry.get("manager"))
        for entry in entries
        if not entry.get("subresource") and (not but or set(entry.get("fieldsV1") or ()) - unimportant)
    )
    return tuple(dict.fromkeys(name for name in names if name != MANAGER))


def _names(entries: Iterable[Object]) -> str:
    names = [f"{entry['kind']}/{entry['metadata']['name']}" for entry in entries]
    return ", ".join(names[:MOST_SHOWN]) + (f" and {len(names) - MOST_SHOWN} more" if len(names) > MOST_SHOWN else "")


def _deletion(live: Object) -> Plan:
    before = trimmed(live)
    return Plan(name_of(live), before, None, (Change("delete", "", before, None),))


def area_of(client: Client, name: str) -> Area:
    """The namespace's steps and what stays of it. What is released is asked of the server's dry run first."""
    return area_from(client, decide(observe(client, name)))


def area_from(client: Client, decision: Decision) -> Area:
    """The steps that carry out a decision."""
    deletions = tuple(Step(_deletion(live), _delete(client, live)) for live in decision.delete)
    releases: list[Step] = []
    kept = list(decision.kept)
    for live in decision.release:
        try:
            made = _released(client, live)
        except Invalid as error:
            kept.append(Kept(name_of(live), f"it would not be valid without our fields ({error.why})"))
            continue
        releases.append(Step(made, _release(client, live)))
    return Area((*map(Step, decision.refused), *deletions, *releases), tuple(kept))


def _delete(client: Client, live: Object) -> Callable[[], object]:
    # With the UID: an object that somebody made anew meanwhile under this name is not ours.
    metadata = live["metadata"]
    kind = client.kind_of(live)
    return lambda: client.delete(kind, metadata.get("namespace", ""), metadata["name"], uid=str(metadata["uid"]))


def _bare(live: Object) -> dict[str, Any]:
    # Applying an object without fields gives up every field that we hold: the server removes those that nobody else holds.
    metadata = {key: live["metadata"][key] for key in ("name", "namespace") if key in live["metadata"]}
    return {"apiVersion": live["apiVersion"], "kind": live["kind"], "metadata": metadata}


def _released(client: Client, live: Object) -> Plan:
    before = trimmed(live)
    after = trimmed(client.apply(client.kind_of(live), _bare(live), force=False, dry_run=True))
    changes = tuple(Change("update", field_of(path), old, new) for path, old, new in differences(before, after))
    return Plan(name_of(live), before, after, changes or (Change("update", "metadata.managedFields"),))


def _release(client: Client, live: Object) -> Callable[[], object]:
    kind = client.kind_of(live)
    return lambda: client.apply(kind, _bare(live), force=False, dry_run=False)


def apps_in(client: Client, environment: str, app_of: Callable[[str, str], str]) -> tuple[tuple[str, str], ...]:
    """(app, object) of every namespace of this environment that we applied and nobody is deleting."""
    found = client.list_all(NAMESPACE)
    names = [str(entry["metadata"]["name"]) for entry in found if is_ours(entry) and "deletionTimestamp" not in entry["metadata"]]
    return tuple((app_of(name, environment), f"Namespace/{name}") for name in names if app_of(name, environment))
