# Copyright (c) 2026 the goldenpath.microapps authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The in-process door of `evidence_report`."""

from __future__ import annotations

from ..module_utils.evidence.report import CAPABILITY
from ..plugin_utils.in_process import InProcess


class ActionModule(InProcess):
    """Joins a run's answers, prints the table, writes the report and decides how the run ends."""

    capability = CAPABILITY
