# Copyright (c) 2026 the goldenpath.microapps authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The closing table in the terminal, drawn from an evidence document alone."""

from __future__ import annotations

import textwrap
from collections.abc import Mapping, Sequence
from typing import Any, Final

# A word and not only a colour: a log, a screen reader and AWX's job page show the same.
WORDS: Final = {
    "in_place": "in place",
    "drifted": "DRIFTED",
    "violated": "VIOLATED",
    "not_applicable": "not owed",
    "not_reached": "NOT ASKED",
}
CLOSING: Final = {
    "in_place": "All controls that this app owes are in place.",
    "drifted": "Some controls are not in place; the same command without --check mends them.",
    "violated": "Some controls are violated and need a person; the reasons stand below the table.",
    "error": "Some controls could not be asked; the reasons stand below the table.",
}


REASONS_SHOWN: Final = 2


def closing_table(evidence: Mapping[str, Any], width: int) -> str:
    """What a person reads at the end: found, done and proof for each control, then reasons, counts and places."""
    state, run = evidence["state"], evidence["run"]
    rows = [_row(control, entry, run["controls"].get(control, {})) for control, entry in state["controls"].items()]
    title = f"{state['app']} in {state['environment']}: {_path(state)}, {'audit' if run['mode'] == 'audit' else 'hardened'}"
    lines = ["", title, "=" * len(title), *_grid(rows, width), ""]
    lines += _reasons(state["controls"], width)
    lines.append(_counts(state["controls"]))
    lines.append(CLOSING[run["outcome"]])
    lines += [f"  {label + ':':<14} {place}" for label, place in run["artefacts"].items()]
    return "\n".join(lines)


def _path(state: Mapping[str, Any]) -> str:
    return f"{state['path']} path, risk {state['score']}/100" if state["path"] else "not triaged"


def _row(control: str, entry: Mapping[str, Any], run: Mapping[str, str]) -> tuple[str, str, str, str, str]:
    proof = list(entry["proof"])
    place = ", ".join(proof[:1]) + (f" (+{len(proof) - 1})" if len(proof) > 1 else "")
    return control, WORDS[entry["state"]], entry["title"], _doings(run), place


def _doings(run: Mapping[str, str]) -> str:
    done = run.get("done", "")
    if not done:
        return ""
    parts = done.split("; ")
    return parts[0] + (f" (+{len(parts) - 1})" if len(parts) > 1 else "")


def _grid(rows: Sequence[tuple[str, str, str, str, str]], width: int) -> list[str]:
    heads = ("control", "state", "what", "done in this run", "proof")
    natural = [max(len(row[index]) for row in (heads, *rows)) for index in range(5)]
    spare = max(width - natural[0] - natural[1] - 8, 60)
    limits = [natural[0], natural[1], *_shares(natural[2:], spare)]
    table = [_line(heads, limits), _line(tuple("-" * limit for limit in limits), limits)]
    for row in rows:
        table += _wrapped(row, limits)
    return table


def _shares(natural: Sequence[int], spare: int) -> list[int]:
    if sum(natural) <= spare:
        return list(natural)
    fair = spare // len(natural)
    slim = {index: size for index, size in enumerate(natural) if size <= fair}
    rest = (spare - sum(slim.values())) // max(len(natural) - len(slim), 1)
    return [slim.get(index, rest) for index in range(len(natural))]


def _wrapped(row: Sequence[str], limits: Sequence[int]) -> list[str]:
    cells = [textwrap.wrap(cell, limit, break_on_hyphens=False) or [""] for cell, limit in zip(row, limits, strict=True)]
    height = max(len(cell) for cell in cells)
    return [_line([cell[line] if line < len(cell) else "" for cell in cells], limits) for line in range(height)]


def _line(cells: Sequence[str], limits: Sequence[int]) -> str:
    return "  ".join(cell.ljust(limit) for cell, limit in zip(cells, limits, strict=True)).rstrip()


def _reasons(controls: Mapping[str, Mapping[str, Any]], width: int) -> list[str]:
    """Each reason once, with every control that it stands for: a part that is down is one line, not one for each control."""
    shared: dict[tuple[str, str], list[str]] = {}
    for control, entry in controls.items():
        if entry["state"] in ("drifted", "violated", "not_reached"):
            shared.setdefault((WORDS[entry["state"]], _first(entry["reason"])), []).append(control)
    lines: list[str] = []
    for (word, reason), named in shared.items():
        lines += _paragraph(f"{word} {', '.join(named)}: {reason}", max(width, 60))
    return [*lines, ""] if lines else []


def _paragraph(text: str, width: int) -> list[str]:
    """Wrapped between words only: a path, an address or a name in a reason is there to be copied."""
    return textwrap.wrap(text, width, subsequent_indent="    ", break_on_hyphens=False, break_long_words=False)


def _first(reason: str) -> str:
    """The first reasons of many: all of them stand in the report."""
    parts = reason.split("; ")
    more = f"; and {len(parts) - REASONS_SHOWN} more" if len(parts) > REASONS_SHOWN else ""
    return "; ".join(parts[:REASONS_SHOWN]) + more


def _counts(controls: Mapping[str, Mapping[str, Any]]) -> str:
    states = [entry["state"] for entry in controls.values()]
    return ", ".join(f"{states.count(state)} {word.lower()}" for state, word in WORDS.items() if state in states) + "."
