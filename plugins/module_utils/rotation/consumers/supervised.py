# Copyright (c) 2026 the goldenpath.microapps authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""An app that the sandbox's supervisor runs: its release names its branch and its secrets.

The running process carries a mark of what it was started with, so that a run that was killed between writing the release and
restarting is noticed.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Mapping
from typing import Any, Final

from ...app import App, SecretSpec
from ...capability import Change, Plan, Refusal, Request
from ...errors import Conflict, MissingLibrary
from ...gitops.git import Mirror
from ...profile import Profile
from ...sandbox import runner
from ...sandbox.runner import Release, SecretReference
from ..controls import FOUND_IS_DEAD, IN_STORE
from ..found import Found, still_in
from ..model import Document
from .mark import mark_of, store_of

try:
    import psutil
except ImportError as error:
    PSUTIL_MISSING: ImportError | None = error
else:
    PSUTIL_MISSING = None

# In the app's environment: a digest of the commit and the versions of the secrets that it was started with.
MARK: Final = "GOLDENPATH_STARTED_WITH"


@dataclasses.dataclass(frozen=True, slots=True)
class Supervised:
    """What the app runs (`release`, None: it is not run here), what it was started with, and the branch to run."""

    app: App
    profile: Profile
    environ: Mapping[str, str] = dataclasses.field(repr=False)
    release: Release | None
    running: str = ""
    commit: str = ""
    tainted: tuple[str, ...] = ()

    @classmethod
    def look(cls, app: App, profile: Profile, copy: Mirror, found: Iterable[Found], request: Request) -> Supervised:
        """Reads only."""
        release = runner.read_release(profile.runner.release_folder, app.name)
        if release is None:
            return cls(app, profile, request.environ, None)
        commit = copy.find(profile.forge.branch) or ""
        tainted = still_in(copy, commit, found) if commit else ()
        running = _environment(runner.program_state(profile.runner.control, app.name).pid).get(MARK, "")
        return cls(app, profile, request.environ, release, running, commit, tainted)

    @property
    def runs(self) -> bool:
        """See `Consumer`."""
        return self.release is not None

    def behind(self, tokens: Mapping[str, str]) -> bool:
        """See `Consumer`."""
        wanted = self._wanted(tokens)
        return wanted is not None and self.running != wanted.environment[MARK]

    def elsewhere(self, spec: SecretSpec) -> str:
        """See `Consumer`: a release names every secret of its app."""
        return ""

    def hold(self, check: bool) -> Refusal | None:
        """See `Consumer`."""
        if self.release is None:
            return None
        why = ""
        if self.tainted:
            why = f"the branch still holds a credential that is to be retired, in {', '.join(self.tainted[:5])}"
        elif not self.commit and not check:
            # An audit of an app whose branch is only planned predicts what the run will do.
            why = "there is no such branch"
        if not why:
            return None
        return Refusal(
            f"The app {self.app.name} is not switched to its branch {self.profile.forge.branch}",
            why,
            "Let the scaffold role push one that reads its secrets from the environment, and run again.",
            FOUND_IS_DEAD,
        )

    def plan(self, tokens: Mapping[str, str], changing: bool, held: Refusal | None) -> tuple[Plan, ...]:
        """See `Consumer`."""
        wanted = self._wanted(tokens)
        if self.release is None or wanted is None:
            return ()
        before, after = _shown(self.release), _shown(wanted)
        fields = [field for field, value in after.items() if before[field] != value]
        changes = [Change("update", field, before[field], after[field], IN_STORE) for field in fields]
        if not changes and (changing or self.running != wanted.environment[MARK]):
            before, after = {**before, "started_with": "former values"}, {**after, "started_with": "current values"}
            changes = [Change("update", "started_with", "former values", "current values", IN_STORE)]
        refusals = (held,) if held else ()
        return (Plan(f"app:{self.app.name}", before, after, tuple(changes), refusals, (IN_STORE, FOUND_IS_DEAD)),)

    def switch(self, tokens: Mapping[str, str], documents: Mapping[str, Document]) -> None:
        """See `Consumer`."""
        wanted = self._wanted(tokens)
        if wanted is not None:
            place = self.profile.runner
            runner.write_release(place.release_folder, wanted)
            runner.restart(place.control, place.release_folder, self.app.name, self.environ)

    def confirm(self, documents: Mapping[str, Document]) -> None:
        """See `Consumer`."""
        state = runner.program_state(self.profile.runner.control, self.app.name)
        environment = _environment(state.pid)
        for spec in self.app.secrets:
            document = documents.get(spec.name, {})
            for key, variable in spec.variables:
                if environment.get(variable) != document.get(key):
                    raise Conflict(
                        f"The app {self.app.name} does not run with the current version of its secret {spec.name}",
                        f"its variable {variable} holds another value",
                        "Nothing was retired. Run again; if it stays so, look at how the app is started.",
                    )

    def _wanted(self, tokens: Mapping[str, str]) -> Release | None:
        """The release that takes its secrets from the store."""
        if self.release is None:
            return None
        app, profile = self.app, self.profile
        provided = {variable for spec in app.secrets for _unused, variable in spec.variables}
        plain = {name: value for name, value in self.release.environment.items() if name not in provided}
        return dataclasses.replace(
            self.release,
            branch=profile.forge.branch,
            commit=self.commit,
            environment={**plain, MARK: mark_of(tokens, self.commit, store_of(profile))},
            secrets=tuple(SecretReference(app.secret_name(spec.name), dict(spec.variables)) for spec in app.secrets),
            # Who may read them beside the app, and where they are copied to, is nothing of its start.
            place=runner.Place(profile.aws, dataclasses.replace(profile.secret_store, replicas=None, readers=None)),
        )


def _shown(release: Release) -> dict[str, Any]:
    secrets = {secret.name: sorted(secret.variables.values()) for secret in release.secrets}
    store = release.place.secret_store.scheme if release.place else ""
    return {"branch": release.branch, "secrets": secrets, "store": store}


def _environment(pid: int) -> Mapping[str, str]:
    if PSUTIL_MISSING:
        raise MissingLibrary("psutil", "see what the running app was started with", PSUTIL_MISSING)
    try:
        environment: Mapping[str, str] = psutil.Process(pid).environ() if pid else {}
    except psutil.Error:
        return {}
    return environment
