# Copyright (c) 2026 the goldenpath.microapps authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""An app that runs in the cluster: its Secrets follow the store, its workloads are restarted in order and waited for.

    1  each ExternalSecret is touched, so that its controller reads the store now and not at its next interval; the Secrets Store
       CSI driver cannot be told, and reads it at its interval
    2  until each Secret in the cluster holds what the store calls current
    3  each workload that reads one of them gets the mark of these versions on its pods' template, which rolls it out
    4  until all its pods are of that template and available; then the next workload

The mark is the only state, and it is in the cluster: a run that was killed leaves a workload with a former mark (restarted by
the next run) or with the new one and a rollout under way (waited for by the next run before it retires anything).
"""

from __future__ import annotations

import base64
import binascii
import dataclasses
import time
from collections.abc import Iterable, Mapping
from typing import Any, Final

from ...app import App, SecretSpec
from ...capability import Change, Plan, Refusal, Request
from ...errors import Conflict, MicroappsError, NotFound, Unreachable
from ...kubernetes.client import Client, Object, connect
from ...kubernetes.kinds import BY_GROUP_KIND
from ...profile import Profile
from ..controls import FOUND_IS_DEAD, IN_STORE
from ..delivery import API, secret_object
from ..model import Document, register
from .mark import mark_of, store_of
from .rollout import MARK, STUCK, has_pods, not_followed, order_of, secrets_read, started_with, takes, unfinished

KINDS: Final = tuple(BY_GROUP_KIND[f"{kind}.apps"] for kind in ("StatefulSet", "DaemonSet", "Deployment"))
# External Secrets reconciles an object whose annotations changed; this is the one its documentation names.
TOUCHED: Final = "force-sync"
PERMISSIONS: Final = (
    *(f"apps/{kind.plural}:{verb}" for kind in KINDS for verb in ("get", "list", "patch")),
    "secrets:get",
    "external-secrets.io/externalsecrets:get",
    "external-secrets.io/externalsecrets:patch",
)
_PAUSE: Final = 0.5


@dataclasses.dataclass(frozen=True, slots=True)
class Workloads:
    """The workloads that read the app's Secrets, in the order of their restarts, and the `others` of its namespace that have
    pods. `patience` is in seconds; `delivery` is the profile's, and `store` says which one it is."""

    app: App
    request: Request = dataclasses.field(repr=False)
    patience: int
    delivery: str
    store: str
    client: Client | None = dataclasses.field(repr=False)
    found: tuple[Object, ...] = dataclasses.field(repr=False)
    others: tuple[Object, ...] = dataclasses.field(default=(), repr=False)

    @classmethod
    def look(cls, app: App, profile: Profile, request: Request) -> Workloads:
        """Reads only. Where there is no cluster nothing runs in it: that is another control's answer, not an error here."""
        told = (profile.runner.wait_seconds, profile.secret_store.delivery, store_of(profile))
        if not app.secrets or not profile.cluster.available:
            return cls(app, request, *told, None, ())
        client = connect(profile.cluster, request.environ, request.secrets)
        listed = client.together(lambda kind: client.list_all(kind, app.namespace), KINDS)
        names = {secret_object(app, spec) for spec in app.secrets}
        workloads = sorted((workload for answer in listed for workload in answer), key=order_of)
        reading = tuple(workload for workload in workloads if takes(workload) & names)
        others = tuple(workload for workload in workloads if workload not in reading and has_pods(workload))
        return cls(app, request, *told, client, reading, others)

    @property
    def runs(self) -> bool:
        """See `Consumer`."""
        return bool(self.found)

    def behind(self, tokens: Mapping[str, str]) -> bool:
        """See `Consumer`."""
        return any(started_with(one) != self._mark(one, tokens) or unfinished(one) for one in self.found)

    def elsewhere(self, spec: SecretSpec) -> str:
        """See `Consumer`."""
        name = secret_object(self.app, spec)
        running = [_object(one) for one in (*self.found, *self.others) if has_pods(one)]
        if not running or any(name in takes(one) for one in self.found):
            return ""
        return f"no workload takes it from the Secret {name}, so nobody can tell what {', '.join(running[:5])} uses"

    def hold(self, check: bool) -> Refusal | None:
        """See `Consumer`: what runs here takes its secrets from the cluster already."""
        return None

    def plan(self, tokens: Mapping[str, str], changing: bool, held: Refusal | None) -> tuple[Plan, ...]:
        """See `Consumer`."""
        return tuple(self._plan(workload, tokens, (held,) if held else ()) for workload in self.found)

    def _plan(self, workload: Object, tokens: Mapping[str, str], refusals: tuple[Refusal, ...]) -> Plan:
        name, state = _object(workload), {"started_with": "current values"}
        if started_with(workload) == self._mark(workload, tokens):
            return Plan(name, state, state, (), refusals, (IN_STORE, FOUND_IS_DEAD))
        change = Change("update", "started_with", "former values", "current values", IN_STORE)
        return Plan(name, {"started_with": "former values"}, state, (change,), refusals, (IN_STORE, FOUND_IS_DEAD))

    def _mark(self, workload: Object, tokens: Mapping[str, str]) -> str:
        read = takes(workload)
        read_ones = {spec.name: tokens[spec.name] for spec in self.app.secrets if secret_object(self.app, spec) in read}
        return mark_of(read_ones, self.store)

    def switch(self, tokens: Mapping[str, str], documents: Mapping[str, Document]) -> None:
        """See `Consumer`: steps 1 to 4."""
        if self.client is None:
            return
        self._delivered(self.client, documents)
        for workload in self.found:
            mark = self._mark(workload, tokens)
            if started_with(workload) != mark:
                kind, name = self.client.kind_of(workload), workload["metadata"]["name"]
                template = {"metadata": {"annotations": {MARK: mark}}}
                self.client.merge(kind, self.app.namespace, name, {"spec": {"template": template}})
            self._rolled_out(self.client, workload)

    def confirm(self, documents: Mapping[str, Document]) -> None:
        """See `Consumer`: the Secrets hold these values, and every pod was started after they did."""
        if self.client is None or not self.found:
            return
        late = self._differing(self.client, documents)
        if late:
            raise Conflict(
                f"The Secret {late[0]} in {self.app.namespace} does not hold the current version",
                "it was changed after the workloads were restarted",
                "Nothing was retired. Run again.",
            )
        for workload in self.found:
            self._rolled_out(self.client, workload)

    # Steps 1 and 2

    def _delivered(self, client: Client, documents: Mapping[str, Document]) -> None:
        waiting = self._differing(client, documents)
        if not waiting:
            return
        if self.delivery != "csi":
            self._touch(client, waiting)
        waited = 0.0
        while waiting:
            if waited >= self.patience:
                raise self._not_followed(client, waiting[0], waited)
            time.sleep(_PAUSE)
            waited += _PAUSE
            waiting = self._differing(client, documents)

    def _touch(self, client: Client, names: Iterable[str]) -> None:
        kind = client.kind(API, "ExternalSecret")
        # A value that was never there: only a difference wakes the controller, and a former touch may have come too early.
        patch = {"metadata": {"annotations": {TOUCHED: self.request.now().isoformat()}}}
        for name in names:
            client.merge(kind, self.app.namespace, name, patch)

    def _not_followed(self, client: Client, name: str, waited: float) -> Unreachable:
        what = f"The Secret {name} in {self.app.namespace} was not brought up to date in {waited:.0f} s"
        if self.delivery == "csi":
            why = "the Secrets Store CSI driver did not do it: does it sync (syncSecret) and rotate (enableSecretRotation)?"
            see = f"secretproviderclass {name}"
        else:
            why = not_followed(client.get(client.kind(API, "ExternalSecret"), self.app.namespace, name))
            see = f"externalsecret {name}"
        return Unreachable(what, why, f"Nothing was restarted or retired. See kubectl describe {see}, and run again.")

    def _differing(self, client: Client, documents: Mapping[str, Document]) -> tuple[str, ...]:
        """Names of the Secrets that are read here and do not hold these documents' values."""
        read = frozenset[str]().union(*(secrets_read(workload) for workload in self.found))
        specs = [spec for spec in self.app.secrets if secret_object(self.app, spec) in read]
        return tuple(
            name
            for spec in specs
            if self._held(client, name := secret_object(self.app, spec))
            != {key: documents.get(spec.name, {}).get(key) for key, _variable in spec.variables}
        )

    def _held(self, client: Client, name: str) -> dict[str, str] | None:
        found = client.get(BY_GROUP_KIND["Secret"], self.app.namespace, name)
        if found is None:
            return None
        try:
            values = {key: base64.b64decode(value).decode() for key, value in (found.get("data") or {}).items()}
        except (binascii.Error, UnicodeDecodeError):
            return None
        register(self.request.secrets, "", values)
        return values

    # Step 4

    def _rolled_out(self, client: Client, workload: Object) -> None:
        kind, name = client.kind_of(workload), workload["metadata"]["name"]
        waited = 0.0
        while True:
            live = client.get(kind, self.app.namespace, name)
            if live is None:
                raise NotFound(f"{_object(workload)}", "it went away while it was restarted", "Run again.")
            why = unfinished({"kind": kind.kind, **live})
            if not why:
                return
            if waited >= self.patience or why.startswith(STUCK):
                raise _stuck(_object(workload), why, waited)
            time.sleep(_PAUSE)
            waited += _PAUSE


def _stuck(name: str, why: str, waited: float) -> MicroappsError:
    return Conflict(
        f"{name} was restarted and is not ready after {waited:.0f} s",
        why,
        "Both credentials are still valid. See kubectl describe, mend it, and run again.",
    )


def _object(workload: Mapping[str, Any]) -> str:
    metadata = workload["metadata"]
    return f"{workload['kind']}/{metadata['namespace']}/{metadata['name']}"
