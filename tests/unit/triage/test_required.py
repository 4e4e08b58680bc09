# Copyright (c) 2026 the goldenpath.microapps authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Words read off an expression spare its search, and never a match."""

from __future__ import annotations

import pathlib
import re

import pytest
import yaml

from ansible_collections.goldenpath.microapps.plugins.module_utils.triage.detectors import (
    data_classes,
    databases,
    exposures,
    logins,
    residue,
    runtimes,
    third_parties,
    vendor_tokens,
)
from ansible_collections.goldenpath.microapps.plugins.module_utils.triage.required import may_match, search, words_of

LONG = "\n# nothing" * 2000
TABLES = (data_classes, databases, exposures, logins, residue, runtimes, third_parties, vendor_tokens)
FORMS = [
    part
    for module in TABLES
    for table in vars(module).values()
    if isinstance(table, tuple)
    for row in table
    for part in (row if isinstance(row, tuple) else (row,))
    if isinstance(part, re.Pattern)
]
HERE = pathlib.Path(__file__).parent
TEXTS = [text for _path, text, _wanted in yaml.safe_load((HERE / "standings.yml").read_text(encoding="utf-8"))] + [
    text for files, _facts in yaml.safe_load((HERE / "facts.yml").read_text(encoding="utf-8")) for text in files.values()
]


@pytest.mark.parametrize(
    ("form", "wanted"),
    [
        (r"import\s+boto3\b", {"import"}),
        (r"(?:stripe|paypal)\.com", {"stripe", "paypal"}),
        (r"(?i)Kube\w+", {"kube"}),
        (r"from ['\"]pg['\"]", {"from 'pg'", "from 'pg\"", "from \"pg'", 'from "pg"'}),
        (r"(?:kubernetes)+x?", {"kubernetes"}),
        (r"(?:kubernetes)?x", set()),
        (r"kubernetes|\d+", set()),
        (r"[a-z]+[^b]", set()),
        (r"(?!kubernetes)ab", set()),
    ],
)
def test_the_words_of_a_form(form: str, wanted: set[str]) -> None:
    assert words_of(re.compile(form)) == wanted


def test_no_match_of_any_form_is_lost() -> None:
    assert len(FORMS) > 200
    for text in TEXTS:
        for form in FORMS:
            if form.search(text):
                assert may_match(form, text + LONG), (form.pattern, text)


def test_a_text_without_the_words_is_not_searched_and_one_with_them_is() -> None:
    form = re.compile(r"Kube(?:rnetes|let)")
    assert not may_match(form, LONG) and search(form, LONG) is None
    assert search(form, LONG + " Kubelet") and search(form, "Kubelet")
