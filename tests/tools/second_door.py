# Copyright (c) 2026 the goldenpath.microapps authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The second door of a capability: a connection that is local under another name, so that Ansible sends the module to it."""

from __future__ import annotations

import pathlib
from typing import Final

CONNECTION: Final = "house.travel.elsewhere"
# It notes what travels: the second door was really taken.
_PLUGIN: Final = """
DOCUMENTATION = "name: elsewhere\\nshort_description: local under another name\\nversion_added: 0.1.0\\noptions: {}\\n"
import os
import re
from ansible.plugins.connection.local import Connection as Local
class Connection(Local):
    transport = "house.travel.elsewhere"
    def exec_command(self, cmd, in_data=None, sudoable=True):
        names = re.findall(rb"goldenpath\\.microapps\\.plugins\\.modules\\.(\\w+)", in_data or b"")
        with open(os.environ["TRAVELLED"], "ab") as file:
            file.writelines(name + b"\\n" for name in names)
        return super().exec_command(cmd, in_data=in_data, sudoable=sudoable)
"""


def written(base: pathlib.Path) -> None:
    """The connection, in a collection of its own below the collections path `base`; $TRAVELLED names the file of what went."""
    connections = base / "ansible_collections" / "house" / "travel" / "plugins" / "connection"
    connections.mkdir(parents=True)
    (connections / "elsewhere.py").write_text(_PLUGIN)
