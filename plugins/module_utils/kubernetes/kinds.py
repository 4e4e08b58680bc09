# Copyright (c) 2026 the goldenpath.microapps authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Where the objects we use live in the API: fixed paths for built-in kinds, one question for a kind that a CRD brings."""

from __future__ import annotations

import dataclasses
from typing import Final


@dataclasses.dataclass(frozen=True, slots=True)
class Kind:
    """One kind of object. `group` is empty for the core API."""

    group: str
    version: str
    kind: str
    plural: str
    namespaced: bool = True

    @property
    def api_version(self) -> str:
        """As it stands in a manifest."""
        return f"{self.group}/{self.version}" if self.group else self.version

    @property
    def resource(self) -> str:
        """As RBAC and error messages write it: `networkpolicies.networking.k8s.io`."""
        return f"{self.plural}.{self.group}" if self.group else self.plural

    @property
    def group_kind(self) -> str:
        """As an ApplySet's annotation writes it: `NetworkPolicy.networking.k8s.io`."""
        return f"{self.kind}.{self.group}" if self.group else self.kind

    def path(self, namespace: str = "", name: str = "") -> str:
        """The REST path of one object, or (without a name) of all of them."""
        root = f"/apis/{self.group}/{self.version}" if self.group else f"/api/{self.version}"
        place = f"/namespaces/{namespace}" if self.namespaced and namespace else ""
        return f"{root}{place}/{self.plural}" + (f"/{name}" if name else "")


BUILT_IN: Final[tuple[Kind, ...]] = (
    Kind("", "v1", "Namespace", "namespaces", namespaced=False),
    Kind("", "v1", "Node", "nodes", namespaced=False),
    Kind("", "v1", "ConfigMap", "configmaps"),
    Kind("", "v1", "Secret", "secrets"),
    Kind("", "v1", "Service", "services"),
    Kind("", "v1", "ServiceAccount", "serviceaccounts"),
    Kind("", "v1", "Pod", "pods"),
    Kind("", "v1", "ResourceQuota", "resourcequotas"),
    Kind("", "v1", "LimitRange", "limitranges"),
    Kind("apps", "v1", "Deployment", "deployments"),
    Kind("apps", "v1", "StatefulSet", "statefulsets"),
    Kind("apps", "v1", "DaemonSet", "daemonsets"),
    Kind("batch", "v1", "CronJob", "cronjobs"),
    Kind("autoscaling", "v2", "HorizontalPodAutoscaler", "horizontalpodautoscalers"),
    Kind("policy", "v1", "PodDisruptionBudget", "poddisruptionbudgets"),
    Kind("networking.k8s.io", "v1", "NetworkPolicy", "networkpolicies"),
    Kind("networking.k8s.io", "v1", "Ingress", "ingresses"),
    Kind("rbac.authorization.k8s.io", "v1", "Role", "roles"),
    Kind("rbac.authorization.k8s.io", "v1", "RoleBinding", "rolebindings"),
    Kind("coordination.k8s.io", "v1", "Lease", "leases"),
    Kind("authorization.k8s.io", "v1", "SubjectAccessReview", "subjectaccessreviews", namespaced=False),
    Kind("apiextensions.k8s.io", "v1", "CustomResourceDefinition", "customresourcedefinitions", namespaced=False),
)
BY_NAME: Final = {(kind.api_version, kind.kind): kind for kind in BUILT_IN}
BY_GROUP_KIND: Final = {kind.group_kind: kind for kind in BUILT_IN}

# Who brings the kinds that are not built in, for the sentence that says what to install.
PROVIDERS: Final = {
    "monitoring.coreos.com": "the Prometheus Operator's CustomResourceDefinitions",
    "external-secrets.io": "External Secrets and its CustomResourceDefinitions",
    "policy.sigstore.dev": "sigstore policy-controller 0.13 or newer, or mend admission.controller in the profile",
    "policies.kyverno.io": "Kyverno 1.17 or newer, or mend admission.controller in the profile",
    "secrets-store.csi.x-k8s.io": "the Secrets Store CSI driver with its provider for your store",
}
