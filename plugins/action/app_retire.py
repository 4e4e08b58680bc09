# Copyright (c) 2026 the goldenpath.microapps authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The in-process door of `app_retire`."""

from __future__ import annotations

from ..module_utils.retire.app_retire import CAPABILITY
from ..plugin_utils.in_process import InProcess


class ActionModule(InProcess):
    """Removes what was applied for an app in one environment."""

    capability = CAPABILITY
