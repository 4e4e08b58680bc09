# Copyright (c) 2026 the goldenpath.microapps authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""One value of one secret, for whoever needs it while a playbook runs."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from ..errors import Invalid, MissingLibrary, NotFound
from ..profile import Profile
from ..scrubber import Secrets
from .model import Stage
from .stores import open_store

try:
    import jmespath
except ImportError as error:
    JMESPATH_MISSING: ImportError | None = error
else:
    JMESPATH_MISSING = None

STAGES: Final = {"current": Stage.CURRENT, "previous": Stage.PREVIOUS, "pending": Stage.PENDING}


def read_value(profile: Profile, name: str, stage: str, query: str, environ: Mapping[str, str]) -> Any:
    """The document of a stage, or what a JMESPath `query` picks of it. NotFound, Denied or Unreachable, each its own error."""
    if stage not in STAGES:
        raise Invalid(f"stage: '{stage}' is no version stage", f"there are {', '.join(STAGES)}")
    document = dict(open_store(profile, Secrets(), environ).read_stage(name, STAGES[stage]))
    if not query:
        return document
    if JMESPATH_MISSING:
        raise MissingLibrary("jmespath", "pick a part of a secret", JMESPATH_MISSING)
    try:
        found = jmespath.search(query, document)
    except jmespath.exceptions.JMESPathError:
        raise Invalid(f"key: '{query}' is no JMESPath expression", "", "See jmespath.org; a plain key is one.") from None
    if found is None:
        raise NotFound(f"The secret {name}", f"nothing in it matches '{query}'; it has {', '.join(sorted(document))}")
    return found
