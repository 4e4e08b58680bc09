# Copyright (c) 2026 the goldenpath.microapps authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""How long the whole road takes for one app, alone and inside a catalog of 1,000, and where the time goes.

    python tests/benchmark/bench_road.py [--runs 5] [--catalog 1000]

On a fresh sandbox of its own. Whole processes are timed: what a person waits for.
"""

from __future__ import annotations

import argparse

from measure import ROOT, inventory, machine, median, play, print_steps, sandbox, spread, unchanged

PLAYBOOK = str(ROOT / "playbooks" / "harden.yml")
APP = "where2eat"
# What a no-change run of one app should take at most, in seconds, on two cores that do nothing else.
AIM = 5.0


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=int, default=5, help="no-change runs of each kind")
    parser.add_argument("--catalog", type=int, default=1000, help="entries of the large catalog")
    options = parser.parse_args()
    print(f"The whole road for one app ({machine()})", flush=True)
    with sandbox() as (folder, environ, started):
        alone = ("-i", str(inventory(folder / "alone", [APP])), PLAYBOOK, "-e", f"app={APP}")
        names = [APP, *(f"app{number:05}" for number in range(options.catalog - 1))]
        among = ("-i", str(inventory(folder / "many", names)), PLAYBOOK, "-e", f"app={APP}")
        first = play(*alone, environ=environ)
        again = unchanged(options.runs, *alone, environ=environ)
        # The runbook names the inventory that it was written from.
        play(*among, environ=environ)
        crowded = unchanged(options.runs, *among, environ=environ)
    print(f"sandbox started                 {started:6.2f} s")
    print(f"first harden                    {spread([first])}")
    print(f"no change                       {spread(again)}")
    print(f"no change, catalog of {options.catalog:<5}     {spread(crowded)}")
    print(f"host-tasks an app               {again[0].tasks:6}")
    print(f"the catalog of {options.catalog} costs       {median(crowded) - median(again):+6.2f} s")
    print(f"no change against the aim of {AIM:.0f} s on two quiet cores: {median(again) / AIM:.2f} of it")
    print("Where a run without changes spends its time (medians)")
    print_steps(again)


if __name__ == "__main__":
    main()
