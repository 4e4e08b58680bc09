# Copyright (c) 2026 the goldenpath.microapps authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The sandbox's parts that no Python wheel carries, built once from pinned Go modules.

Each part is a folder with its own go.mod and go.sum (roles/sandbox/files/parts), so a build fetches what was pinned and
Go checks every byte of it. A finished build is one folder in the user's cache whose name is the hash of all that went into
it; it is made under another name and renamed, so an interrupted build never counts. Standard library only: `make` runs
this file beside the installation of the Python packages (`cd plugins && python3 -m module_utils.sandbox.build`).
"""

from __future__ import annotations

import concurrent.futures
import dataclasses
import fcntl
import functools
import hashlib
import json
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from typing import Final

from ..errors import Invalid, MicroappsError, NotFound
from ..state_folder import collection_root

# The oldest Go that the pinned modules accept (the `go` line of their go.mod).
OLDEST_GO: Final = (1, 26)
NEXT_STEP: Final = "Install Go 1.26 or newer, then run the same command."

_KUBERNETES_VERSION: Final = "1.37.2"


@dataclasses.dataclass(frozen=True, slots=True)
class Part:
    """One Go module of ours: the programs it gives, and how long its first build takes on two cores (seconds)."""

    name: str
    commands: Mapping[str, str]
    seconds: int
    link: str = "-s -w"
    tags: str = ""


def _kubernetes_link() -> str:
    major, minor, _patch = _KUBERNETES_VERSION.split(".")
    version = "k8s.io/component-base/version"
    # Without these the servers call themselves v0.0.0 and clients refuse them as too old.
    return f"-s -w -X {version}.gitVersion=v{_KUBERNETES_VERSION} -X {version}.gitMajor={major} -X {version}.gitMinor={minor}"


PARTS: Final = (
    Part(
        "kubernetes",
        {
            "kube-apiserver": "k8s.io/kubernetes/cmd/kube-apiserver",
            "kube-controller-manager": "k8s.io/kubernetes/cmd/kube-controller-manager",
            "kube-scheduler": "k8s.io/kubernetes/cmd/kube-scheduler",
        },
        seconds=760,
        link=_kubernetes_link(),
    ),
    Part("kwok", {"kwok": "sigs.k8s.io/kwok/cmd/kwok"}, seconds=70),
    Part("etcd", {"etcd": "go.etcd.io/etcd/server/v3"}, seconds=40),
    Part("registry", {"registry": "github.com/distribution/distribution/v3/cmd/registry"}, seconds=60),
    # What the stand-in for the app's pipeline signs with, and what tests ask beside our own verifier.
    Part("cosign", {"cosign": "github.com/sigstore/cosign/v3/cmd/cosign"}, seconds=180),
    # Only rules are checked and tested with it: the SDKs of twenty clouds (service discovery) would triple its build.
    Part("promtool", {"promtool": "github.com/prometheus/prometheus/cmd/promtool"}, seconds=90, tags="remove_all_sd"),
)
# Not part of any sandbox: built by `make parts PARTS=...` or by the test that needs them, when it needs them.
ON_DEMAND: Final = (
    Part("external-secrets", {"external-secrets": "github.com/external-secrets/external-secrets"}, seconds=220),
    # What our verifier is compared with; cosign 3 is the sandbox's own.
    Part("cosign2", {"cosign2": "github.com/sigstore/cosign/v2/cmd/cosign"}, seconds=120),
    Part("notation", {"notation": "github.com/notaryproject/notation/cmd/notation"}, seconds=20),
    # A registry that the sandbox's own is not (it has the referrers API), and two programs that others use on registries.
    Part(
        "oci-tools",
        {
            "crane": "github.com/google/go-containerregistry/cmd/crane",
            "oras": "oras.land/oras/cmd/oras",
            "referrers-registry": "goldenpath/sandbox/oci-tools/referrers",
        },
        seconds=40,
    ),
    # OpenBao has no login by AWS any more; Vault's, as a plugin. Of a version under the MPL 2.0, which 1.14.9 and later are not.
    Part("vault-auth-aws", {"vault-auth-aws": "goldenpath/sandbox/vault-auth-aws/plugin"}, seconds=90),
    # HashiCorp's own server, which our store, logins and database roles are held to beside OpenBao; under the MPL 2.0 as above.
    Part("vault", {"vault": "goldenpath/sandbox/vault/server"}, seconds=300),
    Part("policy-controller", {"policy-webhook": "github.com/sigstore/policy-controller/cmd/webhook"}, seconds=140),
    # Speaks MongoDB's protocol, over SQLite: what the hooks of apps are tried on. Version 2 needs a PostgreSQL with extensions.
    Part("ferretdb", {"ferretdb": "goldenpath/sandbox/ferretdb/server"}, seconds=60, tags="ferretdb_no_postgresql"),
)


@dataclasses.dataclass(frozen=True, slots=True)
class Toolchain:
    """The Go that builds: its program, version (1.26.8) and what it builds for (linux/amd64)."""

    program: str
    version: str
    target: str


def cache_folder(environ: Mapping[str, str]) -> pathlib.Path:
    """The user's cache (XDG base directory specification), never the checkout: `git clean` must not cost six minutes."""
    home = environ.get("HOME") or os.path.expanduser("~")
    base = environ.get("XDG_CACHE_HOME", "")
    return (pathlib.Path(base) if os.path.isabs(base) else pathlib.Path(home) / ".cache") / "goldenpath-microapps"


