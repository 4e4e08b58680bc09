# Copyright (c) 2026 the goldenpath.microapps authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The capability `evidence_report`: joins what a run's roles recorded, prints the table, writes the report, and decides.

It is the last task of the road and the only one that fails for a violated control.
"""

from __future__ import annotations

import json
import pathlib
from collections.abc import Mapping
from typing import Any, Final

from ..capability import EVIDENCE_OPTION, Capability, Outcome, Request
from ..control_list import CONTROLS
from ..controls import Answer
from ..errors import MicroappsError
from ..state_folder import collection_root
from ..verdict import Verdict
from .join import answered, document, run_data, summary
from .page import page
from .record import FAIL_ON, app_folder, mode, parts_of, write_json, write_text
from .table import closing_table

SPEC: Final[dict[str, Any]] = {
    "evidence": {**EVIDENCE_OPTION, "required": True},
    "verdict": {"type": "dict"},
    "fail_on": FAIL_ON,
    "table": {"type": "bool", "default": True},
}


def collection_version() -> str:
    """The version in galaxy.yml (a checkout) or MANIFEST.json (installed)."""
    root = collection_root()
    manifest = root / "MANIFEST.json"
    if manifest.exists():
        return str(json.loads(manifest.read_text(encoding="utf-8"))["collection_info"]["version"])
    for line in (root / "galaxy.yml").read_text(encoding="utf-8").splitlines():
        if line.startswith("version:"):
            return line.split(":", 1)[1].strip()
    return "unknown"


def run(request: Request) -> Outcome:
    """Join, write, print; then say what the run amounts to."""
    evidence: Mapping[str, str] = request.params["evidence"]
    if request.run is None:
        raise MicroappsError("The report is drawn where Ansible runs", "this task was delegated", "Remove delegate_to.")
    parts = parts_of(evidence, request.check, request.run)
    verdict = Verdict.from_result(request.params["verdict"]) if request.params.get("verdict") else None
    answers = [Answer.from_result(answer) for part in parts for answer in part["answers"]]
    artefacts: dict[str, str] = {}
    for part in reversed(parts):
        # The branch is moved by the scaffold, and after it by who pins the image (app_image): by name, the other way round.
        artefacts.update(part["artefacts"])
    folder = app_folder(evidence)
    name = mode(request.check)
    artefacts |= {
        "report": str(folder / f"{name}.html"),
        "evidence": str(folder / f"{name}.json"),
        "summary": str(folder / f"{name}.summary.json"),
    }
    finished = request.now().isoformat(timespec="seconds")
    found = document(
        evidence["app"],
        evidence["environment"],
        verdict,
        answered(CONTROLS, verdict, answers, next((part["gate"] for part in parts if part.get("gate")), "")),
        run_data(request.run, name, finished, collection_version()),
        artefacts,
    )
    found = request.secrets.scrub(found)
    _write(folder, name, found)
    if request.params["table"]:
        request.progress(closing_table(found, request.columns))
    return Outcome(result=_verdict_of(found, request.params["fail_on"]))


def _write(folder: pathlib.Path, name: str, found: Mapping[str, Any]) -> None:
    write_json(folder / f"{name}.json", found)
    write_text(folder / f"{name}.html", page(found))
    write_json(folder / f"{name}.summary.json", summary([found]))


def _verdict_of(found: Mapping[str, Any], fail_on: str) -> dict[str, Any]:
    word = found["run"]["outcome"]
    result: dict[str, Any] = {"outcome": word, "artefacts": found["run"]["artefacts"]}
    entry = next(iter(summary([found])["apps"].values()))
    message = f"{_open(entry['open'])} ({word}). Read {result['artefacts']['report']}"
    if word == "violated" or (word == "drifted" and fail_on == "drifted"):
        return {**result, "failed": True, "msg": message}
    if word == "error":
        # "Could not tell" is not "not in order": Ansible's exit code for an unreachable host (4) tells it from 2.
        return {**result, "unreachable": True, "msg": message}
    return result


def _open(controls: list[str]) -> str:
    if len(controls) == 1:
        return f"The control {controls[0]} is open"
    rest = f" and {len(controls) - 5} more" if len(controls) > 5 else ""
    return f"{len(controls)} controls are open: {', '.join(controls[:5])}{rest}"


CAPABILITY: Final = Capability(name="evidence_report", spec=SPEC, run=run)
