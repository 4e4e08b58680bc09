# Copyright (c) 2026 the goldenpath.microapps authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What is read from PostgreSQL's catalogues to make a `Server`: any login that may connect may read these."""

from __future__ import annotations

from typing import Any, Final

from .postgresql_roles import RDS_IAM, Names, Role, Server

_ME: Final = """
SELECT current_setting('server_version_num')::int, current_user::text, r.rolsuper, pg_get_userbyid(d.datdba)::text
FROM pg_roles r, pg_database d WHERE r.rolname = current_user AND d.datname = current_database()
"""

# pg_shdepend tells in all databases at once who owns what; dbid 0 is what belongs to no database, databases themselves.
_ROLES: Final = """
WITH here AS (SELECT oid, datdba FROM pg_database WHERE datname = current_database()),
owned AS (
  SELECT s.refobjid AS role,
         bool_or(s.dbid = here.oid) AS here,
         array_agg(DISTINCT coalesce(d.datname, o.datname)::text)
           FILTER (WHERE s.dbid <> here.oid AND coalesce(d.oid, o.oid) IS DISTINCT FROM here.oid) AS elsewhere
  FROM here, pg_shdepend s
  LEFT JOIN pg_database d ON d.oid = s.dbid
  LEFT JOIN pg_database o ON s.classid = 'pg_database'::regclass AND o.oid = s.objid
  WHERE s.refclassid = 'pg_authid'::regclass AND s.deptype = 'o' GROUP BY 1
)
SELECT r.rolname::text, r.rolcanlogin,
  array_remove(ARRAY[CASE WHEN r.rolsuper THEN 'superuser' END, CASE WHEN r.rolcreaterole THEN 'createrole' END,
    CASE WHEN r.rolcreatedb THEN 'createdb' END, CASE WHEN r.rolreplication THEN 'replication' END,
    CASE WHEN r.rolbypassrls THEN 'bypassrls' END], NULL),
  ARRAY(SELECT DISTINCT pg_get_userbyid(m.roleid)::text FROM pg_auth_members m WHERE m.member = r.oid ORDER BY 1),
  ARRAY(SELECT unnest(s.setconfig) FROM pg_db_role_setting s WHERE s.setrole = r.oid AND s.setdatabase IN (0, here.oid)),
  coalesce(shobj_description(r.oid, 'pg_authid'), ''),
  coalesce(owned.here, false), coalesce(owned.elsewhere, ARRAY[]::text[])
FROM here, pg_roles r LEFT JOIN owned ON owned.role = r.oid
WHERE r.rolname = ANY(%(names)s) OR r.oid = here.datdba OR owned.here
   OR shobj_description(r.oid, 'pg_authid') = %(retired)s
ORDER BY 1
"""

# Everything outside the system's schemas that the first role may do and the second may not. Objects that the first owns
# (or the second) are left out: ownership moves as a whole.
_LACKING: Final = """
WITH visible AS (SELECT oid, nspname, nspowner FROM pg_namespace WHERE nspname !~ '^pg_' AND nspname <> 'information_schema'),
may AS (
  SELECT format('%%s on %%I.%%I', p, n.nspname, c.relname) AS what, c.relowner AS owner,
         has_table_privilege(%(old)s, c.oid, p) AS old, has_table_privilege(%(new)s, c.oid, p) AS new
  FROM pg_class c JOIN visible n ON n.oid = c.relnamespace,
       unnest(ARRAY['SELECT', 'INSERT', 'UPDATE', 'DELETE', 'TRUNCATE', 'REFERENCES', 'TRIGGER']) p
  WHERE c.relkind IN ('r', 'p', 'v', 'm', 'f')
  UNION ALL
  SELECT format('%%s on sequence %%I.%%I', p, n.nspname, c.relname), c.relowner,
         has_sequence_privilege(%(old)s, c.oid, p), has_sequence_privilege(%(new)s, c.oid, p)
  FROM pg_class c JOIN visible n ON n.oid = c.relnamespace, unnest(ARRAY['USAGE', 'SELECT', 'UPDATE']) p
  WHERE c.relkind = 'S'
  UNION ALL
  SELECT format('EXECUTE on %%s', f.oid::regprocedure), f.proowner,
         has_function_privilege(%(old)s, f.oid, 'EXECUTE'), has_function_privilege(%(new)s, f.oid, 'EXECUTE')
  FROM pg_proc f JOIN visible n ON n.oid = f.pronamespace
  UNION ALL
  SELECT format('%%s on schema %%I', p, n.nspname), n.nspowner,
         has_schema_privilege(%(old)s, n.oid, p), has_schema_privilege(%(new)s, n.oid, p)
  FROM visible n, unnest(ARRAY['USAGE', 'CREATE']) p
  UNION ALL
  SELECT format('%%s on database %%I', p, d.datname), d.datdba,
         has_database_privilege(%(old)s, d.oid, p), has_database_privilege(%(new)s, d.oid, p)
  FROM pg_database d, unnest(ARRAY['CONNECT', 'CREATE', 'TEMPORARY']) p WHERE d.datname = current_database()
)
SELECT what FROM may
WHERE old AND NOT new AND owner NOT IN (SELECT oid FROM pg_roles WHERE rolname IN (%(old)s, %(new)s))
  AND NOT (owner = 'pg_database_owner'::regrole
           AND (SELECT datdba FROM pg_database WHERE datname = current_database())
               IN (SELECT oid FROM pg_roles WHERE rolname IN (%(old)s, %(new)s)))
ORDER BY 1
"""

_USERS: Final = """
SELECT coalesce(nullif(application_name, ''), 'an application without a name'),
       coalesce(host(client_addr), 'this machine'), count(*)
FROM pg_stat_activity
WHERE usename = %s AND pid <> pg_backend_pid() AND application_name IS DISTINCT FROM %s
GROUP BY 1, 2 ORDER BY 1, 2
"""


def observe(connection: Any, names: Names, current: str) -> Server:
    """The server as far as this app is concerned. `current` is the login that the app uses, '' if it has none."""
    version, administrator, superuser, owner = connection.execute(_ME).fetchone()
    asked = [names.app, names.database, names.owner, *names.logins, RDS_IAM, current]
    rows = connection.execute(_ROLES, {"names": asked, "retired": names.comment("")}).fetchall()
    roles = tuple(_role(*row) for row in rows)
    present = {role.name for role in roles}
    lacking: tuple[str, ...] = ()
    if current in present and current not in names.logins:
        # Before the owner role exists, what everybody may do is all that is known to be its.
        rival = names.owner if names.owner in present else "public"
        lacking = tuple(row[0] for row in connection.execute(_LACKING, {"old": current, "new": rival}))
    return Server(version, administrator, superuser, owner, roles, lacking)


def _role(
    name: str,
    login: bool,
    elevated: list[str],
    member_of: list[str],
    settings: list[str],
    comment: str,
    owns: bool,
    elsewhere: list[str],
) -> Role:
    acts_as = next((text.partition("=")[2] for text in settings if text.startswith("role=")), "")
    kept = tuple(sorted(text for text in settings if not text.startswith("role=")))
    return Role(name, login, tuple(elevated), tuple(member_of), acts_as, kept, comment, owns, tuple(elsewhere))


def users(connection: Any, login: str, but: str) -> tuple[str, ...]:
    """Who is logged in as `login`, in words, without sessions of the application `but` (our own)."""
    rows = connection.execute(_USERS, (login, but)).fetchall()
    return tuple(
        f"{application} at {address} ({count} session{'s' if count > 1 else ''})" for application, address, count in rows
    )
