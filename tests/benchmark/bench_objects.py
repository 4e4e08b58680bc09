# Copyright (c) 2026 the goldenpath.microapps authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The same thirteen objects an app by our roles, by Ansible's stock modules and by a bare script; and no object.

    python tests/benchmark/bench_objects.py [--quick] [--runs 3]

What is compared, and what is not, is told in tests/benchmark/README.md. On a fresh sandbox of its own; apps are new for every
contestant and run. Whole processes are timed. --quick leaves stock's fifty apps out and draws a line through one and ten.
"""

from __future__ import annotations

import argparse
import dataclasses
import hashlib
import json
import os
import pathlib
import statistics
import subprocess
import sys
from collections.abc import Mapping, Sequence
from typing import Any

from measure import BIN, Run, inventory, machine, median, play, print_steps, process, sandbox, unchanged

from ansible_collections.goldenpath.microapps.plugins.module_utils.app import App
from ansible_collections.goldenpath.microapps.plugins.module_utils.aws.supply_chain import Limits, wanted
from ansible_collections.goldenpath.microapps.plugins.module_utils.catalog.load import load_app
from ansible_collections.goldenpath.microapps.plugins.module_utils.catalog.profile_schema import profile_from
from ansible_collections.goldenpath.microapps.plugins.module_utils.kubernetes.tenancy import tenancy_objects
from ansible_collections.goldenpath.microapps.plugins.module_utils.sandbox.build import cache_folder
from ansible_collections.goldenpath.microapps.plugins.module_utils.sandbox.layout import block
from ansible_collections.goldenpath.microapps.plugins.module_utils.verdict import Verdict

HERE = pathlib.Path(__file__).resolve().parent
ONE, TEN, FIFTY = 1, 10, 50
# The aims: how many times faster than stock the whole process at ten apps and one more app should be.
AIM_TEN, AIM_MARGINAL = 25, 100
EMPTY = ("reasons", "controls", "credentials", "contradictions")
VERDICT = {"path": "full", "score": 1, "facts": {}, "commit": "", **{name: [] for name in EMPTY}}


@dataclasses.dataclass(frozen=True)
class Bench:
    """Where files go, and what the sandbox answers at."""

    folder: pathlib.Path
    environ: Mapping[str, str]

    def block(self, name: str) -> dict[str, Any]:
        """One of the sandbox's."""
        return block(dict(self.environ), name)

    def catalog(self, prefix: str, count: int) -> tuple[pathlib.Path, list[App]]:
        """An inventory of new apps."""
        names = [f"{prefix}x{number:02}" for number in range(count)]
        made = inventory(self.folder / prefix, names)
        return made, [load_app(str(self.folder / prefix / "apps" / f"{name}.yml"), name, "sandbox") for name in names]

    def bodies(self, app: App) -> dict[str, Any]:
        """What our roles would make for the app, as plain data for the other two."""
        blocks = ("aws", "cluster", "database", "registry", "forge", "runner")
        profile = profile_from({"name": "sandbox", "embedded": True, **{name: self.block(name) for name in blocks}})
        verdict = Verdict.from_result(VERDICT)
        desired = wanted(app, profile, verdict, Limits((), 100, 14))
        role = desired.role
        return {
            "manifests": [item.manifest for item in tenancy_objects(app, profile, verdict)],
            "repository": {"name": desired.repository.name, "lifecycle": desired.repository.lifecycle},
            "role": {"name": role.name, "description": role.description, "trust": role.trust, "tags": dict(role.tags)},
        }


def ours(bench: Bench, prefix: str, count: int) -> tuple[str, ...]:
    """The arguments of our play for so many new apps."""
    made, _apps = bench.catalog(prefix, count)
    verdict = bench.folder / "verdict.json"
    verdict.write_text(json.dumps({"microapp_verdict": VERDICT}), encoding="utf-8")
    return ("-i", str(made), str(HERE / "objects.yml"), "-e", f"@{verdict}")


