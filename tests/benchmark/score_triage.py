# Copyright (c) 2026 the goldenpath.microapps authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Precision and recall of triage on labelled repositories: `python tests/benchmark/score_triage.py FOLDER`.

FOLDER holds git repositories (bare or not) and labels.json: `{"<repository>": {"runtime": ..., "framework": ..., "database": ...,
"exposure": ..., "data": ..., "tests": ..., "ci": ..., "container": ..., "third_parties": [...], "credentials": [{"value": ... or
"file": ..., "standing": ..., "history": bool}]}}`; a label that is left out is not scored. `tests/fixtures/triage/build.py` makes
such a folder; one of your own repositories works as well.
"""

from __future__ import annotations

import dataclasses
import json
import os
import pathlib
import sys
import tempfile
import time
from typing import Any

from ansible_collections.goldenpath.microapps.plugins.module_utils.triage import credentials, engine, facts, history, repository
from ansible_collections.goldenpath.microapps.plugins.module_utils.triage.fingerprints import fingerprint

FACTS = ("runtime", "framework", "database", "exposure", "data", "tests", "ci", "container", "third_parties")
OWING = ("live", "signing_key")


@dataclasses.dataclass
class Score:
    """What was right, what was missed, what was made up; each with its place."""

    right: dict[str, int] = dataclasses.field(default_factory=dict)
    asked: dict[str, int] = dataclasses.field(default_factory=dict)
    found: int = 0
    missed: list[str] = dataclasses.field(default_factory=list)
    made_up: list[str] = dataclasses.field(default_factory=list)
    misjudged: list[str] = dataclasses.field(default_factory=list)
    wrong: list[str] = dataclasses.field(default_factory=list)


def git_folder(path: pathlib.Path) -> pathlib.Path:
    """The git directory of a bare or ordinary repository."""
    return path / ".git" if (path / ".git").exists() else path


def score_facts(name: str, labels: dict[str, Any], found: facts.Found, score: Score) -> None:
    """Compare each labelled fact."""
    for field in FACTS:
        if field not in labels:
            continue
        shown, wanted = getattr(found, field), labels[field]
        same = set(wanted) <= set(shown) if field == "third_parties" else shown == wanted
        score.asked[field] = score.asked.get(field, 0) + 1
        score.right[field] = score.right.get(field, 0) + same
        if not same:
            score.wrong.append(f"{name}: {field} is {wanted!r}, shown {shown!r}")


def score_credentials(name: str, wanted: list[dict[str, Any]], found: Any, score: Score) -> None:
    """Compare the credentials, by value where the label has one, else by file and standing."""
    matched: set[str] = set()
    for label in wanted:
        same = [
            one
            for one in found
            if (one.fingerprint == fingerprint(label["value"], name) if "value" in label else one.file == label["file"])
            and ("file" not in label or one.file == label["file"])
            and ("history" not in label or bool(one.commit) == label["history"])
        ]
        right = [one for one in same if one.standing == label["standing"]]
        place = f"{name}: {label['standing']} {label.get('file', '')} {label.get('note', '')}".rstrip()
        matched.update(one.fingerprint for one in (right or same))
        owes = label["standing"] in OWING
        if right:
            score.found += owes
        elif owes and not any(one.standing in OWING for one in same):
            score.missed.append(place + (f" (judged {same[0].standing})" if same else " (not seen)"))
        elif same:
            score.found += owes
            score.misjudged.append(f"{place}, judged {same[0].standing}: {same[0].why}")
            if same[0].standing in OWING and not owes:
                score.made_up.append(f"{place}, judged {same[0].standing}: {same[0].why}")
    for one in found:
        if one.standing in OWING and one.fingerprint not in matched:
            score.made_up.append(
                f"{name}: {one.standing} {one.kind} {one.file}:{one.line} {one.commit[:7]} {one.variable} - {one.why}"
            )


def main(folder: pathlib.Path) -> int:
    """Print the score; exit code 1 if any live secret is missed or made up."""
    wanted = json.loads((folder / "labels.json").read_text(encoding="utf-8"))
    score = Score()
    cache = engine.cache_folder(pathlib.Path(os.environ.get("GOLDENPATH_STATE", tempfile.gettempdir())))
    started = time.monotonic()
    for name, labels in wanted.items():
        git = git_folder(folder / name if (folder / name).exists() else folder / f"{name}.git")
        snapshot = repository.snapshot(git, repository.commit_of(git, ""))
        in_tree = tuple(history.in_tree(snapshot, lambda file: engine.candidates(file, cache)))
        in_history, _left_out = history.in_history(git, snapshot, lambda file: engine.candidates(file, cache))
        score_facts(name, labels, facts.find(snapshot), score)
        if "credentials" in labels:
            score_credentials(name, labels["credentials"], credentials.findings((*in_tree, *in_history), name), score)
    seconds = time.monotonic() - started
    for title, lines in (
        ("wrong", score.wrong),
        ("missed", score.missed),
        ("made up", score.made_up),
        ("misjudged", score.misjudged),
    ):
        for line in lines:
            print(f"{title:>10}  {line}")
    for field in FACTS:
        if field in score.asked:
            print(f"{field:>14}: {score.right[field]} of {score.asked[field]}")
    owing = score.found + len(score.missed)
    print(f"   owe rotation: recall {score.found}/{owing}, made up {len(score.made_up)}")
    print(f"   {len(wanted)} repositories in {seconds:.1f} s")
    return 1 if score.missed or score.made_up else 0


if __name__ == "__main__":
    sys.exit(main(pathlib.Path(sys.argv[1])))
