# Copyright (c) 2026 the goldenpath.microapps authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The in-process door of `app_scaffold`."""

from __future__ import annotations

from ..module_utils.scaffold.app_scaffold import CAPABILITY
from ..plugin_utils.in_process import InProcess


class ActionModule(InProcess):
    """Proposes the platform's baseline on a branch of the app's repository."""

    capability = CAPABILITY
