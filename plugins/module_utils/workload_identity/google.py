# Copyright (c) 2026 the goldenpath.microapps authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Who may read a secret at Google, observed and converged over REST: the capability `gcp_workload_identity`.

What is decided stands in google_plan.py, and whom Google lets in in google_trust.py. A policy is read, changed and written under
its etag: who was slower (409 ABORTED) reads it again, so that nothing of others is lost. Another address of a service is taken
from the variables that gcloud knows, `CLOUDSDK_API_ENDPOINT_OVERRIDES_<SERVICE>`.
"""

from __future__ import annotations

import dataclasses
import re
import time
from collections.abc import Callable, Iterable, Mapping
from typing import Any, Final

from ..aws.sets import PAUSES, once_each
from ..capability import Capability, Outcome, Plan, Request
from ..errors import Conflict, Denied, Invalid, MicroappsError, NotFound
from ..network import is_loopback
from ..profile import SecretStore
from ..rotation.http_json import request as http_json
from ..rotation.side_by_side import in_lanes
from ..rotation.stores.gcp_secretmanager import ADDRESS, told
from ..rotation.stores.google_login import bearer
from ..scrubber import Secrets
from .google_plan import VERSION, Policy, Wish, inherited, plan, shown, wanted, without
from .google_trust import GKE, PROVIDER, Pool, Provider, own_token, shared
from .subject import ADOPT_OPTION, ISSUER, WORKLOAD_OPTIONS, Subject, checked

IAM: Final = "https://iam.googleapis.com"
PROJECTS: Final = "https://cloudresourcemanager.googleapis.com"
PERMISSIONS: Final = (
    "iam.workloadIdentityPoolProviders.list",
    "iam.workloadIdentityPools.get",
    "resourcemanager.projects.get",
    "resourcemanager.projects.getIamPolicy",
    "secretmanager.secrets.getIamPolicy",
    "secretmanager.secrets.setIamPolicy",
)
_MEND: Final = "Give the login that runs this the permissions that docs/workload-identity.md lists."
_ID: Final = re.compile(r"[A-Za-z0-9_-]{1,255}")
SPEC: Final[dict[str, Any]] = {
    "project": {"type": "str", "required": True},
    "token_file": {"type": "path"},
    "address": {"type": "str"},
    "identity_provider": {"type": "str"},
    "issuer": {"type": "str"},
    "adopt": ADOPT_OPTION,
    "workloads": {
        "type": "list",
        "elements": "dict",
        "required": True,
        "options": WORKLOAD_OPTIONS,
    },
}


@dataclasses.dataclass(frozen=True, slots=True)
class Service:
    """One of Google's APIs: where it is, and who we are to it."""

    address: str
    token: str = dataclasses.field(repr=False)

    def call(self, method: str, path: str, what: str, body: Any = None, query: Mapping[str, str] | None = None) -> Any:
        """One call; None where there is nothing."""
        status, answer = http_json(self.address, method, path, {"Authorization": f"Bearer {self.token}"}, body, query)
        if status == 200:
            return answer if isinstance(answer, dict) else {}
        if status == 404:
            return None
        error = told(what, status, answer)
        raise Denied(error.what, error.why, _MEND) if isinstance(error, Denied) else error


