# Copyright (c) 2026 the goldenpath.microapps authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What a path says about a file before anybody reads it."""

from __future__ import annotations

import re
from typing import Final

_VENDORED: Final = re.compile(
    r"(^|/)(node_modules|bower_components|jspm_packages|vendor|vendors|third[_-]party|site-packages|dist-packages|\.venv|venv|"
    r"virtualenv|Pods|\.gradle|\.m2/repository|\.yarn|\.pnpm-store|__pycache__|\.tox|\.nox|elm-stuff|Carthage|\.terraform)/"
)
_BUILT: Final = re.compile(
    r"(^|/)(dist|build|out|\.next|\.nuxt|\.output|\.svelte-kit|\.vercel|public/build|wwwroot/lib|_site|docs/assets)/|"
    r"\.min\.(js|css)$|\.bundle\.js$|\.chunk\.js$|\.map$|(^|/)assets/index[-.][\w-]{6,12}\.js$"
)
# What nothing makes into such a folder: an installer's settings, scripts that build and sign.
_NEVER_BUILT: Final = re.compile(r"(^|/)build/[^/]+\.(plist|sh|bash|ps1|bat|cmd|nsh|iss|env|py)$")
_LOCK: Final = re.compile(
    r"(^|/)(package-lock\.json|npm-shrinkwrap\.json|yarn\.lock|pnpm-lock\.ya?ml|bun\.lockb?|poetry\.lock|pipfile\.lock|uv\.lock|"
    r"pdm\.lock|go\.sum|go\.work\.sum|composer\.lock|gemfile\.lock|cargo\.lock|packages\.lock\.json|mix\.lock|pubspec\.lock|"
    r"podfile\.lock|flake\.lock|deno\.lock|gradle\.lockfile|\.terraform\.lock\.hcl|project\.assets\.json)$",
    re.IGNORECASE,
)
_TEST: Final = re.compile(
    r"(^|/)(tests?|__tests__|testing|specs?|e2e|cypress|playwright|fixtures?|__fixtures__|mocks?|__mocks__|testdata|"
    r"test_?data|features|(integration|functional|acceptance|unit|system|smoke|load|api)[-_]?tests?)/|(^|/)src/(test|androidTest|integrationTest)/|"
    r"(^|/)(test_[^/]*|conftest|tests?|factories)\.py$|_test\.(py|go|rb|exs|dart)$|(^|[/_])tests?\.rs$|_spec\.rb$|"
    r"\.(test|spec|cy|e2e|stories)\.[jt]sx?$|(^|/)(phpunit[^/]*\.xml|karma\.conf\.\w+|\.env\.test[^/]*)$|Tests?\.(java|cs|kt|php)$|(^|/)[^/]*\.Tests?/",
)
_EXAMPLE: Final = re.compile(
    r"(^|/)[^/]*[.\-_](example|sample|template|dist|tmpl|tpl|default|defaults|schema|skeleton|fake|dummy)(\.[\w]+)?$|"
    r"(^|/)(examples?|samples?|template)[.\-_][^/]*$|\.(example|sample|template|dist)\.",
    re.IGNORECASE,
)
# com/example/ is the package that a generator of Java apps proposes, no folder of examples.
_EXAMPLE_FOLDER: Final = re.compile(r"(^|/)(examples?|samples?|demos?|templates?/env)/", re.IGNORECASE)
_JAVA_PACKAGE: Final = re.compile(r"(^|/)src/(main|test)/(java|kotlin|scala|groovy)/")
_DOCUMENT: Final = re.compile(
    r"\.(md|mdx|rst|adoc|markdown|textile)$|(^|/)(readme|changelog|contributing|license|notice|authors|"
    r"install(?!\.(?:sh|bash|py|ps1|bat|cmd|php|sql|js)$))[^/]*$|(^|"
    r"/)docs?/",
    re.IGNORECASE,
)
_COMPOSE: Final = re.compile(r"(^|/)((docker-)?compose[^/]*\.ya?ml|\.devcontainer/.*|devcontainer\.json)$", re.IGNORECASE)
# What a package manager reads: names of packages and their versions.
_MANIFEST: Final = re.compile(
    r"(^|/)(package\.json|composer\.json|bower\.json|Cargo\.toml|pyproject\.toml|Pipfile|pubspec\.yaml|deno\.jsonc?)$"
)
_PRODUCTION: Final = re.compile(r"(^|[/.\-_])(prod|production|live|staging|deploy)([/.\-_]|$)", re.IGNORECASE)
_DEVELOPMENT: Final = re.compile(
    r"(^|/)(?!\.docker/)([^/]*[.\-_])?(dev|develop|development|local|localhost|test|testing|(?<!\.gitlab-)ci|sandbox|docker(?!-compose[^/]*$))"
    r"([/.\-_]|$)",
    re.IGNORECASE,
)
# Maven's settings hold logins to registries of others, also where a pipeline reads them.
_MAVEN_LOGINS: Final = re.compile(r"(^|/)settings\.xml$")
# What an app reads beside its settings and nobody was to commit: the real ones, as often as not.
_OWN_SECRETS: Final = re.compile(r"(^|/)secrets?[_.-]local\.\w+$|(^|/)local[_.-]secrets?\.\w+$")
_CI: Final = re.compile(
    r"(^|/)(\.github/(workflows|actions)/[^/]+(/[^/]+)*\.ya?ml|\.gitea/workflows/[^/]+\.ya?ml|\.forgejo/workflows/[^/]+\.ya?ml|"
    r"\.gitlab-ci\.ya?ml|\.circleci/config\.ya?ml|azure-pipelines[^/]*\.ya?ml|bitbucket-pipelines\.ya?ml|Jenkinsfile|"
    r"\.travis\.ya?ml|"
    r"\.drone\.ya?ml|\.woodpecker(/[^/]+)?\.ya?ml|appveyor\.ya?ml|\.buildkite/[^/]+\.ya?ml|cloudbuild\.ya?ml|buildspec\.ya?ml|"
    r"codemagic\.ya?ml|\.cirrus\.ya?ml|\.semaphore/[^/]+\.ya?ml)$",
    re.IGNORECASE,
)
_TRANSLATION: Final = re.compile(
    r"(^|/)(locales?|i18n|lang|langs|languages?|translations?|l10n|intl|messages)(/|\.\w+$)|\.(po|pot|xliff|xlf|resx|"
    r"strings|arb)$",
    re.IGNORECASE,
)
_TRANSLATED: Final = re.compile(
    r"(^|/)(messages|strings|labels|texts|translations?|locale|i18n|language|resources?)[_.-][a-z]{2}([_-][a-z]{2})?\.\w+$",
    re.IGNORECASE,
)
_CONFIGURATION: Final = re.compile(
    r"\.(env|ini|cfg|conf|properties|toml|tfvars|sh|cnf|bat|ps1|service|ya?ml|xml|config|plist)$|(^|/)\.env[^/]*$|"
    r"(^|/)(\.[\w-]+|\w+rc|credentials|config|hosts|inventory)$",
    re.IGNORECASE,
)
_BROWSER_SUFFIXES: Final = (".html", ".htm", ".jsx", ".tsx", ".vue", ".svelte", ".astro")


