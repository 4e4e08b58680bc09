# Copyright (c) 2026 the goldenpath.microapps authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The nouns of attestations: what may be owed for an image, what a scan found, and what came of each thing owed."""

from __future__ import annotations

import dataclasses
import datetime
import enum
from collections.abc import Mapping
from typing import Any, TypeAlias

from ..model import Subject


class Topic(enum.StrEnum):
    """What an attestation is about. A path owes at most one rule a topic."""

    PROVENANCE = "provenance"
    SBOM = "sbom"
    VULNERABILITIES = "vulnerabilities"


class Fault(enum.StrEnum):
    """Why something owed is not given, for programs; the sentence beside it is for people."""

    MISSING = "missing"  # no attestation of this topic by a signer that counts
    MALFORMED = "malformed"
    TOO_LARGE = "too_large"
    UNSUPPORTED = "unsupported"
    WRONG_DIGEST = "wrong_digest"
    WRONG_BUILDER = "wrong_builder"
    WRONG_BUILD_TYPE = "wrong_build_type"
    WRONG_SOURCE = "wrong_source"
    NOT_PINNED = "not_pinned"
    EMPTY = "empty"  # it reads well and says nothing
    NO_TIME = "no_time"
    FROM_THE_FUTURE = "from_the_future"
    TOO_OLD = "too_old"
    VULNERABLE = "vulnerable"
    COULD_NOT_TELL = "could_not_tell"  # a file that the rule needs (KEV, EPSS) is missing, unreadable or too old


class Severity(enum.IntEnum):
    """How bad a vulnerability is, in the words that scanners share. `UNKNOWN` is decided by the rule, never passed by itself."""

    UNKNOWN = 0
    NEGLIGIBLE = 1
    LOW = 2
    MEDIUM = 3
    HIGH = 4
    CRITICAL = 5

    @property
    def word(self) -> str:
        """As policies and evidence write it."""
        return self.name.lower()


@dataclasses.dataclass(frozen=True, slots=True, order=True)
class Vulnerability:
    """One vulnerability in one package, whoever found it (a report, ECR). Ordered by its name, so that lists are stable.

    `names` are `name` and its aliases (a GitHub advisory's CVE). `fixed_in` are the versions that mend it; `fixable` is None
    where the source does not tell, which counts as fixable. `known_exploited` is what the source itself says. `ignored` says
    why the scanner set it aside, empty if it did not.
    """

    name: str
    package: str
    version: str = ""
    severity: Severity = Severity.UNKNOWN
    fixable: bool | None = None
    fixed_in: tuple[str, ...] = ()
    aliases: tuple[str, ...] = ()
    known_exploited: bool = False
    ignored: str = ""

    @property
    def names(self) -> frozenset[str]:
        """Everything it is called, in upper case: identifiers are compared without case."""
        return frozenset(name.upper() for name in (self.name, *self.aliases))


@dataclasses.dataclass(frozen=True, slots=True)
class ScanReport:
    """What one scanner found in one image, whatever the source.

    `scanned_at` is when it looked, `database_of` how new its knowledge was then; None where it is not told.
    """

    scanner: str
    scanned_at: datetime.datetime | None
    found: tuple[Vulnerability, ...]
    database_of: datetime.datetime | None = None


@dataclasses.dataclass(frozen=True, slots=True)
class Exemption:
    """A vulnerability that somebody answers for until a day, in one package or all, for some apps or all. Never without end."""

    vulnerability: str
    owner: str
    reason: str
    expires: datetime.date
    package: str = ""
    apps: tuple[str, ...] = ()


@dataclasses.dataclass(frozen=True, slots=True)
class ProvenanceRule:
    """SLSA provenance that names exactly one of these builders.

    `build_types` empty: any. `source` demands the catalog's repository. `pinned` demands that every material has a digest.
    `level` is the SLSA Build level that the policy's author trusts these builders with; it is what a summary may claim.
    `roles` are the signers' roles whose statement counts; empty: any signer of the policy.
    """

    builders: tuple[str, ...]
    build_types: tuple[str, ...] = ()
    source: bool = True
    pinned: bool = True
    level: int = 0
    roles: tuple[str, ...] = ()
    topic: Topic = dataclasses.field(default=Topic.PROVENANCE, init=False)


