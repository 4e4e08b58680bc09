# Copyright (c) 2026 the goldenpath.microapps authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The report of one app as one HTML page that opens from a file: no server, no script, no font from elsewhere.

Drawn from an evidence document alone. Every value is escaped; the page carries a policy that forbids it to load anything.
"""

from __future__ import annotations

from collections.abc import Mapping
from html import escape
from typing import Any, Final

WORDS: Final = {
    "violated": "Violated",
    "not_reached": "Not asked",
    "drifted": "Drifted",
    "in_place": "In place",
    "not_applicable": "Not owed",
}
MARKS: Final = {"violated": "✕", "not_reached": "?", "drifted": "↻", "in_place": "✓", "not_applicable": "–"}
HEADLINES: Final = {
    "in_place": "Everything this app owes is in place",
    "drifted": "Some controls are not in place yet",
    "violated": "Some controls need a person",
    "error": "Some controls could not be asked",
}
STYLE: Final = """
:root{--ink:#1b2430;--soft:#5a6675;--line:#d9dfe6;--paper:#fff;--wash:#f5f7f9;--good:#1a7f4b;--warn:#9a6700;--bad:#b3261e;--mute:#6b7683}
@media(prefers-color-scheme:dark){:root{--ink:#e8edf2;--soft:#a5b0bc;--line:#333d48;--paper:#14191f;--wash:#1c232b;
--good:#5fd39a;--warn:#e3b341;--bad:#ff8a80;--mute:#93a0ad}}
*{box-sizing:border-box}body{margin:0;background:var(--paper);color:var(--ink);font:16px/1.5 system-ui,sans-serif}
main{max-width:70rem;margin:0 auto;padding:2.5rem 1.5rem}h1{font-size:1.9rem;line-height:1.2;margin:0 0 .25rem}
h2{font-size:1.15rem;margin:2.25rem 0 .75rem}p{margin:.25rem 0;max-width:60ch}.soft{color:var(--soft)}
.counts{display:flex;flex-wrap:wrap;gap:.75rem;margin:1.5rem 0;padding:0;list-style:none}
.counts li{border:1px solid var(--line);background:var(--wash);padding:.6rem 1rem;border-radius:.5rem}
.counts b{display:block;font-size:1.6rem;line-height:1.1}
table{border-collapse:collapse;width:100%;font-size:.95rem;table-layout:fixed}
th:nth-child(1){width:7.5rem}th:nth-child(2){width:36%}th:nth-child(3){width:24%}
@media(max-width:45rem){main{padding:1.25rem .75rem}table{font-size:.85rem}}
th{text-align:left;font-weight:600;color:var(--soft);border-bottom:2px solid var(--line);padding:.4rem .75rem .4rem 0}
td{vertical-align:top;border-bottom:1px solid var(--line);padding:.6rem .75rem .6rem 0;overflow-wrap:anywhere}
td:first-child{white-space:nowrap;font-weight:600}code{font:0.85em ui-monospace,monospace}
.violated{color:var(--bad)}.drifted,.not_reached{color:var(--warn)}.in_place{color:var(--good)}.not_applicable{color:var(--mute)}
small{color:var(--soft);display:block}details summary{cursor:pointer;color:var(--soft)}
dl{display:grid;grid-template-columns:max-content 1fr;gap:.2rem 1.25rem;margin:0}
dt{color:var(--soft)}dd{margin:0;overflow-wrap:anywhere}@media print{main{padding:0}details{display:block}}
"""


def page(evidence: Mapping[str, Any]) -> str:
    """The whole page for one evidence document."""
    state, run = evidence["state"], evidence["run"]
    title = f"{state['app']} in {state['environment']}"
    parts = [
        f"<h1>{escape(title)}</h1>",
        f'<p class="{_tone(run["outcome"])}"><strong>{HEADLINES[run["outcome"]]}</strong></p>',
        f'<p class="soft">{_lead(state)}</p>',
        _counts(state["controls"]),
        *_contradictions(state["contradictions"]),
        *(_family(family, rows, run["controls"]) for family, rows in _families(state["controls"]).items()),
        _places(run),
    ]
    return (
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">'
        "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">"
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{escape(title)}: report</title><style>{STYLE}</style></head><body><main>\n"
        + "\n".join(parts)
        + "\n</main></body></html>\n"
    )


def _tone(outcome: str) -> str:
    return {"error": "not_reached"}.get(outcome, outcome)


def _lead(state: Mapping[str, Any]) -> str:
    if not state["path"]:
        return "Triage could not finish, so everything is taken as owed."
    commit = f", at commit <code>{escape(state['commit'][:12])}</code>" if state["commit"] else ""
    return f"Triage put it on the {escape(state['path'])} path with a risk of {state['score']} out of 100{commit}."


def _counts(controls: Mapping[str, Mapping[str, Any]]) -> str:
    states = [entry["state"] for entry in controls.values()]
    items = [
        f'<li class="{state}"><b>{states.count(state)}</b>{word.lower()}</li>' for state, word in WORDS.items() if state in states
    ]
    return f'<ul class="counts">{"".join(items)}</ul>'


def _contradictions(sentences: list[str]) -> list[str]:
    if not sentences:
        return []
    items = "".join(f"<li>{escape(sentence)}</li>" for sentence in sentences)
    return [f"<h2>Where the catalog and the code disagree</h2><p>The stricter answer was taken.</p><ul>{items}</ul>"]


def _families(controls: Mapping[str, Mapping[str, Any]]) -> dict[str, list[tuple[str, Mapping[str, Any]]]]:
    families: dict[str, list[tuple[str, Mapping[str, Any]]]] = {}
    for control, entry in controls.items():
        families.setdefault(control.rsplit("-", 1)[0], []).append((control, entry))
    return families


def _family(family: str, rows: list[tuple[str, Mapping[str, Any]]], run: Mapping[str, Mapping[str, str]]) -> str:
    body = "".join(_row(control, entry, run.get(control, {})) for control, entry in rows)
    name = family.replace("_", " ").capitalize().replace("K8s", "Kubernetes")
    head = "<tr><th>State</th><th>What the app owes</th><th>This run</th><th>Where the proof lies</th></tr>"
    return f"<h2>{escape(name)}</h2><table><thead>{head}</thead><tbody>{body}</tbody></table>"


def _row(control: str, entry: Mapping[str, Any], run: Mapping[str, str]) -> str:
    state = entry["state"]
    reason = f"<small>{escape(entry['reason'])}</small>" if entry["reason"] else ""
    found = "" if run.get("found") == entry["reason"] else run.get("found", "")
    did = _short(run.get("done", ""), "changes") or _short(found, "findings", "Found: ")
    return (
        f'<tr id="{escape(control)}"><td class="{state}">{MARKS[state]} {WORDS[state]}</td>'
        f"<td>{escape(entry['title'])} <small><code>{escape(control)}</code></small>{reason}</td>"
        f"<td>{did}</td><td>{_proof(entry['proof'])}</td></tr>"
    )


def _short(text: str, noun: str, lead: str = "") -> str:
    parts = [escape(part) for part in text.split("; ")] if text else []
    if len(parts) > 2:
        return f"<details><summary>{len(parts)} {noun}</summary>{'<br>'.join(parts)}</details>"
    return lead + "<br>".join(parts) if parts else ""


def _proof(proof: list[str]) -> str:
    items = [f"<code>{escape(place)}</code>" for place in proof]
    if len(items) <= 3:
        return "<br>".join(items)
    return f"{items[0]}<details><summary>{len(items) - 1} more</summary>{'<br>'.join(items[1:])}</details>"


def _places(run: Mapping[str, Any]) -> str:
    facts = {
        "Run": f"{run['mode']} by {run['by']} on {run['host']}" + (f", job {run['job']}" if run["job"] else ""),
        "Began": run["started"],
        "Ended": run["finished"],
        "Collection": f"goldenpath.microapps {run['collection']}",
        **{label.capitalize(): place for label, place in run["artefacts"].items()},
    }
    rows = "".join(f"<dt>{escape(label)}</dt><dd>{escape(str(value))}</dd>" for label, value in facts.items())
    return f"<h2>This run</h2><dl>{rows}</dl>"
