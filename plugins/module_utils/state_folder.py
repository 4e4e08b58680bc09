# Copyright (c) 2026 the goldenpath.microapps authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Where the collection keeps what it writes on the controller: the sandbox's parts, evidence, reports."""

from __future__ import annotations

import os
import pathlib
from collections.abc import Mapping

VARIABLE = "GOLDENPATH_STATE"


def collection_root() -> pathlib.Path:
    """The folder of galaxy.yml (or, installed, of MANIFEST.json): a link to a checkout is followed."""
    return pathlib.Path(os.path.realpath(__file__)).parents[2]


def state_folder(environ: Mapping[str, str]) -> pathlib.Path:
    """`$GOLDENPATH_STATE`, else `.state` in a checkout, else the user's state folder (XDG base directory specification).

    Never inside an installed collection: that may be read-only, and an upgrade replaces it.
    """
    chosen = environ.get(VARIABLE)
    if chosen:
        return pathlib.Path(chosen).absolute()
    root = collection_root()
    if (root / ".git").exists() and (root / "galaxy.yml").exists():
        return root / ".state"
    home = pathlib.Path(environ.get("HOME") or os.path.expanduser("~"))
    base = environ.get("XDG_STATE_HOME")
    return (pathlib.Path(base) if base and os.path.isabs(base) else home / ".local" / "state") / "goldenpath-microapps"
