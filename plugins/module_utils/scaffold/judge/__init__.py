# Copyright (c) 2026 the goldenpath.microapps authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Checks of files that people and generators write: each finding has a name, a place and a reason. Pure: text in, findings out.

findings(path, text)     of one file
across(files)            of what only shows when files are seen together
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from typing import Final

from ..model import Finding
from . import dockerfile, manifests, prose, rego, requirements, rules, terraform, workflow

_JUDGES: Final[tuple[tuple[re.Pattern[str], Callable[[str, str], Iterable[Finding]]], ...]] = (
    (re.compile(r"(^|/)\.github/workflows/[^/]+\.ya?ml$"), workflow.findings),
    (re.compile(r"(^|/)(Dockerfile|Containerfile)([.-][\w.-]+)?$|\.Dockerfile$", re.IGNORECASE), dockerfile.findings),
    (re.compile(r"\.tf$"), terraform.findings),
    (re.compile(r"\.rego$"), rego.findings),
    (re.compile(r"(^|/)requirements([\w.-]*)\.txt$"), requirements.findings),
    (re.compile(r"\.ya?ml$"), lambda path, text: (*manifests.findings(path, text), *rules.findings(path, text))),
    (re.compile(r"\.md$"), prose.findings),
)


def findings(path: str, text: str) -> tuple[Finding, ...]:
    """Everything that is wrong with one file, by its kind; nothing for kinds that are not judged."""
    judge = next((judge for pattern, judge in _JUDGES if pattern.search(path)), None)
    return tuple(sorted(set(judge(path, text)), key=lambda one: (one.line, one.name))) if judge else ()


def across(files: Mapping[str, str]) -> tuple[Finding, ...]:
    """What is wrong between files: infrastructure that makes one registry while the pipeline publishes to another."""
    makes_ecr = next((path for path, text in files.items() if path.endswith(".tf") and '"aws_ecr_repository"' in text), None)
    for path, text in files.items():
        named = re.search(r"\bghcr\.io/|registry: *[\"']?ghcr\.io", text)
        conditional = "vars.REGISTRY" in text
        if makes_ecr and "/workflows/" in f"/{path}" and named and not conditional:
            line = text.count("\n", 0, named.start()) + 1
            return (
                Finding("two-registries", path, line, f"it publishes to ghcr.io, but {makes_ecr} makes a registry in Amazon ECR"),
            )
    return ()
