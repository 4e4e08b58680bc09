# Copyright (c) 2026 the goldenpath.microapps authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The twelve steps that every converging capability must walk: check, do, check again, do again; create, change, delete.

Reached through the fixture `cycle` (tests/integration/conftest.py): test modules here are not packages.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from ansible.module_utils.common.arg_spec import ArgumentSpecValidator

from ansible_collections.goldenpath.microapps.plugins.module_utils.capability import Capability, Request, perform


def ask(capability: Capability, arguments: Mapping[str, Any], check: bool = False, **request: Any) -> dict[str, Any]:
    """The result of one call with arguments as a task writes them: validated as both doors do, defaults filled in."""
    validated = ArgumentSpecValidator(dict(capability.spec), **capability.rules).validate(dict(arguments))
    assert not validated.error_messages, validated.error_messages
    return perform(capability, Request(validated.validated_parameters, check=check, **request))


def stage(
    capability: Capability,
    arguments: Mapping[str, Any],
    witness: Callable[[], Any] | None = None,
    **request: Any,
) -> dict[str, Any]:
    """Four steps for one wish: check predicts and writes nothing, the run does just that, and then all is quiet.

    `witness` looks at the outside system by other means than ours. Returns the result of the run.
    """
    before = witness() if witness else None
    predicted = ask(capability, arguments, check=True, **request)
    assert not predicted.get("failed"), predicted.get("msg")
    assert predicted["changed"], "the first check run predicts no change"
    assert not witness or witness() == before, "the check run changed something"
    done = ask(capability, arguments, **request)
    assert not done.get("failed"), done.get("msg")
    assert done["changed"]
    assert predicted["diff"] == done["diff"], "check mode predicted another difference than was made"
    assert predicted["objects"] == done["objects"]
    assert not witness or witness() != before, "the run changed nothing that the witness sees"
    after = witness() if witness else None
    for check in (True, False):
        quiet = ask(capability, arguments, check=check, **request)
        assert not quiet.get("failed"), quiet.get("msg")
        assert not quiet["changed"] and not quiet["diff"], (check, quiet["diff"])
        assert {entry["action"] for entry in quiet["objects"]} == {"unchanged"}
    assert not witness or witness() == after
    return done


def cycle(
    capability: Capability,
    create: Mapping[str, Any],
    change: Mapping[str, Any],
    delete: Mapping[str, Any],
    witness: Callable[[], Any] | None = None,
    **request: Any,
) -> None:
    """All twelve steps."""
    for wish in (create, change, delete):
        stage(capability, wish, witness, **request)
