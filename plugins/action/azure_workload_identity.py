# Copyright (c) 2026 the goldenpath.microapps authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The in-process door of `azure_workload_identity`."""

from __future__ import annotations

from ..module_utils.workload_identity.azure import CAPABILITY
from ..plugin_utils.in_process import InProcess


class ActionModule(InProcess):
    """Gives workloads managed identities that read their own secrets in a key vault, and proves that no other workload is one."""

    capability = CAPABILITY
