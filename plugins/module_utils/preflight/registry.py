# Copyright (c) 2026 the goldenpath.microapps authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Every capability of the collection, by name. A test compares this list with plugins/modules.

Imported by their names and not searched for: the module door packs what it sees imported.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from ..aws.app_supply_chain import CAPABILITY as APP_SUPPLY_CHAIN
from ..aws.ecr import CAPABILITY as ECR_REPOSITORY
from ..aws.ecr_image_scan import CAPABILITY as ECR_IMAGE_SCAN
from ..aws.ecr_registry import CAPABILITY as ECR_REGISTRY
from ..aws.iam import CAPABILITY as IAM_WORKLOAD_ROLE
from ..capability import Capability
from ..evidence.report import CAPABILITY as EVIDENCE_REPORT
from ..gate.run_gate import CAPABILITY as RUN_GATE
from ..kubernetes.drill import CAPABILITY as K8S_TENANCY_DRILL
from ..kubernetes.fence import CAPABILITY as K8S_TENANCY
from ..observability.capability import CAPABILITY as APP_OBSERVABILITY
from ..retire.app_retire import CAPABILITY as APP_RETIRE
from ..retire.fleet_orphans import CAPABILITY as FLEET_ORPHANS
from ..rotation.app_secrets import CAPABILITY as APP_SECRETS
from ..rotation.on_demand import CAPABILITY as SECRET_ROTATION
from ..runbook.capability import CAPABILITY as APP_RUNBOOK
from ..sandbox.sandbox import CAPABILITY as SANDBOX
from ..scaffold.app_scaffold import CAPABILITY as APP_SCAFFOLD
from ..signatures.admission.app_admission import CAPABILITY as APP_ADMISSION
from ..signatures.app_image import CAPABILITY as APP_IMAGE
from ..signatures.image_signature import CAPABILITY as IMAGE_SIGNATURE
from ..signatures.signing import CAPABILITY as IMAGE_SIGN
from ..triage.app_triage import CAPABILITY as APP_TRIAGE
from ..workload_identity.azure import CAPABILITY as AZURE_WORKLOAD_IDENTITY
from ..workload_identity.google import CAPABILITY as GCP_WORKLOAD_IDENTITY

# Without `preflight` itself, which reads this.
CAPABILITIES: Final[tuple[Capability, ...]] = (
    APP_ADMISSION,
    APP_IMAGE,
    APP_OBSERVABILITY,
    APP_RETIRE,
    APP_RUNBOOK,
    APP_SCAFFOLD,
    APP_SECRETS,
    APP_SUPPLY_CHAIN,
    APP_TRIAGE,
    AZURE_WORKLOAD_IDENTITY,
    ECR_IMAGE_SCAN,
    ECR_REGISTRY,
    ECR_REPOSITORY,
    EVIDENCE_REPORT,
    FLEET_ORPHANS,
    GCP_WORKLOAD_IDENTITY,
    IAM_WORKLOAD_ROLE,
    IMAGE_SIGN,
    IMAGE_SIGNATURE,
    K8S_TENANCY,
    K8S_TENANCY_DRILL,
    RUN_GATE,
    SANDBOX,
    SECRET_ROTATION,
)


def permissions_of(capabilities: Iterable[Capability]) -> tuple[str, ...]:
    """Every outside right that these need, each once and sorted."""
    return tuple(sorted({right for capability in capabilities for right in capability.permissions}))