@dataclasses.dataclass(frozen=True, slots=True)
class Google:
    """The three services that are asked, for the secrets of one project."""

    project: str
    secrets: Service
    iam: Service
    projects: Service

    @classmethod
    def open(cls, store: SecretStore, secrets: Secrets, environ: Mapping[str, str]) -> Google:
        """The services, logged in as the store is."""

        def service(address: str, name: str, given: str = "") -> Service:
            # A login that our key signs is for one service, by its public name, wherever it is reached.
            variable = f"CLOUDSDK_API_ENDPOINT_OVERRIDES_{name}"
            where = (given or environ.get(variable, address)).rstrip("/")
            if not given and not where.startswith("https://") and not is_loopback(where):
                raise Invalid(f"{variable} is {where}", "a login is sent in clear to this machine alone", "Give a https address.")
            return Service(where, bearer(store.token_file, secrets, environ, f"{address}/"))

        return cls(
            store.project,
            service(ADDRESS, "SECRETMANAGER", store.address),
            service(IAM, "IAM"),
            service(PROJECTS, "CLOUDRESOURCEMANAGER"),
        )

    def pool(self, provider: str) -> Pool:
        """The pool that vouches for the cluster's tokens; without a name, that of GKE in the store's own project."""
        named = PROVIDER.fullmatch(provider)
        if provider and not named:
            raise Invalid(
                f"identity_provider: '{provider}' is neither GKE's pool nor a provider of one's own", "", "Mend the name."
            )
        if named is None:
            return Pool(self._number(), f"{self.project}{GKE}")
        if named["gke"]:
            return Pool(named["number"], named["gke"])
        pool = Pool(named["number"], named["pool"])
        return dataclasses.replace(pool, providers=self._providers(pool))

    def _number(self) -> str:
        what = f"Look at the project {self.project}"
        answer = self.projects.call("GET", f"/v3/projects/{self.project}", what)
        if answer is None:
            raise NotFound(f"The project {self.project}", "Google does not know it", "Correct secret_store.project.")
        return str(answer["name"]).rpartition("/")[2]

    def _providers(self, pool: Pool) -> tuple[Provider, ...]:
        about = self.iam.call("GET", f"/v1/{pool.path}", f"Look at the workload identity pool {pool.name}")
        if about is None:
            raise NotFound(f"The workload identity pool {pool.path}", "Google does not know it", "Make it, or mend the profile.")
        if not _is_on(about):
            return ()
        found: list[Provider] = []
        query = {"pageSize": "100"}
        while True:
            what = f"List the providers of {pool.name}"
            page = self.iam.call("GET", f"/v1/{pool.path}/providers", what, None, query) or {}
            entries = page.get("workloadIdentityPoolProviders", [])
            found += [_provider(entry) for entry in entries if _is_on(entry) and "oidc" in entry]
            if not page.get("nextPageToken"):
                return tuple(found)
            query["pageToken"] = page["nextPageToken"]

    def project_policy(self) -> Policy:
        """Who has which role on the whole project."""
        path = f"/v3/projects/{self.project}:getIamPolicy"
        body = {"options": {"requestedPolicyVersion": VERSION}}
        return self.projects.call("POST", path, f"Read the IAM policy of the project {self.project}", body) or {}

    def lacking(self, permissions: Iterable[str]) -> tuple[str, ...]:
        """Which of these permissions whoever is logged in does not have on the project; of a pool elsewhere it tells nothing."""
        asked = sorted(permissions)
        path = f"/v3/projects/{self.project}:testIamPermissions"
        answer = self.projects.call("POST", path, f"Ask what may be done in {self.project}", {"permissions": asked}) or {}
        return tuple(one for one in asked if one not in answer.get("permissions", ()))

    def policy(self, secret: str) -> Policy | None:
        """Who has which role on a secret; None where there is no such secret."""
        query = {"options.requestedPolicyVersion": str(VERSION)}
        answer: Policy | None = self.secrets.call("GET", self._path(secret, "get"), _what("Read", secret), None, query)
        return answer

    def write(self, secret: str, policy: Policy) -> None:
        """Write the policy under the etag that it carries; Conflict if somebody was faster."""
        answer = self.secrets.call("POST", self._path(secret, "set"), _what("Write", secret), {"policy": policy})
        if answer is None:
            raise _gone(secret)

    def _path(self, secret: str, verb: str) -> str:
        return f"/v1/projects/{self.project}/secrets/{secret}:{verb}IamPolicy"

    def object(self, secret: str) -> str:
        """What a plan calls the policy of a secret."""
        return f"gcp:projects/{self.project}/secrets/{secret}/policy"


def _is_on(entry: Mapping[str, Any]) -> bool:
    return not entry.get("disabled") and entry.get("state", "ACTIVE") == "ACTIVE"


def _provider(entry: Mapping[str, Any]) -> Provider:
    oidc = entry["oidc"]
    return Provider(
        name=str(entry["name"]),
        issuer=str(oidc.get("issuerUri", "")),
        audiences=tuple(oidc.get("allowedAudiences", ())),
        mapping=dict(entry.get("attributeMapping", {})),
        condition=str(entry.get("attributeCondition", "")),
    )


def _what(verb: str, secret: str) -> str:
    return f"{verb} the IAM policy of the secret {secret}"


def _gone(secret: str) -> NotFound:
    return NotFound(f"The secret {secret}", "it is not in the store, so nobody can be let in to it", "Make it, and run again.")


