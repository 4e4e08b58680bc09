# Copyright (c) 2026 the goldenpath.microapps authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The in-process door of `app_triage`."""

from __future__ import annotations

from ..module_utils.triage.app_triage import CAPABILITY
from ..plugin_utils.in_process import InProcess


class ActionModule(InProcess):
    """Reads an app's repository and says what the app is, what it owes and what is wrong with its answers."""

    capability = CAPABILITY