def sources(part: Part) -> pathlib.Path:
    """The folder with the part's go.mod and go.sum."""
    return collection_root() / "roles" / "sandbox" / "files" / "parts" / part.name


def toolchain(environ: Mapping[str, str]) -> Toolchain:
    """The installed Go; NotFound when there is none or it is too old, with the next step."""
    program = shutil.which("go", path=environ.get("PATH"))
    if not program:
        raise NotFound("The sandbox's cluster cannot be built", "Go is not installed", NEXT_STEP)
    answer = _go_env(program)
    if answer.returncode:
        raise NotFound(
            "The sandbox's cluster cannot be built", f"{program} does not run: {_last_lines(answer.stderr)}", NEXT_STEP
        )
    values = json.loads(answer.stdout)
    version = values["GOVERSION"].removeprefix("go")
    if not is_new_enough(version):
        raise NotFound("The sandbox's cluster cannot be built", f"{program} is Go {version}", NEXT_STEP)
    return Toolchain(program, version, f"{values['GOOS']}/{values['GOARCH']}")


@functools.cache
def _go_env(program: str) -> subprocess.CompletedProcess[str]:
    command = [program, "env", "-json", "GOVERSION", "GOOS", "GOARCH"]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def is_new_enough(version: str) -> bool:
    """Whether a Go of this version (`1.26.8`, `1.27rc1`) can build the parts."""
    numbers = re.match(r"(\d+)\.(\d+)", version)
    return bool(numbers) and (int(numbers[1]), int(numbers[2])) >= OLDEST_GO  # type: ignore[index]  # bool() said so


def fingerprint(part: Part, go_mod: bytes, go_sum: bytes, go: Toolchain) -> str:
    """What a build depends on, as 16 hex digits: pure, so that the same inputs are the same folder on every run."""
    flags = json.dumps([dict(part.commands), _flags(part)], sort_keys=True).encode()
    digest = hashlib.sha256()
    for item in (go_mod, go_sum, flags, go.version.encode(), go.target.encode()):
        digest.update(len(item).to_bytes(8, "big") + item)
    return digest.hexdigest()[:16]


def _flags(part: Part) -> list[str]:
    tags = ["-tags", part.tags] if part.tags else []
    return ["-trimpath", "-buildvcs=false", "-mod=readonly", *tags, "-ldflags", part.link]


