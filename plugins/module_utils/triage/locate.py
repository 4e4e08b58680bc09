# Copyright (c) 2026 the goldenpath.microapps authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Finds a credential's value again from its finding, for whoever must move or revoke it. The value never leaves the process."""

from __future__ import annotations

import os
import pathlib

from ..errors import NotFound
from ..state_folder import state_folder
from ..verdict import CredentialFinding
from . import credentials, engine
from .fingerprints import fingerprint
from .history import read_version, trees
from .model import Candidate, SourceFile


def value_of(mirror_path: str | os.PathLike[str], finding: CredentialFinding, app_name: str, commit: str = "") -> str:
    """The secret itself. The caller registers it with `request.secrets` before anything else.

    `commit` is the verdict's commit, for a finding in the tree; without it the tips of all branches are tried.
    NotFound if the repository no longer has it (rewritten history, another repository).
    """
    engine.demand()
    folder = pathlib.Path(mirror_path)
    for tried in (finding.commit,) if finding.commit else (commit,) if commit else trees(folder):
        file = read_version(folder, tried, finding.file)
        value = _matching(file, finding, app_name) if file else None
        if value is not None:
            return value
    raise NotFound(
        f"The credential {finding.kind} of {finding.file}:{finding.line}",
        "the repository does not hold it any more",
        "Run triage again.",
    )


def _matching(file: SourceFile, finding: CredentialFinding, app: str) -> str | None:
    cache = engine.cache_folder(state_folder(os.environ))
    # The engine takes 0.4 s to wake, and most credentials are seen without it; the fingerprint tells that it is the right one.
    for detector in (_nothing, lambda one: engine.candidates(one, cache)):
        for sighting in credentials.in_file(file, detector):
            if fingerprint(sighting.candidate.value, app) == finding.fingerprint:
                return sighting.candidate.value
    return None


def _nothing(_file: SourceFile) -> tuple[Candidate, ...]:
    return ()
