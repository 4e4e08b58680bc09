# Copyright (c) 2026 the goldenpath.microapps authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Who we are to Google Secret Manager, and to the services beside it: a service account's key file, or the metadata server.

With a key file no token is fetched: Google takes a JWT that the key signed, for one service and an hour ("service account
authorization without OAuth"). Without one, the metadata server of the machine is asked; in a GKE pod that is Workload Identity.
"""

from __future__ import annotations

import base64
import json
import os
import time
from collections.abc import Mapping
from typing import Any, Final

from ...errors import Denied, Invalid, MissingLibrary, NotFound
from ...scrubber import Secrets
from ..http_json import request

try:
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import padding, rsa
except ImportError as error:
    MISSING: ImportError | None = error
else:
    MISSING = None

AUDIENCE: Final = "https://secretmanager.googleapis.com/"
_SECONDS: Final = 3600
_METADATA: Final = "metadata.google.internal"
_PATH: Final = "/computeMetadata/v1/instance/service-accounts/default/token"


def bearer(key_file: str, secrets: Secrets, environ: Mapping[str, str], audience: str = AUDIENCE) -> str:
    """A token for Secret Manager, or the service of another address, that is good for up to an hour; registered as secret."""
    return secrets.register(_signed(key_file, secrets, audience) if key_file else _from_metadata(environ))


def _signed(key_file: str, secrets: Secrets, audience: str) -> str:
    if MISSING is not None:
        raise MissingLibrary("cryptography", "log in to Google with a key file", MISSING)
    account = _key(key_file)
    secrets.register(account["private_key"])
    try:
        key = serialization.load_pem_private_key(account["private_key"].encode(), None)
    except (ValueError, TypeError):
        key = None
    if not isinstance(key, rsa.RSAPrivateKey):
        raise _unusable(key_file, "its private_key is no RSA key in PEM")
    now = int(time.time())
    who = account["client_email"]
    claims = {"iss": who, "sub": who, "aud": audience, "iat": now, "exp": now + _SECONDS}
    head = {"alg": "RS256", "typ": "JWT", "kid": account["private_key_id"]}
    text = ".".join(_encoded(json.dumps(part).encode()) for part in (head, claims))
    return f"{text}.{_encoded(key.sign(text.encode(), padding.PKCS1v15(), hashes.SHA256()))}"


def _key(key_file: str) -> dict[str, str]:
    try:
        with open(os.path.expanduser(key_file), encoding="utf-8") as stream:
            data = json.load(stream)
    except OSError as error:
        raise NotFound(f"The key file {key_file} of the secret store", error.strerror or "unreadable") from None
    except ValueError:
        raise _unusable(key_file, "it is not JSON") from None
    if not isinstance(data, dict) or data.get("type") != "service_account":
        raise _unusable(key_file, "its type is not service_account")
    fields = {name: data.get(name) for name in ("client_email", "private_key", "private_key_id")}
    lacking = [name for name, value in fields.items() if not isinstance(value, str) or not value]
    if lacking:
        raise _unusable(key_file, f"it lacks {', '.join(lacking)}")
    return {name: str(value) for name, value in fields.items()}


def _unusable(key_file: str, why: str) -> Invalid:
    return Invalid(f"The key file {key_file} of the secret store", why, "Give the key file of a Google service account.")


def _from_metadata(environ: Mapping[str, str]) -> str:
    # The variable is the one that Google's own libraries know.
    host = environ.get("GCE_METADATA_HOST", _METADATA)
    answer: Any
    status, answer = request(f"http://{host}", "GET", _PATH, {"Metadata-Flavor": "Google"})
    if status != 200 or not isinstance(answer, dict) or not isinstance(answer.get("access_token"), str):
        raise Denied(
            "Ask the metadata server for a login", f"it answered {status}", "Give the machine or pod a Google service account."
        )
    return str(answer["access_token"])


def _encoded(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()
