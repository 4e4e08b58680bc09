# Copyright (c) 2026 the goldenpath.microapps authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The outside rights that moving, replacing and delivering secrets needs; preflight and the least policies are made of them."""

from __future__ import annotations

from typing import Final

from ..workload_identity import azure, google
from . import keeping
from .consumers import workloads
from .issuers import iam_access_key
from .stores import aws_secretsmanager, azure_keyvault, gcp_secretmanager

_DELIVERED: Final = (
    "serviceaccounts",
    "external-secrets.io/secretstores",
    "external-secrets.io/externalsecrets",
    "secrets-store.csi.x-k8s.io/secretproviderclasses",
)
PERMISSIONS: Final = (
    *dict.fromkeys((*aws_secretsmanager.PERMISSIONS, *keeping.PERMISSIONS)),
    *iam_access_key.PERMISSIONS,
    *(f"{resource}:{verb}" for resource in _DELIVERED for verb in ("get", "list", "create", "patch", "delete")),
    *workloads.PERMISSIONS,
    *azure_keyvault.PERMISSIONS,
    *gcp_secretmanager.PERMISSIONS,
    *google.PERMISSIONS,
    *azure.PERMISSIONS,
)
