# Copyright (c) 2026 the goldenpath.microapps authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What the benchmarks share: a sandbox of their own, a catalog of any size, whole processes timed, tables printed."""

from __future__ import annotations

import contextlib
import dataclasses
import os
import pathlib
import platform
import re
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence

ROOT = pathlib.Path(__file__).resolve().parents[2]
BIN = pathlib.Path(sys.executable).parent
ENTRY = (ROOT / "inventories" / "apps" / "where2eat.yml").read_text(encoding="utf-8")
_RECAP = re.compile(r"^\S+\s+: ok=(\d+)\s+changed=(\d+)\s+unreachable=(\d+)\s+failed=(\d+)", re.MULTILINE)
_BANNER = re.compile(r"^(?:TASK|PLAY) \[(.*?)\] \*|^(PLAY RECAP)")


@dataclasses.dataclass(frozen=True)
class Run:
    """One whole process: wall-clock and processor seconds, what a play's recap counts, seconds of each of its steps."""

    seconds: float
    processor: float
    tasks: int = 0
    changed: int = 0
    steps: tuple[tuple[str, float], ...] = ()


def process(command: Sequence[str], environ: Mapping[str, str]) -> Run:
    """Run it to its end. A benchmark of something that fails is worth nothing, so that ends here with its last lines."""
    steps: list[tuple[str, float]] = []
    lines: list[str] = []
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    start = last = time.perf_counter()
    name = "start-up: Ansible, inventory, playbook"
    with subprocess.Popen(
        command, env=dict(environ), cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    ) as running:
        for line in running.stdout or ():
            lines.append(line)
            banner = _BANNER.match(line)
            if banner:
                now = time.perf_counter()
                steps.append((name, now - last))
                name, last = (banner[1] or "the end: recap and exit"), now
    end = time.perf_counter()
    steps.append((name, end - last))
    if running.returncode:
        raise SystemExit(f"{' '.join(command)} ended with {running.returncode}:\n{''.join(lines[-40:])}")
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    recap = [tuple(map(int, found)) for found in _RECAP.findall("".join(lines))]
    return Run(
        seconds=end - start,
        processor=after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime,
        tasks=sum(row[0] for row in recap),
        changed=sum(row[1] for row in recap),
        steps=tuple(steps),
    )


def play(*arguments: str, environ: Mapping[str, str], program: pathlib.Path = BIN) -> Run:
    """One ansible-playbook of ours, or of another environment's."""
    return process([str(program / "ansible-playbook"), *arguments], environ)


def unchanged(runs: int, *arguments: str, environ: Mapping[str, str]) -> list[Run]:
    """The same play several times; it must find nothing to do."""
    done = [play(*arguments, environ=environ) for _turn in range(runs)]
    if any(run.changed for run in done):
        raise SystemExit(f"a run that should find nothing to do changed something: {' '.join(arguments)}")
    return done


def median(runs: Sequence[Run]) -> float:
    """Of the wall-clock seconds."""
    return statistics.median(run.seconds for run in runs)


def environment(state: pathlib.Path) -> dict[str, str]:
    """Ours, with this state folder and without a configuration or collections of the user's."""
    own = {"GOLDENPATH_STATE": str(state), "ANSIBLE_CONFIG": "/nonexistent", "ANSIBLE_COLLECTIONS_PATH": "/nonexistent"}
    # As at a user's: what was compiled once is kept.
    plain = {"PYTHONDONTWRITEBYTECODE": "", "ANSIBLE_NOCOLOR": "1", "ANSIBLE_FORCE_COLOR": "0"}
    return {**os.environ, **own, **plain, "PATH": f"{BIN}:{os.environ['PATH']}"}


@contextlib.contextmanager
def sandbox() -> Iterator[tuple[pathlib.Path, dict[str, str], float]]:
    """A fresh sandbox: a folder for what the benchmark writes, the environment of its plays, seconds until it was up."""
    # A short path: the supervisor's socket lies in it.
    folder = pathlib.Path(tempfile.mkdtemp(prefix="gp-bench-"))
    environ = environment(folder / "state")
    playbook = str(ROOT / "playbooks" / "sandbox.yml")
    try:
        started = play(playbook, environ=environ)
        yield folder, environ, started.seconds
    finally:
        subprocess.run(
            [str(BIN / "ansible-playbook"), playbook, "-e", "sandbox_state=wiped"], env=environ, capture_output=True, check=False
        )
        shutil.rmtree(folder, ignore_errors=True)


def inventory(folder: pathlib.Path, names: Sequence[str]) -> pathlib.Path:
    """A catalog with an entry as long as where2eat's for each name, and the sandbox's profile."""
    apps = folder / "apps"
    apps.mkdir(parents=True)
    for name in names:
        (apps / f"{name}.yml").write_text(ENTRY.replace("where2eat", name), encoding="utf-8")
    shutil.copytree(ROOT / "inventories" / "sandbox", folder / "sandbox")
    return folder / "sandbox"


def machine() -> str:
    """What this was measured on, for whoever reads the numbers elsewhere."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    model = ""
    with contextlib.suppress(OSError):
        found = re.search(r"model name\s*: (.*)", pathlib.Path("/proc/cpuinfo").read_text(encoding="utf-8"))
        model = f", {found[1]}" if found else ""
    load = os.getloadavg()[0]
    busy = " (others are at work here: times are longer than they need be)" if load > 1 else ""
    return f"{cores} cores{model}, Python {platform.python_version()}, {platform.system()}; load {load:.1f}{busy}"


def spread(runs: Sequence[Run]) -> str:
    """`3.91 s (3.85 to 4.10, 2.9 s of processor)`: median, least, most, and what does not depend on who else works here."""
    seconds = [run.seconds for run in runs]
    processor = statistics.median(run.processor for run in runs)
    return f"{median(runs):6.2f} s  ({min(seconds):.2f} to {max(seconds):.2f}; {processor:.2f} s of processor)"


def print_steps(runs: Sequence[Run]) -> None:
    """Where the time goes: the median of each step over runs of the same play."""
    for place, (name, _seconds) in enumerate(runs[0].steps):
        seconds = statistics.median(run.steps[place][1] for run in runs)
        print(f"  {seconds:6.2f} s  {name.split(' | ')[0][:100]}")