def nothing(bench: Bench, prefix: str, count: int) -> tuple[str, ...]:
    """The arguments of a play with as many host-tasks as ours, which do nothing."""
    made, _apps = bench.catalog(prefix, count)
    return ("-i", str(made), str(HERE / "nothing.yml"))


def stock(bench: Bench, prefix: str, count: int) -> tuple[str, ...]:
    """The arguments of the stock play for so many new apps, each app's objects in its host_vars."""
    _made, apps = bench.catalog(prefix, count)
    folder = bench.folder / prefix / "stock"
    (folder / "host_vars").mkdir(parents=True)
    (folder / "hosts").write_text("".join(f"{app.name}\n" for app in apps), encoding="utf-8")
    for app in apps:
        (folder / "host_vars" / f"{app.name}.json").write_text(json.dumps(bench.bodies(app)), encoding="utf-8")
    cluster = bench.block("cluster")
    given = json.dumps({"kubeconfig": cluster["kubeconfig"], "context": cluster["context"]})
    return ("-i", str(folder / "hosts"), str(HERE / "stock" / "playbook.yml"), "--forks", "5", "-e", given)


def bare(bench: Bench, prefix: str, count: int) -> tuple[Run, dict[str, float]]:
    """The whole script, and what it says of itself."""
    _made, apps = bench.catalog(prefix, count)
    aws = bench.block("aws")
    work = {"kubeconfig": bench.block("cluster")["kubeconfig"], "region": aws["region"], "endpoint_url": aws["endpoint_url"]}
    file = bench.folder / prefix / "work.json"
    file.write_text(json.dumps({**work, "apps": [bench.bodies(app) for app in apps]}), encoding="utf-8")
    command = [sys.executable, str(HERE / "bare_script.py"), str(file)]
    said = bench.folder / prefix / "said.json"
    whole = process(["/bin/sh", "-c", f'exec "$0" "$@" > {said}', *command], bench.environ)
    return whole, json.loads(said.read_text(encoding="utf-8"))


def stock_environment() -> pathlib.Path:
    """The programs folder of an environment with Ansible's stock collections, made once for each pinned list."""
    pins = HERE / "stock" / "requirements.txt"
    digest = hashlib.sha256(pins.read_bytes() + sys.version.encode()).hexdigest()[:16]
    folder = cache_folder(os.environ) / "benchmark" / f"stock-{digest}"
    ready = folder / ".ready"
    if not ready.exists():
        print("Installing Ansible's stock collections into an environment of their own (about 1 minute, once)", flush=True)
        uv = str(BIN / "uv")
        subprocess.run([uv, "venv", "--quiet", "--clear", "--python", sys.executable, str(folder)], check=True)
        install = [uv, "pip", "install", "--quiet", "--compile-bytecode", "--require-hashes", "--python", str(folder)]
        subprocess.run([*install, "-r", str(pins)], check=True)
        ready.touch()
    return folder / "bin"


def stock_environ(bench: Bench, programs: pathlib.Path) -> dict[str, str]:
    """What the stock modules read: the AWS API's address and keys; they run with the Python that has their libraries."""
    aws = bench.block("aws")
    return {
        **bench.environ,
        "PATH": f"{programs}:{os.environ['PATH']}",
        "ANSIBLE_PYTHON_INTERPRETER": str(programs / "python"),
        "AWS_ENDPOINT_URL": aws["endpoint_url"],
        "AWS_REGION": aws["region"],
        "AWS_ACCESS_KEY_ID": "x",
        "AWS_SECRET_ACCESS_KEY": "x",
        "ANSIBLE_DEPRECATION_WARNINGS": "0",
    }


@dataclasses.dataclass(frozen=True)
class Line:
    """One number of apps: medians in seconds. `guessed` marks a stock time that was drawn, not measured."""

    count: int
    first: float
    again: float
    script: float
    imports: float
    stock: float
    stock_again: float
    nothing: float
    guessed: bool = False


