# Copyright (c) 2026 the goldenpath.microapps authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Judges pipelines of GitHub Actions."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, Final

from ..model import Finding
from ..pins import INPUTS
from .reading import documents, items, line, listing, mapping

_PINNED: Final = re.compile(r"^[^@]+@[0-9a-f]{40}$|^\./|^docker://[^@]+@sha256:[0-9a-f]{64}$")
_SCANNERS: Final = re.compile(r"trivy|grype|snyk|clair|anchore/scan-action|checkov|kubescape", re.IGNORECASE)
_VARIABLE: Final = re.compile(r"\$(?:\{([A-Za-z_]\w*)|([A-Za-z_]\w*))")
_GIVEN: Final = re.compile(
    r"^(GITHUB_\w+|RUNNER_\w+|CI|HOME|PATH|PWD|USER|SHELL|TMPDIR|RANDOM|SECONDS|HOSTNAME|IFS|OSTYPE|LINENO|OLDPWD|UID|EUID|PPID|BASH\w*)$"
)
_LONG_LIVED: Final = re.compile(
    r"\b(?:\w+_)?PAT\b|PERSONAL_ACCESS_TOKEN|secrets\.AWS_SECRET_ACCESS_KEY|secrets\.AWS_ACCESS_KEY_ID"
)
_UNTRUSTED: Final = re.compile(
    r"\$\{\{[^}]*github\.(head_ref|event\.(pull_request\.(title|body|head\.(ref|label))|issue\.(title|body)|comment\.body|review\.body|head_commit\.message|"
    r"commits|pages))"
)
_PUBLISH: Final = re.compile(r"docker +push|docker +buildx +build[^\n]*--push|podman +push|crane +push|kaniko")


def findings(path: str, text: str) -> Iterator[Finding]:
    """Everything wrong with one workflow."""
    for document in documents(text):
        if "jobs" in document:
            yield from _of_workflow(path, text, document)


def _of_workflow(path: str, text: str, document: dict[Any, Any]) -> Iterator[Finding]:
    jobs = [(name, mapping(job)) for name, job in items(document.get("jobs"))]
    yield from _of_head(path, document, jobs)
    publishes = any(_publishes(step) for _unused, job in jobs for step in _steps(job))
    if publishes:
        yield from _of_publishing(path, text, document, jobs)
    defined = {name for name, _unused in items(document.get("env"))}
    for _unused, job in jobs:
        of_job = defined | {name for name, _unused in items(job.get("env"))}
        for step in _steps(job):
            yield from _of_step(path, document, job, step, of_job)


def _steps(job: dict[Any, Any]) -> list[dict[Any, Any]]:
    return [step for step in listing(job.get("steps")) if isinstance(step, dict)]


def _of_head(path: str, document: dict[Any, Any], jobs: list[tuple[str, dict[Any, Any]]]) -> Iterator[Finding]:
    top = document.get("permissions")
    if "permissions" not in document and any("permissions" not in job for _unused, job in jobs):
        yield Finding(
            "no-permissions",
            path,
            line(document),
            "nothing limits the token: it may hold every right the repository gives by default",
        )
    elif top == "write-all" or any(value == "write" for _unused, value in items(top)):
        yield Finding(
            "wide-permissions",
            path,
            line(top, line(document)),
            "every job is given a right to write: give it to the one that needs it",
        )
    for name, job in jobs:
        if job.get("permissions") == "write-all":
            yield Finding("wide-permissions", path, line(job), f"the job {name} is given every right")
    if "concurrency" not in document:
        yield Finding("no-concurrency", path, line(document), "two pushes run side by side, and the older one may publish last")


def _publishes(step: dict[Any, Any]) -> bool:
    pushed = str(mapping(step.get("with")).get("push", "")).lower() == "true"
    return bool(_PUBLISH.search(str(step.get("run", "")))) or (
        str(step.get("uses", "")).startswith("docker/build-push-action@") and pushed
    )


def _of_publishing(path: str, text: str, document: dict[Any, Any], jobs: list[tuple[str, dict[Any, Any]]]) -> Iterator[Finding]:
    place = next((line(step) for _unused, job in jobs for step in _steps(job) if _publishes(step)), 1)
    on = document.get("on")
    push = mapping(on).get("push", on)
    narrow = bool(mapping(push).get("branches") or mapping(push).get("tags"))
    pushed = on == "push" or (isinstance(on, list) and "push" in on) or "push" in mapping(on)
    if pushed and not narrow:
        yield Finding("publishes-every-branch", path, place, "a push to any branch publishes an image")
    if not re.search(r"\bdigest\b|DIGEST", text):
        yield Finding(
            "tag-not-digest",
            path,
            place,
            "what was built is named by a tag only, which can be moved: nothing passes its digest on",
        )
    if not re.search(r"\bsbom\b|cyclonedx|spdx|syft", text, re.IGNORECASE):
        yield Finding("no-sbom", path, place, "the published image has no bill of materials")
    if not re.search(r"cosign +sign|notation +sign|attest-build-provenance|actions/attest@", text):
        yield Finding("no-signature", path, place, "the published image is not signed")
    elif not re.search(r"cosign +verify|notation +verify|gh +attestation +verify", text):
        yield Finding("signature-not-verified", path, place, "nothing shows that the signature can be verified")
    if not re.search(
        r"pytest|unittest|npm (run )?test|node --test|go test|mvn|gradle|dotnet test|phpunit|rspec|jest|vitest|tox|nox|tests/",
        text,
    ):
        yield Finding("no-tests", path, place, "an image is published that no test has seen")


