# Copyright (c) 2026 the goldenpath.microapps authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Judges Dockerfiles."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from ..model import Finding

_VERSION: Final = re.compile(
    r"^v?\d+\.\d+(\.\d+)?([.-].*)?$|^(nonroot|debug-nonroot|static|static-debian\d+)$|^(1|2|3)\d{3}([.-]\d+)*$|^\d{8}.*$"
)
_SECRET: Final = re.compile(
    r"(?i)\b\w*(password|passwd|secret|token|api_?key|private_?key|credential)\w*[= ]\s*[\"']?(?!\$|\"\s|'\s)[^\s\"'$]{4,}"
)
_PIPED: Final = re.compile(r"(curl|wget)\b[^|\n]*\|\s*(sudo +)?(ba|z|da)?sh\b")


def findings(path: str, text: str) -> Iterator[Finding]:
    """Everything wrong with one Dockerfile; stages are followed, the last one is what runs."""
    stages: set[str] = set()
    user, last_from, has_command, has_health = "", 0, False, False
    for number, instruction, rest in _instructions(text):
        if instruction == "FROM":
            words = [word for word in rest.split() if not word.startswith("--")]
            image = words[0] if words else ""
            yield from _of_base(path, number, image, stages)
            if len(words) == 3 and words[1].upper() == "AS":
                stages.add(words[2].lower())
            user, last_from, has_command, has_health = (
                ("nonroot" if "nonroot" in image or "unprivileged" in image else ""),
                number,
                False,
                False,
            )
        elif instruction == "USER":
            user = rest.split(":")[0].strip()
        elif instruction in ("CMD", "ENTRYPOINT"):
            has_command = True
        elif instruction == "HEALTHCHECK":
            has_health = True  # NONE is a decision too: an app that answers nothing cannot be asked
        elif instruction in ("ENV", "ARG") and _SECRET.search(rest):
            yield Finding(
                "secret-in-image",
                path,
                number,
                f"{instruction} puts a secret into the image, where everybody who pulls it reads it",
            )
        elif instruction == "ADD" and re.match(r"(--\S+ +)*https?://", rest) and "--checksum" not in rest:
            yield Finding(
                "unchecked-download", path, number, "what is downloaded is not checked: use ADD --checksum or a package"
            )
        elif instruction == "RUN" and _PIPED.search(rest):
            yield Finding("unchecked-download", path, number, "a script is downloaded and run unseen")
        elif instruction == "COPY" and re.search(r"(^|[\s/])\.env(\s|$)", rest):
            yield Finding("secret-in-image", path, number, ".env is copied into the image")
    if last_from and (not user or user in ("root", "0")):
        yield Finding(
            "runs-as-root", path, last_from, "no USER is set, or root: whoever breaks out of the app owns the container"
        )
    if last_from and has_command and not has_health:
        yield Finding("no-healthcheck", path, last_from, "nothing tells whether the app inside works")


def _of_base(path: str, number: int, image: str, stages: set[str]) -> Iterator[Finding]:
    if image.lower() in stages or image == "scratch" or "@sha256:" in image:
        return
    tag = image.rpartition(":")[2] if ":" in image.rsplit("/", 1)[-1] else ""
    if "$" in image:
        yield Finding("base-not-pinned", path, number, f"the base {image} is an argument: a build elsewhere may take another")
    elif not tag or not _VERSION.match(tag):
        yield Finding(
            "base-not-pinned", path, number, f"the base {image} is another one tomorrow: pin a version or, better, a digest"
        )


def _instructions(text: str) -> Iterator[tuple[int, str, str]]:
    start, whole = 0, ""
    for number, raw in enumerate(text.splitlines(), 1):
        stripped = raw.strip()
        if not stripped or stripped.startswith("#"):
            continue
        start = start or number
        if stripped.endswith("\\"):
            whole += stripped[:-1] + " "
            continue
        word, _unused, rest = (whole + stripped).partition(" ")
        yield start, word.upper(), rest.strip()
        start, whole = 0, ""
