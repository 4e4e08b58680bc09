# Copyright (c) 2026 the goldenpath.microapps authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""YAML from people, read strictly: plain data with the line of every value, and nothing that could hurt the reader.

Ansible's own loader takes ten times as long and makes templates of nothing here; `yaml.safe_load` loses the lines and
lets the last of two equal keys win in silence.
"""

from __future__ import annotations

import dataclasses
import math
import pathlib
from collections.abc import Iterator
from typing import Any, Final, TypeAlias

from ..errors import Invalid, MissingLibrary

try:
    import yaml
except ImportError as error:
    YAML_MISSING: ImportError | None = error
else:
    YAML_MISSING = None
    # libyaml's parser is ten times as fast; the pure one reads the same documents.
    LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)

LARGEST_FILE: Final = 256 * 1024  # bytes; an entry of twenty lines has less than one thousand
MOST_VALUES: Final = 20_000  # of one file, aliases followed: stops entities that multiply
DEEPEST: Final = 20

Path: TypeAlias = "tuple[str | int, ...]"


class Faulty(Exception):
    """A fault in a document, at a line: becomes a `Problem` where the file's name is known."""

    def __init__(self, line: int, sentence: str) -> None:
        super().__init__(sentence)
        self.line = line
        self.sentence = sentence


@dataclasses.dataclass(frozen=True, slots=True)
class Document:
    """One YAML document of a file: its plain data, and the node tree that knows where everything stood."""

    data: Any
    node: Any
    places: dict[Path, int] = dataclasses.field(default_factory=dict)

    def line(self, path: Path) -> int:
        """The line (from 1) of the value at `path`, or of the nearest thing around it that is there."""
        for length in range(len(path), 0, -1):
            if path[:length] in self.places:
                return self.places[path[:length]]
        return _line(self.node, path)


def documents(text: str) -> list[Document]:
    """Every document of `text`; raises `Faulty` at the first thing that is not plain, strict YAML."""
    if YAML_MISSING is not None:
        raise MissingLibrary("PyYAML", "read the catalog", YAML_MISSING)
    try:
        nodes = list(_nodes(text))
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        said = ", ".join(part for part in (error.context, error.problem) if part)
        mend = "; indent with spaces: a tab stands here" if mark and text[mark.index : mark.index + 1] == "\t" else ""
        raise Faulty(mark.line + 1 if mark else 1, f"the YAML cannot be read ({said}){mend}") from None
    except yaml.YAMLError as error:
        raise Faulty(1, f"the YAML cannot be read ({' '.join(str(error).split())})") from None
    except RecursionError:
        raise Faulty(1, "the YAML is nested too deeply") from None
    budget = _Budget()
    return [Document(data=_plain(node, 0, budget), node=node) for node in nodes]


def read_text(file: pathlib.Path) -> str:
    """A file's text; raises `Invalid` when it cannot be read, is too long, or is not UTF-8."""
    try:
        with file.open("rb") as stream:
            raw = stream.read(LARGEST_FILE + 1)
    except OSError as error:
        raise Invalid(f"{file} cannot be read", error.strerror or "", "Check the path and its permissions.") from None
    if len(raw) > LARGEST_FILE:
        raise Invalid(f"{file} is longer than {LARGEST_FILE // 1024} KiB", "", "Keep one app per file.")
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = raw[: error.start].count(b"\n") + 1
        raise Invalid(f"{file}:{line}: the text is not UTF-8", "", "Save the file as UTF-8.") from None


def _nodes(text: str) -> Iterator[Any]:
    loader = LOADER(text)
    try:
        while loader.check_node():
            yield loader.get_node()
    finally:
        loader.dispose()


class _Budget:
    """How many values may still be made: aliases are cheap to write and expensive to follow."""

    __slots__ = ("left",)

    def __init__(self) -> None:
        self.left = MOST_VALUES

    def spend(self, node: Any) -> None:
        self.left -= 1
        if self.left < 0:
            raise Faulty(node.start_mark.line + 1, f"the file holds more than {MOST_VALUES} values (aliases count each time)")


def _plain(node: Any, depth: int, budget: _Budget) -> Any:
    budget.spend(node)
    if isinstance(node, yaml.ScalarNode):
        return _scalar(node)
    if depth >= DEEPEST:
        raise Faulty(node.start_mark.line + 1, f"the values are nested more than {DEEPEST} deep")
    if isinstance(node, yaml.SequenceNode):
        _expect(node, "tag:yaml.org,2002:seq")
        return [_plain(item, depth + 1, budget) for item in node.value]
    _expect(node, "tag:yaml.org,2002:map")
    data: dict[str, Any] = {}
    for key_node, value_node in node.value:
        key = _key(key_node)
        if key in data:
            raise Faulty(key_node.start_mark.line + 1, f"{key}: the field is given twice; keep one of them")
        data[key] = _plain(value_node, depth + 1, budget)
    return data


def _key(node: Any) -> str:
    if not isinstance(node, yaml.ScalarNode):
        raise Faulty(node.start_mark.line + 1, "a field's name must be text")
    if node.tag == "tag:yaml.org,2002:merge":
        raise Faulty(node.start_mark.line + 1, "<<: merge keys are not read here; write the fields out")
    text: str = node.value
    return text


def _expect(node: Any, tag: str) -> None:
    if node.tag != tag:
        raise Faulty(node.start_mark.line + 1, f"the YAML tag {node.tag!r} is not read here; write a plain value")


def _scalar(node: Any) -> Any:
    tag, value = node.tag, node.value
    if tag == "tag:yaml.org,2002:str":
        if not value.isascii() and any("\ud800" <= character <= "\udfff" for character in value):
            raise Faulty(node.start_mark.line + 1, "half of a surrogate pair is not a character")
        return value
    if tag == "tag:yaml.org,2002:bool":
        return value.lower() in ("yes", "true", "on")
    if tag == "tag:yaml.org,2002:null":
        return None
    if tag in ("tag:yaml.org,2002:int", "tag:yaml.org,2002:float"):
        return _number(node)
    if tag == "tag:yaml.org,2002:timestamp":
        return value  # a date is text here
    raise Faulty(node.start_mark.line + 1, f"the YAML tag {tag!r} is not read here; write a plain value")


def _number(node: Any) -> int | float:
    # Only what everybody reads alike: `010` and `1:30` are numbers of YAML 1.1 that nobody means.
    text = node.value
    try:
        if text.lstrip("+-").isdecimal() and (len(text.lstrip("+-")) == 1 or not text.lstrip("+-").startswith("0")):
            return int(text)
        if node.tag.endswith("float") and ":" not in text and "_" not in text:
            number = float(text)
            if math.isfinite(number):
                return number
    except ValueError:
        pass  # answered below, with the line
    raise Faulty(node.start_mark.line + 1, f"{text!r} is a number that people and YAML read differently; put text in quotes")


def _line(node: Any, path: Path) -> int:
    line: int = node.start_mark.line + 1
    for part in path:
        found = _child(node, part)
        if found is None:
            return line
        line, node = found
    return line


def _child(node: Any, part: str | int) -> tuple[int, Any] | None:
    if isinstance(node, yaml.MappingNode):
        for key_node, value_node in node.value:
            if key_node.value == part:
                return key_node.start_mark.line + 1, value_node
    elif isinstance(node, yaml.SequenceNode) and isinstance(part, int) and part < len(node.value):
        return node.value[part].start_mark.line + 1, node.value[part]
    return None
