# Copyright (c) 2026 the goldenpath.microapps authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The AWS account asked: the right one, and may we do what our capabilities need (by IAM's own simulator)."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Mapping
from typing import Any, Final

from ..aws.errors import calling
from ..aws.session import AwsSession, session_for
from ..errors import Denied, MicroappsError, Unreachable
from ..network import is_loopback
from ..profile import Aws
from .permissions import iam_policy, missing, principal
from .rows import COULD_NOT_TELL, NO, YES, Answer, Row

try:
    from botocore.parsers import ResponseParserError
except ImportError:

    class ResponseParserError(Exception):  # type: ignore[no-redef]  # without botocore there is no answer to be parsed
        """See botocore."""


MOST_SHOWN: Final = 6


def ask_aws(
    aws: Aws,
    permissions: tuple[str, ...],
    environ: Mapping[str, str],
    part: str = "AWS",
    target: str = "",
    service: str = "",
) -> Iterable[Row]:
    """The account's row; with `service` that service's instead, which is only asked whether it answers."""
    session = session_for(aws, environ).verify_account()
    endpoint = f" at {aws.endpoint_url}" if aws.endpoint_url else ""
    row = Row(part, target or f"account {aws.account}, {aws.region}{endpoint}", YES, COULD_NOT_TELL)
    if service:
        with calling("list the secrets of this account"):
            session.secretsmanager.list_secrets(MaxResults=1)
        return (dataclasses.replace(row, note="its secrets can be listed; the AWS row tells the rest"),)
    with calling("ask AWS who we are"):
        caller = session.sts.get_caller_identity()["Arn"]
    permitted, note, problem = _permitted(session, aws, caller, permissions)
    return (dataclasses.replace(row, permitted=permitted, note=note or f"as {caller}", problem=problem),)


def _permitted(
    session: AwsSession, aws: Aws, caller: str, permissions: tuple[str, ...]
) -> tuple[Answer, str, MicroappsError | None]:
    if caller.endswith(":root"):
        return YES, "as the account's root user: use a role with the least policy instead", None
    if is_loopback(aws.endpoint_url):
        # An emulation does not guard what it lends out, so its answer would say nothing about an account.
        return COULD_NOT_TELL, f"as {caller}; an emulation on this machine grants everything", None
    try:
        refused = missing(list(simulated(session, aws, caller, permissions)))
    except MicroappsError as error:
        return COULD_NOT_TELL, f"IAM's simulator did not answer ({error.why or error.what})", None
    if not refused:
        return YES, "", None
    shown = ", ".join(refused[:MOST_SHOWN]) + (f" and {len(refused) - MOST_SHOWN} more" if len(refused) > MOST_SHOWN else "")
    step = "Give it the policy that -e print_policies=true prints."
    return NO, "", Denied(f"{caller} may not do all that is needed in account {aws.account}", f"it lacks {shown}", step)


def simulated(session: AwsSession, aws: Aws, caller: str, permissions: tuple[str, ...]) -> Iterable[Mapping[str, Any]]:
    """What IAM's simulator says of each right, asked on the object and under the condition that the least policy names."""
    document = iam_policy(permissions, aws.account, aws.region, aws.permissions_boundary)
    for statement in document["Statement"]:
        context = [
            {"ContextKeyName": key, "ContextKeyValues": [value], "ContextKeyType": "string"}
            for key, value in statement.get("Condition", {}).get("StringEquals", {}).items()
        ]
        arguments: dict[str, Any] = {
            "PolicySourceArn": principal(caller),
            "ActionNames": statement["Action"],
            "ResourceArns": [statement["Resource"]],
            "ContextEntries": context,
        }
        try:
            with calling("ask IAM's simulator what is allowed"):
                for page in session.iam.get_paginator("simulate_principal_policy").paginate(**arguments):
                    yield from page["EvaluationResults"]
        except ResponseParserError:
            # An emulation without the simulator answers a page of HTML.
            raise Unreachable("Ask IAM's simulator what is allowed", "this endpoint does not have it") from None