def measured(bench: Bench, programs: pathlib.Path, count: int, runs: int, with_stock: bool) -> tuple[Line, Sequence[Run]]:
    """All three at this number of apps."""
    mine = [ours(bench, f"o{count}t{turn}", count) for turn in range(runs)]
    first = [play(*arguments, environ=bench.environ) for arguments in mine]
    again = unchanged(runs, *mine[0], environ=bench.environ)
    scripts = [bare(bench, f"b{count}t{turn}", count) for turn in range(runs)]
    imports = statistics.median(said["imports"] for _whole, said in scripts)
    theirs = theirs_again = 0.0
    if with_stock:
        environ = stock_environ(bench, programs)
        arguments = stock(bench, f"s{count}", count)
        theirs = play(*arguments, environ=environ, program=programs).seconds
        # At fifty apps a second stock run is minutes that say nothing new.
        theirs_again = play(*arguments, environ=environ, program=programs).seconds if count < FIFTY else 0.0
    script = median([whole for whole, _said in scripts])
    idle = nothing(bench, f"n{count}", count)
    idling = median([play(*idle, environ=bench.environ) for _turn in range(runs)])
    return Line(count, median(first), median(again), script, imports, theirs, theirs_again, idling), again


def drawn(one: Line, ten: Line, fifty: Line) -> Line:
    """Fifty apps with stock's time on the line through one and ten."""
    slope = (ten.stock - one.stock) / (TEN - ONE)
    return dataclasses.replace(fifty, stock=ten.stock + slope * (FIFTY - TEN), guessed=True)


def show(lines: Sequence[Line]) -> None:
    """The table and the ratios."""
    print("apps   ours: first  no change    stock: first  no change    script (imports of it)    stock/ours  ours/script")
    for line in lines:
        mark = "*" if line.guessed else " "
        again = f"{line.stock_again:9.2f}" if line.stock_again else "        -"
        print(
            f"{line.count:4}  {line.first:11.2f} {line.again:10.2f}  {line.stock:13.2f}{mark} {again}  "
            f"{line.script:10.2f} ({line.imports:.2f})  {line.stock / line.first:18.1f} {line.first / line.script:12.1f}"
        )
    one, ten, fifty = lines
    mine, theirs, floor, idle = (
        (getattr(fifty, field) - getattr(ten, field)) / (FIFTY - TEN) for field in ("first", "stock", "script", "nothing")
    )
    if any(line.guessed for line in lines):
        print("* not measured: on the line through one and ten apps (leave --quick out to measure it)")
    print(f"whole process at ten apps, first run:  {ten.stock / ten.first:.1f} times faster than stock (aim {AIM_TEN})")
    print(f"whole process at one app, no change:   {one.stock_again / one.again:.1f} times faster than stock")
    print("one app more (slope from ten to fifty), first run:")
    print(f"  ours {mine * 1000:.0f} ms, stock {theirs * 1000:.0f} ms, script {floor * 1000:.0f} ms")
    print(f"  two host-tasks of Ansible that do nothing: {idle * 1000:.0f} ms, {theirs / idle:.0f} times faster than stock")
    print(f"  {theirs / mine:.1f} times faster than stock (aim {AIM_MARGINAL})")


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument(
        "--quick", action="store_true", help="draw stock's fifty apps instead of measuring them (saves 7 minutes)"
    )
    parser.add_argument("--runs", type=int, default=3, help="runs of ours and of the script at each number of apps")
    options = parser.parse_args()
    programs = stock_environment()
    print(f"Thirteen objects an app ({machine()}); forks 5, no facts; seconds, medians of {options.runs}", flush=True)
    with sandbox() as (folder, environ, _started):
        bench = Bench(folder, environ)
        lines, steps = [], []
        for count in (ONE, TEN, FIFTY):
            with_stock = count < FIFTY or not options.quick
            line, again = measured(bench, programs, count, options.runs, with_stock)
            lines.append(line)
            steps.append(again)
    if options.quick:
        lines[-1] = drawn(*lines)
    show(lines)
    print(f"Host-tasks an app: ours {steps[0][0].tasks}, stock 13. Where ten apps without changes spend their time (medians)")
    print_steps(steps[1])


if __name__ == "__main__":
    main()
