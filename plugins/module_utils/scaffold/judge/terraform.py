# Copyright (c) 2026 the goldenpath.microapps authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Judges Terraform: the resources an app's infrastructure is made of."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Iterator

from ..model import Finding


@dataclasses.dataclass(frozen=True, slots=True)
class _Block:
    kind: str
    type: str
    name: str
    line: int
    body: str


def findings(path: str, text: str) -> Iterator[Finding]:
    """Everything wrong with one file of Terraform."""
    blocks = tuple(_blocks(text))
    for block in blocks:
        if block.kind == "resource" and block.type == "aws_ecr_repository":
            yield from _of_registry(path, block, blocks)
        elif block.kind == "resource" and block.type == "aws_iam_role":
            yield from _of_role(path, block)
        elif (
            block.kind == "resource"
            and block.type == "aws_s3_bucket"
            and not any(one.type == "aws_s3_bucket_public_access_block" for one in blocks)
        ):
            yield Finding("bucket-may-be-public", path, block.line, f"nothing blocks public access to the bucket {block.name}")
        if re.search(r"ecs-tasks\.amazonaws\.com", block.body):
            yield Finding(
                "trust-wrong-principal", path, block.line, "the role is trusted to ECS tasks, but the app runs on Kubernetes"
            )
    declared = {(block.type, block.name) for block in blocks if block.kind == "data"}
    for match in re.finditer(r"\bdata\.([a-z]\w*)\.([A-Za-z_]\w*)", _without_comments(text)):
        if (match[1], match[2]) not in declared:
            yield Finding(
                "undefined-data", path, text.count("\n", 0, match.start()) + 1, f"{match[0]} is declared nowhere in this file"
            )


def _of_registry(path: str, block: _Block, blocks: tuple[_Block, ...]) -> Iterator[Finding]:
    if not re.search(r"image_tag_mutability\s*=\s*\"IMMUTABLE(_WITH_EXCLUSION)?\"", block.body):
        yield Finding(
            "registry-mutable", path, block.line, "a tag can be overwritten with another image: set image_tag_mutability"
        )
    if not re.search(r"scan_on_push\s*=\s*true", block.body):
        yield Finding("registry-not-scanned", path, block.line, "images are not scanned when they are pushed")
    if not re.search(r"encryption_type\s*=\s*\"KMS(_DSSE)?\"", block.body):
        yield Finding("registry-no-own-key", path, block.line, "images are encrypted with a key that nobody can revoke: use KMS")
    if not re.search(r"(?m)^\s*tags\s*=", block.body):
        yield Finding("resource-not-tagged", path, block.line, "no tags: nobody can tell whose cost it is")
    if not any(one.type == "aws_ecr_lifecycle_policy" for one in blocks):
        yield Finding(
            "registry-keeps-everything", path, block.line, "no lifecycle policy: every image ever built is kept and paid for"
        )


def _of_role(path: str, block: _Block) -> Iterator[Finding]:
    if "permissions_boundary" not in block.body:
        yield Finding("role-without-boundary", path, block.line, "no permissions boundary: a mistake in a policy has no limit")
    if not re.search(r"(?m)^\s*tags\s*=", block.body):
        yield Finding("resource-not-tagged", path, block.line, "no tags: nobody can tell whose role it is")


def _without_comments(text: str) -> str:
    return re.sub(
        r"(?m)(^|\s)(#|//)[^\n]*",
        lambda match: " " * len(match[0]) if "\n" not in match[0] else "\n" + " " * (len(match[0]) - 1),
        text,
    )


def _blocks(text: str) -> Iterator[_Block]:
    for match in re.finditer(r"(?m)^\s*(resource|data|module|variable)\s+\"([^\"]+)\"(?:\s+\"([^\"]+)\")?\s*\{", text):
        end = _closing(text, match.end())
        yield _Block(match[1], match[2], match[3] or "", text.count("\n", 0, match.start(1)) + 1, text[match.end() : end])


def _closing(text: str, at: int) -> int:
    depth, quoted = 1, False
    while at < len(text) and depth:
        letter = text[at]
        if letter == "\\" and quoted:
            at += 1
        elif letter == '"':
            quoted = not quoted
        elif not quoted:
            depth += {"{": 1, "}": -1}.get(letter, 0)
        at += 1
    return at - 1
