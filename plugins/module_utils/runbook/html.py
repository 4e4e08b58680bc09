# Copyright (c) 2026 the goldenpath.microapps authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The runbook as one printable HTML page: opens from a file, loads nothing, fits on one sheet of A4."""

from __future__ import annotations

from html import escape
from typing import Final

from .page import Alarm, Page, Person, Step

# Nothing may be loaded or run, whatever the text of the catalog says.
POLICY: Final = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'"
STYLE: Final = """
:root{--ink:#1b2430;--soft:#5a6675;--line:#d9dfe6;--wash:#f5f7f9;--bad:#b3261e}
*{box-sizing:border-box}
body{margin:0;color:var(--ink);background:#fff;font:15px/1.45 system-ui,sans-serif}
main{max-width:64rem;margin:0 auto;padding:2rem 1.5rem}
h1{font-size:1.8rem;line-height:1.2;margin:0}
h1 small{color:var(--soft);font-size:.55em;font-weight:400;margin-left:.4em}
h2{font-size:1.05rem;margin:1.5rem 0 .5rem;border-bottom:2px solid var(--ink);padding-bottom:.15rem}
h3{font-size:.95rem;margin:0}
p{margin:.3rem 0}
a{color:inherit}
.soft{color:var(--soft)}
.down{border-left:.3rem solid var(--bad);background:var(--wash);padding:.5rem .8rem;margin:.7rem 0}
.halves{display:grid;grid-template-columns:fit-content(66%) minmax(12rem,1fr);gap:0 2rem}
dl{display:grid;grid-template-columns:max-content 1fr;gap:.15rem .9rem;margin:0}
dt{color:var(--soft)}
dd{margin:0;overflow-wrap:anywhere}
table{border-collapse:collapse;width:100%}
td{padding:.15rem .8rem .15rem 0;vertical-align:top;border-bottom:1px solid var(--line)}
td:first-child{color:var(--soft);white-space:nowrap}
.name,.mail{overflow-wrap:anywhere}
.phone{font-weight:600;white-space:nowrap}
pre{margin:.15rem 0 .4rem;padding:.35rem .6rem;background:var(--wash);border:1px solid var(--line);border-radius:.25rem;
  font:.8em/1.4 ui-monospace,monospace;white-space:pre-wrap;overflow-wrap:anywhere}
code{font:.85em ui-monospace,monospace;overflow-wrap:anywhere}
.columns{columns:2;column-gap:2rem}
.columns section{break-inside:avoid;padding:.1rem .3rem .5rem;margin-left:-.3rem}
.columns section:target{background:#fff3c4}
.urgent::after{content:"urgent";color:#fff;background:var(--bad);border-radius:.2rem;padding:0 .35em;margin-left:.5em;
  font-size:.75em;font-weight:600;-webkit-print-color-adjust:exact;print-color-adjust:exact}
ol{margin:.1rem 0 0;padding-left:1.2rem}
@page{size:A4;margin:9mm 11mm}
@media print{
  body{font:7.6pt/1.28 Arial,Helvetica,"Liberation Sans",sans-serif}
  main{max-width:none;padding:0}
  h1{font-size:14pt}
  h2{font-size:9.5pt;margin:5pt 0 2pt;break-after:avoid}
  h3{font-size:8pt}
  p,ol{margin:1pt 0}
  .alarms p,ol{display:inline}
  ol{padding:0;counter-reset:step}
  li{display:inline;counter-increment:step}
  li::before{content:" " counter(step) ". ";font-weight:600}
  pre{margin:1pt 0 2pt;padding:1pt 4pt}
  td{padding-top:.5pt;padding-bottom:.5pt}
  .down{margin:3pt 0;padding:2pt 6pt}
  .columns section{padding-bottom:2.5pt}
}
@media screen and (max-width:45rem){.halves{display:block}.columns{columns:1}}
"""


def render(page: Page) -> str:
    """The whole page; every value is escaped."""
    address = f'<p><a href="{escape(page.address)}">{escape(page.address)}</a></p>' if page.address else ""
    impact = f'<p class="down"><b>When it is down:</b> {escape(page.impact)}</p>' if page.impact else ""
    body = "".join(
        [
            f"<h1>{escape(page.title)} <small>{escape(page.environment)}, runbook</small></h1>",
            f"<p>{escape(page.description)}</p>{address}{impact}",
            f'<div class="halves"><div><h2>Whom to call</h2>{_people(page.people)}</div>',
            f"<div><h2>What it is</h2>{_pairs(page.facts)}</div></div>",
            '<h2>What to do</h2><div class="columns">',
            *(_step(step) for step in page.steps),
            '</div><h2>When an alert calls</h2><div class="columns alarms">',
            *(_alarm(alarm) for alarm in page.alarms),
            f"</div><h2>Where things are</h2>{_pairs(page.places, code=True)}",
            f'<p class="soft">What is in place: <a href="{escape(page.report)}">{escape(page.report)}</a></p>',
        ]
    )
    title = f"{escape(page.title)} ({escape(page.environment)}): runbook"
    return (
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">'
        f'<meta http-equiv="Content-Security-Policy" content="{escape(POLICY)}">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{title}</title><style>{STYLE}</style></head><body><main>{body}</main></body></html>\n"
    )


def _people(people: tuple[Person, ...]) -> str:
    rows = (
        f'<tr><td>{escape(who.role)}</td><td class="name">{escape(who.name)}</td><td class="phone">{escape(who.phone)}</td>'
        f'<td class="mail">{escape(who.email)}</td></tr>'
        for who in people
    )
    return f"<table>{''.join(rows)}</table>"


def _pairs(pairs: tuple[tuple[str, str], ...], code: bool = False) -> str:
    tag = "code" if code else "span"
    return "<dl>" + "".join(f"<dt>{escape(name)}</dt><dd><{tag}>{escape(value)}</{tag}></dd>" for name, value in pairs) + "</dl>"


def _step(step: Step) -> str:
    shown = f"<pre>{escape(step.command)}</pre>" if step.command else ""
    return f"<section><p><b>{escape(step.title)}</b> {escape(step.text)}</p>{shown}</section>"


def _alarm(alarm: Alarm) -> str:
    tone = ' class="urgent"' if alarm.urgent else ""
    items = "".join(f"<li>{escape(step)}</li>" for step in alarm.steps)
    steps = f"<ol>{items}</ol>" if len(alarm.steps) > 1 else "".join(f"<p>{escape(step)}</p>" for step in alarm.steps)
    return (
        f'<section id="{escape(alarm.anchor)}"><h3{tone}>{escape(alarm.name)}</h3>'
        f"<p>{escape(alarm.meaning)}</p> {steps}</section>"
    )
