# Copyright (c) 2026 the goldenpath.microapps authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Proposes the platform's baseline: files on a branch of the app's repository, for review, never over anybody's work."""

from __future__ import annotations

from typing import Any, Final

from ..app import App
from ..capability import Capability, Outcome, Request, answers_of
from ..catalog.load import load_app
from ..errors import Conflict
from ..gitops.git import Author, Mirror, mirror
from ..gitops.process import shown, standing
from ..microapp import MICROAPP_OPTIONS, VERDICT_OPTION, Context, context_of
from ..profile import Profile
from ..verdict import Verdict
from . import judge
from .model import BASES, CONTROLS, TEMPLATE_VERSION
from .plan import Planned, is_owed, plan
from .world import World, observe

SPEC: Final[dict[str, Any]] = {**MICROAPP_OPTIONS, **VERDICT_OPTION}
# Somebody else pushed between our reading and our pushing: read again, that often.
PUSH_TRIES: Final = 3
MOST_FINDINGS: Final = 50


def run(request: Request) -> Outcome:
    """Read, plan, and (unless in check mode) commit and push; read again if somebody was quicker."""
    context = context_of(request)
    verdict = Verdict.from_result(request.params["verdict"])
    apps = _everywhere(context.app, request)
    url = context.profile.repository_url(context.app)
    for tried in range(1, PUSH_TRIES + 1):
        copy = mirror(url, request.environ)
        world = observe(copy, context.app, context.profile, verdict)
        planned = plan(world, apps, verdict, context.profile.forge.branch, copy.merge_file)
        for value in planned.secrets:
            request.secrets.register(value)
        try:
            commit = None if request.check else _apply(copy, world, planned, context, request)
        except Conflict:
            if tried == PUSH_TRIES:
                raise
            continue
        return _outcome(world, planned, context, verdict, request.check, commit)
    raise AssertionError("unreachable: the last try returns or raises")


def _everywhere(app: App, request: Request) -> tuple[App, ...]:
    identity = request.params["app"]
    others = (load_app(identity["file"], app.name, name) for name in sorted(app.environments))
    return tuple(others)


def _apply(copy: Mirror, world: World, planned: Planned, context: Context, request: Request) -> str | None:
    if not planned.changes and not world.is_merged_in:
        return None
    profile = context.profile
    tree = copy.write_tree(world.start, planned.changes)
    author = Author(profile.forge.author_name, profile.forge.author_email)
    commit = copy.commit(tree, world.parents, message(world, planned, context), author, request.now())
    copy.push(commit, profile.forge.branch, world.expected)
    return commit


def message(world: World, planned: Planned, context: Context) -> str:
    """The commit's message: what happened and to which files; names of files only, never anything from the catalog."""
    verb = "Update" if world.manifest.files else "Add"
    lines = [f"{verb} the platform's baseline (template {TEMPLATE_VERSION})", ""]
    if world.is_merged_in:
        lines += [f"Merges {context.app.repository.branch}.", ""]
    names = [path for path in sorted(planned.changes) if not path.startswith(BASES)]
    lines += [f"- {shown(path)}{' (removed)' if planned.changes[path] is None else ''}" for path in names]
    return "\n".join(lines) + "\n"


def _outcome(world: World, planned: Planned, context: Context, verdict: Verdict, check: bool, commit: str | None) -> Outcome:
    profile, app = context.profile, context.app
    branch, stands = _where(world, profile, app, commit)
    url = shown(profile.repository_url(app))
    owed = tuple(control for control in CONTROLS if is_owed(control, verdict))
    result: dict[str, Any] = {
        "branch": branch,
        "commit": stands,
        "remote": url,
        "files": sorted(planned.changes),
        "replaced": list(planned.replaced),
        "findings": _findings(world),
    }
    if stands:
        result["artefacts"] = {"branch": standing(url, branch, stands, app.repository.branch)}
    return Outcome(planned.plans, answers_of(planned.plans, owed, check), result, planned.warnings)


def _where(world: World, profile: Profile, app: App, commit: str | None) -> tuple[str, str | None]:
    """The branch that holds the baseline, and its commit; once it was merged and nothing is left to propose, the app's own."""
    if commit is None and world.manifest.files and world.start == world.default:
        return app.repository.branch, world.default
    return profile.forge.branch, commit or world.tip


def _findings(world: World) -> list[str]:
    """What the judge has against files that the owner wrote, on the app's own branch."""
    texts = {path: text.decode("utf-8", "replace") for path, text in world.own.items() if path not in world.manifest.files}
    found = [finding for path, text in sorted(texts.items()) for finding in judge.findings(path, text)]
    return [finding.sentence() for finding in (*found, *judge.across(texts))][:MOST_FINDINGS]


CAPABILITY: Final = Capability(
    name="app_scaffold",
    spec=SPEC,
    run=run,
    permissions=("git: read the repository", "git: push the branch of forge.branch"),
    controls=CONTROLS,
)
