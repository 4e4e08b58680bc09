# Copyright (c) 2026 the goldenpath.microapps authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Every control, in the order of the road. Generated from roles/*/meta/controls.yml by `make generate`; do not edit."""

from __future__ import annotations

from typing import Final

from .controls import Control, Path

CONTROLS: Final[tuple[Control, ...]] = (
    Control(
        id="triage-01",
        title="The app's answers agree with its code",
        why="A survey says what the owner believes; a column called phone says what the app does. The stricter answer wins until they agree.",
        proof="Read triage.json beside the evidence; each contradiction names file and line.",
        paths=(Path.LIGHT, Path.FULL),
        applies="always",
    ),
    Control(
        id="triage-02",
        title="Somebody answers for the app",
        why="An alert at night needs a person to call, and on the full path a second one when the first sleeps.",
        proof="Look at owner, maintainer and escalation in the app's catalog entry.",
        paths=(Path.LIGHT, Path.FULL),
        applies="always",
    ),
    Control(
        id="triage-03",
        title="It is known what happens when the app fails",
        why="Nobody can decide how much care an app deserves before somebody has said what its failure costs.",
        proof="Look at impact in the app's catalog entry.",
        paths=(Path.FULL,),
        applies="always",
    ),
)
