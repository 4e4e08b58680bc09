# Copyright (c) 2026 the goldenpath.microapps authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""TLS from texts in memory. Python's ssl wants a client's key in a file: that file never has a name that stays."""

from __future__ import annotations

import contextlib
import os
import pathlib
import shutil
import ssl
import tempfile
from collections.abc import Iterator
from typing import Final

from ..errors import Invalid

_PREFIX: Final = "goldenpath-tls-"


def context_of(authority: str, verify: bool, certificate: str, key: str, check_host: bool = True) -> ssl.SSLContext:
    """A client's TLS context; Invalid when the certificate and the key do not belong together or are no PEM."""
    try:
        context = ssl.create_default_context(cadata=authority or None)
    except ssl.SSLError:
        raise Invalid("Trust the cluster's certificate authority", "the kubeconfig holds no valid PEM certificate") from None
    context.check_hostname = verify and check_host
    if not verify:
        context.verify_mode = ssl.CERT_NONE
    if certificate:
        with _private_file(f"{certificate}\n{key}") as path:
            try:
                context.load_cert_chain(path)
            except ssl.SSLError:
                raise Invalid("Use the client certificate of the kubeconfig", "certificate and key do not match") from None
    return context


@contextlib.contextmanager
def _private_file(text: str) -> Iterator[str]:
    if hasattr(os, "memfd_create"):
        # No name in any folder, so a worker that is killed here leaves nothing behind.
        with os.fdopen(os.memfd_create("client-certificate"), "w", encoding="ascii") as file:
            file.write(text)
            file.flush()
            yield f"/proc/self/fd/{file.fileno()}"
        return
    with private_folder() as folder:
        path = os.path.join(folder, "client.pem")
        with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="ascii") as file:
            file.write(text)
        yield path


@contextlib.contextmanager
def private_folder() -> Iterator[str]:
    """A folder for what must be a file for a moment: ours alone, removed at once, and by the next one if we are killed."""
    sweep()
    folder = tempfile.mkdtemp(prefix=f"{_PREFIX}{os.getpid()}-")
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def sweep() -> None:
    """Remove what killed processes of ours left in the temp folder."""
    for folder in pathlib.Path(tempfile.gettempdir()).glob(f"{_PREFIX}*"):
        process = folder.name.removeprefix(_PREFIX).partition("-")[0]
        if folder.stat().st_uid == os.getuid() and process.isdigit() and not _alive(int(process)):
            shutil.rmtree(folder, ignore_errors=True)


def _alive(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