@dataclasses.dataclass(frozen=True, slots=True)
class SbomRule:
    """A bill of materials that can be used: `formats` are `cyclonedx` and `spdx`."""

    formats: tuple[str, ...] = ("cyclonedx", "spdx")
    roles: tuple[str, ...] = ()
    topic: Topic = dataclasses.field(default=Topic.SBOM, init=False)


@dataclasses.dataclass(frozen=True, slots=True)
class FileRule:
    """A file of public knowledge (KEV, EPSS) and how old it may be. `threshold` is EPSS's: a probability that is too much."""

    file: str
    most_days: int
    threshold: float = 0.0


@dataclasses.dataclass(frozen=True, slots=True)
class VulnerabilityRule:
    """A report of known vulnerabilities, no older than `most_days`, in which none blocks.

    A vulnerability blocks at severity `fail_at` or above (with `only_fixable` only if there is a fix), or if it is listed in
    `kev`, or if its probability in `epss` reaches the threshold; with or without a fix in these two cases. `unknown_as` is what
    an unknown severity counts as. `scanner_ignores` says whether what the scanner was told to ignore counts (`count`) or is
    only told (`report`). `predicate_types` are further types whose predicate is a report as such (`cosign attest --type URI`).
    """

    most_days: int
    fail_at: Severity
    only_fixable: bool = False
    unknown_as: Severity = Severity.CRITICAL
    scanner_ignores: str = "count"
    kev: FileRule | None = None
    epss: FileRule | None = None
    exceptions: tuple[Exemption, ...] = ()
    predicate_types: tuple[str, ...] = ()
    roles: tuple[str, ...] = ()
    topic: Topic = dataclasses.field(default=Topic.VULNERABILITIES, init=False)


Rule: TypeAlias = "ProvenanceRule | SbomRule | VulnerabilityRule"


@dataclasses.dataclass(frozen=True, slots=True)
class Owed:
    """What an image owes on one path; None is not owed."""

    provenance: ProvenanceRule | None = None
    sbom: SbomRule | None = None
    vulnerabilities: VulnerabilityRule | None = None

    @property
    def rules(self) -> tuple[Rule, ...]:
        """The rules in their fixed order."""
        return tuple(rule for rule in (self.provenance, self.sbom, self.vulnerabilities) if rule is not None)


@dataclasses.dataclass(frozen=True, slots=True)
class Unknown:
    """Knowledge that was asked for and is not to be had: `why` completes "could not tell: ..."."""

    why: str


@dataclasses.dataclass(frozen=True, slots=True)
class Knowledge:
    """What is publicly known, read from the files of a rule: `kev` are ids of CVEs, `epss` are their probabilities.

    None: nobody asked for it.
    """

    kev: frozenset[str] | Unknown | None = None
    epss: Mapping[str, float] | Unknown | None = None


@dataclasses.dataclass(frozen=True, slots=True)
class Context:
    """What the statements are compared with: the image, the catalog's repository (a git URL), the app's name, the time."""

    subject: Subject
    source: str
    app: str
    now: datetime.datetime
    knowledge: Knowledge = dataclasses.field(default_factory=Knowledge)


@dataclasses.dataclass(frozen=True, slots=True)
class Checked:
    """What came of one thing owed. `fault` is None if it is given; else `why` is the sentence, and `facts` say more.

    `where` and `digest` are those of the attestation that decided (empty if none), `facts` plain data for the evidence, the
    same for the same input. `notes` are worth knowing and change nothing (an exception that nobody needed).
    """

    topic: Topic
    fault: Fault | None = None
    why: str = ""
    facts: Mapping[str, Any] = dataclasses.field(default_factory=dict)
    notes: tuple[str, ...] = ()
    where: str = ""
    digest: str = ""

    @property
    def passed(self) -> bool:
        """Whether what is owed is given."""
        return self.fault is None
