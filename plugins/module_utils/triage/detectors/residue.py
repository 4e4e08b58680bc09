# Copyright (c) 2026 the goldenpath.microapps authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What app builders leave behind: secrets meant for browsers, shipped source maps, open doors that were for debugging."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from .. import paths
from ..model import Evidence, Snapshot, SourceFile
from ..names import is_public_name, secret_kind
from ..required import may_match, search

BROWSER_VARIABLE: Final = re.compile(
    r"\b((?:NEXT_PUBLIC|VITE|REACT_APP|NUXT_PUBLIC|EXPO_PUBLIC|GATSBY|PUBLIC|VUE_APP|NG_APP|PLASMO_PUBLIC|SNOWPACK_PUBLIC|"
    r"STORYBOOK)_[A-Z0-9_]+)\b"
)
_PUBLIC_ANYWAY: Final = re.compile(
    r"PUBLISHABLE|ANON|SITE_?KEY|CLIENT_ID|MAPS?_|FIREBASE|SENTRY|ANALYTICS|POSTHOG|MEASUREMENT|PUSHER_KEY|ALGOLIA_SEARCH|"
    r"MAPBOX|VAPID|_URL$|_DOMAIN$|_ID$|CLERK|STRIPE_P|RECAPTCHA_SITE|RAZORPAY_KEY"
)
_OPEN_DOORS: Final = tuple(
    (value, weight, re.compile(form, re.MULTILINE), why)
    for value, weight, form, why in (
        (
            "debug",
            4,
            r"\bapp\.run\(.*\bdebug\s*=\s*True|^\s*DEBUG\s*=\s*True\b|FLASK_DEBUG\s*=\s*1|APP_DEBUG\s*=\s*true|"
            r"display_errors['\"]?\s*[,=]\s*['\"]?(?:1|On)|UseDeveloperExceptionPage\(\);\s*$",
            "debugging is on: errors show code and settings",
        ),
        (
            "cors",
            4,
            r"allow_origins\s*=\s*\[\s*['\"]\*['\"]|Access-Control-Allow-Origin['\"]?\s*[,:]\s*['\"]\*|"
            r"CORS_ALLOW_ALL_ORIGINS\s*=\s*True|AllowAnyOrigin\(\)|origin\s*:\s*['\"]\*['\"]|^\s*CORS\(app\)\s*$|"
            r"app\.use\(cors\(\)\)",
            "any web page may call it with a visitor's browser",
        ),
        (
            "row_level_security",
            6,
            r"(?i)disable\s+row\s+level\s+security|using\s*\(\s*true\s*\)|allow\s+read\s*,\s*write\s*:\s*if\s+true|"
            r"\"\.(?:read|write)\"\s*:\s*(?:true|\"true\")|create\s+policy[^;]*\bto\s+(?:anon|public)\b",
            "the database's own rules let anybody in",
        ),
        (
            "tls",
            4,
            r"verify\s*=\s*False|rejectUnauthorized\s*:\s*false|NODE_TLS_REJECT_UNAUTHORIZED\s*=\s*['\"]?0|"
            r"InsecureSkipVerify\s*:\s*true|CURLOPT_SSL_VERIFYPEER\s*,\s*(?:false|0)",
            "certificates are not checked",
        ),
        (
            "sql",
            5,
            r"execute\(\s*f[\"'](?i:\s*(?:select|insert|update|delete))|execute\(\s*[\"'](?i:\s*(?:select|insert|update|"
            r"delete))[^\"']*[\"']\s*(?:%|\+|\.format)|query\(\s*`(?i:\s*(?:select|insert|update|delete))[^`]*\$\{|"
            r"mysqli?_query\([^;]*\$_(?:GET|POST|REQUEST)",
            "SQL is put together from what people type",
        ),
        (
            "client_login",
            5,
            r"if\s*\(\s*\w*(?:password|pin|passcode)\w*\s*===?\s*[\"'][^\"']+[\"']",
            "the login is checked in the visitor's browser",
        ),
    )
)
_HEALTH_ROUTE: Final = re.compile(
    r"[\"'/`](?:healthz?|health-?check|livez|readyz|liveness|readiness|_health|actuator/health|api/health|status/health|"
    r"up)/?[\"'`?]|MapHealthChecks|spring-boot-starter-actuator|terminus|health_check|livenessProbe|HealthCheck"
)
_METRICS: Final = re.compile(
    r"prometheus_client|prom-client|prometheus_fastapi|promhttp|[\"'`]/metrics[\"'`]|opentelemetry|micrometer|OpenTelemetry"
)


def detect(snapshot: Snapshot) -> Iterator[Evidence]:
    """Evidence for `browser_key`, `open_door`, `health` and `metrics`."""
    for path in snapshot.paths:
        if path.endswith((".js.map", ".css.map")) and not paths.is_vendored(path):
            yield Evidence("open_door", "source_map", 2, path, 0, "the source is shipped beside the bundle")
        if re.search(r"(^|/)(public|static|www|htdocs|public_html|dist|build)/(.*/)?\.env", path) or re.search(
            r"(^|/)(public|static|www|htdocs|public_html)/(.*/)?\.git/", path
        ):
            yield Evidence("open_door", "served_secret", 8, path, 0, "the web server hands it out to anybody")
    for file in snapshot.files:
        if paths.is_test(file.path) or paths.is_document(file.path) or paths.is_lock(file.path):
            continue
        yield from _browser_variables(file)
        yield from _doors(file)
        for topic, form, why in (
            ("health", _HEALTH_ROUTE, "it can be asked whether it is well"),
            ("metrics", _METRICS, "it tells its metrics"),
        ):
            if not paths.is_compose(file.path) and (match := search(form, file.text)):
                yield Evidence(topic, "yes", 3, file.path, file.line_at(match.start()), why)


def _browser_variables(file: SourceFile) -> Iterator[Evidence]:
    seen: set[str] = set()
    for number, line in file.numbered() if may_match(BROWSER_VARIABLE, file.text) else ():
        if len(line) > 4000:
            continue
        for match in BROWSER_VARIABLE.finditer(line):
            name = match.group(1)
            if name not in seen and secret_kind(name) and not is_public_name(name) and not _PUBLIC_ANYWAY.search(name):
                seen.add(name)
                yield Evidence("browser_key", name, 6, file.path, number, f"{name} is written into what browsers download")


def _doors(file: SourceFile) -> Iterator[Evidence]:
    if paths.is_example(file.path) or paths.is_built(file.path):
        return
    browser = paths.is_browser_code(file.path)
    for value, weight, form, why in _OPEN_DOORS:
        if value == "client_login" and not browser:
            continue
        if value == "debug" and paths.is_development(file.path):
            continue
        if match := search(form, file.text):
            yield Evidence("open_door", value, weight, file.path, file.line_at(match.start()), why)
