# Copyright (c) 2026 the goldenpath.microapps authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The forge asked: can each app's repository be read. Whether it may be pushed to is only known by pushing."""

from __future__ import annotations

import concurrent.futures
from collections.abc import Iterable, Mapping
from typing import Final

from ..errors import MicroappsError, NotFound
from ..gitops.process import checked_url, raise_for, run_git, shown
from ..profile import Profile
from .rows import COULD_NOT_TELL, NO, YES, Repository, Row

THREADS: Final = 16
MOST_ROWS: Final = 20


def ask_forge(profile: Profile, repositories: tuple[Repository, ...], environ: Mapping[str, str]) -> Iterable[Row]:
    """The forge's row, and one for each repository (at most twenty) that cannot be read."""
    if not repositories:
        note = "no app lives in this environment, so nothing was asked"
        return (Row("forge", profile.forge.base or "the apps' own", COULD_NOT_TELL, COULD_NOT_TELL, note=note),)
    with concurrent.futures.ThreadPoolExecutor(min(THREADS, len(repositories))) as pool:
        complaints = list(pool.map(lambda repository: _complaint(repository, environ), repositories))
    broken = [(repository, problem) for repository, problem in zip(repositories, complaints, strict=True) if problem]
    answering = [problem for _repository, problem in broken if isinstance(problem, NotFound)]
    reachable = len(broken) < len(repositories) or bool(answering)
    count = f"{len(repositories) - len(broken)} of {len(repositories)} repositories can be read"
    note = f"{count}; pushing is not tried"
    head = Row("forge", profile.forge.base or "the apps' own", YES if reachable else NO, COULD_NOT_TELL, note=note)
    rows = [
        Row(f"  {repository.name}", shown(repository.url), YES if isinstance(problem, NotFound) else NO, NO, problem=problem)
        for repository, problem in broken[:MOST_ROWS]
    ]
    return (head, *rows)


def _complaint(repository: Repository, environ: Mapping[str, str]) -> MicroappsError | None:
    try:
        url = checked_url(repository.url)
        done = run_git(None, ("ls-remote", "--quiet", "--end-of-options", url, "HEAD"), environ, url=url)
        if done.code:
            raise_for(f"The repository of {repository.name}, {shown(url)}, cannot be read", done.complaint)
    except MicroappsError as error:
        return error
    return None
