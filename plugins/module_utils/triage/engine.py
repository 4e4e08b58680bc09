# Copyright (c) 2026 the goldenpath.microapps authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The engine: MongoDB's Kingfisher, in process (the Python package kingfisher-secret-scanner, import kingfisher_sdk).

It brings some five hundred vendors' forms with their checks; it never uses the network unless its validator is called,
and nothing here calls it. Why this engine and not another: docs/triage.md.
"""

from __future__ import annotations

import functools
import importlib.util
import os
import pathlib
import re
from collections.abc import Iterator
from typing import Any, Final

from ..errors import MissingLibrary
from .model import Candidate, SourceFile

# Imported when a file is scanned: an unchanged repository needs the engine's presence, not its 60 ms of loading.
_SPEC: Final = importlib.util.find_spec("kingfisher_sdk")
MISSING: ImportError | None = None if _SPEC else ImportError("No module named 'kingfisher_sdk'")

LIBRARY: Final = "kingfisher-secret-scanner"
# Halves of a pair, ids and names: they open nothing alone, and the engine marks or reports them beside the secret half.
_NO_SECRET: Final = re.compile(
    r"(client-id|app-id|account-id|tenant-id|application-id|key-id|api-user-id|sid|domain|url|username|account-name|"
    r"cloud-name|host|"
    r"token-name|pub-key|plaid-client|access-id|auth-id|jfrog-url|polymarket-address|planetscale-id|instance-url|public-key|"
    r"client-sdk-key|mobile-sdk-key|browser-api-token|segment-public-api-token|lob-pub-api-key|mailgun-pub-key|"
    r"flutterwave-public-key)(\.\d+)?$"
)
# What our own detectors know better, because they read the name, the claims or the place.
_OURS: Final = re.compile(
    r"betterleaks\.(jwt|jwt-base64|gcp-api-key|generic-credential-uri|curl-auth-header|curl-auth-user|private-key|kubernetes-secret-yaml|"
    r"supabase-project-api-key)$"
)


@functools.cache
def _scanner(cache: str) -> Any:
    import kingfisher_sdk

    folder = pathlib.Path(cache)
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    rules = kingfisher_sdk.Rules(confidence="medium", cache_dir=str(folder))
    policy = kingfisher_sdk.DetectionPolicy(inline_ignores=False)  # an app cannot excuse itself by a comment
    return kingfisher_sdk.Scanner(rules, policy=policy)


@functools.cache
def _input() -> Any:
    import kingfisher_sdk

    return kingfisher_sdk.ScanInput


def identity() -> str:
    """Which engine this is: the names, sizes and times of its files, which change with every version."""
    if _SPEC is None or _SPEC.origin is None:
        return ""
    with os.scandir(os.path.dirname(_SPEC.origin)) as entries:
        files = sorted((one.name, one.stat().st_size, one.stat().st_mtime_ns) for one in entries if one.is_file())
    return repr(files)


def cache_folder(state: pathlib.Path) -> str:
    """Where the engine keeps its compiled rules; making them costs three seconds once."""
    return str(state / "triage" / "engine")


def demand() -> None:
    """Without the engine there is no answer at all: 'no secrets' is never said by default."""
    if MISSING is not None:
        raise MissingLibrary(LIBRARY, "look for secrets in the app's repository", MISSING)


def candidates(file: SourceFile, cache: str) -> Iterator[Candidate]:
    """What the engine finds in a file, by the vendors' forms. `cache` is the folder of its compiled rules."""
    scanner = _scanner(cache)
    source = _input()(path=file.path, data=file.text.encode("utf-8", "replace"))
    for finding in scanner.scan_input(source):
        rule = finding.rule_id
        if not finding.visible or _NO_SECRET.search(rule) or _OURS.search(rule):
            continue
        line, value = int(finding.location["line"]), finding.secret.strip("\"'")
        if file.is_fresh(line) and not ("://" in value and "@" in value):
            yield Candidate(
                kind_of(rule),
                value,
                file.path,
                line,
                "token",
                f"the engine's rule {rule}",
                _variable(file, line, value),
            )


def kind_of(rule: str) -> str:
    """Our word for a rule of the engine: `betterleaks.openai-api-key` is `openai_api_key`."""
    return re.sub(
        r"[^a-z0-9]+", "_", rule.split(".", 1)[-1].removeprefix("secrets/").removesuffix(".1").removesuffix(".2").lower()
    ).strip("_")


def _variable(file: SourceFile, line: int, value: str) -> str:
    text = file.lines[line - 1] if line <= len(file.lines) else ""
    before = text[: text.find(value)] if value in text else ""
    match = re.search(r"([A-Za-z_][\w.-]*)[\"'\])]{0,3}\s*(?:=>|:=|=|:|,|\|\||\?\?)\s*[\"'`(]{0,2}$", before[-120:])
    return match.group(1) if match else ""
