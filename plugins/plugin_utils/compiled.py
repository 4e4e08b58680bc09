# Copyright (c) 2026 the goldenpath.microapps authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Our shared code imported as Python imports anything else: compiled once and kept (`__pycache__`), not compiled at every start.

ansible-core's loader of collections knows no compiled files, and compiling what the road imports takes most of a second.
"""

from __future__ import annotations

import importlib.machinery
import importlib.util
import os
import sys
from collections.abc import Sequence

from ansible.utils.collection_loader import AnsibleCollectionConfig

# The collection under whatever name it is imported by.
_OURS = f"{__name__.rpartition('.plugin_utils.')[0]}.module_utils."


class _Finder:
    """Finds what lies below `module_utils`, and leaves everything else to the finders after it."""

    @staticmethod
    def find_spec(name: str, path: Sequence[str] | None, target: object = None) -> importlib.machinery.ModuleSpec | None:
        """Called by every import; `path` is that of the package that it is in."""
        if not name.startswith(_OURS):
            return None
        for folder in path or ():
            stem = os.path.join(folder, name.rpartition(".")[2])
            package = os.path.join(stem, "__init__.py")
            if os.path.isfile(package):
                return importlib.util.spec_from_file_location(name, package, submodule_search_locations=[stem])
            if os.path.isfile(f"{stem}.py"):
                return importlib.util.spec_from_file_location(name, f"{stem}.py")
        return None


def keep() -> None:
    """From here on; to be called before anything of `module_utils` is imported.

    Right before the loader whose work it spares: where somebody else goes first, he still does.
    """
    theirs = AnsibleCollectionConfig.collection_finder
    if theirs in sys.meta_path and _Finder not in sys.meta_path:
        sys.meta_path.insert(sys.meta_path.index(theirs), _Finder)
