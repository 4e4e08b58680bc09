# Copyright (c) 2026 the goldenpath.microapps authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The in-process door of `app_supply_chain`."""

from __future__ import annotations

from ..module_utils.aws.app_supply_chain import CAPABILITY
from ..plugin_utils.in_process import InProcess


class ActionModule(InProcess):
    """Converges an app's repository and its workload's role, and answers for their controls."""

    capability = CAPABILITY
