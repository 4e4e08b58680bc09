# Copyright (c) 2026 the goldenpath.microapps authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What each control answered, on disk the moment a role has answered: an interrupted run keeps what it had.

A run writes one part per capability below `<directory>/<environment>/<app>/<mode>.parts/`; the play's last task joins the
parts of its own run into `<mode>.json` (`evidence.join`). `mode` is `converge` or `audit`; one never replaces the other.
"""

from __future__ import annotations

import dataclasses
import datetime
import getpass
import json
import os
import pathlib
import socket
import tempfile
import uuid
from collections.abc import Mapping
from typing import Any, Final

from ..controls import Answer, merge
from ..errors import MicroappsError

# What ends a run with an error: the option of the report, which the gate checks before anything is changed.
FAIL_ON: Final[dict[str, Any]] = {"type": "str", "choices": ["drifted", "violated"], "default": "drifted"}


@dataclasses.dataclass(frozen=True, slots=True)
class Run:
    """One ansible-playbook: who, where, when it began (UTC, RFC 3339). `job` is the AWX job's id where there is one.

    `pid` is Ansible's parent process: a lease whose holder no longer runs on this host may be taken over at once.
    """

    id: str
    started: str
    by: str
    host: str
    pid: int
    job: str = ""

    def as_data(self) -> dict[str, str]:
        """Plain data for the evidence file."""
        return dataclasses.asdict(self)


def new_run(environ: Mapping[str, str]) -> Run:
    """The identity of this process' run; made once, in Ansible's parent process."""
    try:
        user = environ.get("AWX_USER_NAME") or getpass.getuser()
    except (KeyError, OSError):
        user = str(os.getuid())
    return Run(
        id=str(uuid.uuid4()),
        started=datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds"),
        by=user,
        host=socket.gethostname(),
        pid=os.getpid(),
        job=environ.get("JOB_ID", ""),
    )


def mode(check: bool) -> str:
    """`audit` in check mode, `converge` otherwise."""
    return "audit" if check else "converge"


def app_folder(evidence: Mapping[str, str]) -> pathlib.Path:
    """The folder of one app in one environment, from the `evidence` option every role passes."""
    return pathlib.Path(evidence["directory"]) / evidence["environment"] / evidence["app"]


def record_answers(evidence: Mapping[str, str], capability: str, run: Run, check: bool, result: Mapping[str, Any]) -> None:
    """Write (or add to) this run's part for `capability` from a task's result. Another run's part is replaced."""
    path = parts_folder(evidence, check) / f"{capability}.json"
    earlier = read_part(path)
    if earlier is None or earlier["run"] != run.id:
        earlier = {"answers": [], "artefacts": {}}
    merged = merge(Answer.from_result(answer) for answer in [*earlier["answers"], *result["answers"]])
    part = {
        "run": run.id,
        "answers": [answer.as_result() for answer in merged.values()],
        "artefacts": {**earlier["artefacts"], **result.get("artefacts", {})},
        "gate": result.get("gate", ""),
    }
    write_json(path, part)


def parts_folder(evidence: Mapping[str, str], check: bool) -> pathlib.Path:
    """Where the parts of a run lie until they are joined."""
    return app_folder(evidence) / f"{mode(check)}.parts"


def parts_of(evidence: Mapping[str, str], check: bool, run: Run) -> tuple[dict[str, Any], ...]:
    """The parts of this run, in the order of their names; those of other runs are none of ours."""
    parts = (read_part(path) for path in sorted(parts_folder(evidence, check).glob("*.json")))
    return tuple(part for part in parts if part and part["run"] == run.id)


def read_part(path: pathlib.Path) -> dict[str, Any] | None:
    """A part as `record_answers` wrote it, or None if there is none or it is not ours."""
    try:
        part = json.loads(path.read_text(encoding="utf-8"))
    except (FileNotFoundError, json.JSONDecodeError):
        return None
    return part if isinstance(part, dict) and {"run", "answers", "artefacts"} <= part.keys() else None


def write_json(path: pathlib.Path, data: Any) -> None:
    """Write `data` so that a reader sees the old file or the new one, never half of one.

    Keys stay in their order: that of the controls is the road's, and every page drawn from the file keeps it.
    """
    text = json.dumps(data, indent=2, ensure_ascii=False) + "\n"
    write_text(path, text)


def write_text(path: pathlib.Path, text: str) -> None:
    """Write `text` atomically, readable by owner and group only."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
        with os.fdopen(handle, "w", encoding="utf-8") as stream:
            stream.write(text)
        os.chmod(temporary, 0o640)
        os.replace(temporary, path)
    except OSError as error:
        raise MicroappsError(
            f"Cannot write {path}",
            error.strerror or str(error),
            "Make the folder writable for the user who runs Ansible.",
        ) from None
