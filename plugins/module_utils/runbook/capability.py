# Copyright (c) 2026 the goldenpath.microapps authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The capability `app_runbook`: one page for people, written beside the app's evidence from the same data as its alerts."""

from __future__ import annotations

import dataclasses
import hashlib
import pathlib
import sys
from collections.abc import Mapping
from typing import Any, Final

from ..app import App
from ..capability import Capability, Change, Outcome, Plan, Request, answers_of
from ..controls import Answer, Path
from ..errors import Invalid, MicroappsError, NotFound, Unreachable
from ..evidence.record import app_folder, parts_of, write_text
from ..microapp import MICROAPP_OPTIONS, VERDICT_OPTION, Context, context_of
from ..observability.rules import rules_of
from ..profile import Profile
from ..sandbox.runner import Release, program_state, read_release
from ..state_folder import state_folder
from ..verdict import Verdict
from . import html, markdown, named
from .page import Here, page_of
from .people import lacks

REACHABLE: Final = "runbook-01"
CURRENT: Final = "runbook-02"
REAL: Final = "runbook-03"
CONTROLS: Final = (REACHABLE, CURRENT, REAL)


def run(request: Request) -> Outcome:
    """Render, compare with what lies there, write what differs."""
    context = context_of(request)
    if context.verdict is None:
        raise Invalid("The verdict is empty", "the path decides which alerts the runbook explains", "Run the role triage first.")
    verdict = context.verdict
    folder = folder_of(request, context)
    rendered = render(context, verdict, here_of(context.app, context.profile))
    plans = [people_plan(context, verdict), *(file_plan(name, read(folder / name), text) for name, text in rendered.items())]
    if not request.check:
        plans = [_written(plan, folder, rendered) for plan in plans]
    earlier = _answers_so_far(request)
    answers = (
        *answers_of(plans, (REACHABLE, CURRENT), request.check),
        named.answer(REAL, named.names_of(context.app, context.profile), earlier),
    )
    page = folder / "runbook.html"
    # A check writes none: before the first run, whoever opened it would find nothing.
    return Outcome(plans=tuple(plans), answers=answers, result={"artefacts": {"runbook": str(page)} if page.exists() else {}})


def folder_of(request: Request, context: Context) -> pathlib.Path:
    """Beside the app's evidence; without the `evidence` option, where evidence is by default."""
    evidence: Mapping[str, str] = request.params.get("evidence") or {
        "directory": str(state_folder(request.environ) / "evidence"),
        "app": context.app.name,
        "environment": context.app.environment,
    }
    return app_folder(evidence)


def here_of(app: App, profile: Profile) -> Here:
    """Whether the platform runs the app: the sandbox's supervisor runs what has a release and a program of its own, a cluster
    what is deployed to it; and how our programs are called from the sandbox's page."""
    release = _supervised(app, profile) if profile.runner.kind == "supervisor" else None
    here = Here(release is not None or (profile.runner.kind != "supervisor" and profile.cluster.available))
    if release:
        here = dataclasses.replace(here, address=f"http://127.0.0.1:{release.port}")
    if profile.embedded:
        # The catalog lies beside its inventories; one that somebody keeps elsewhere cannot be known here.
        inventory = pathlib.Path(app.file).absolute().parent.parent / app.environment
        here = dataclasses.replace(here, python=sys.executable, inventory=str(inventory) if inventory.is_dir() else "")
    return here


def _supervised(app: App, profile: Profile) -> Release | None:
    release = read_release(profile.runner.release_folder, app.name)
    if release is None:
        return None
    try:
        program_state(profile.runner.control, app.name)
    except NotFound:
        return None
    except Unreachable:
        # It is down, perhaps for this very reason somebody reads the page: it runs the app again when it is up.
        pass
    return release


def render(context: Context, verdict: Verdict, here: Here) -> dict[str, str]:
    """The files of the runbook: pure, so the same state gives the same bytes."""
    page = page_of(context.app, context.profile, verdict, rules_of(context.app, context.profile, verdict), here)
    return {"runbook.md": markdown.render(page), "runbook.html": html.render(page)}


def people_plan(context: Context, verdict: Verdict) -> Plan:
    """The people in the catalog: nothing to change from here, only to refuse."""
    refusals = lacks(context.app, verdict.path is Path.FULL, REACHABLE)
    contacts = [contact.email for contact in context.app.escalation]
    return Plan(f"catalog:{context.app.name}", contacts, contacts, refusals=refusals, controls=(REACHABLE,))


def file_plan(name: str, before: str | None, after: str) -> Plan:
    """One file of the runbook. The diff shows the Markdown; the HTML says the same in a hundred lines of style."""
    changes: tuple[Change, ...] = ()
    if before is None:
        changes = (Change("create", control=CURRENT),)
    elif before != after:
        changes = (Change("update", "text", control=CURRENT),)
    shown = _as_it_is if name.endswith(".md") else _digest
    return Plan(f"file:{name}", None if before is None else shown(before), shown(after), changes, controls=(CURRENT,))


def _as_it_is(text: str) -> Any:
    return text


def _digest(text: str) -> Any:
    return {"sha256": hashlib.sha256(text.encode()).hexdigest()}


def read(path: pathlib.Path) -> str | None:
    """A file's text, or None if there is none; one that is not text differs from any runbook."""
    try:
        return path.read_bytes().decode("utf-8", "replace")
    except FileNotFoundError:
        return None
    except OSError as error:
        raise MicroappsError(
            f"Cannot read {path}", error.strerror or "unknown", "Make it readable for the user who runs Ansible."
        ) from None


def _written(plan: Plan, folder: pathlib.Path, rendered: Mapping[str, str]) -> Plan:
    name = plan.object.removeprefix("file:")
    if not plan.changes or name not in rendered:
        return plan
    try:
        write_text(folder / name, rendered[name])
    except MicroappsError as error:
        return plan.failed(error)
    return plan


def _answers_so_far(request: Request) -> tuple[Answer, ...]:
    evidence = request.params.get("evidence")
    if not evidence or request.run is None:
        return ()
    parts = parts_of(evidence, request.check, request.run)
    return tuple(Answer.from_result(answer) for part in parts for answer in part["answers"])


CAPABILITY: Final = Capability(
    name="app_runbook",
    spec={**MICROAPP_OPTIONS, **VERDICT_OPTION},
    run=run,
    controls=CONTROLS,
)
