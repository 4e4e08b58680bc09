# Copyright (c) 2026 the goldenpath.microapps authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Where the app keeps its data: drivers, connection URLs, services beside it, mappers' configuration."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from .. import paths
from ..model import Evidence, Snapshot, SourceFile
from ..required import may_match, search

_CODE: Final = (
    ".py",
    ".js",
    ".ts",
    ".mjs",
    ".cjs",
    ".jsx",
    ".tsx",
    ".go",
    ".java",
    ".kt",
    ".cs",
    ".php",
    ".rb",
    ".ipynb",
    ".vue",
    ".svelte",
    ".html",
    ".gs",
    ".rs",
    ".ex",
    ".exs",
    ".dart",
    ".r",
    ".rmd",
    ".pl",
    ".pm",
    ".cgi",
)
# engine, weight, form; looked for in code
_IMPORTS: Final = tuple(
    (engine, weight, re.compile(form))
    for engine, weight, form in (
        (
            "postgresql",
            8,
            r"(?:import|from)\s+(?:psycopg2?|asyncpg|pg8000|aiopg|psycopg_pool)\b|require\(['\"](?:pg|postgres|"
            r"pg-promise)['\"]\)|from ['\"](?:pg|postgres|pg-promise|@neondatabase/serverless|@vercel/postgres)['\"]|"
            r"github\.com/(?:lib/pq|jackc/pgx)|(?:gorm/dialects|gorm\.io/driver)/postgres|"
            r"\bsql\.Open\(\"(?:postgres|pgx)\"|org\.postgresql|using Npgsql|UseNpgsql\(|\bpg_connect\(|"
            r"new\s+\\?PDO\(\s*[\"']pgsql:|PG\.connect\(|\bRPostgres(?:QL)?\b|\bPgPool(?:Options)?\b|"
            r"\btokio_postgres\b|diesel::pg|"
            r"Ecto\.Adapters\.Postgres|(?i:DBI:Pg:)",
        ),
        (
            "mysql",
            8,
            r"(?:import|from)\s+(?:pymysql|MySQLdb|mysql\.connector|aiomysql|asyncmy|flask_mysqldb)\b|"
            r"require\(['\"]mysql2?(?:/promise)?['\"]\)|from ['\"]mysql2?(?:/promise)?['\"]|"
            r"github\.com/go-sql-driver/mysql|(?:gorm/dialects|gorm\.io/driver)/mysql|\bsql\.Open\(\"mysql\"|"
            r"com\.mysql\.|new\s+mysqli\(|mysqli_connect\(|mysql_connect\(|dbtype[\"']?\s*(?:=>|=)\s*[\"']mysqli?[\"']|"
            r"new\s+\\?PDO\(\s*[\"']mysql:|UseMySql\(|MySqlConnection\(|\bMySqlPool|\bR(?:MySQL|MariaDB)\b|"
            r"Ecto\.Adapters\.MyXQL|"
            r"@planetscale/database|define\(\s*['\"]DB_NAME['\"][^\n]*\)[\s\S]{0,3000}?(?:AUTH_KEY|table_prefix)|"
            r"new\s+wpdb\b|\$wpdb->|"
            r"wp_enqueue_(?:style|script)\(|\badd_theme_support\(|(?i:DBI:mysql:)",
        ),
        (
            "sqlite",
            6,
            r"(?:import|from)\s+(?:sqlite3|aiosqlite|sqlite_utils)\b|require\(['\"](?:better-sqlite3|sqlite3|node:sqlite|"
            r"sql\.js)['\"]\)|from ['\"](?:better-sqlite3|sqlite3|sqlite|node:sqlite|bun:sqlite)['\"]|"
            r"github\.com/mattn/go-sqlite3|(?:gorm/dialects|gorm\.io/driver)/sqlite|modernc\.org/sqlite|"
            r"UseSqlite\(|new\s+SQLite3\(|new\s+\\?PDO\(\s*[\"']sqlite:|"
            r"using (?:Microsoft\.Data\.Sqlite|System\.Data\.SQLite)\b|\bSqliteConnection\(|androidx\.room\b|"
            r"android\.database\.sqlite|SQLiteOpenHelper|expo-sqlite|react-native-sqlite|import (?:SQLite3?|GRDB)\b|"
            r"\bSqlite(?:Ext)?Database\(|Sequel\.sqlite\b|jdbc:sqlite|\brusqlite\b|\bSqlitePool|\bRSQLite\b|"
            r"(?i:DBI:SQLite:)|Ecto\.Adapters\.SQLite3|package:sqflite",
        ),
        (
            "mongodb",
            8,
            r"(?:import|from)\s+(?:pymongo|motor|mongoengine|beanie|flask_pymongo)\b|require\(['\"](?:mongoose|"
            r"mongodb)['\"]\)|from ['\"](?:mongoose|mongodb)['\"]|go\.mongodb\.org|com\.mongodb|using MongoDB|\bmongolite\b|"
            r"mongoose\.connect\(",
        ),
        (
            "sqlserver",
            8,
            r"UseSqlServer\(|SqlConnection\(|(?:import|from)\s+(?:pymssql)\b|require\(['\"](?:mssql|tedious)['\"]\)|"
            r"jdbc:sqlserver|denisenkom/go-mssqldb|(?:gorm/dialects/mssql|gorm\.io/driver/sqlserver)|"
            r"mssql\+pyodbc|(?i:driver=\{(?:sql server|odbc driver \d+ for sql server))",
        ),
        ("oracle", 7, r"(?:import|from)\s+(?:cx_Oracle|oracledb)\b|jdbc:oracle|require\(['\"]oracledb['\"]\)"),
        ("supabase", 7, r"@supabase/(?:supabase-js|ssr|auth-helpers)|(?:from|import)\s+supabase\b|supabase\.createClient\("),
        (
            "firebase",
            7,
            r"firebase/(?:firestore|database|compat/firestore|compat/database)|getFirestore\(|firebase\.firestore\(|"
            r"getDatabase\(|initializeFirestore\(|admin\.database\(|firebase-(?:firestore|database)(?:-compat)?\.js|"
            r"functions\.firestore\b|\bonDocument(?:Created|Written|Updated)\(|firebase_admin\s+import\s[^\n]*\b(?:db|"
            r"firestore)\b|"
            r"firebase\.database\(|firestore\.client\(|google\.cloud import firestore|firebase-admin/firestore|"
            r"admin\.firestore\(|package:(?:cloud_firestore|firebase_database)/",
        ),
        (
            "dynamodb",
            7,
            r"client-dynamodb|lib-dynamodb|DynamoDB\.DocumentClient|resource\(\s*['\"]dynamodb['\"]|"
            r"client\(\s*['\"]dynamodb['\"]|"
            r"aws-sdk-go(?:-v2)?/service/dynamodb\b|software\.amazon\.awssdk\.services\.dynamodb",
        ),
        (
            "redis",
            3,
            r"(?:import|from)\s+(?:redis|aioredis)\b|require\(['\"](?:redis|ioredis)['\"]\)|from ['\"](?:redis|ioredis|"
            r"@upstash/redis)['\"]|go-redis/|redis\.createClient\(",
        ),
        ("influxdb", 4, r"(?:import|from)\s+influxdb(?:_client)?\b|@influxdata/influxdb|github\.com/influxdata/influxdb"),
        ("deno-kv", 4, r"Deno\.openKv\("),
        ("duckdb", 4, r"(?:import|from)\s+duckdb\b|duckdb\.connect\("),
        ("airtable", 4, r"api\.airtable\.com|from\s+pyairtable|require\(['\"]airtable['\"]\)|from ['\"]airtable['\"]"),
        (
            "google-sheets",
            4,
            r"(?:import|from)\s+gspread\b|GSheetsConnection|SpreadsheetApp\.|google-spreadsheet|sheets\.googleapis\.com|"
            r"google\.sheets\(|\bgooglesheets4\b|google\.golang\.org/api/sheets",
        ),
        ("tinydb", 4, r"(?:import|from)\s+tinydb\b"),
        ("lowdb", 4, r"from ['\"]lowdb|require\(['\"]lowdb"),
        ("elasticsearch", 3, r"(?:import|from)\s+elasticsearch\b|@elastic/elasticsearch"),
        ("neo4j", 6, r"(?:import|from)\s+neo4j\b|require\(['\"]neo4j-driver"),
        ("cassandra", 6, r"from\s+cassandra\.cluster|cassandra-driver"),
        (
            "snowflake",
            6,
            r"(?:import|from)\s+snowflake\.(?:connector|snowpark|sqlalchemy)\b|require\(['\"]snowflake-sdk['\"]\)|"
            r"snowflake://",
        ),
        ("bigquery", 5, r"google\.cloud\s+import\s+bigquery|@google-cloud/bigquery|\bbigrquery\b"),
        ("h2", 3, r"jdbc:h2:"),
        ("pinecone", 2, r"(?:import|from)\s+pinecone\b|@pinecone-database"),
    )
)
_URLS: Final = re.compile(
    r"(?<![\w-])(?P<scheme>postgres(?:ql)?(?:\+\w+)?|mysql(?:\+\w+)?|mariadb(?:\+\w+)?|mongodb(?:\+srv)?|sqlite(?:\+\w+)?|"
    r"rediss?|mssql(?:\+\w+)?|sqlserver|oracle(?:\+\w+)?|"
    r"cockroachdb|libsql|jdbc:\w+)(?=:(?://|thin|h2|mem))|(?P<ef>Data Source=[\w./\\-]+\.(?:db|sqlite3?))"
)
_SQL_SERVER: Final = re.compile(
    r"(?i)\b(?:Server|Data Source)\s*=[^\"'\n]{1,200};[^\"'\n]*\b(?:Trusted_Connection|Integrated Security|Initial Catalog|"
    r"TrustServerCertificate|MultipleActiveResultSets)\s*="
)
_SCHEMES: Final = (
    ("postgres", "postgresql"),
    ("cockroach", "postgresql"),
    ("jdbc:postgres", "postgresql"),
    ("mysql", "mysql"),
    ("mariadb", "mysql"),
    ("jdbc:mysql", "mysql"),
    ("jdbc:mariadb", "mysql"),
    ("mongodb", "mongodb"),
    ("sqlite", "sqlite"),
    ("jdbc:sqlite", "sqlite"),
    ("libsql", "sqlite"),
    ("redis", "redis"),
    ("mssql", "sqlserver"),
    ("sqlserver", "sqlserver"),
    ("jdbc:sqlserver", "sqlserver"),
    ("oracle", "oracle"),
    ("jdbc:oracle", "oracle"),
    ("jdbc:h2", "h2"),
)
_IMAGES: Final = (
    ("postgis", "postgresql"),
    ("postgres", "postgresql"),
    ("timescale", "postgresql"),
    ("pgvector", "postgresql"),
    ("mysql", "mysql"),
    ("mariadb", "mysql"),
    ("mongo", "mongodb"),
    ("redis", "redis"),
    ("valkey", "redis"),
    ("mssql", "sqlserver"),
    ("dynamodb", "dynamodb"),
    ("neo4j", "neo4j"),
    ("elasticsearch", "elasticsearch"),
    ("supabase", "supabase"),
)
# dependency in a manifest
_PACKAGES: Final = tuple(
    (engine, weight, re.compile(form, re.MULTILINE | re.IGNORECASE))
    for engine, weight, form in (
        (
            "postgresql",
            6,
            r"^[\s\"'\-]*(?:psycopg2?(?:-binary)?|asyncpg|pg8000|psycopg\[)\b|\"(?:pg|postgres|pg-promise|"
            r"@vercel/postgres|@neondatabase/serverless)\"\s*:|gem ['\"]pg['\"]|npgsql|<artifactId>postgresql<|"
            r"['\"]org\.postgresql:|lib/pq |jackc/pgx|gorm\.io/driver/postgres|\{:postgrex|sqlx\b[^\n]*postgres|"
            r"tokio-postgres",
        ),
        (
            "mysql",
            6,
            r"^[\s\"'\-]*(?:pymysql|mysqlclient|mysql-connector-python|aiomysql|flask-mysqldb)\b|\"mysql2?\"\s*:|gem "
            r"['\"]mysql2['\"]|pomelo\.entityframeworkcore\.mysql|mysql-connector-j|go-sql-driver/mysql|"
            r"gorm\.io/driver/mysql|\{:myxql|sqlx\b[^\n]*mysql",
        ),
        (
            "sqlite",
            4,
            r"^[\s\"'\-]*aiosqlite\b|\"(?:better-sqlite3|sqlite3|@libsql/client)\"\s*:|gem ['\"]sqlite3['\"]|"
            r"entityframeworkcore\.sqlite|microsoft\.data\.sqlite|system\.data\.sqlite|sqlite-net-pcl|androidx\.room|"
            r"\"(?:expo-sqlite|react-native-sqlite-storage)\"\s*:|mattn/go-sqlite3|modernc\.org/sqlite|sqlite-jdbc|"
            r"gorm\.io/driver/sqlite|\{:ecto_sqlite3|"
            r"rusqlite|sqlx\b[^\n]*sqlite|^\s*sqflite\s*:",
        ),
        (
            "mongodb",
            6,
            r"^[\s\"'\-]*(?:pymongo|motor|mongoengine|beanie|flask-pymongo)\b|\"(?:mongoose|mongodb)\"\s*:|gem "
            r"['\"]mongoid['\"]|mongodb\.driver|mongodb-driver|go\.mongodb\.org|data-mongodb",
        ),
        (
            "sqlserver",
            6,
            r"entityframeworkcore\.sqlserver|microsoft\.data\.sqlclient|^[\s\"'\-]*(?:pymssql)\b|\"(?:mssql|"
            r"tedious)\"\s*:|mssql-jdbc",
        ),
        ("supabase", 6, r"\"@supabase/supabase-js\"\s*:|^[\s\"'\-]*supabase\b"),
        (
            "firebase",
            2,  # its packages also send mail and log people in: the code tells whether it keeps data there
            r"\"firebase(?:-admin)?\"\s*:|^[\s\"'\-]*firebase-admin\b|"
            r"^[\s\"'\-]*google-cloud-firestore\b|^\s*(?:cloud_firestore|firebase_database)\s*:",
        ),
        ("redis", 3, r"^[\s\"'\-]*redis\b|\"(?:redis|ioredis)\"\s*:|gem ['\"]redis['\"]"),
        ("h2", 2, r"<artifactId>h2<|com\.h2database"),
    )
)
_PRISMA: Final = re.compile(r"datasource\s+\w+\s*\{[^}]*?provider\s*=\s*[\"'](\w+)[\"']", re.DOTALL)
_DJANGO: Final = re.compile(
    r"django\.db\.backends\.(\w+)|django\.contrib\.gis\.db\.backends\.(\w+)|['\"]ENGINE['\"]\s*:\s*['\"](?:django_)?(mssql|"
    r"djongo|mysql)"
)
_DIALECT: Final = re.compile(
    r"\b(?:dialect|DB_CONNECTION|adapter|client|type|DB_TYPE|DB_DIALECT|"
    r"spring\.jpa\.database)\b[\"']?\s*[:=]\s*[\"']?(postgres(?:ql)?|pgsql|pg|mysql2?|mariadb|sqlite3?|better-sqlite3|"
    r"mssql|mongodb|turso)\b"
)
_TERRAFORM: Final = re.compile(r"^\s*engine\s*=\s*\"(?:aurora-)?(postgres(?:ql)?|mysql|mariadb|sqlserver|oracle)\b")
# A script that copies or fills a database; a pod that is told where its database is.
_COMMAND: Final = re.compile(
    r"(?:^|[\s;&|(])(?:(?P<mysql>mysql|mysqldump|mariadb-dump)|(?P<postgresql>psql|pg_dump|pg_restore)|"
    r"(?P<mongodb>mongodump|mongosh))\s+-"
)
_TOLD: Final = re.compile(
    r"\b(?:(?P<mysql>MYSQL|MARIADB)|(?P<postgresql>POSTGRES)|(?P<mongodb>MONGO(?:DB)?))_(?:PASSWORD|HOST|DATABASE|DB|"
    r"USER|UR[IL])\b"
)
_POD: Final = re.compile(r"^kind:\s*(?:Deployment|StatefulSet|CronJob|Job|Pod|DaemonSet)\s*$", re.MULTILINE)
_NAMES: Final = {
    "postgres": "postgresql",
    "postgresql": "postgresql",
    "psycopg2": "postgresql",
    "postgresql_psycopg2": "postgresql",
    "postgis": "postgresql",
    "pgsql": "postgresql",
    "pg": "postgresql",
    "cockroachdb": "postgresql",
    "mysql": "mysql",
    "mysql2": "mysql",
    "mariadb": "mysql",
    "sqlite": "sqlite",
    "sqlite3": "sqlite",
    "better-sqlite3": "sqlite",
    "turso": "sqlite",
    "spatialite": "sqlite",
    "mongodb": "mongodb",
    "djongo": "mongodb",
    "mssql": "sqlserver",
    "sqlserver": "sqlserver",
    "oracle": "oracle",
}


