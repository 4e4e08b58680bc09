# Copyright (c) 2026 the goldenpath.microapps authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Replaces a secret in Python source by a read from the environment: the exact literal, found by the parser, nothing else."""

from __future__ import annotations

import ast
import dataclasses
import urllib.parse
from collections.abc import Callable, Iterable, Mapping

from .around import Around, around
from .connection import BESIDE, URI_PARTS, is_uri, names_beside, password_in, uri_of


@dataclasses.dataclass(frozen=True, slots=True)
class Wanted:
    """A literal to replace: the line triage named, the name it is assigned to (may be ''), the variable that takes its place.

    `is_value` tells whether a text is the credential. `database` maps host, port, dbname, username and password to variables
    where the secret is the database's. `is_filled` says that a secret of the catalog fills the variable: with the credential,
    and with nothing that stands around it.
    """

    line: int
    name: str
    variable: str
    is_value: Callable[[str], bool]
    database: Mapping[str, str] = dataclasses.field(default_factory=dict)
    is_filled: bool = False


@dataclasses.dataclass(frozen=True, slots=True)
class Rewritten:
    """The new text, the values that are gone from it, the variables it reads now, and why a literal was left (by its line)."""

    text: str
    values: tuple[str, ...] = dataclasses.field(repr=False, default=())
    variables: tuple[str, ...] = ()
    left: tuple[tuple[int, str], ...] = ()


@dataclasses.dataclass(frozen=True, slots=True)
class _Literal:
    node: ast.expr
    value: str
    names: tuple[str, ...]
    scope: int
    is_number: bool = False


def rewrite(text: str, wanted: Iterable[Wanted]) -> Rewritten:
    """Replace every wanted literal; one that cannot be replaced safely is left and told. The result compiles or is not taken."""
    asked = tuple(wanted)
    try:
        tree = ast.parse(text)
    except (SyntaxError, ValueError):
        return Rewritten(text, left=tuple((one.line, "the file is no Python that can be parsed") for one in asked))
    literals = tuple(_literals(tree))
    edits: dict[tuple[int, int, int, int], str] = {}
    values: list[str] = []
    variables: list[str] = []
    left: list[tuple[int, str]] = []
    for one in asked:
        literal = _chosen(literals, one)
        if literal is None:
            left.append((one.line, "no single string constant stands there"))
            continue
        if _span(literal.node) in edits:
            left.append((one.line, "another credential stands in the same string"))
            continue
        inside = around(literal.value, one.is_value)
        expressions = _replacements(literals, literal, one, inside)
        edits.update({_span(node): expression for node, expression, _unused in expressions})
        variables += [variable for _node, _text, used in expressions for variable in used]
        values.append(inside.value if inside else password_in(literal.value))
    if not edits:
        return Rewritten(text, left=tuple(left))
    new = _with_imports(_applied(text, edits), any("urllib.parse" in expression for expression in edits.values()))
    try:
        compile(new, "<rewritten>", "exec", dont_inherit=True)
    except (SyntaxError, ValueError):
        return Rewritten(text, left=tuple((one.line, "the file would no longer compile") for one in asked))
    return Rewritten(new, tuple(values), tuple(dict.fromkeys(variables)), tuple(left))


def _literals(tree: ast.Module) -> Iterable[_Literal]:
    docs = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    scopes = _scopes(tree)
    names: dict[int, tuple[str, ...]] = {}
    inside: set[int] = {id(part) for node in ast.walk(tree) if isinstance(node, ast.JoinedStr) for part in ast.walk(node)}
    for node in ast.walk(tree):
        for value, name in _named(node):
            names[id(value)] = (*names.get(id(value), ()), name)
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and type(node.value) in (str, int) and id(node) not in docs and id(node) not in inside:
            yield _Literal(node, str(node.value), names.get(id(node), ()), scopes.get(id(node), 0), isinstance(node.value, int))
        if _is_default(node) and isinstance(node, ast.Call) and isinstance(node.args[1], ast.Constant):
            yield _Literal(node, str(node.args[1].value), names.get(id(node), ()), scopes.get(id(node), 0))


def _scopes(tree: ast.Module) -> dict[int, int]:
    # A call, a dictionary or a class body holds together what belongs to one connection; the module holds the rest.
    scopes: dict[int, int] = {}
    for node in ast.walk(tree):
        if isinstance(node, (ast.Call, ast.Dict, ast.ClassDef)) and not _is_default(node):
            for part in ast.walk(node):
                scopes[id(part)] = id(node)
    return scopes


def _named(node: ast.AST) -> Iterable[tuple[ast.expr, str]]:
    if isinstance(node, ast.Assign):
        yield from ((node.value, _name(target)) for target in node.targets)
    elif isinstance(node, ast.AnnAssign) and node.value is not None:
        yield node.value, _name(node.target)
    elif isinstance(node, ast.keyword) and node.arg:
        yield node.value, node.arg
    elif isinstance(node, ast.Dict):
        yield from (
            (value, str(key.value)) for key, value in zip(node.keys, node.values, strict=True) if isinstance(key, ast.Constant)
        )


def _name(target: ast.expr) -> str:
    if isinstance(target, ast.Name):
        return target.id
    if isinstance(target, ast.Attribute):
        return target.attr
    if isinstance(target, ast.Subscript) and isinstance(target.slice, ast.Constant):
        return str(target.slice.value)
    return ""


