# Copyright (c) 2026 the goldenpath.microapps authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The in-process door of `sandbox`."""

from __future__ import annotations

from ..module_utils.sandbox.sandbox import CAPABILITY
from ..plugin_utils.in_process import InProcess


class ActionModule(InProcess):
    """Starts, stops or wipes the local parts; a build that takes minutes tells its progress at once."""

    capability = CAPABILITY
