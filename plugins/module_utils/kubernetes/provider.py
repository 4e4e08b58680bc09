# Copyright (c) 2026 the goldenpath.microapps authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Logins by `auth-provider` (oidc, gcp): gone from Kubernetes, still in many kubeconfigs. The package `kubernetes` knows them.

It is imported when such a login is used, after Ansible's fork, because importing it costs half a second. It writes temporary
files: they go into a private folder.
"""

from __future__ import annotations

import importlib
import tempfile
import threading
from collections.abc import Mapping
from typing import Any, Final

from ..errors import Denied, MicroappsError, MissingLibrary, Unreachable
from .login import Credential, Outside
from .tls import private_folder

# tempfile's folder is the whole process's.
_ONE_AT_A_TIME: Final = threading.Lock()


class ProviderLogin:
    """A login that the identity provider renews."""

    def __init__(self, what: str, user: Mapping[str, Any], outside: Outside) -> None:
        self._what, self._user, self._outside = what, user, outside
        self._current: Credential | None = None

    def credential(self, renew: bool = False) -> Credential:
        """The provider's token, renewed by the library when it is over."""
        with _ONE_AT_A_TIME:
            if self._current is None or renew:
                header = self._outside.register(self._asked())
                self._outside.register(header.partition(" ")[2])
                self._current = Credential({"Authorization": header})
            return self._current

    def _asked(self) -> str:
        try:
            config = importlib.import_module("kubernetes.config")
            configuration = importlib.import_module("kubernetes.client").Configuration()
        except ImportError as error:
            raise MissingLibrary("kubernetes", f"log in as {self._what} with an auth-provider", error) from None
        before = tempfile.tempdir
        with private_folder() as folder:
            tempfile.tempdir = folder
            try:
                config.load_kube_config_from_dict(
                    self._alone(), client_configuration=configuration, persist_config=False, temp_file_path=folder
                )
            except (config.ConfigException, ImportError, OSError, KeyError, TypeError, ValueError) as error:
                # Their messages quote the provider's configuration, which holds tokens.
                raise self._failed(error) from None
            finally:
                tempfile.tempdir = before
        header = str(configuration.api_key.get("BearerToken") or "")
        if not header:
            raise Denied(f"Log in as {self._what}", "its auth-provider gave no token", "Log in again.")
        return header

    def _failed(self, error: Exception) -> MicroappsError:
        name = (self._user.get("auth-provider") or {}).get("name")
        return Unreachable(
            f"Log in as {self._what}",
            f"its auth-provider {name} could not be used ({type(error).__name__})",
            "Use a login program (exec) in that kubeconfig: Kubernetes has dropped auth-provider.",
        )

    def _alone(self) -> dict[str, Any]:
        # Only the login is asked for; where the server is, and whom to trust, is ours to read.
        return {
            "current-context": "here",
            "contexts": [{"name": "here", "context": {"cluster": "there", "user": "me"}}],
            "clusters": [{"name": "there", "cluster": {}}],
            "users": [{"name": "me", "user": dict(self._user)}],
        }
