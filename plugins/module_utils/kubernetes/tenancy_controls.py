# Copyright (c) 2026 the goldenpath.microapps authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The controls of the role k8s_tenancy, by the names the code uses for them. Declared in roles/k8s_tenancy/meta/controls.yml."""

from __future__ import annotations

from typing import Final

POD_SECURITY: Final = "k8s_tenancy-01"
BOUNDS: Final = "k8s_tenancy-02"
DENY: Final = "k8s_tenancy-03"
NAMED_TRAFFIC: Final = "k8s_tenancy-04"
ACCESS: Final = "k8s_tenancy-05"
OWNERSHIP: Final = "k8s_tenancy-06"
ALONE: Final = "k8s_tenancy-07"
FENCE: Final = (POD_SECURITY, BOUNDS, DENY, NAMED_TRAFFIC, ACCESS, OWNERSHIP, ALONE)

DRILL_PODS: Final = "k8s_tenancy-08"
DRILL_QUOTA: Final = "k8s_tenancy-09"
DRILL_ACCOUNT: Final = "k8s_tenancy-10"
DRILLS: Final = (DRILL_PODS, DRILL_QUOTA, DRILL_ACCOUNT)