def folder_of(part: Part, go: Toolchain, environ: Mapping[str, str]) -> pathlib.Path:
    """Where the part's finished build lies, or will lie."""
    source = sources(part)
    # Nearly every program is somebody else's; what there is of ours lies in folders of its own.
    own = b"".join(path.read_bytes() for path in sorted(source.glob("*/*.go")))
    digest = fingerprint(part, (source / "go.mod").read_bytes(), (source / "go.sum").read_bytes() + own, go)
    return cache_folder(environ) / "parts" / f"{part.name}-{digest}"


def binaries(environ: Mapping[str, str], parts: Sequence[Part] = PARTS) -> dict[str, pathlib.Path]:
    """The programs that are built already, by name. NotFound when there is no Go and none has built here (the folder's name
    depends on it)."""
    go = _known_toolchain(environ)
    folders = [(part, folder_of(part, go, environ)) for part in parts]
    return {name: folder / name for part, folder in folders if folder.is_dir() for name in part.commands}


def _known_toolchain(environ: Mapping[str, str]) -> Toolchain:
    # What Go has built runs without it: in a shell or a service whose PATH does not lead to it, the cluster is there
    try:
        return toolchain(environ)
    except NotFound:
        if not (known := _remembered(environ)):
            raise
        return known


def _remembered(environ: Mapping[str, str]) -> Toolchain | None:
    try:
        kept = json.loads(_memory(environ).read_text(encoding="utf-8"))
        return Toolchain("", str(kept["version"]), str(kept["target"]))
    except (OSError, ValueError, LookupError, TypeError):
        return None


def _remember(go: Toolchain, environ: Mapping[str, str]) -> None:
    if (known := _remembered(environ)) and (known.version, known.target) == (go.version, go.target):
        return
    memory = _memory(environ)
    fresh = memory.with_name(f"{memory.name}.{os.getpid()}")
    fresh.write_text(json.dumps({"version": go.version, "target": go.target}), encoding="utf-8")
    fresh.replace(memory)


def _memory(environ: Mapping[str, str]) -> pathlib.Path:
    return cache_folder(environ) / "parts" / "go.json"


def build(environ: Mapping[str, str], progress: Callable[[str], None], parts: Sequence[Part] = PARTS) -> dict[str, pathlib.Path]:
    """Every program by name, after building what is not there yet, at most one build per core at a time."""
    go = toolchain(environ)
    missing = [part for part in parts if not folder_of(part, go, environ).is_dir()]
    if missing:
        work = cache_folder(environ) / "go-build"
        # Each build alone keeps all cores busy, so side by side they take as long as one after the other.
        together = sum(part.seconds for part in missing)
        names = ", ".join(part.name for part in missing)
        progress(f"Building {names} from Go modules, once (about {_minutes(together)} on two cores).")
        with _used(work):
            _build_all(missing, go, {**environ, "GOCACHE": environ.get("GOCACHE") or str(work)}, progress)
        if all(folder_of(part, go, environ).is_dir() for part in PARTS):
            # Go's own cache of intermediate results takes 4 GB and is of no use once every program is there.
            _remove_unless_used(work)
    _remember(go, environ)
    return binaries(environ, parts)


def _build_all(parts: Sequence[Part], go: Toolchain, environ: Mapping[str, str], progress: Callable[[str], None]) -> None:
    running = Running(progress)
    with concurrent.futures.ThreadPoolExecutor(max_workers=os.cpu_count() or 1) as pool, running.told_every(20):
        jobs = [pool.submit(_build_one, part, go, environ, running) for part in parts]
        errors = [error for job in jobs if (error := job.exception())]
    for error in errors:
        raise error


def _build_one(part: Part, go: Toolchain, environ: Mapping[str, str], running: Running) -> None:
    target = folder_of(part, go, environ)
    target.parent.mkdir(parents=True, exist_ok=True)
    with _exclusive(target.parent / f".{target.name}.lock"), running.part(part):
        if target.is_dir():  # another process built it while this one waited
            return
        for leftover in target.parent.glob(f".{target.name}.*.tmp"):
            shutil.rmtree(leftover, ignore_errors=True)
        fresh = pathlib.Path(tempfile.mkdtemp(prefix=f".{target.name}.", suffix=".tmp", dir=target.parent))
        for name, package in part.commands.items():
            _compile([go.program, "build", *_flags(part), "-o", str(fresh / name), package], part, environ)
        fresh.chmod(0o755)
        fresh.rename(target)


