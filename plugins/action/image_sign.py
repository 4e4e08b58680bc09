# Copyright (c) 2026 the goldenpath.microapps authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The in-process door of `image_sign`."""

from __future__ import annotations

from ..module_utils.signatures.signing import CAPABILITY
from ..plugin_utils.in_process import InProcess


class ActionModule(InProcess):
    """Signs and attests an image with the user's own tool."""

    capability = CAPABILITY
