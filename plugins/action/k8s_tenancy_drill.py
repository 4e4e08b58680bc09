# Copyright (c) 2026 the goldenpath.microapps authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The in-process door of `k8s_tenancy_drill`."""

from __future__ import annotations

from ..module_utils.kubernetes.drill import CAPABILITY
from ..plugin_utils.in_process import InProcess


class ActionModule(InProcess):
    """Tries what an app's fence must refuse."""

    capability = CAPABILITY
