# Copyright (c) 2026 the goldenpath.microapps authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What AWS and its client say, as our errors: once, with the sentence of what was being tried.

Every call stands in `with calling("create the ECR repository where2eat"):`. Nothing else in the collection catches a
botocore exception.
"""

from __future__ import annotations

import contextlib
import re
from collections.abc import Iterator, Mapping
from typing import Any, Final

from ..errors import Conflict, Denied, Invalid, MicroappsError, NotFound, Unreachable

try:
    from botocore import exceptions as botocore_errors

    CLIENT_ERRORS: tuple[type[Exception], ...] = (botocore_errors.BotoCoreError, botocore_errors.ClientError)
except ImportError:  # without botocore there is no call that could fail; session.py says what to install
    CLIENT_ERRORS = ()

_MISSING: Final = frozenset(
    {
        "ImageNotFoundException",
        "LifecyclePolicyNotFoundException",
        "NoSuchEntity",
        "NoSuchEntityException",
        "NotFoundException",
        "RepositoryNotFoundException",
        "RepositoryPolicyNotFoundException",
        "ResourceNotFoundException",
        "ScanNotFoundException",
        "SigningConfigurationNotFoundException",
    }
)
_REFUSED: Final = frozenset({"AccessDenied", "AccessDeniedException", "NotAuthorized", "UnauthorizedOperation"})
_NOT_LOGGED_IN: Final = frozenset(
    {
        "AuthFailure",
        "ExpiredToken",
        "ExpiredTokenException",
        "IncompleteSignature",
        "InvalidClientTokenId",
        "InvalidSignatureException",
        "MissingAuthenticationToken",
        "SignatureDoesNotMatch",
        "UnrecognizedClientException",
    }
)
_HELD: Final = frozenset(
    {
        "ConcurrentModification",
        "ConcurrentModificationException",
        "DeleteConflict",
        "EntityAlreadyExists",
        "RepositoryAlreadyExistsException",
        "RepositoryNotEmptyException",
        "ResourceExistsException",
        "ResourceInUseException",
        "UnmodifiableEntity",
    }
)
_BUSY: Final = frozenset(
    {
        "PriorRequestNotComplete",
        "RequestLimitExceeded",
        "RequestThrottled",
        "RequestThrottledException",
        "SlowDown",
        "Throttling",
        "ThrottlingException",
        "ThrottledException",
        "TooManyRequestsException",
    }
)
_WRONG: Final = re.compile(r"Invalid|Malformed|Validation|LimitExceeded|PolicyEvaluation|TooManyTags|Kms")
_ACTION: Final = re.compile(r"not authorized to perform:? (?P<action>[a-z0-9-]+:[A-Za-z0-9]+)")
_LOGIN_STEP: Final = "Log in again, or name other credentials in the profile's block aws (profile, credentials_file)."


@contextlib.contextmanager
def calling(what: str) -> Iterator[None]:
    """Around one AWS call (or a few of one kind): its failure becomes one error of ours that says `what` was being tried."""
    try:
        yield
    except CLIENT_ERRORS as error:
        # from None: what a client's exception holds beside its message is nobody's business on the way out.
        raise error_of(error, what) from None


def error_of(error: Exception, what: str) -> MicroappsError:
    """The error of ours for any exception of botocore: pure, so that a table can test it."""
    response = getattr(error, "response", None)
    sentence = f"Could not {what}"
    if isinstance(response, Mapping):
        return _answered(response, getattr(error, "operation_name", ""), sentence)
    return _unanswered(error, sentence)


def _answered(response: Mapping[str, Any], operation: str, sentence: str) -> MicroappsError:
    code = str(response.get("Error", {}).get("Code", ""))
    message = _one_line(str(response.get("Error", {}).get("Message", ""))) or code
    status = int(response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0) or 0)
    if code in _REFUSED:
        found = _ACTION.search(message)
        action = found["action"] if found else operation
        return Denied(sentence, f"AWS refuses {action} ({message})", f"Allow {action} for the identity that runs this.")
    if code in _NOT_LOGGED_IN:
        return Denied(sentence, f"AWS does not accept the credentials ({code})", _LOGIN_STEP)
    if code in _MISSING:
        return NotFound(sentence, message)
    if code in _HELD:
        return Conflict(sentence, message)
    if code in _BUSY or status == 429:
        attempts = int(response.get("ResponseMetadata", {}).get("RetryAttempts", 0) or 0) + 1
        return Unreachable(sentence, f"AWS asks to slow down ({code}), {attempts} times in a row", "Try again later.")
    if _WRONG.search(code):
        return Invalid(sentence, f"{message} ({code})")
    if status >= 500:
        return Unreachable(sentence, f"AWS failed by itself ({code or status})", "Try again; if it stays, look at AWS's status.")
    return MicroappsError(sentence, f"{message} ({code})")


def _unanswered(error: Exception, sentence: str) -> MicroappsError:
    name = type(error).__name__
    if isinstance(error, botocore_errors.ParamValidationError):
        # Its text quotes the value that was refused, which may be a secret: the parameter's name is enough.
        text = re.sub(r", value:.*?(, type:|, valid|$)", r"\1", _one_line(str(error)))
        return Invalid(sentence, text)
    if isinstance(error, (botocore_errors.HTTPClientError, botocore_errors.ConnectionError)):
        address = error.kwargs.get("endpoint_url") if isinstance(getattr(error, "kwargs", None), Mapping) else None
        place = f"{address} does not answer ({name})" if address else f"no answer ({name})"
        return Unreachable(sentence, place, "Look whether it runs and can be reached from here, then run this again.")
    if isinstance(
        error,
        (
            botocore_errors.NoCredentialsError,
            botocore_errors.PartialCredentialsError,
            botocore_errors.CredentialRetrievalError,
            botocore_errors.ProfileNotFound,
            botocore_errors.SSOError,
            botocore_errors.TokenRetrievalError,
        ),
    ):
        return Denied(sentence, _one_line(str(error)), _LOGIN_STEP)
    return MicroappsError(sentence, f"{_one_line(str(error))} ({name})")


def _one_line(text: str) -> str:
    return " ".join(text.split())
