# Copyright (c) 2026 the goldenpath.microapps authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The base of every action plugin of ours: the capability runs in Ansible's worker process.

A module costs a new interpreter and its imports (0.5 to 1.6 s); an action plugin's imports are paid once in the parent,
which loads its class before it forks. A task that runs elsewhere (another connection, another user) goes through the
module door of the same name, with the same arguments.
"""

from __future__ import annotations

import gc
import os
import sys
from collections.abc import Mapping
from typing import Any

from ansible.module_utils.common.arg_spec import ArgumentSpecValidator
from ansible.plugins.action import ActionBase
from ansible.utils.display import Display

from ..module_utils.capability import WIDE, Capability, Request, no_log_values, perform, scrubbed, with_evidence_folder
from ..module_utils.errors import MicroappsError
from ..module_utils.evidence.record import new_run, record_answers
from ..module_utils.scrubber import Secrets

display = Display()

# The parent imports this file once and every worker inherits the value: one id for all tasks of one ansible-playbook.
RUN = new_run(os.environ)

# In the parent too: a worker's garbage collector that walked through what it inherited would copy that memory page by page, for
# every task of every host (Python's documentation of gc.freeze).
gc.freeze()


class InProcess(ActionBase):  # type: ignore[misc]  # ansible-core ships no type information
    """Validate, run the capability here (or hand it to the module door), record what the controls answered."""

    capability: Capability

    TRANSFERS_FILES = False
    _requires_connection = False
    _supports_check_mode = True
    _supports_diff = True
    _supports_async = False

    def run(self, tmp: Any = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        """Called by Ansible in a worker. No exception leaves it: ansible-core would print causes and sources in clear."""
        arguments = plain(self._task.args)
        secrets = Secrets(no_log_values(self.capability.spec, arguments))
        if self._task.async_val:
            return _failed(
                "This action runs in Ansible's own process and cannot be async. Remove 'async' from the task.", secrets
            )
        validator = ArgumentSpecValidator(dict(self.capability.spec), **self.capability.rules)
        validated = validator.validate(arguments)
        secrets = Secrets(no_log_values(self.capability.spec, {**arguments, **validated.validated_parameters}))
        if validated.error_messages:
            return _failed("; ".join(validated.error_messages), secrets)
        request = Request(
            params=with_evidence_folder(validated.validated_parameters, os.environ),
            check=self._task.check_mode,
            secrets=secrets,
            progress=display.display,
            run=RUN,
            columns=display.columns if sys.stdout.isatty() else WIDE,
        )
        if self._runs_here():
            result = perform(self.capability, request)
        else:
            result = scrubbed(
                self._execute_module(module_name=self._task.action, module_args=arguments, task_vars=task_vars),
                secrets,
            )
        return self._recorded(result, request)

    def _runs_here(self) -> bool:
        return self._connection.transport == "local" and not self._connection.become

    def _recorded(self, result: dict[str, Any], request: Request) -> dict[str, Any]:
        evidence = request.params.get("evidence")
        if not evidence or not result.get("answers"):
            return result
        try:
            record_answers(evidence, self.capability.name, RUN, request.check, result)
        except MicroappsError as error:
            return {**result, **_failed(error.sentence(), request.secrets)}
        return result


def _failed(message: str, secrets: Secrets) -> dict[str, Any]:
    return scrubbed({"failed": True, "changed": False, "msg": message}, secrets)


def plain(value: Any) -> Any:
    """Ansible's tagged strings and lazy containers as ordinary Python data: serializers and drivers know no others."""
    if isinstance(value, Mapping):
        return {plain(key): plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(item) for item in value]
    return str.__str__(value) if isinstance(value, str) else value
