# Copyright (c) 2026 the goldenpath.microapps authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The in-process door of `secret_rotation`."""

from __future__ import annotations

from ..module_utils.rotation.on_demand import CAPABILITY
from ..plugin_utils.in_process import InProcess


class ActionModule(InProcess):
    """Replaces secrets of an app that are due, asked for or known to others."""

    capability = CAPABILITY
