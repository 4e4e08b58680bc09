# Copyright (c) 2026 the goldenpath.microapps authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The in-process door of `run_gate`."""

from __future__ import annotations

from ..module_utils.gate.run_gate import CAPABILITY
from ..plugin_utils.in_process import InProcess


class ActionModule(InProcess):
    """Checks input and targets, and takes or leaves the app's lease."""

    capability = CAPABILITY
