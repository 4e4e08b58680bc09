# Copyright (c) 2026 the goldenpath.microapps authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What the generated files stand on, each pinned: actions by commit, images by version, programs by checksum.

The one table to edit when something is brought up to date; the judge reads the inputs each action knows from here.
"""

from __future__ import annotations

import dataclasses
from typing import Final


@dataclasses.dataclass(frozen=True, slots=True)
class Action:
    """An action, the commit we use, the version that commit is, and the inputs its action.yml declares."""

    name: str
    commit: str
    version: str
    inputs: frozenset[str]

    @property
    def uses(self) -> str:
        """The value of `uses`."""
        return f"{self.name}@{self.commit}"


def _inputs(names: str) -> frozenset[str]:
    return frozenset(names.split())


CHECKOUT: Final = Action(
    "actions/checkout",
    "de0fac2e4500dabe0009e67214ff5f5447ce83dd",
    "v6.0.2",
    _inputs(
        "repository ref token ssh-key ssh-known-hosts ssh-strict ssh-user persist-credentials path clean "
        "filter sparse-checkout sparse-checkout-cone-mode fetch-depth fetch-tags show-progress lfs submodules "
        "set-safe-directory github-server-url"
    ),
)
SETUP_PYTHON: Final = Action(
    "actions/setup-python",
    "a309ff8b426b58ec0e2a45f0f869d46889d02405",
    "v6.2.0",
    _inputs(
        "python-version python-version-file cache architecture check-latest token cache-dependency-path "
        "update-environment allow-prereleases freethreaded pip-version pip-install"
    ),
)
SETUP_NODE: Final = Action(
    "actions/setup-node",
    "6044e13b5dc448c55e2357c09f80417699197238",
    "v6.2.0",
    _inputs(
        "node-version node-version-file architecture check-latest registry-url scope token cache package- "
        "manager-cache cache-dependency-path mirror mirror-token always-auth"
    ),
)
SETUP_GO: Final = Action(
    "actions/setup-go",
    "7a3fe6cf4cb3a834922a1244abfce67bcef6a0c5",
    "v6.2.0",
    _inputs("go-version go-version-file check-latest token cache cache-dependency-path architecture go-download- base-url"),
)
BUILDX: Final = Action(
    "docker/setup-buildx-action",
    "e468171a9de216ec08956ac3ada2f0791b6bd435",
    "v3.11.1",
    _inputs(
        "version name driver driver-opts buildkitd-flags buildkitd-config buildkitd-config-inline use "
        "endpoint platforms append keep-state cache-binary cleanup install config config-inline"
    ),
)
LOGIN: Final = Action(
    "docker/login-action",
    "5e57cd118135c172c3672efd75eb46360885c0ef",
    "v3.6.0",
    _inputs("registry username password scope ecr logout registry-auth"),
)
BUILD: Final = Action(
    "docker/build-push-action",
    "10e90e3645eae34f1e60eeb005ba3a3d33f178e8",
    "v6.19.2",
    _inputs(
        "add-hosts allow annotations attests build-args build-contexts builder cache-from cache-to call "
        "cgroup-parent context file labels load network no-cache no-cache-filters outputs platforms "
        "provenance pull push sbom secrets secret-envs secret-files shm-size ssh tags target ulimit github- "
        "token"
    ),
)
AWS_LOGIN: Final = Action(
    "aws-actions/configure-aws-credentials",
    "61815dcd50bd041e203e49132bacad1fd04d2708",
    "v5.1.1",
    _inputs(
        "aws-region role-to-assume aws-access-key-id aws-secret-access-key aws-session-token web-identity- "
        "token-file role-chaining audience http-proxy mask-aws-account-id role-duration-seconds role- "
        "external-id role-session-name role-skip-session-tagging inline-session-policy managed-session- "
        "policies output-credentials output-env-credentials unset-current-credentials disable-retry retry- "
        "max-attempts special-characters-workaround use-existing-credentials allowed-account-ids force-skip- "
        "oidc action-timeout-s no-proxy account-id-list"
    ),
)
ECR_LOGIN: Final = Action(
    "aws-actions/amazon-ecr-login",
    "062b18b96a7aff071d4dc91bc00c4c1a7945b076",
    "v2.0.1",
    _inputs("http-proxy mask-password registries registry-type skip-logout"),
)
COSIGN: Final = Action(
    "sigstore/cosign-installer",
    "faadad0cce49287aee09b3a48701e75088a2c6ad",
    "v4.0.0",
    _inputs("cosign-release install-dir use-sudo"),
)
PROVENANCE: Final = Action(
    "actions/attest-build-provenance",
    "a2bbfa25375fe432b6a289bc6b6cd05ecd0c4c32",
    "v4.1.0",
    _inputs(
        "subject-path subject-digest subject-name subject-checksums push-to-registry create-storage-record "
        "show-summary github-token"
    ),
)
TRIVY: Final = Action(
    "aquasecurity/trivy-action",
    "ed142fd0673e97e23eac54620cfb913e5ce36c25",
    "v0.36.0",
    _inputs(
        "scan-type image-ref input scan-ref exit-code ignore-unfixed vuln-type severity format template "
        "output skip-dirs skip-files cache-dir timeout ignore-policy hide-progress list-all-pkgs scanners "
        "trivyignores github-pat trivy-config tf-vars limit-severities-for-sarif docker-host version cache "
        "skip-setup-trivy token-setup-trivy"
    ),
)
ACTIONS: Final = (
    CHECKOUT,
    SETUP_PYTHON,
    SETUP_NODE,
    SETUP_GO,
    BUILDX,
    LOGIN,
    BUILD,
    AWS_LOGIN,
    ECR_LOGIN,
    COSIGN,
    PROVENANCE,
    TRIVY,
)
VERSIONS: Final = {action.uses: action.version for action in ACTIONS}
INPUTS: Final = {action.name: action.inputs for action in ACTIONS}

PYTHON_IMAGE: Final = "python:3.13.7-slim-bookworm"
NODE_IMAGE: Final = "node:22.19.0-bookworm-slim"
STATIC_IMAGE: Final = "nginxinc/nginx-unprivileged:1.29.1-alpine"
PYTHON_VERSION: Final = "3.13"
NODE_VERSION: Final = "22"
GO_VERSION: Final = "1.25"
COSIGN_RELEASE: Final = "v3.0.6"
TRIVY_RELEASE: Final = "v0.73.0"
GITLEAKS_RELEASE: Final = "8.30.1"
GITLEAKS_SHA256: Final = "551f6fc83ea457d62a0d98237cbad105af8d557003051f41f3e7ca7b3f2470eb"
POETRY_RELEASE: Final = "2.1.4"
UV_RELEASE: Final = "0.8.17"
