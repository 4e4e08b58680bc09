# Copyright (c) 2026 the goldenpath.microapps authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The in-process door of `fleet_orphans`."""

from __future__ import annotations

from ..module_utils.retire.fleet_orphans import CAPABILITY
from ..plugin_utils.in_process import InProcess


class ActionModule(InProcess):
    """Reports what belongs to no app of the catalog any more."""

    capability = CAPABILITY