def run(request: Request) -> Outcome:
    """Decide from the options and what Google has; carry it out unless asked only to check."""
    params = request.params
    subjects = _asked(params["workloads"])
    provider, issuer = params["identity_provider"] or "", params["issuer"] or ""
    if "/providers/" in provider and not ISSUER.fullmatch(issuer):
        raise Invalid(f"issuer: '{issuer}' is not the URL of an issuer", "a provider of one's own takes one issuer's tokens", "")
    store = SecretStore("gcp_secretmanager", params["address"] or "", params["token_file"] or "", project=params["project"])
    google = Google.open(store, request.secrets, request.environ)
    pool = google.pool(provider)
    take = params["adopt"] == "take"
    wishes = {secret: wish_for(pool, subject, issuer, provider, take) for secret, subject in subjects.items()}
    plans = each(google, wishes, request.check)
    told = dict.fromkeys(shared(pool, wish.own) for wish in wishes.values())
    return Outcome(
        (*plans, inherited(google.project, google.project_policy(), wishes.values())),
        result={"principals": sorted({wish.member for wish in wishes.values()})},
        warnings=tuple(f"Note: {sentence}." for sentence in told if sentence),
    )


def _asked(workloads: Iterable[Mapping[str, Any]]) -> dict[str, Subject]:
    pairs = [(secret, _subject(entry)) for entry in workloads for secret in entry["secrets"]]
    once_each((secret for secret, _subject in pairs), "secret")
    for secret, _unused in pairs:
        if not _ID.fullmatch(secret):
            raise Invalid(f"'{secret}' is not the id of a secret", "letters, digits, - and _ fit, 255 at most", "Mend the name.")
    if not pairs:
        raise Invalid("workloads: no secret is named", "there is nothing to let anybody in to", "Name at least one.")
    return dict(pairs)


def _subject(entry: Mapping[str, Any]) -> Subject:
    return checked(Subject(entry["namespace"], entry["service_account"]))


def each(google: Google, wishes: Mapping[str, Wish], check: bool) -> tuple[Plan, ...]:
    """The plans of every secret, made side by side; a failure is that secret's answer and stops no other."""

    def answered(item: tuple[str, Wish]) -> tuple[Plan, ...]:
        secret, wish = item
        try:
            return converge(google, secret, wish, check)
        except MicroappsError as error:
            return (Plan(google.object(secret), controls=(wish.control,) if wish.control else ()).failed(error),)

    told = in_lanes(tuple(wishes.items()), lambda item: item[0], answered)
    return tuple(plan for plans in told for plan in plans)


def wish_for(pool: Pool, subject: Subject, issuer: str, provider: str, take: bool, control: str = "") -> Wish:
    """Let in this service account and no other workload; `Invalid` for a wildcard."""
    return Wish(pool, own_token(pool, checked(subject), issuer, provider), take, control)


def converge(google: Google, secret: str, wish: Wish, check: bool) -> tuple[Plan, ...]:
    """The plans for one secret; carried out unless only to check, and then judged by what Google says it holds."""
    name = google.object(secret)
    found = google.policy(secret)
    made = plan(name, found, wish)
    if check or not made[0].changes:
        return made
    if found is None:
        raise _gone(secret)
    _write(google, secret, lambda policy: wanted(policy, wish))
    kept = google.policy(secret)
    if kept is None:
        raise _gone(secret)
    after, *others = plan(name, kept, wish)
    if after.changes:
        raise Conflict(_what("Write", secret), "Google did not keep what it was told", "See who else writes it, and run again.")
    return made[0], *others


def take_out(google: Google, secret: str, member: str) -> None:
    """Nobody is this member in the secret's policy; other members stay."""
    _write(google, secret, lambda policy: without(policy, member))


def _write(google: Google, secret: str, changed: Callable[[Policy], Policy]) -> None:
    for pause in PAUSES:
        time.sleep(pause)
        found = google.policy(secret)
        if found is None:
            raise _gone(secret)
        after = changed(found)
        if shown(after) == shown(found):
            return
        try:
            google.write(secret, after)
        except Conflict:
            continue
        return
    raise Conflict(_what("Write", secret), "others write it all the time", "Nothing of theirs was overwritten. Run again.")


CAPABILITY: Final = Capability("gcp_workload_identity", SPEC, run, PERMISSIONS)