def _of_step(
    path: str, document: dict[Any, Any], job: dict[Any, Any], step: dict[Any, Any], defined: set[str]
) -> Iterator[Finding]:
    place = line(step)
    uses = str(step.get("uses", ""))
    options = dict(items(step.get("with")))
    everything = " ".join(
        [
            str(step.get("run", "")),
            *(str(value) for value in options.values()),
            *(str(value) for _unused, value in items(step.get("env"))),
        ]
    )
    if uses and not _PINNED.match(uses):
        yield Finding("action-not-pinned", path, place, f"{uses} can be moved to other code: pin it by its 40-digit commit")
    known = INPUTS.get(uses.partition("@")[0])
    for name in options:
        if known is not None and name not in known:
            yield Finding(
                "unknown-input", path, place, f"{uses.partition('@')[0]} knows no input '{name}': it is ignored with a warning"
            )
    if uses.startswith("actions/checkout@") and str(options.get("persist-credentials", "")).lower() != "false":
        yield Finding(
            "keeps-credentials",
            path,
            place,
            "the token stays in .git/config for every later step: set persist-credentials: false",
        )
    if (
        uses.startswith("actions/checkout@")
        and "pull_request_target" in mapping(document.get("on"))
        and "head" in str(options.get("ref", ""))
    ):
        yield Finding("untrusted-checkout", path, place, "a stranger's code is checked out beside the repository's secrets")
    if _SCANNERS.search(uses + str(step.get("name", "")) if not step.get("run") else str(step.get("run"))):
        yield from _of_scanner(path, job, step, options)
    if _LONG_LIVED.search(everything):
        yield Finding("long-lived-token", path, place, "a key of a person that does not expire: use GITHUB_TOKEN or OIDC")
    if _UNTRUSTED.search(str(step.get("run", ""))):
        yield Finding("script-injection", path, place, "text that a stranger writes becomes part of the script: pass it by env")
    yield from _undefined(path, step, defined)


def _of_scanner(path: str, job: dict[Any, Any], step: dict[Any, Any], options: dict[str, Any]) -> Iterator[Finding]:
    place = line(step)
    is_trivy = "trivy-action" in str(step.get("uses", ""))
    cannot = (
        step.get("continue-on-error") in (True, "true")
        or job.get("continue-on-error") in (True, "true")
        or "|| true" in str(step.get("run", ""))
    )
    if cannot or (is_trivy and str(options.get("exit-code", "0")) in ("0", "")):
        yield Finding("scan-cannot-fail", path, place, "the scan ends well whatever it finds: set exit-code: 1")
    if is_trivy and str(options.get("scan-type", "image")) == "image" and not ({"image-ref", "input"} & set(options)):
        yield Finding("scans-nothing", path, place, "no image is named (image-ref)")
    rights = [value for _unused, value in items(job.get("permissions"))]
    if "write" in rights or job.get("permissions") == "write-all" or re.search(r"secrets\.(?!GITHUB_TOKEN)", str(job)):
        yield Finding(
            "secrets-beside-scanner",
            path,
            place,
            "the scanner runs where secrets or rights to write are: give it a job of its own",
        )


def _undefined(path: str, step: dict[Any, Any], defined: set[str]) -> Iterator[Finding]:
    script = re.sub(r"\$\{\{.*?\}\}", "", str(step.get("run", "")))
    script = re.sub(r"'[^'\n]*'", "''", script)
    here = defined | {name for name, _unused in items(step.get("env"))}
    here |= set(re.findall(r"(?:^|[\s;&|(])(?:export +|local +|readonly +)?([A-Za-z_]\w*)=", script))
    here |= set(re.findall(r"\bfor +([A-Za-z_]\w*) +in\b", script)) | set(
        re.findall(r"\bread +(?:-\w+ +)*([A-Za-z_]\w*)", script)
    )
    # Steps of a kind that write GITHUB_ENV may define anything for later ones: those are not followed.
    for match in _VARIABLE.finditer(script):
        name = match[1] or match[2]
        optional = script[match.end() : match.end() + 2] in (":-", ":=", ":?", ":+")
        if name not in here and not _GIVEN.match(name) and not optional:
            yield Finding("undefined-variable", path, line(step), f"${name} is set nowhere: it is empty when the script runs")
