# Copyright (c) 2026 the goldenpath.microapps authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The nouns of the scaffold: what the repository shows, and what is written into it."""

from __future__ import annotations

import dataclasses
from typing import Final

# Raised by one whenever a rendered file changes for the same app: told in the manifest and in the commit's message.
TEMPLATE_VERSION: Final = 1
MANIFEST: Final = ".goldenpath/manifest.json"
BASES: Final = ".goldenpath/base/"

PIPELINE: Final = "scaffold-01"
IMAGE: Final = "scaffold-02"
SECRETS: Final = "scaffold-03"
UPDATES: Final = "scaffold-04"
REVIEW: Final = "scaffold-05"
DEPLOYMENT: Final = "scaffold-06"
HEALTH: Final = "scaffold-07"
TESTS: Final = "scaffold-08"
INFRASTRUCTURE: Final = "scaffold-09"
CONTROLS: Final = (PIPELINE, IMAGE, SECRETS, UPDATES, REVIEW, DEPLOYMENT, HEALTH, TESTS, INFRASTRUCTURE)


@dataclasses.dataclass(frozen=True, slots=True)
class Entry:
    """Where a Python web app starts: the attribute of a module, and how it is served (`wsgi` or `asgi`)."""

    module: str
    attribute: str
    protocol: str
    is_factory: bool = False


@dataclasses.dataclass(frozen=True, slots=True)
class Source:
    """What the repository shows, as far as the baseline needs it.

    `installs` says how dependencies are installed (requirements, poetry, uv, project, npm, or '' for none); `entry` is None
    where no Python web app was recognised; `start` is the command of package.json's start script; `script` the Python file
    that is run where there is no entry; `has_build` whether package.json builds; `database_driver` as imported.
    """

    runtime: str
    installs: str = ""
    entry: Entry | None = None
    script: str = ""
    start: str = ""
    has_build: bool = False
    has_lock: bool = False
    module_type: str = ""
    branch: str = "main"


@dataclasses.dataclass(frozen=True, slots=True)
class Browser:
    """A value that is shipped to browsers: the file it stands in, the mark that stands for it, the variable that fills it."""

    file: str
    mark: str
    variable: str


@dataclasses.dataclass(frozen=True, slots=True)
class File:
    """A file of the baseline. `lines` is true for files of independent lines (.gitignore): missing ones are added.

    `control` is the control it serves ('' for none); `keeps_good` is true where a file of the owner's that the judge has
    nothing against is left as it is.
    """

    path: str
    content: bytes
    control: str = ""
    lines: bool = False
    keeps_good: bool = False


@dataclasses.dataclass(frozen=True, slots=True)
class Finding:
    """Something in a file that must not be: a stable name, where, and why."""

    name: str
    file: str
    line: int
    why: str

    def sentence(self) -> str:
        """The line a user reads."""
        place = f"{self.file}:{self.line}" if self.line else self.file
        return f"{place}: {self.why} ({self.name})"
