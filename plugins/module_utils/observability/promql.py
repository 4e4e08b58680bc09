# Copyright (c) 2026 the goldenpath.microapps authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Pieces of PromQL, each quoted where it is built: names of people's things go into an expression through `selector` only."""

from __future__ import annotations

import json
import re


def selector(metric: str, **labels: str) -> str:
    """`metric{label="value",...}`; a value that begins with an operator (`=~`, `!~`, `!=`) keeps it."""
    return f"{metric}{{{','.join(_matcher(label, value) for label, value in labels.items())}}}"


def _matcher(label: str, value: str) -> str:
    operator = next((start for start in ("=~", "!~", "!=") if value.startswith(start)), "=")
    text = value.removeprefix(operator) if operator != "=" else value
    # PromQL's double-quoted strings have JSON's escapes.
    return f"{label}{operator}{json.dumps(text, ensure_ascii=False)}"


def none_of(*values: str) -> str:
    """A label value for `selector` that is none of these, taken literally."""
    return "!~" + "|".join(re.escape(value) for value in values)


def counted(counter: str, window: str) -> str:
    """How often something was counted within a window, births included; 0 where there is no series at all.

    `increase` alone forgets what a counter held when it was first seen. An app with ten requests a day shows its first
    three errors as one new series that starts at 3 and never grows: an increase of 0. So the first value of every series
    that was not there in the hour before the window is added.
    """
    grown = f"(sum(increase({counter}[{window}])) or vector(0))"
    born = f"(sum(min_over_time({counter}[{window}]) unless max_over_time({counter}[1h] offset {window})) or vector(0))"
    return f"({grown} + {born})"


def ratio(part: str, whole: str, window: str) -> str:
    """The share of `part` in `whole` (two counters) within a window, over all series together."""
    return f"sum(rate({part}[{window}])) / sum(rate({whole}[{window}]))"


def at_least(counter: str, window: str, fewest: int) -> str:
    """The floor: with fewer events than this in the window, a ratio or a quantile says nothing."""
    return f"sum(increase({counter}[{window}])) >= {fewest}"


def quantile(share: float, buckets: str, window: str) -> str:
    """The value that `share` of the observations stay below, over all series together."""
    return f"histogram_quantile({number(share)}, sum by (le) (rate({buckets}[{window}])))"


def number(value: float) -> str:
    """A number as PromQL and people write it: no exponent, no rounding noise."""
    return f"{value:.6f}".rstrip("0").rstrip(".")