def detect(snapshot: Snapshot) -> Iterator[Evidence]:
    """Evidence for `database`."""
    for file in snapshot.files:
        if paths.is_lock(file.path) or paths.is_built(file.path) or (paths.is_document(file.path) and file.suffix != ".ipynb"):
            continue
        less = 5 if paths.is_test(file.path) or paths.is_ci(file.path) else 2 if paths.is_example(file.path) else 0
        for evidence in _of_file(file):
            if evidence.weight > less:
                yield Evidence("database", evidence.value, evidence.weight - less, evidence.file, evidence.line, evidence.why)
    for path in snapshot.paths:
        if (
            re.search(r"\.(sqlite3?|db3?|s3db)$", path)
            and not paths.is_test(path)
            and not paths.is_vendored(path)
            and not re.search(r"Thumbs\.db$|\.(h2|mv|trace|lock)\.db$", path)
        ):
            yield Evidence("database", "sqlite", 5, path, 0, "a database file lies in the repository, with whatever is in it")
        if re.search(r"(^|/)supabase/migrations/", path):
            yield Evidence("database", "supabase", 4, path, 0, "a migration of Supabase")
        if re.search(r"(^|/)(firestore|database)\.rules(\.json)?$", path):
            yield Evidence("database", "firebase", 5, path, 0, "rules of a Firebase database")


