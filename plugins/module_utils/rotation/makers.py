# Copyright (c) 2026 the goldenpath.microapps authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The issuer of each kind of secret, made from the app and the profile."""

from __future__ import annotations

import datetime
from collections.abc import Callable
from typing import Final, TypeAlias

from ..app import DATABASE_ENGINES, App, SecretSpec
from ..aws.session import session_for
from ..capability import Request
from ..catalog.schema import PREVIOUS
from ..errors import Invalid
from ..profile import DatabaseServer, MysqlServer, Profile
from ..scrubber import Secrets
from .issuers import Issuer, mysql, mysql_accounts, mysql_single
from .issuers.database_login import Address, read_password
from .issuers.generated import Generated
from .issuers.http_recipe import HttpRecipe
from .issuers.iam_access_key import IamAccessKey
from .issuers.openbao_dynamic_role import DynamicRole
from .issuers.openbao_engine import Engine
from .issuers.openbao_static_role import StaticRole
from .issuers.postgresql import PostgreSQL
from .issuers.postgresql_iam import IamLogin
from .issuers.postgresql_roles import Names
from .issuers.postgresql_single import SingleUser
from .stores.openbao_server import open_server

Maker: TypeAlias = Callable[[SecretSpec, App, Profile, Request], "Issuer | None"]


def _address(spec: SecretSpec, app: App, server: DatabaseServer | MysqlServer) -> Address:
    engines = DATABASE_ENGINES[spec.kind]
    if app.database is None or app.database.engine not in engines:
        raise Invalid(
            f"The secret {spec.name} of {app.name} is of kind {spec.kind}",
            f"the catalog entry names no {' or '.join(engines)} database",
            f"Add database (engine and name) to {app.file}.",
        )
    host = app.database.host or server.host
    port = app.database.port if app.database.host else server.port
    return Address(host, port, app.database.name, server.sslmode, server.sslrootcert)


def _postgresql_server(spec: SecretSpec, app: App, profile: Profile) -> DatabaseServer:
    if profile.database is None:
        raise _no_block(spec, app, "database", "host, admin_user and password_file")
    return profile.database


def _no_block(spec: SecretSpec, app: App, block: str, fields: str) -> Invalid:
    what = f"The secret {spec.name} of {app.name} is of kind {spec.kind}"
    return Invalid(what, f"the profile has no {block}", f"Add it ({fields}), or choose another kind.")


def _administrator(server: DatabaseServer | MysqlServer, request: Request) -> tuple[str, str]:
    path = server.password_file
    return server.admin_user, request.secrets.register(read_password(path)) if path else ""


def _postgresql(spec: SecretSpec, app: App, profile: Profile, request: Request) -> Issuer:
    server = _postgresql_server(spec, app, profile)
    address = _address(spec, app, server)
    names = Names(app.name.replace("-", "_"), address.database)
    return PostgreSQL(names, address, _administrator(server, request), request.secrets, request.random_bytes)


def _single_user(spec: SecretSpec, app: App, profile: Profile, request: Request) -> Issuer:
    server = _postgresql_server(spec, app, profile)
    address = _address(spec, app, server)
    names = Names(app.name.replace("-", "_"), address.database)
    at_once = cutover_of(profile, request) == "now"
    administrator = _administrator(server, request)
    return SingleUser(names, address, administrator, request.secrets, request.random_bytes, at_once)


def _mysql(spec: SecretSpec, app: App, profile: Profile, request: Request) -> Issuer:
    return mysql.MySQL(*_mysql_door(spec, app, profile, request))


def _mysql_single_user(spec: SecretSpec, app: App, profile: Profile, request: Request) -> Issuer:
    door = _mysql_door(spec, app, profile, request)
    two_passwords = mysql.flavour(door[1], door[2]).has_two_passwords
    return mysql_single.SingleUser(*door, two_passwords=two_passwords, at_once=cutover_of(profile, request) == "now")


def _mysql_door(
    spec: SecretSpec, app: App, profile: Profile, request: Request
) -> tuple[mysql_accounts.Names, Address, tuple[str, str], Secrets, Callable[[int], bytes]]:
    server = profile.mysql
    if server is None:
        raise _no_block(spec, app, "mysql", "host, admin_user and password_file")
    address = _address(spec, app, server)
    names = mysql_accounts.Names(app.name.replace("-", "_"), address.database)
    return names, address, _administrator(server, request), request.secrets, request.random_bytes


def _rds_iam(spec: SecretSpec, app: App, profile: Profile, request: Request) -> Issuer:
    server = _postgresql_server(spec, app, profile)
    if not server.resource_id:
        what = f"The secret {spec.name} of {app.name} is of kind {spec.kind}"
        raise Invalid(what, "the profile's database has no resource_id", "Add it, or choose another kind.")
    address = _address(spec, app, server)
    names = Names(app.name.replace("-", "_"), address.database)
    return IamLogin(names, address, _administrator(server, request), request.secrets, request.random_bytes)


def _static_role(spec: SecretSpec, app: App, profile: Profile, request: Request) -> Issuer:
    address = _address(spec, app, _postgresql_server(spec, app, profile))
    return StaticRole(_engine(spec, app, profile, request), app.role_name, address, request.secrets)


def _dynamic_role(spec: SecretSpec, app: App, profile: Profile, request: Request) -> Issuer:
    address = _address(spec, app, _postgresql_server(spec, app, profile))
    return DynamicRole(_engine(spec, app, profile, request), app.role_name, address, request.secrets, request.now)


def _engine(spec: SecretSpec, app: App, profile: Profile, request: Request) -> Engine:
    engine = profile.database_engine
    if engine is None:
        raise _no_block(spec, app, "database_engine", "address and a login")
    server = open_server(engine, profile.aws, request.secrets, request.environ, "the database engine")
    return Engine(server, engine.mount)


def _generated(spec: SecretSpec, app: App, profile: Profile, request: Request) -> Issuer:
    overlap = datetime.timedelta(hours=spec.overlap_hours)
    return Generated(value_key(spec), request.secrets, request.random_bytes, overlap)


def _api_key(spec: SecretSpec, app: App, profile: Profile, request: Request) -> Issuer | None:
    vendor = dict(profile.vendors).get(spec.name)
    secret = app.secret_name(spec.name)
    return HttpRecipe(spec.name, vendor, value_key(spec), request.secrets, secret) if vendor else None


def _iam_access_key(spec: SecretSpec, app: App, profile: Profile, request: Request) -> Issuer:
    session = session_for(profile.aws, request.environ).verify_account()
    owner = (("app", app.name), ("environment", app.environment))
    return IamAccessKey(spec.user, owner, session, request.secrets, request.now, cutover_of(profile, request) == "now")


# By the kind that the catalog gives a secret. A user's own kind is one more entry. None: nobody but a person can make one.
ISSUERS: Final[dict[str, Maker]] = {
    "postgresql": _postgresql,
    "postgresql_single_user": _single_user,
    "mysql": _mysql,
    "mysql_single_user": _mysql_single_user,
    "openbao_static_role": _static_role,
    "openbao_dynamic_role": _dynamic_role,
    "aws_rds_iam": _rds_iam,
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
    if request.params.get("rotate") == "compromised":
        return "now"
    return request.params.get("cutover") or profile.cutover


def value_keys(spec: SecretSpec) -> tuple[str, ...]:
    """The keys of the document that each hold a value of the secret."""
    return tuple(key for key, _variable in spec.variables if key != PREVIOUS) or ("value",)


def value_key(spec: SecretSpec) -> str:
    """The key of the document that holds the value of a secret with one value."""
    return value_keys(spec)[0]
