# Copyright (c) 2026 the goldenpath.microapps authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What the supervisor starts for an app: check the release out, read its secrets from the store, become the app.

Run as `python -m module_utils.sandbox.launcher <release folder> <app>`. The secrets pass from the store into the app's
environment and nowhere else: they are in no file, no argument and no log.
"""

from __future__ import annotations

import contextlib
import json
import os
import pathlib
import sys
from collections.abc import Mapping
from typing import Any

from ..errors import MicroappsError, MissingLibrary, NotFound, Unreachable
from .checkout import checked_out
from .runner import Release, program, read_release, release_file

try:
    import psutil
except ImportError as error:
    PSUTIL_MISSING: ImportError | None = error
else:
    PSUTIL_MISSING = None
try:
    import boto3
    from botocore.config import Config
    from botocore.exceptions import BotoCoreError, ClientError
except ImportError as error:
    BOTO3_MISSING: ImportError | None = error
else:
    BOTO3_MISSING = None

PROGRAM = "GOLDENPATH_SANDBOX_PROGRAM"
ENTRIES = ("goldenpath_entry.py", "app.py")


def secret_environment(release: Release, read: Any) -> dict[str, str]:
    """The variables that come from secrets; `read(name)` answers a secret's JSON document as text."""
    values: dict[str, str] = {}
    for secret in release.secrets:
        document = json.loads(read(secret.name))
        missing = [key for key in secret.variables if key not in document]
        if missing:
            raise NotFound(f"The secret {secret.name} has no {', '.join(missing)}", "the app's release asks for it")
        values.update({variable: str(document[key]) for key, variable in secret.variables.items()})
    return values


def app_environment(release: Release, secrets: Mapping[str, str], inherited: Mapping[str, str]) -> dict[str, str]:
    """All the app gets. Our own Python path and git settings are not the app's business."""
    kept = {name: inherited[name] for name in ("PATH", "HOME", "LANG") if name in inherited}
    marks = {name: value for name, value in inherited.items() if name.startswith("GOLDENPATH_")}
    own = {"PYTHONUNBUFFERED": "1", "PORT": str(release.port), "HOST": "127.0.0.1"}
    return {**kept, **marks, **own, **release.environment, **secrets, PROGRAM: program(release.app)}


def reader(aws: Mapping[str, str]) -> Any:
    """A function from a secret's name to its current value in AWS Secrets Manager; never through a proxy."""
    if BOTO3_MISSING:
        raise MissingLibrary("boto3", "read the app's secrets", BOTO3_MISSING)
    if aws.get("credentials_file"):
        os.environ["AWS_SHARED_CREDENTIALS_FILE"] = aws["credentials_file"]
    session = boto3.Session(profile_name=aws.get("profile") or None, region_name=aws.get("region") or None)
    settings = Config(proxies={}, connect_timeout=2, read_timeout=5, retries={"mode": "standard", "max_attempts": 5})
    client = session.client("secretsmanager", endpoint_url=aws.get("endpoint_url") or None, config=settings)

    def read(name: str) -> str:
        try:
            # The stage is AWS's own default; moto's is another version once a stage was moved.
            return str(client.get_secret_value(SecretId=name, VersionStage="AWSCURRENT")["SecretString"])
        except ClientError as error:
            raise NotFound(f"The secret {name} cannot be read", error.response["Error"]["Code"]) from None
        except BotoCoreError as error:
            raise Unreachable(f"The secret {name} cannot be read", type(error).__name__) from None

    return read


def end_former(app: str) -> None:
    """End what a killed run of this app left behind (a debugger's second process holds the port)."""
    if PSUTIL_MISSING:
        raise MissingLibrary("psutil", "look after the sandbox's processes", PSUTIL_MISSING)
    mark = (os.environ.get("GOLDENPATH_SANDBOX"), program(app))
    for process in psutil.process_iter():
        with contextlib.suppress(psutil.Error, OSError):
            environment = process.environ()
            if process.pid != os.getpid() and (environment.get("GOLDENPATH_SANDBOX"), environment.get(PROGRAM)) == mark:
                process.kill()
                process.wait(2)


def main(release_folder: str, app: str) -> None:
    """Become the app."""
    release = read_release(release_folder, app)
    if release is None:
        raise NotFound(f"The app {app} has no release in {release_folder}")
    end_former(app)
    home = release_file(release_folder, app).parent
    folder = checked_out(release.repository, release.branch, release.commit, home, os.environ)
    secrets = secret_environment(release, reader(release.aws)) if release.secrets else {}
    os.chdir(folder)
    sys.stderr.write(f"{app}: commit {release.commit[:12]}, {len(release.secrets)} secrets from the store\n")
    # The platform's entry (health, metrics, no debugger) where the branch has one; the owner's own file as found.
    entry = next((name for name in ENTRIES if (folder / name).is_file()), ENTRIES[-1])
    os.execve(sys.executable, [sys.executable, entry], app_environment(release, secrets, os.environ))  # noqa: S606 - no shell


if __name__ == "__main__":
    try:
        main(str(pathlib.Path(sys.argv[1])), sys.argv[2])
    except MicroappsError as error:
        raise SystemExit(error.sentence()) from None
