# Copyright (c) 2026 the goldenpath.microapps authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Only lines with a stem are looked at: every name that means something must hold one, or it is never found."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import pytest

from ansible_collections.goldenpath.microapps.plugins.module_utils.triage import required, sensitive_names
from ansible_collections.goldenpath.microapps.plugins.module_utils.triage.sensitive_names import STEMS, class_of

FORMS = {name: getattr(sensitive_names, name) for name in ("_HEALTH", "_PAYMENT", "_PERSONAL", "_ROLES")}


def shortest(sequence: Iterable[tuple[Any, Any]]) -> list[str]:
    """One shortest text for each way through an expression."""
    texts = [""]
    for code, argument in sequence:
        name = str(code)
        if name == "BRANCH":
            parts = [text for branch in argument[1] for text in shortest(branch)]
        elif name == "SUBPATTERN":
            parts = shortest(argument[3])
        elif name == "MAX_REPEAT":
            least, _most, inner = argument
            parts = [text * least for text in shortest(inner)] if least else [""]
        elif name == "IN":
            parts = [chr(letter) for kind, letter in argument if str(kind) == "LITERAL"] or ["x"]
        else:
            parts = {"LITERAL": [chr(argument)] if isinstance(argument, int) else [], "AT": [""]}.get(name, ["x"])
        texts = [text + part for text in texts for part in dict.fromkeys(parts)]
    return texts


@pytest.mark.parametrize("name", FORMS)
def test_every_name_holds_a_stem(name: str) -> None:
    names = {text.strip("_") for text in shortest(required._PARSER.parse(FORMS[name].pattern))}
    assert len(names) > 40
    assert {one for one in names if FORMS[name].search(one) and not any(stem in one for stem in STEMS)} == set()


@pytest.mark.parametrize(
    ("name", "meant"),
    [
        ("systolicPressure", ("health", 6)),
        ("headache", ("health", 6)),
        ("separator", ("", 0)),
        ("sepa_mandate", ("payment", 6)),
        ("Pr\u00e9nom", ("personal", 6)),
        ("username", ("personal", 2)),
        ("username_field", ("", 0)),
        ("MAIL_SERVER", ("", 0)),
        ("Ansprechpartner", ("personal", 2)),
    ],
)
def test_what_a_name_means(name: str, meant: tuple[str, int]) -> None:
    assert class_of(name) == meant
