# Copyright (c) 2026 the goldenpath.microapps authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The in-process door of `ecr_image_scan`."""

from __future__ import annotations

from ..module_utils.aws.ecr_image_scan import CAPABILITY
from ..plugin_utils.in_process import InProcess


class ActionModule(InProcess):
    """Judges what ECR found in images."""

    capability = CAPABILITY