def _compile(command: Sequence[str], part: Part, environ: Mapping[str, str]) -> None:
    # The user's own GOFLAGS could change what is built under the same name, or ask for a vendor folder.
    environment = {**environ, "CGO_ENABLED": "0", "GOFLAGS": "", "GOWORK": "off"}
    done = subprocess.run(command, cwd=sources(part), env=environment, capture_output=True, text=True, check=False)
    if done.returncode:
        raise MicroappsError(
            f"{part.name} could not be built from its Go modules",
            _last_lines(done.stderr),
            "Mend that (often the network or a full disk), then run the same command: what is built already is kept.",
        )


@contextmanager
def _exclusive(path: pathlib.Path) -> Iterator[None]:
    with path.open("w") as handle:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield


@contextmanager
def _used(work: pathlib.Path) -> Iterator[None]:
    work.parent.mkdir(parents=True, exist_ok=True)
    with _lock_of(work).open("w") as handle:
        fcntl.flock(handle, fcntl.LOCK_SH)
        yield


def _remove_unless_used(work: pathlib.Path) -> None:
    with _lock_of(work).open("w") as handle, suppress(BlockingIOError):
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        shutil.rmtree(work, ignore_errors=True)


def _lock_of(work: pathlib.Path) -> pathlib.Path:
    return work.with_name(f".{work.name}.lock")


class Running:
    """Which builds run now, told at intervals so that nobody takes a long build for a hang."""

    def __init__(self, progress: Callable[[str], None]) -> None:
        self._progress = progress
        self._started: dict[str, tuple[Part, float]] = {}

    @contextmanager
    def part(self, part: Part) -> Iterator[None]:
        """One build, from its start to its end."""
        self._started[part.name] = (part, time.monotonic())
        try:
            yield
            self._progress(f"  {part.name} is built ({_minutes(time.monotonic() - self._started[part.name][1])}).")
        finally:
            del self._started[part.name]

    @contextmanager
    def told_every(self, seconds: float) -> Iterator[None]:
        """Tell the running builds every so many seconds until the block ends."""
        done = threading.Event()

        def tell() -> None:
            while not done.wait(seconds):
                now = time.monotonic()
                texts = [
                    f"{name} ({now - at:.0f} s; alone it takes about {part.seconds})"
                    for name, (part, at) in sorted(self._started.items())
                ]
                if texts:
                    self._progress(f"  still building: {', '.join(texts)}")

        thread = threading.Thread(target=tell, daemon=True)
        thread.start()
        try:
            yield
        finally:
            done.set()
            thread.join()


def _minutes(seconds: float) -> str:
    return f"{seconds:.0f} s" if seconds < 90 else f"{seconds / 60:.0f} min"


def _last_lines(text: str, count: int = 4) -> str:
    lines = [line.strip() for line in text.splitlines() if line.strip() and not line.startswith("go: downloading")]
    return " | ".join(lines[-count:]) or "it gave no reason"


def main(arguments: Sequence[str]) -> int:
    """`build [part...]`: what `make` runs. Without Go it says so and succeeds, for all other parts work without it.

    Without a name it builds what every sandbox needs; what is built on demand is built by its name.
    """
    known = (*PARTS, *ON_DEMAND)
    unknown = set(arguments) - {part.name for part in known}
    try:
        if unknown:
            raise Invalid(
                f"There is no part {', '.join(sorted(unknown))}", next_step=f"Parts: {', '.join(part.name for part in known)}."
            )
        chosen = [part for part in known if part.name in arguments] if arguments else PARTS
        build(os.environ, _tell, chosen)
    except NotFound as error:
        _tell(f"{error.sentence()} Without it the sandbox has no cluster and no registry; all else works.")
    except MicroappsError as error:
        _tell(error.sentence())
        return 1
    return 0


def _tell(text: str) -> None:
    sys.stderr.write(text + "\n")
    sys.stderr.flush()


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
