# Copyright (c) 2026 the goldenpath.microapps authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What ordinary clients need to look at the running sandbox, as lines for a shell: `eval "$(make -s sandbox-env)"`."""

from __future__ import annotations

import configparser
import os
import pathlib
import shlex
import sys
from collections.abc import Mapping
from typing import Any

from ..errors import MicroappsError
from .layout import block


def variables(blocks: Mapping[str, Mapping[str, Any]], keys: Mapping[str, str], token: str, password: str) -> dict[str, str]:
    """Environment variables of kubectl, the AWS tools, bao, psql, and the addresses of registry and git remote."""
    aws, database = blocks["aws"], blocks["database"]
    cluster = {"KUBECONFIG": blocks["cluster"]["kubeconfig"]} if blocks["cluster"]["available"] else {}
    return {
        **cluster,
        "AWS_ENDPOINT_URL": aws["endpoint_url"],
        "AWS_REGION": aws["region"],
        "AWS_DEFAULT_REGION": aws["region"],
        "AWS_ACCESS_KEY_ID": keys["aws_access_key_id"],
        "AWS_SECRET_ACCESS_KEY": keys["aws_secret_access_key"],
        "BAO_ADDR": blocks["openbao"]["address"],
        "BAO_TOKEN": token,
        "PGHOST": database["host"],
        "PGPORT": str(database["port"]),
        "PGUSER": database["admin_user"],
        "PGPASSWORD": password,
        "PGDATABASE": database["maintenance_database"],
        "PGSSLMODE": database["sslmode"],
        "REGISTRY": blocks["registry"]["address"],
        "GIT_BASE": blocks["forge"]["base"],
    }


def past_proxies(environ: Mapping[str, str]) -> dict[str, str]:
    """Both spellings of NO_PROXY with loopback added, where a proxy is set: it could not reach this machine's loopback."""
    if not any(name.lower().endswith("_proxy") and name.lower() != "no_proxy" for name in environ):
        return {}
    former = environ.get("NO_PROXY") or environ.get("no_proxy") or ""
    names = dict.fromkeys([*(name for name in former.split(",") if name), "127.0.0.1", "localhost"])
    return dict.fromkeys(("NO_PROXY", "no_proxy"), ",".join(names))


def lines(values: Mapping[str, str]) -> str:
    """One `export` a line, quoted for any POSIX shell."""
    return "".join(f"export {name}={shlex.quote(value)}\n" for name, value in values.items())


def main() -> int:
    """Print the lines; nothing on stdout and a sentence on stderr when the sandbox is down."""
    names = ("aws", "cluster", "database", "registry", "forge", "openbao")
    try:
        blocks = {name: block(os.environ, name) for name in names}
        keys = configparser.RawConfigParser()
        keys.read(blocks["aws"]["credentials_file"])
        token = pathlib.Path(blocks["openbao"]["token_file"]).read_text(encoding="utf-8")
        password = pathlib.Path(blocks["database"]["password_file"]).read_text(encoding="utf-8").strip()
        values = variables(blocks, keys[blocks["aws"]["profile"]], token, password)
        sys.stdout.write(lines({**values, **past_proxies(os.environ)}))
    except (MicroappsError, OSError, KeyError) as error:
        incomplete = f"The sandbox's files are incomplete: {error}"
        sys.stderr.write((error.sentence() if isinstance(error, MicroappsError) else incomplete) + "\n")
        return 1
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
