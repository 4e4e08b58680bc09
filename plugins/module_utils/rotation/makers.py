# Copyright (c) 2026 the goldenpath.microapps authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The issuer of each kind of secret, made from the app and the profile."""

from __future__ import annotations

import datetime
from collections.abc import Callable
from typing import Final, TypeAlias

from ..app import App, SecretSpec
from ..aws.session import session_for
from ..capability import Request
from ..catalog.schema import PREVIOUS
from ..errors import Invalid
from ..profile import Profile
from .issuers import Issuer
from .issuers.generated import Generated
from .issuers.http_recipe import HttpRecipe
from .issuers.iam_access_key import IamAccessKey
from .issuers.postgresql import PostgreSQL
from .issuers.postgresql_roles import Names
from .issuers.postgresql_session import Address, read_password

Maker: TypeAlias = Callable[[SecretSpec, App, Profile, Request], "Issuer | None"]


def _postgresql(spec: SecretSpec, app: App, profile: Profile, request: Request) -> Issuer:
    if app.database is None or app.database.engine != "postgresql":
        raise Invalid(
            f"The secret {spec.name} of {app.name} is of kind postgresql",
            "the catalog entry names no postgresql database",
            f"Add database (engine and name) to {app.file}.",
        )
    server = profile.database
    host = app.database.host or server.host
    port = app.database.port if app.database.host else server.port
    address = Address(host, port, app.database.name, server.sslmode, server.sslrootcert)
    password = request.secrets.register(read_password(server.password_file)) if server.password_file else ""
    names = Names(app.name.replace("-", "_"), app.database.name)
    return PostgreSQL(names, address, (server.admin_user, password), request.secrets, request.random_bytes)


def _generated(spec: SecretSpec, app: App, profile: Profile, request: Request) -> Issuer:
    overlap = datetime.timedelta(hours=spec.overlap_hours)
    return Generated(value_key(spec), request.secrets, request.random_bytes, overlap)


def _api_key(spec: SecretSpec, app: App, profile: Profile, request: Request) -> Issuer | None:
    vendor = dict(profile.vendors).get(spec.name)
    return HttpRecipe(spec.name, vendor, value_key(spec), request.secrets) if vendor else None


def _iam_access_key(spec: SecretSpec, app: App, profile: Profile, request: Request) -> Issuer:
    session = session_for(profile.aws, request.environ).verify_account()
    owner = (("app", app.name), ("environment", app.environment))
    return IamAccessKey(spec.user, owner, session, request.secrets, request.now, cutover_of(profile, request) == "now")


# By the kind that the catalog gives a secret. A user's own kind is one more entry. None: nobody but a person can make one.
ISSUERS: Final[dict[str, Maker]] = {
    "postgresql": _postgresql,
    "generated": _generated,
    "api_key": _api_key,
    "aws_iam_access_key": _iam_access_key,
}


def issuer_of(spec: SecretSpec, app: App, profile: Profile, request: Request) -> Issuer | None:
    """The issuer of one of the app's secrets; None for a third party's key without a recipe in the profile."""
    maker = ISSUERS.get(spec.kind)
    if maker is None:
        raise Invalid(f"The secret {spec.name} of {app.name} is of kind {spec.kind}", f"known are {', '.join(sorted(ISSUERS))}")
    return maker(spec, app, profile, request)


def cutover_of(profile: Profile, request: Request) -> str:
    """When the former credential goes: what is known to others goes at once, everything else as asked for or as profiled."""
    if request.params.get("when") == "compromised":
        return "now"
    return request.params.get("cutover") or profile.cutover


def value_key(spec: SecretSpec) -> str:
    """The key of the document that holds the value of a secret with one value."""
    return next((key for key, _variable in spec.variables if key != PREVIOUS), "value")