def _of_file(file: SourceFile) -> Iterator[Evidence]:
    name = file.name.lower()
    if file.suffix in _CODE:
        for engine, weight, form in _IMPORTS:
            if match := search(form, file.text):
                yield Evidence("database", engine, weight, file.path, file.line_at(match.start()), f"the code uses {engine}")
    if re.fullmatch(
        r"requirements[\w.\-]*\.(txt|in)|pyproject\.toml|pipfile|setup\.(py|cfg)|package\.json|gemfile|go\.mod|pom\.xml|"
        r"build\.gradle(\.kts)?|.*\.csproj|composer\.json|environment\.ya?ml|"
        r"cargo\.toml|mix\.exs|pubspec\.yaml",
        name,
    ):
        for engine, weight, form in _PACKAGES:
            if match := search(form, file.text):
                yield Evidence(
                    "database",
                    engine,
                    weight,
                    file.path,
                    file.line_at(match.end()),
                    f"{file.name} depends on a driver of {engine}",
                )
    if name.endswith(".prisma") and (match := _PRISMA.search(file.text)):
        yield Evidence(
            "database",
            _NAMES.get(match.group(1), match.group(1)),
            10,
            file.path,
            file.line_at(match.start(1)),
            "the provider of the Prisma schema",
        )
    named = any(may_match(form, file.text) for form in (_URLS, _SQL_SERVER, _DJANGO)) or bool(_DIALECT.search(file.text))
    yield from _around(file)
    for number, line in file.numbered() if named or paths.is_compose(file.path) else ():
        if len(line) < 2000:
            yield from _of_line(file, number, line)