def _is_default(node: ast.AST) -> bool:
    """`os.environ.get("NAME", "secret")` and `os.getenv("NAME", "secret")`: the secret is the default."""
    if not isinstance(node, ast.Call) or len(node.args) != 2 or node.keywords:
        return False
    told = ast.unparse(node.func)
    return told in ("os.environ.get", "os.getenv", "environ.get", "getenv") and isinstance(node.args[1], ast.Constant)


def _chosen(literals: tuple[_Literal, ...], one: Wanted) -> _Literal | None:
    here = [
        literal for literal in literals if literal.node.lineno <= one.line <= (literal.node.end_lineno or literal.node.lineno)
    ]
    bare = one.name.rsplit(".", 1)[-1].rsplit("[", 1)[-1].strip("\"']")
    # What holds the value is it. The name decides where the code writes the value in a way of its own.
    found = (
        [literal for literal in here if around(literal.value, one.is_value)]
        or [literal for literal in here if bare and bare.lower() in (name.lower() for name in literal.names)]
        or [literal for literal in here if is_uri(literal.value)]
    )
    # The default of a read from the environment is replaced together with the read.
    calls = [literal for literal in found if isinstance(literal.node, ast.Call)]
    return calls[0] if len(calls) == 1 else found[0] if len(found) == 1 else None


def _replacements(
    literals: tuple[_Literal, ...], literal: _Literal, one: Wanted, inside: Around | None
) -> list[tuple[ast.expr, str, tuple[str, ...]]]:
    if one.database and is_uri(literal.value):
        expression, used = _uri(literal.value, one.database)
        return [(literal.node, expression, used)]
    # A variable that a person fills takes the place of a whole address and of a whole read.
    is_whole = not one.is_filled and (isinstance(literal.node, ast.Call) or is_uri(literal.value))
    whole = _typed(literal, one.variable)
    read = whole if is_whole or inside is None else _between(inside, whole)
    found: list[tuple[ast.expr, str, tuple[str, ...]]] = [(literal.node, read, (one.variable,))]
    for key in (each for each in BESIDE if each in one.database):
        allowed = names_beside(key, is_apart=not literal.scope)
        for other in literals:
            if other.scope == literal.scope and any(name.lower() in allowed for name in other.names):
                found.append((other.node, _typed(other, one.database[key]), (one.database[key],)))
    return found


def _between(inside: Around, read: str) -> str:
    parts = [ascii(inside.before)] if inside.before else []
    parts += [read, *([ascii(inside.after)] if inside.after else [])]
    return f"({' + '.join(parts)})" if len(parts) > 1 else read


def _typed(literal: _Literal, variable: str) -> str:
    return f"int({_read(variable)})" if literal.is_number else _read(variable)


def _read(variable: str) -> str:
    return f'os.environ["{variable}"]'


def _uri(value: str, database: Mapping[str, str]) -> tuple[str, tuple[str, ...]]:
    uri = uri_of(value)
    quoted = {
        key: f'urllib.parse.quote(os.environ["{database[key]}"], safe="")'
        if key in database
        else ascii(urllib.parse.quote(uri.told.get(key, ""), safe=""))
        for key in URI_PARTS
    }
    arguments = ", ".join(quoted[key] for key in URI_PARTS)
    form = f"{uri.scheme}://{{}}:{{}}@{{}}:{{}}/{{}}"
    used = tuple(database[key] for key in URI_PARTS if key in database)
    return f'"{form}".format({arguments})' + (f" + {uri.tail!a}" if uri.tail else ""), used


def _span(node: ast.expr) -> tuple[int, int, int, int]:
    return node.lineno, node.col_offset, node.end_lineno or node.lineno, node.end_col_offset or node.col_offset


def _applied(text: str, edits: Mapping[tuple[int, int, int, int], str]) -> str:
    # The parser counts bytes of UTF-8, in lines that end with \n, \r or \r\n: just what bytes are split at.
    data = text.encode()
    starts = [0]
    for length in (len(piece) for piece in data.splitlines(keepends=True)):
        starts.append(starts[-1] + length)
    for (line, column, end_line, end_column), expression in sorted(edits.items(), reverse=True):
        data = data[: starts[line - 1] + column] + expression.encode() + data[starts[end_line - 1] + end_column :]
    return data.decode()


def _with_imports(text: str, needs_quote: bool) -> str:
    tree = ast.parse(text)
    bound = {alias.name for node in tree.body if isinstance(node, ast.Import) for alias in node.names if alias.asname is None}
    missing = [name for name in ("os", *(("urllib.parse",) if needs_quote else ())) if name not in bound]
    after = 0
    for node in tree.body:
        doc = isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) and isinstance(node.value.value, str)
        future = isinstance(node, ast.ImportFrom) and node.module == "__future__"
        if not (future or (doc and after == 0)):
            break
        after = node.end_lineno or node.lineno
    end = "\r\n" if "\r\n" in text else "\n"
    lines = [piece.decode() for piece in text.encode().splitlines(keepends=True)]
    if after == 0:
        # A first line that tells the interpreter or the encoding stays the first.
        after = next((at for at, line in enumerate(lines) if not line.startswith("#")), len(lines))
    added = [f"import {name}{end}" for name in missing]
    return "".join([*lines[:after], *added, *lines[after:]])
