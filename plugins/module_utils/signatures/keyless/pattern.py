# Copyright (c) 2026 the goldenpath.microapps authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Regular expressions of a policy: anchored, of one meaning everywhere, and never slow.

What a certificate says is chosen by whoever asked for it, so a pattern meets hostile text. Two things go wrong in this field:
a pattern that matches in the middle (`example` also fits `https://evil.example/`), and one that takes hours (`(a+)+`). Here a
pattern matches the whole text or nothing, and all alternatives are followed at once, as RE2 does (K. Thompson, Regular
Expression Search Algorithm, 1968): the time grows with pattern times text, whatever they are. The syntax is what Python's `re`
and RE2, which cosign and the cluster's admission use, read alike; everything else is refused when the policy is loaded.
"""

from __future__ import annotations

import dataclasses
from typing import Any, Final

from ...errors import Invalid

TEXT_LIMIT: Final = 2048  # longer than any identity that Fulcio writes
_PATTERN_LIMIT: Final = 500
_PROGRAM_LIMIT: Final = 1000
_GROUP_DEPTH: Final = 8
_REPEAT_LIMIT: Final = 100
# Whoever accepts all of these accepts anybody.
_ANYBODY: Final = (
    "a",
    "https://login.invalid",
    "someone@mail.invalid",
    "https://github.com/stranger/code/.github/workflows/x.yml@refs/heads/y",
)
_CLASSES: Final = {
    "d": (("0", "9"),),
    "w": (("0", "9"), ("A", "Z"), ("_", "_"), ("a", "z")),
    "s": (("\t", "\n"), ("\f", "\r"), (" ", " ")),
}
_QUANTIFIERS: Final = {"*": (0, None), "+": (1, None), "?": (0, 1)}

# A step of the program: take a character, go two ways, go one way. The end of the program is the match.
_TAKE: Final = "take"
_SPLIT: Final = "split"
_JUMP: Final = "jump"
_Step = tuple[str, Any, int]


@dataclasses.dataclass(frozen=True, slots=True)
class _Characters:
    ranges: tuple[tuple[str, str], ...]
    negated: bool = False

    def has(self, character: str) -> bool:
        return any(low <= character <= high for low, high in self.ranges) is not self.negated


@dataclasses.dataclass(frozen=True, slots=True)
class Pattern:
    """A pattern that was read; equal if the text is."""

    text: str
    program: tuple[_Step, ...] = dataclasses.field(repr=False, compare=False)

    def matches(self, text: str) -> bool:
        """Whether the whole text fits. Text above TEXT_LIMIT never does."""
        if len(text) > TEXT_LIMIT:
            return False
        known: dict[int, frozenset[int]] = {}
        now = self._reached(0, known)
        for character in text:
            after: set[int] = set()
            for place in now:
                if place < len(self.program) and self.program[place][1].has(character):
                    after |= self._reached(place + 1, known)
            if not after:
                return False
            now = frozenset(after)
        return len(self.program) in now

    def _reached(self, start: int, known: dict[int, frozenset[int]]) -> frozenset[int]:
        """The places from which a character is taken, or the end, that `start` leads to without taking one."""
        if start in known:
            return known[start]
        found, seen, waiting = set(), set(), [start]
        while waiting:
            place = waiting.pop()
            if place in seen:
                continue
            seen.add(place)
            if place == len(self.program) or self.program[place][0] == _TAKE:
                found.add(place)
                continue
            kind, first, second = self.program[place]
            waiting += (first, second) if kind == _SPLIT else (first,)
        known[start] = frozenset(found)
        return known[start]


def compile_pattern(text: str, where: str) -> Pattern:
    """The pattern in `text`; `Invalid`, beginning with `where`, if it is unanchored, unclear, too large, or fits anybody."""
    reader = _Reader(text, where)
    pattern = Pattern(text, tuple(_program(reader.whole(), where)))
    if all(pattern.matches(somebody) for somebody in _ANYBODY):
        raise Invalid(f"{where}: {text!r} fits anybody", "such a rule is as good as none", "Name whom you mean.")
    return pattern


class _Reader:
    """Reads a pattern into a tree: ("one", characters), ("all", parts), ("any", alternatives), ("repeat", part, least, most)."""

    def __init__(self, text: str, where: str) -> None:
        self.text = text
        self.where = where
        self.place = 0

    def refuse(self, why: str, next_step: str = "") -> Invalid:
        return Invalid(f"{self.where}: {self.text!r:.200} cannot be taken as a pattern", why, next_step)

    def peek(self) -> str:
        return self.text[self.place : self.place + 1]

    def take(self) -> str:
        character = self.peek()
        self.place += 1
        return character

    def whole(self) -> tuple[Any, ...]:
        if len(self.text) > _PATTERN_LIMIT:
            raise self.refuse(f"it has more than {_PATTERN_LIMIT} characters")
        if self.take() != "^":
            raise self.refuse("it does not begin with ^: it would also match in the middle", "Write ^...$, with dots as \\.")
        tree = self.sequence(depth=0)
        if self.peek() == "|":
            raise self.refuse("its alternatives are anchored at one end only", "Put them into a group: ^(one|other)$.")
        if self.take() != "$":
            raise self.refuse("it does not end with $: it would also match in the middle", "Write ^...$, with dots as \\.")
        if self.peek():
            raise self.refuse("something stands behind its $", "Put alternatives into a group: ^(one|other)$.")
        return tree

    def sequence(self, depth: int) -> tuple[Any, ...]:
        parts = []
        while self.peek() not in ("", "|", ")", "$"):
            parts.append(self.quantified(self.atom(depth)))
        return ("all", parts)

    def quantified(self, part: tuple[Any, ...]) -> tuple[Any, ...]:
        if self.peek() in _QUANTIFIERS:
            least, most = _QUANTIFIERS[self.take()]
        elif self.peek() == "{":
            least, most = self.counts()
        else:
            return part
        if self.peek() in ("*", "+", "?", "{"):
            raise self.refuse("two quantifiers stand side by side", "Use one of * + ? {n,m}; lazy ones match the same texts.")
        return ("repeat", part, least, most)

    def counts(self) -> tuple[int, int | None]:
        end = self.text.find("}", self.place)
        inner = self.text[self.place + 1 : end] if end > 0 else ""
        low, comma, high = inner.partition(",")
        if not _count(low) or not (_count(high) or (comma and not high) or not comma):
            what = "{ does not begin a count such as {2} or {1,3}"
            raise self.refuse(what, "Write \\{ for the character.")
        self.place = end + 1
        least = int(low)
        most = int(high) if high else None if comma else least
        if not max(least, 1) <= (most if most is not None else max(least, 1)) <= _REPEAT_LIMIT:
            raise self.refuse(f"a count must rise, from 1 to {_REPEAT_LIMIT} at most")
        return least, most

    def atom(self, depth: int) -> tuple[Any, ...]:
        character = self.take()
        if character == "(":
            return self.group(depth)
        if character == "[":
            return ("one", self.bracket())
        if character == ".":
            return ("one", _Characters((("\n", "\n"),), negated=True))
        if character == "\\":
            return ("one", _Characters(*self.escape()))
        if character == "^":
            raise self.refuse("^ stands in the middle", "Anchors stand at the two ends only; write \\^ for the character.")
        if character in "*+?{}]":
            raise self.refuse(f"{character} stands where it repeats or closes nothing", f"Write \\{character} for the character.")
        return ("one", _Characters(((character, character),)))

    def group(self, depth: int) -> tuple[Any, ...]:
        if depth == _GROUP_DEPTH:
            raise self.refuse(f"its groups are nested more than {_GROUP_DEPTH} deep")
        if self.peek() == "?":
            if self.text[self.place : self.place + 2] != "?:":
                raise self.refuse("(? begins an extension that not every engine reads alike", "Use ( ) or (?: ).")
            self.place += 2
        choices = [self.sequence(depth + 1)]
        while self.peek() == "|":
            self.place += 1
            choices.append(self.sequence(depth + 1))
        if not all(parts for _unused, parts in choices):
            raise self.refuse("a group or alternative is empty", "Write (one|other)? for what may be missing.")
        if self.take() != ")":
            raise self.refuse("a group is not closed, or $ stands in the middle", "Write \\$ for the character.")
        return ("any", choices)

    def escape(self) -> tuple[tuple[tuple[str, str], ...], bool]:
        character = self.take()
        if character.lower() in _CLASSES:
            return _CLASSES[character.lower()], character.isupper()
        if not character or not character.isascii() or character.isalnum() or not character.isprintable():
            raise self.refuse(f"\\{character} does not mean the same everywhere", "Escape punctuation, or use \\d, \\w, \\s.")
        return ((character, character),), False

    def bracket(self) -> _Characters:
        negated = self.peek() == "^"
        self.place += negated
        ranges: list[tuple[str, str]] = []
        while self.peek() != "]":
            low, single = self.member()
            if self.peek() == "-" and self.text[self.place + 1 : self.place + 2] not in ("]", ""):
                self.place += 1
                high, also_single = self.member()
                if not (single and also_single) or high[0][0] < low[0][0]:
                    raise self.refuse("a range in [ ] does not rise from one character to another")
                low = ((low[0][0], high[0][0]),)
            ranges += low
        self.place += 1
        if not ranges:
            raise self.refuse("[] is empty")
        return _Characters(tuple(ranges), bool(negated))

    def member(self) -> tuple[tuple[tuple[str, str], ...], bool]:
        character = self.take()
        if character == "\\":
            ranges, negated = self.escape()
            if negated:
                raise self.refuse("\\D, \\W and \\S stand inside [ ]", "Use [^...].")
            return ranges, len(ranges) == 1 and ranges[0][0] == ranges[0][1]
        if character in ("", "["):
            raise self.refuse("a [ is not closed", "Write \\[ for the character.")
        # Python warns of these in pairs: they may come to mean set operations.
        if character in "&~|-" and self.peek() == character:
            raise self.refuse(f"{character}{character} inside [ ] may mean a set operation", f"Write \\{character}.")
        return ((character, character),), True


def _count(text: str) -> bool:
    return text.isascii() and text.isdecimal() and len(text) <= 4


def _program(tree: tuple[Any, ...], where: str) -> list[_Step]:
    """The steps of a tree; nothing is recursive but groups, whose depth is bounded."""
    steps: list[_Step] = []
    _emit(tree, steps, where)
    return steps


def _emit(tree: tuple[Any, ...], steps: list[_Step], where: str) -> None:
    if len(steps) > _PROGRAM_LIMIT:
        raise Invalid(f"{where}: the pattern is too large", "counts and groups multiply", "Write it shorter.")
    kind, what = tree[0], tree[1]
    if kind == "one":
        steps.append((_TAKE, what, 0))
    elif kind == "all":
        for part in what:
            _emit(part, steps, where)
    elif kind == "any":
        ends = []
        for choice in what[:-1]:
            split = len(steps)
            steps.append((_SPLIT, 0, 0))
            _emit(choice, steps, where)
            ends.append(len(steps))
            steps.append((_JUMP, 0, 0))
            steps[split] = (_SPLIT, split + 1, len(steps))
        _emit(what[-1], steps, where)
        for end in ends:
            steps[end] = (_JUMP, len(steps), 0)
    else:
        _emit_repeat(what, tree[2], tree[3], steps, where)


def _emit_repeat(part: tuple[Any, ...], least: int, most: int | None, steps: list[_Step], where: str) -> None:
    for _unused in range(least):
        _emit(part, steps, where)
    if most is None:
        split = len(steps)
        steps.append((_SPLIT, 0, 0))
        _emit(part, steps, where)
        steps.append((_JUMP, split, 0))
        steps[split] = (_SPLIT, split + 1, len(steps))
        return
    splits = []
    for _unused in range(most - least):
        splits.append(len(steps))
        steps.append((_SPLIT, 0, 0))
        _emit(part, steps, where)
    for split in splits:
        steps[split] = (_SPLIT, split + 1, len(steps))
