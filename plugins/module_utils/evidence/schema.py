# Copyright (c) 2026 the goldenpath.microapps authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The schema of an evidence document (JSON Schema 2020-12), published in docs/schema/evidence.schema.json."""

from __future__ import annotations

from typing import Any, Final

from ..controls import Path, State
from .join import OUTCOMES, VERSION

_TEXT: Final = {"type": "string"}
_NULLABLE_TEXT: Final = {"type": ["string", "null"]}


def _object(properties: dict[str, Any], optional: tuple[str, ...] = ()) -> dict[str, Any]:
    return {
        "type": "object",
        "properties": properties,
        "required": [name for name in properties if name not in optional],
        "additionalProperties": False,
    }


EVIDENCE_SCHEMA: Final[dict[str, Any]] = {
    "$schema": "https://json-schema.org/draft/2020-12/schema",
    "title": "What every control of one app in one environment answered",
    "description": "`state` is identical for an identical world; `run` tells what one run met and did.",
    **_object(
        {
            "version": {"const": VERSION},
            "state": _object(
                {
                    "app": _TEXT,
                    "environment": _TEXT,
                    "path": {"enum": [*(str(path) for path in Path), None]},
                    "score": {"type": ["integer", "null"], "minimum": 0, "maximum": 100},
                    "commit": _NULLABLE_TEXT,
                    "contradictions": {"type": "array", "items": _TEXT},
                    "controls": {
                        "type": "object",
                        "propertyNames": {"pattern": "^[a-z][a-z0-9_]*-[0-9]{2}$"},
                        "additionalProperties": _object(
                            {
                                "title": _TEXT,
                                "state": {"enum": [str(state) for state in State]},
                                "reason": _TEXT,
                                "proof": {"type": "array", "items": _TEXT},
                            }
                        ),
                    },
                }
            ),
            "run": _object(
                {
                    "id": _TEXT,
                    "started": {"type": "string", "format": "date-time"},
                    "finished": {"type": "string", "format": "date-time"},
                    "by": _TEXT,
                    "host": _TEXT,
                    "pid": {"type": "integer"},
                    "job": _TEXT,
                    "mode": {"enum": ["converge", "audit"]},
                    "collection": _TEXT,
                    "outcome": {"enum": list(OUTCOMES)},
                    "artefacts": {"type": "object", "additionalProperties": _TEXT},
                    "controls": {"type": "object", "additionalProperties": _object({"found": _TEXT, "done": _TEXT})},
                }
            ),
        }
    ),
}
