# Copyright (c) 2026 the goldenpath.microapps authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""One tree of errors, so that every failure a user sees says what, why and what to do next."""

from __future__ import annotations


class MicroappsError(Exception):
    """The base of every error of ours: what was tried, why it did not work, and the next step.

    `why` may quote an outside system; it is scrubbed of secrets on its way out (see `scrubber`), but whoever raises
    still takes care to quote no connection string.
    """

    def __init__(self, what: str, why: str = "", next_step: str = "") -> None:
        self.what = what
        self.why = why
        self.next_step = next_step
        super().__init__(self.sentence())

    def sentence(self) -> str:
        """The one line a user reads: `what: why. next step`."""
        text = f"{self.what}: {self.why}" if self.why else self.what
        text = text.rstrip().rstrip(".")
        ended = text if text.endswith(("?", "!")) else f"{text}."
        return f"{ended} {self.next_step}" if self.next_step else ended

    def also(self, sentence: str) -> None:
        """One more sentence (or '') after the next step."""
        self.next_step = f"{self.next_step} {sentence}".strip()
        self.args = (self.sentence(),)


class Invalid(MicroappsError):
    """The input is wrong; nothing was changed. `what` names field, value and file."""


class NotFound(MicroappsError):
    """The thing that was asked for does not exist."""


class Denied(MicroappsError):
    """The other side knows us and refuses: a permission is missing."""


class Conflict(MicroappsError):
    """Somebody else holds or changed what we were about to change."""


class Unreachable(MicroappsError):
    """No answer: nothing is known about the state of the other side."""


class MissingLibrary(MicroappsError):
    """An optional Python library is needed for this and is not installed."""

    def __init__(self, library: str, needed_for: str, cause: ImportError | None = None) -> None:
        super().__init__(
            f"The Python library {library} is needed to {needed_for}",
            f"it cannot be imported ({cause})" if cause else "it is not installed",
            f"Install it where Ansible runs: pip install '{library}'.",
        )