def _around(file: SourceFile) -> Iterator[Evidence]:
    """What the scripts and manifests around the app say of its database."""
    if file.suffix == ".tf":
        for number, line in file.numbered():
            if match := _TERRAFORM.match(line):
                yield Evidence("database", _NAMES[match[1]], 7, file.path, number, "the engine of a managed database")
        return
    script = file.suffix in ("", ".sh", ".bash", ".cron", ".bat", ".ps1")
    form = _COMMAND if script else _TOLD if file.suffix in (".yml", ".yaml") and _POD.search(file.text) else None
    if form and (match := form.search(file.text)):
        engine, why = match.lastgroup or "", "a script runs the database's tool" if script else "a pod is told its database"
        yield Evidence("database", engine, 4, file.path, file.line_at(match.start()), why)


def _of_line(file: SourceFile, number: int, line: str) -> Iterator[Evidence]:
    if ":" in line and (match := _URLS.search(line)):
        engine = (
            "sqlite" if match["ef"] else next((engine for prefix, engine in _SCHEMES if match["scheme"].startswith(prefix)), "")
        )
        if engine:
            yield Evidence("database", engine, 3 if engine == "redis" else 7, file.path, number, "a connection URL")
    if "=" in line and _SQL_SERVER.search(line):
        yield Evidence("database", "sqlserver", 7, file.path, number, "a connection string of SQL Server")
    if "backends." in line and (match := _DJANGO.search(line)):
        engine = _NAMES.get(next(filter(None, match.groups()), ""), "")
        if engine:
            yield Evidence("database", engine, 9, file.path, number, "Django's database setting")
    if match := _DIALECT.search(line):
        yield Evidence("database", _NAMES[match.group(1)], 6, file.path, number, "the dialect of the database layer")
    if paths.is_compose(file.path) and (match := re.match(r"\s*image\s*:\s*[\"']?([\w./\-]+)", line)):
        image = match.group(1).rsplit("/", 1)[-1]
        engine = next((engine for prefix, engine in _IMAGES if image.startswith(prefix)), "")
        if engine:
            yield Evidence(
                "database", engine, 3 if engine == "redis" else 8, file.path, number, f"a service {image} beside the app"
            )