def is_near_root(path: str) -> bool:
    """In the root or one folder below: what lies deeper may have come with somebody else's part."""
    return path.count("/") <= 1


def is_vendored(path: str) -> bool:
    """Somebody else's code, copied in."""
    return bool(_VENDORED.search(path))


def is_built(path: str) -> bool:
    """Made by a bundler or minifier: shipped to people, written by nobody."""
    return bool(_BUILT.search(path)) and not _NEVER_BUILT.search(path)


def is_lock(path: str) -> bool:
    """A package manager's lock file: full of hashes that are no secrets."""
    return bool(_LOCK.search(path))


def is_manifest(path: str) -> bool:
    """A package manager's list of what the app needs."""
    return bool(_MANIFEST.search(path))


def is_test(path: str) -> bool:
    """A test, or what only tests read."""
    return bool(_TEST.search(path))


def is_example(path: str) -> bool:
    """A file people copy and fill in (`.env.example`), or one in an examples folder."""
    return bool(_EXAMPLE.search(path) or _EXAMPLE_FOLDER.search(_JAVA_PACKAGE.split(path)[0]))


def is_document(path: str) -> bool:
    """Prose: what stands there is told, not run."""
    return bool(_DOCUMENT.search(path))


def is_compose(path: str) -> bool:
    """A compose file or a dev container."""
    return bool(_COMPOSE.search(path))


def is_ci(path: str) -> bool:
    """A pipeline's definition."""
    return bool(_CI.search(path))


def is_production(path: str) -> bool:
    """The path itself says that this is for production (or staging)."""
    return bool(_PRODUCTION.search(path))


def is_development(path: str) -> bool:
    """The path itself says that this is for somebody's own machine, a test or a pipeline."""
    return bool(_DEVELOPMENT.search(path)) and not (
        is_production(path) or _MAVEN_LOGINS.search(path) or _OWN_SECRETS.search(path)
    )


def is_translation(path: str) -> bool:
    """Words for people in their language: `password: "Passwort"` is no password."""
    return bool(_TRANSLATION.search(path) or _TRANSLATED.search(path))


def is_configuration(path: str) -> bool:
    """A file of names and values that no program's logic is in."""
    return bool(_CONFIGURATION.search(path)) and not is_translation(path)


def is_in_phones(path: str) -> bool:
    """Packed into an app for phones as it is."""
    return bool(re.search(r"(^|/)res/values[\w-]*/\w+\.xml$|(^|/)(AndroidManifest\.xml|Info\.plist|AppDelegate\.\w+)$", path))


def is_browser_code(path: str) -> bool:
    """Code that runs in a visitor's browser, as far as the path tells."""
    lower = path.lower()
    if lower.endswith(_BROWSER_SUFFIXES):
        return not re.search(r"(^|/)(api|server|functions|backend)/", lower)
    if lower.endswith((".js", ".mjs", ".ts")):
        return bool(
            re.search(r"(^|/)(public|static|assets|www|wwwroot|client|frontend|web|js|scripts|docs|dist|build|out|_next)/", lower)
            and not re.search(r"(^|/)(api|server|functions|backend|node|supabase)/", lower)
        )
    return False
