# Copyright (c) 2026 the goldenpath.microapps authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The in-process door of `app_runbook`."""

from __future__ import annotations

from ..module_utils.runbook.capability import CAPABILITY
from ..plugin_utils.in_process import InProcess


class ActionModule(InProcess):
    """Renders an app's runbook and writes it beside the evidence."""

    capability = CAPABILITY
