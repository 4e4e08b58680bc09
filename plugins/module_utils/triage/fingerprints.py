# Copyright (c) 2026 the goldenpath.microapps authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""A fingerprint of a secret: stable between runs, different for every app, and no way back to the value."""

from __future__ import annotations

import hashlib
import hmac

from ..verdict import FINGERPRINT_DIGITS


def fingerprint(value: str, app: str) -> str:
    """HMAC-SHA256 of the value with the app's name, in hexadecimal, cut to 96 bits.

    A weak password can still be guessed and compared by whoever has the fingerprint: reports stay where findings may be.
    """
    return hmac.new(app.encode(), value.encode("utf-8", "surrogateescape"), hashlib.sha256).hexdigest()[:FINGERPRINT_DIGITS]
