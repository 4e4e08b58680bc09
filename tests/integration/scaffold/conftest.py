# Copyright (c) 2026 the goldenpath.microapps authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""A server that speaks MongoDB's protocol, for the hooks of apps."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator

import pytest

from ansible_collections.goldenpath.microapps.plugins.module_utils.errors import NotFound
from ansible_collections.goldenpath.microapps.plugins.module_utils.sandbox import build


@pytest.fixture(scope="module")
def mongodb(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a FerretDB, its data in a folder of the test's; built where it is not there yet."""
    try:
        parts = [part for part in build.ON_DEMAND if part.name == "ferretdb"]
        program = build.build(os.environ, print, parts)["ferretdb"]
    except NotFound as error:
        # There is no Go to build it with: the reason says so. A build that fails is a failure.
        pytest.skip(error.sentence())
    folder = tmp_path_factory.mktemp("ferretdb")
    with (
        (folder / "log").open("w") as log,
        subprocess.Popen([str(program), str(folder)], stdout=subprocess.PIPE, stderr=log, text=True) as server,
    ):
        try:
            assert server.stdout is not None
            address = server.stdout.readline().strip()
            assert address, (folder / "log").read_text()[-2000:]
            yield address
        finally:
            server.kill()
