# Copyright (c) 2026 the goldenpath.microapps authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""A server that speaks MongoDB's protocol, for the hooks of apps."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator

import pytest
from built_parts import built_or_skipped


@pytest.fixture(scope="module")
def mongodb(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a FerretDB, its data in a folder of the test's; built where it is not there yet."""
    program = built_or_skipped("ferretdb")["ferretdb"]
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
