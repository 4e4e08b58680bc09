# Copyright (c) 2026 the goldenpath.microapps authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Write what is derived from a single source: `make generate`. With --check, only say what is out of date (exit code 1).

roles/*/meta/controls.yml        -> plugins/module_utils/control_list.py, and the table between markers in each role's README
roles/*/meta/argument_specs.yml  -> the variables between markers in each role's README
plugins/modules/*.py             -> the action group in meta/runtime.yml
module_utils .../*schema.py      -> docs/schema/*.schema.json, and the tables between markers in docs/catalog.md
"""

from __future__ import annotations

import importlib
import json
import pathlib
import re
import sys

import schema_tables
import yaml

ROOT = pathlib.Path(__file__).resolve().parents[2]
UTILS = "ansible_collections.goldenpath.microapps.plugins.module_utils"
# The road's order: reports list the controls as the roles run.
FAMILIES = ("triage", "scaffold", "supply_chain", "secrets", "k8s_tenancy", "observability", "runbook")
SCHEMAS = {
    "app": ("catalog.schema", "APP_SCHEMA"),
    "profile": ("catalog.profile_schema", "PROFILE_SCHEMA"),
    "evidence": ("evidence.schema", "EVIDENCE_SCHEMA"),
}
HEADER = """\
# Copyright (c) 2026 the goldenpath.microapps authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
\"\"\"Every control, in the order of the road. Generated from roles/*/meta/controls.yml by `make generate`; do not edit.\"\"\"

from __future__ import annotations

from typing import Final

from .controls import Control, Path

CONTROLS: Final[tuple[Control, ...]] = (
"""


def controls_of(role: str) -> list[dict]:
    """The controls a role declares; a role without the file declares none."""
    path = ROOT / "roles" / role / "meta" / "controls.yml"
    return yaml.safe_load(path.read_text(encoding="utf-8"))["controls"] if path.exists() else []


def literal(text: str) -> str:
    """The text as Python, quoted as the formatter would."""
    return repr(text) if '"' in text and "'" not in text else json.dumps(text, ensure_ascii=False)


def control_list() -> str:
    """The Python file with every control."""
    entries = []
    for role in FAMILIES:
        for control in controls_of(role):
            paths = ", ".join(f"Path.{path.upper()}" for path in control["paths"])
            fields = [f"        {name}={literal(control[name])}," for name in ("id", "title", "why", "proof")]
            fields += [
                f"        paths=({paths}{',' if len(control['paths']) == 1 else ''}),",
                f"        applies={json.dumps(control['applies'])},",
            ]
            entries.append("    Control(\n" + "\n".join(fields) + "\n    ),\n")
    return HEADER + "".join(entries) + ")\n"


def readme(role: str) -> str | None:
    """A role's README with both tables between their markers renewed."""
    path = ROOT / "roles" / role / "README.md"
    if not path.exists():
        return None
    text = path.read_text(encoding="utf-8")
    rows = ["| control | what | how anybody can check it |", "| --- | --- | --- |"]
    rows += [f"| `{control['id']}` | {cell(control['title'])} | {cell(control['proof'])} |" for control in controls_of(role)]
    text = between(text, "controls", rows)
    specs = ROOT / "roles" / role / "meta" / "argument_specs.yml"
    options = yaml.safe_load(specs.read_text(encoding="utf-8"))["argument_specs"]["main"]["options"] if specs.exists() else {}
    rows = ["| variable | type | default | what |", "| --- | --- | --- | --- |"]
    for name, option in options.items():
        default = "required" if option.get("required") else f"`{json.dumps(option['default'])}`" if "default" in option else ""
        description = option["description"]
        description = " ".join(description) if isinstance(description, list) else description
        rows.append(f"| `{name}` | {option.get('type', 'str')} | {default} | {cell(description)} |")
    return between(text, "variables", rows)


def cell(text: str) -> str:
    """Text as one cell of a Markdown table."""
    return " ".join(str(text).split()).replace("|", "\\|")


def between(text: str, marker: str, rows: list[str]) -> str:
    """`text` with what stands between `<!-- marker -->` and `<!-- /marker -->` replaced by a table."""
    start, end = f"<!-- {marker} -->", f"<!-- /{marker} -->"
    if start not in text or end not in text:
        return text
    head, _start, rest = text.partition(start)
    _old, _end, tail = rest.partition(end)
    table = "\n" + "\n".join(rows) + "\n" if len(rows) > 2 else "\n"
    return f"{head}{start}{table}{end}{tail}"


def runtime() -> str:
    """meta/runtime.yml with every module of ours in the action group, so that `module_defaults` reach them all."""
    path = ROOT / "meta" / "runtime.yml"
    modules = sorted(file.stem for file in (ROOT / "plugins" / "modules").glob("*.py"))
    head = re.split(r"(?m)^action_groups:", path.read_text(encoding="utf-8"))[0]
    return head + "action_groups:\n  microapps:\n" + "".join(f"    - {name}\n" for name in modules)


def generated() -> dict[pathlib.Path, str]:
    """Every generated file and what it should hold."""
    files = {ROOT / "plugins" / "module_utils" / "control_list.py": control_list(), ROOT / "meta" / "runtime.yml": runtime()}
    for role in sorted(path.name for path in (ROOT / "roles").iterdir() if path.is_dir()):
        text = readme(role)
        if text is not None:
            files[ROOT / "roles" / role / "README.md"] = text
    for name, (module, variable) in SCHEMAS.items():
        schema = getattr(importlib.import_module(f"{UTILS}.{module}"), variable)
        files[ROOT / "docs" / "schema" / f"{name}.schema.json"] = json.dumps(schema, indent=2) + "\n"
    files[ROOT / "docs" / "catalog.md"] = catalog_page()
    return files


def catalog_page() -> str:
    """docs/catalog.md with the tables of fields between their markers renewed."""
    from ansible_collections.goldenpath.microapps.plugins.module_utils.catalog import profile_schema, schema

    text = (ROOT / "docs" / "catalog.md").read_text(encoding="utf-8")
    text = between(text, "app", schema_tables.rows(schema.APP_SCHEMA, schema.OVERRIDABLE))
    return between(text, "profile", schema_tables.rows(profile_schema.PROFILE_SCHEMA))


def main() -> int:
    """Write (or, with --check, compare) every generated file."""
    stale = [path for path, text in generated().items() if not path.exists() or path.read_text(encoding="utf-8") != text]
    if "--check" in sys.argv[1:]:
        for path in stale:
            print(f"{path.relative_to(ROOT)} is out of date: run make generate")
        return 1 if stale else 0
    for path in stale:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(generated()[path], encoding="utf-8")
        print(f"wrote {path.relative_to(ROOT)}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
