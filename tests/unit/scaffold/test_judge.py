# Copyright (c) 2026 the goldenpath.microapps authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Every snippet of the article is refused for its reasons, and what we write ourselves is not."""

from __future__ import annotations

import pathlib

import pytest
import yaml

from ansible_collections.goldenpath.microapps.plugins.module_utils.scaffold import judge

SEED = pathlib.Path(__file__).resolve().parents[2] / "fixtures" / "seed-article"
EXPECTED = yaml.safe_load((SEED / "expected.yml").read_text(encoding="utf-8"))
PINNED = "actions/checkout@de0fac2e4500dabe0009e67214ff5f5447ce83dd"


@pytest.mark.parametrize("name", EXPECTED)
def test_a_snippet_is_refused_for_exactly_its_reasons(name: str) -> None:
    found = judge.findings(EXPECTED[name]["as"], (SEED / name).read_text(encoding="utf-8"))
    assert sorted({one.name for one in found}) == EXPECTED[name]["findings"]
    assert all(one.line > 0 and one.why for one in found)


def test_every_snippet_has_its_expectation() -> None:
    assert {path.name for path in SEED.iterdir()} - {"README.md", "expected.yml"} == set(EXPECTED)


def test_two_registries_show_between_files_only() -> None:
    files = {EXPECTED[name]["as"]: (SEED / name).read_text(encoding="utf-8") for name in ("pipeline.yml", "registry.tf")}
    assert [one.name for one in judge.across(files)] == ["two-registries"]
    assert judge.across({path: text for path, text in files.items() if path.endswith(".tf")}) == ()


def workflow(step: str, permissions: str = "{}", on: str = "pull_request: {}") -> str:
    return f"on:\n  {on}\npermissions: {permissions}\nconcurrency: a\njobs:\n  one:\n    runs-on: x\n    steps:\n{step}"


@pytest.mark.parametrize(
    ("step", "expected"),
    [
        ('      - run: echo "$GITHUB_SHA"\n', set()),
        ('      - run: |\n          name=x\n          echo "$name" "${OTHER:-none}"\n', set()),
        ("      - run: for a in 1 2; do echo $a; done\n", set()),
        ("      - run: echo '$not_expanded'\n", set()),
        ("      - run: echo $MISSING\n", {"undefined-variable"}),
        ("      - env: {MISSING: x}\n        run: echo $MISSING\n", set()),
        ("      - run: echo ${{ github.event.pull_request.title }}\n", {"script-injection"}),
        ("      - run: echo ${{ github.sha }}\n", set()),
        (f"      - uses: {PINNED}\n        with: {{persist-credentials: false}}\n", set()),
        (f"      - uses: {PINNED}\n", {"keeps-credentials"}),
        ("      - uses: ./local\n", set()),
        ("      - uses: docker://alpine:latest\n", {"action-not-pinned"}),
        ("      - run: grype dir:. || true\n", {"scan-cannot-fail"}),
        ("      - run: grype dir:.\n        continue-on-error: true\n", {"scan-cannot-fail"}),
        ('      - env: {T: "${{ secrets.DEPLOY_PAT }}"}\n        run: echo\n', {"long-lived-token"}),
    ],
)
def test_steps(step: str, expected: set[str]) -> None:
    assert {one.name for one in judge.findings(".github/workflows/x.yml", workflow(step))} == expected


def test_rights_at_the_top_are_too_wide() -> None:
    found = judge.findings(".github/workflows/x.yml", workflow("      - run: ls\n", permissions="write-all"))
    assert [one.name for one in found] == ["wide-permissions"]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("FROM python:3.13.7-slim\nUSER 1000\nHEALTHCHECK CMD true\nCMD x\n", set()),
        ("FROM python@sha256:" + "0" * 64 + "\nUSER app\n", set()),
        ("FROM python:3\nUSER app\n", {"base-not-pinned"}),
        ("FROM registry.example.com:5000/python\nUSER app\n", {"base-not-pinned"}),
        ("ARG B=x\nFROM $B\nUSER app\n", {"base-not-pinned"}),
        ("FROM golang:1.25.1 AS build\nFROM scratch\nCOPY --from=build /x /x\nUSER 65532\n", set()),
        ("FROM golang:1.25.1 AS build\nUSER app\nFROM build\nCOPY . .\n", {"runs-as-root"}),
        ("FROM gcr.io/distroless/static-debian12:nonroot\nCOPY x /x\n", set()),
        ("FROM python:3.13.7\nUSER app\nUSER root\n", {"runs-as-root"}),
        ("FROM python:3.13.7\nENV DB_PASSWORD=hunter22\nUSER a\n", {"secret-in-image"}),
        ("FROM python:3.13.7\nARG TOKEN\nENV TOKEN_FILE $X\nUSER a\n", set()),
        ("FROM python:3.13.7\nCOPY .env /app/\nUSER a\n", {"secret-in-image"}),
        ("FROM python:3.13.7\nRUN apt-get update \\\n  && curl https://x.example/i.sh | bash\nUSER a\n", {"unchecked-download"}),
    ],
)
def test_dockerfiles(text: str, expected: set[str]) -> None:
    assert {one.name for one in judge.findings("Dockerfile", text)} == expected


@pytest.mark.parametrize(
    "text",
    ["", "\x00", "{", "a: [", "- x\n- y", "a: &a\n  b: *a\n", "jobs: 3\non: push\n", "jobs: {a: 1, b: {steps: [1, {uses: 3}]}}"],
)
@pytest.mark.parametrize(
    "path", [".github/workflows/x.yml", "deploy/x.yaml", "Dockerfile", "x.tf", "x.rego", "requirements.txt", "README.md", "x.bin"]
)
def test_no_file_however_odd_breaks_the_judge(path: str, text: str) -> None:
    judge.findings(path, text)
