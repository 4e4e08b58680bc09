# Copyright (c) 2026 the goldenpath.microapps authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The runbook as Markdown. Text of the catalog is shown as it is: every sign that Markdown or HTML would act on is escaped."""

from __future__ import annotations

import re
from typing import Final

from .page import Alarm, Page, Step

# Any ASCII punctuation may be escaped with a backslash (CommonMark 0.31, section 2.4). These can start something anywhere;
# a colon only in an address that would become a link or in the name of an emoji.
_ANYWHERE: Final = re.compile(r"[\\`*_{}\[\]<>#|~&$]|:(?=//|[a-z0-9_+-]+:)|(?<=\bwww)\.")
# What makes a list, a heading's underline or a rule at the beginning of a line.
_FIRST: Final = re.compile(r"^(\d{0,9})([-+=.)])")


def text(value: str) -> str:
    """Free text on one line that shows exactly what was written."""
    return _FIRST.sub(r"\1\\\2", _ANYWHERE.sub(r"\\\g<0>", " ".join(value.split())))


def code(value: str) -> str:
    """Text in a code span: fenced by more backticks than it holds; a table's bar is escaped even there."""
    line = " ".join(value.split())
    fence = "`" * (1 + max((len(run) for run in re.findall("`+", line)), default=0))
    pad = " " if line.startswith("`") or line.endswith("`") else ""
    return f"{fence}{pad}{line}{pad}{fence}"


def block(value: str) -> str:
    """Lines in a code block, fenced by more backticks than they hold."""
    fence = "`" * max(3, 1 + max((len(run) for run in re.findall("`+", value)), default=0))
    return f"{fence}sh\n{value}\n{fence}"


def render(page: Page) -> str:
    """The whole page. Headings of alerts are their names: renderers make the anchors of them that alerts lead to."""
    lead = [f"# {text(page.title)} ({text(page.environment)}): runbook", text(page.description)]
    if page.address:
        lead.append(f"Address: {code(page.address)}")
    if page.impact:
        lead.append(f"**When it is down:** {text(page.impact)}")
    parts = [
        *lead,
        "\n".join(f"- {text(name)}: {text(value)}" for name, value in page.facts),
        "## Whom to call",
        _people(page),
        "## What to do",
        *(_step(step) for step in page.steps),
        "## When an alert calls",
        *(_alarm(alarm) for alarm in page.alarms),
        "## Where things are",
        "\n".join([*(f"- {text(name)}: {code(value)}" for name, value in page.places), _report(page)]),
    ]
    return "\n\n".join(part for part in parts if part) + "\n"


def _report(page: Page) -> str:
    return f"- What is in place: [{text(page.report)}]({page.report})"


def _people(page: Page) -> str:
    rows = ["| | Name | Phone | Mail |", "| --- | --- | --- | --- |"]
    rows += [f"| {text(who.role)} | {text(who.name)} | {text(who.phone)} | {text(who.email)} |" for who in page.people]
    return "\n".join(rows)


def _step(step: Step) -> str:
    said = f"**{text(step.title)}** {text(step.text)}"
    return f"{said}\n\n{block(step.command)}" if step.command else said


def _alarm(alarm: Alarm) -> str:
    numbered = (f"{number}. {text(step)}" for number, step in enumerate(alarm.steps, start=1))
    steps = "\n".join(numbered) if len(alarm.steps) > 1 else " ".join(text(step) for step in alarm.steps)
    urgent = " **Urgent.**" if alarm.urgent else ""
    return f"### {alarm.name}\n\n{text(alarm.meaning)}{urgent}\n\n{steps}"
