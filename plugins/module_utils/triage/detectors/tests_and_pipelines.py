# Copyright (c) 2026 the goldenpath.microapps authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Tests: somebody's own, a generator's sample, or none; and pipelines."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from .. import paths
from ..model import Evidence, Snapshot, SourceFile

_TEST_FILE: Final = re.compile(
    r"(^|/)(test_[^/]+|[^/]+_test|tests?)\.py$|_test\.go$|\.(test|spec|cy|e2e)\.([cm]?[jt]sx?)$|(^|"
    r"/)__tests__/[^/]+\.[jt]sx?$|_(spec|test)\.rb$|(^|/)tests?/[^/]*\.(php|rb|jsx?|tsx?|py|exs|bats)$|"
    r"(^|/)tests?/(.+/)?[^/]*[Tt]est[^/]*\.\w+$|Tests?\.(java|kt|cs|php)$|(^|/)src/test/.+\.(java|kt)$|\.feature$|(^|"
    r"/)cypress/(e2e|integration)/.+\.[jt]s$|\.bats$"
)
_NO_TEST: Final = re.compile(
    r"(^|/)(conftest|__init__|setup|helpers?|utils?|factories|fixtures?|mocks?|setupTests|jest\.setup|vitest\.setup|"
    r"testutils?|test_?helper|spec_helper|rails_helper|TestCase|CreatesApplication|Pest|bootstrap|common)\.\w+$|"
    r"/fixtures?/|/__mocks__/|/mocks?/|/testdata/"
)
_CASES: Final = re.compile(
    r"^\s*(?:async\s+)?def\s+test\w*\s*\(|\b(?:it|test)(?:\.each[^(]*\([^)]*\)|\.only)?\s*\(\s*[\"'`]|func\s+Test\w+\(|"
    r"@Test\b|\[(?:Fact|Theory|Test|TestMethod)\b|"
    r"^\s*(?:it|test|scenario|specify)\s+[\"']|public\s+function\s+(?:test\w*|it_\w+)\s*\(|#\[Test\]|^\s*Scenario(?: "
    r"Outline)?:|^@test\s+\"|\bDeno\.test\(|\bt\.run\(|^\s*def\s+test_|cy\.visit\(",
    re.MULTILINE,
)
# What generators leave behind and nobody wrote.
_SAMPLES: Final = tuple(
    re.compile(form)
    for form in (
        r"learn react|renders learn react link|renders without crashing",
        r"should create the app|should have as title|should render title|it\('should be created'|it\('should create'",
        r"Hello World!?['\"`]\s*\)|getHello\(\)|should return ['\"]Hello World",
        r"class ExampleTest|test_the_application_returns_a_successful_response|test_that_true_is_true|function "
        r"test_example|testBasicTest|testExample",
        r"void contextLoads\(\)",
        r"public void (?:Test1|UnitTest1|shouldAnswerWithTrue|testApp)\(|addition_isCorrect",
        r"assert\s+True\s*$|assert\s+1\s*==\s*1|expect\((?:true|1)\)\.toBe\((?:true|1)\)|expect\(1\s*\+\s*1\)|"
        r"assertTrue\(True\)|assertEqual\(1\s*\+\s*1,\s*2\)|assert\s+1\s*\+\s*1\s*==\s*2",
        r"properly renders.*HelloWorld|renders props\.msg when passed|renders properly.*Hello Vitest|msg:\s*['\"]Hello Vitest",
        r"the truth['\"]\s+do|assert true$|# assert true",
        r"Tests that 1 \+ 1 always equals 2|test_basic_addition",
        r"has title.*Playwright|get started link",
        r"example\.cypress\.io|Kitchen Sink",
        r"queue is empty|stack is empty",
    )
)


def detect(snapshot: Snapshot) -> Iterator[Evidence]:
    """Evidence for `tests` (real or sample) and `ci`."""
    for file in snapshot.files:
        path = file.path
        if paths.is_ci(path):
            yield Evidence("ci", "yes", 8, path, 1, "a pipeline")
        if _TEST_FILE.search(path) and not _NO_TEST.search(path) and not paths.is_built(path):
            yield from _judged(file)


def _judged(file: SourceFile) -> Iterator[Evidence]:
    cases = len(_CASES.findall(file.text))
    if not cases:
        if file.name == "tests.py":
            yield Evidence("tests", "sample", 2, file.path, 1, "the file a generator made, with nothing in it")
        return
    code = [
        line
        for line in file.lines
        if line.strip() and not re.match(r"\s*(#|//|\*|/\*|import\b|from\b|package\b|using\b|require)", line)
    ]
    samples = [form for form in _SAMPLES if form.search(file.text)]
    if samples and (cases <= 3 or len(code) < 25):
        match = samples[0].search(file.text)
        yield Evidence(
            "tests", "sample", 4, file.path, file.line_at(match.start()) if match else 1, "a test that a generator made"
        )
    else:
        yield Evidence("tests", "real", 6, file.path, 1, f"{cases} test{'s' if cases > 1 else ''} of its own")
