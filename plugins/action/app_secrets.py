# Copyright (c) 2026 the goldenpath.microapps authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The in-process door of `app_secrets`."""

from __future__ import annotations

from ..module_utils.rotation.app_secrets import CAPABILITY
from ..plugin_utils.in_process import InProcess


class ActionModule(InProcess):
    """Moves an app's secrets into the store, replaces what leaked and proves it dead."""

    capability = CAPABILITY
