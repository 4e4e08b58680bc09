# Copyright (c) 2026 the goldenpath.microapps authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Judges requirements files of Python."""

from __future__ import annotations

import re
from collections.abc import Iterator

from ..model import Finding


def findings(path: str, text: str) -> Iterator[Finding]:
    """What may be another package tomorrow."""
    joined = re.sub(r"\\\r?\n", lambda match: "\x00", text)
    number = 1
    for raw in joined.split("\n"):
        here, number = number, number + 1 + raw.count("\x00")
        entry = raw.replace("\x00", " ").split(" #")[0].strip()
        if not entry or entry.startswith(("#", "-")):
            continue
        name = re.split(r"[\s=<>!~;\[@]", entry)[0]
        if not re.search(r"===?\s*[\w.]+|@\s*\S+[@#][0-9a-f]{7,}|--hash=", entry):
            yield Finding("dependency-not-pinned", path, here, f"{name} is whatever is newest when the image is built")
        elif "--hash=" not in entry:
            yield Finding(
                "dependency-without-hash",
                path,
                here,
                f"{name} has no hash: a package that was replaced on its way is not noticed",
            )
