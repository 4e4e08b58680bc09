# Copyright (c) 2026 the goldenpath.microapps authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""How long a catalog takes to load, against plain `yaml` reading of the same files: `python tests/benchmark/bench_catalog.py`.

The aim is 1,000 entries in less than two seconds. Prints the best of several runs, because other work runs beside it.
"""

from __future__ import annotations

import argparse
import pathlib
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable

import yaml

from ansible_collections.goldenpath.microapps.plugins.module_utils.catalog.load import load_app, load_catalog

ROOT = pathlib.Path(__file__).resolve().parents[2]
SOURCE = ROOT / "inventories" / "apps" / "where2eat.yml"


def write_catalog(folder: pathlib.Path, count: int) -> None:
    """`count` entries, each as long as where2eat's."""
    text = SOURCE.read_text(encoding="utf-8")
    for number in range(count):
        name = f"app-{number:05}"
        entry = text.replace("name: where2eat\n", f"name: {name}\n", 1).replace("team: dining-club", f"team: team-{number % 50}")
        (folder / f"{name}.yml").write_text(entry, encoding="utf-8")


def best(runs: int, work: Callable[[], object]) -> float:
    """The least wall-clock time of `work`, in seconds."""
    times = []
    for _turn in range(runs):
        start = time.perf_counter()
        work()
        times.append(time.perf_counter() - start)
    return min(times)


def main() -> None:
    """Make a catalog, time it, print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=1000)
    parser.add_argument("--runs", type=int, default=3)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        root = pathlib.Path(name)
        apps = root / "apps"
        apps.mkdir()
        write_catalog(apps, options.count)
        files = sorted(apps.iterdir())
        texts = [file.read_text(encoding="utf-8") for file in files]
        lines = sum(text.count("\n") for text in texts)
        ours = best(options.runs, lambda: load_catalog(str(apps)).apps("prod"))
        fast = best(options.runs, lambda: [yaml.load(text, Loader=yaml.CSafeLoader) for text in texts])
        pure = best(1, lambda: [yaml.safe_load(text) for text in texts])
        one = best(options.runs, lambda: load_app(str(files[0]), files[0].stem, "prod"))
        environment = root / "prod"
        environment.mkdir()
        (environment / "microapps.yml").write_text("plugin: goldenpath.microapps.catalog\nenvironment: prod\n", encoding="utf-8")
        command = [str(pathlib.Path(sys.executable).parent / "ansible-inventory"), "-i", str(environment), "--list"]
        process = best(options.runs, lambda: subprocess.run(command, check=True, capture_output=True))
    print(f"{options.count} entries, {lines // options.count} lines each; best of {options.runs}")
    print(f"load_catalog and apps()      {ours:7.3f} s")
    print(f"yaml.CSafeLoader alone       {fast:7.3f} s   ours is {ours / fast:.2f} of it")
    print(f"yaml.safe_load               {pure:7.3f} s   ours is {ours / pure:.2f} of it")
    print(f"load_app, one entry          {one * 1000:7.3f} ms")
    print(f"ansible-inventory --list     {process:7.3f} s   the whole process")


if __name__ == "__main__":
    main()
