# Copyright (c) 2026 the goldenpath.microapps authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Who uses a secret: told that it changed, waited for, and seen.

`supervisor` is the sandbox's runner: the app's release names its branch and its secrets, and the running process carries
a mark of what it was started with, so that a run that was killed between writing and restarting is noticed.
"""

from __future__ import annotations

import dataclasses
import hashlib
from collections.abc import Iterable, Mapping
from typing import Any, Final

from ..app import App
from ..capability import Change, Plan, Refusal, Request
from ..errors import Conflict, MissingLibrary, NotFound
from ..gitops.git import Mirror
from ..profile import Profile
from ..sandbox import runner
from ..sandbox.runner import Release, SecretReference
from .controls import FOUND_IS_DEAD, IN_STORE
from .found import Found, still_in
from .model import Document, Stage, Stored

try:
    import psutil
except ImportError as error:
    PSUTIL_MISSING: ImportError | None = error
else:
    PSUTIL_MISSING = None

# In the app's environment: a digest of the commit and the versions of the secrets that it was started with.
MARK: Final = "GOLDENPATH_STARTED_WITH"


@dataclasses.dataclass(frozen=True, slots=True)
class Sight:
    """What the app runs (`release`, None: it is not run here), what it was started with, and the branch to run."""

    release: Release | None
    running: str = ""
    commit: str = ""
    tainted: tuple[str, ...] = ()


def look(app: App, profile: Profile, copy: Mirror, found: Iterable[Found]) -> Sight:
    """Reads only."""
    if profile.runner.kind != "supervisor":
        return Sight(None)
    release = runner.read_release(profile.runner.release_folder, app.name)
    if release is None:
        return Sight(None)
    commit = copy.find(profile.forge.branch) or ""
    tainted = still_in(copy, commit, found) if commit else ()
    return Sight(release, _running_mark(profile, app), commit, tainted)


def _running_mark(profile: Profile, app: App) -> str:
    return _environment(runner.program_state(profile.runner.control, app.name).pid).get(MARK, "")


def wanted_release(sight: Sight, app: App, profile: Profile, tokens: Mapping[str, str]) -> Release | None:
    """The release that takes its secrets from the store. `tokens` are the current versions by secret name."""
    if sight.release is None:
        return None
    provided = {variable for spec in app.secrets for _unused, variable in spec.variables}
    plain = {name: value for name, value in sight.release.environment.items() if name not in provided}
    text = "\n".join([sight.commit, *(f"{name}={token}" for name, token in sorted(tokens.items()))])
    return dataclasses.replace(
        sight.release,
        branch=profile.forge.branch,
        commit=sight.commit,
        environment={**plain, MARK: hashlib.sha256(text.encode()).hexdigest()[:16]},
        secrets=tuple(SecretReference(app.secret_name(spec.name), dict(spec.variables)) for spec in app.secrets),
        aws={
            "endpoint_url": profile.aws.endpoint_url,
            "region": profile.aws.region,
            "credentials_file": profile.aws.credentials_file,
            "profile": profile.aws.profile,
        },
    )


def plan(sight: Sight, app: App, wanted: Release | None, changing: bool, held: Refusal | None) -> tuple[Plan, ...]:
    """The restart, as a plan of one object. `changing` says that a secret gets a new value in this run. Pure."""
    if sight.release is None or wanted is None:
        return ()
    before, after = _shown(sight.release), _shown(wanted)
    fields = [field for field, value in after.items() if before[field] != value]
    changes = [Change("update", field, before[field], after[field], IN_STORE) for field in fields]
    if not changes and (changing or sight.running != wanted.environment[MARK]):
        before, after = {**before, "started_with": "former values"}, {**after, "started_with": "current values"}
        changes = [Change("update", "started_with", "former values", "current values", IN_STORE)]
    refusals = (held,) if held else ()
    return (Plan(f"app:{app.name}", before, after, tuple(changes), refusals, (IN_STORE, FOUND_IS_DEAD)),)


def _shown(release: Release) -> dict[str, Any]:
    secrets = {secret.name: sorted(secret.variables.values()) for secret in release.secrets}
    return {"branch": release.branch, "secrets": secrets}


def hold(sight: Sight, app: App, profile: Profile, check: bool) -> Refusal | None:
    """Why the app cannot be switched to its branch, so that nothing it uses may be retired. Pure."""
    if sight.release is None:
        return None
    why = ""
    if sight.tainted:
        why = f"the branch still holds a credential that is to be retired, in {', '.join(sight.tainted[:5])}"
    elif not sight.commit and not check:
        # An audit of an app whose branch is only planned predicts what the run will do.
        why = "there is no such branch"
    if not why:
        return None
    return Refusal(
        f"The app {app.name} is not switched to its branch {profile.forge.branch}",
        why,
        "Let the scaffold role push one that reads its secrets from the environment, and run again.",
        FOUND_IS_DEAD,
    )


def switch(profile: Profile, app: App, wanted: Release, request: Request) -> float:
    """Write the release and restart the app; how long nothing answered, in seconds."""
    runner.write_release(profile.runner.release_folder, wanted)
    return runner.restart(profile.runner.control, profile.runner.release_folder, app.name, request.environ)


def confirm(profile: Profile, app: App, documents: Mapping[str, Document]) -> None:
    """Conflict unless the running app holds what the store calls current: only then may anything be retired."""
    state = runner.program_state(profile.runner.control, app.name)
    environment = _environment(state.pid)
    for spec in app.secrets:
        document = documents.get(spec.name, {})
        for key, variable in spec.variables:
            if environment.get(variable) != document.get(key):
                raise Conflict(
                    f"The app {app.name} does not run with the current version of its secret {spec.name}",
                    f"its variable {variable} holds another value",
                    "Nothing was retired. Run again; if it stays so, look at how the app is started.",
                )


def _environment(pid: int) -> Mapping[str, str]:
    if PSUTIL_MISSING:
        raise MissingLibrary("psutil", "see what the running app was started with", PSUTIL_MISSING)
    try:
        environment: Mapping[str, str] = psutil.Process(pid).environ() if pid else {}
    except psutil.Error:
        return {}
    return environment


def tokens_of(stored: Mapping[str, Stored]) -> dict[str, str]:
    """The current version of each secret; Conflict if one has none, for an app could not start without it."""
    tokens = {}
    for name, secret in stored.items():
        current = secret.at(Stage.CURRENT)
        if current is None:
            raise Conflict(f"The secret {secret.name} has no current version", "the app cannot start without it", "Run again.")
        tokens[name] = current.token
    return tokens


def missing(app: App, stored: Mapping[str, Stored]) -> NotFound | None:
    """Why the app cannot be switched: a secret of its is not in the store."""
    absent = [spec.name for spec in app.secrets if spec.name not in stored]
    if not absent:
        return None
    return NotFound(
        f"The app {app.name} is not restarted",
        f"the store lacks its secret {', '.join(absent)}",
        "See why above; the running app and its old credential are left as they are.",
    )
