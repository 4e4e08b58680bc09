# Copyright (c) 2026 the goldenpath.microapps authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Whom the app calls: hosts in the code's URLs, and SDKs whose hosts are known."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from .. import paths
from ..hints import lines_with
from ..model import Evidence, Snapshot, SourceFile
from ..required import search
from ..vocabulary import vocabulary

_HOST: Final = re.compile(r"(?:https?|wss?)://(?:[^\s/@\"'`]*@)?([A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)+)(?::\d+)?(/[^\s\"'`<>)]*)?")
# Names of things, documents, styles, badges, shops of code: not called when the app works.
_NOISE: Final = re.compile(
    r"(^|\.)(w3\.org|schema\.org|json-schema\.org|xmlsoap\.org|openxmlformats\.org|purl\.org|ogp\.me|opengis\.net|"
    r"microformats\.org|apache\.org|mozilla\.org|python\.org|"
    r"nodejs\.org|npmjs\.(com|org)|yarnpkg\.com|pypi\.org|pythonhosted\.org|crates\.io|rubygems\.org|packagist\.org|"
    r"nuget\.org|maven\.org|gradle\.org|golang\.org|go\.dev|"
    r"rust-lang\.org|php\.net|ruby-lang\.org|rubyonrails\.org|djangoproject\.com|palletsprojects\.com|tiangolo\.com|"
    r"readthedocs\.(io|org)|spring\.io|springframework\.org|"
    r"reactjs\.org|react\.dev|vuejs\.org|angular\.(io|dev)|svelte\.dev|vitejs\.dev|vite\.dev|nextjs\.org|expressjs\.com|"
    r"mongoosejs\.com|prisma\.io|pris\.ly|tailwindcss\.com|"
    r"getbootstrap\.com|fontawesome\.com|jquery\.com|jsdelivr\.net|unpkg\.com|cdnjs\.cloudflare\.com|bootstrapcdn\.com|"
    r"fonts\.googleapis\.com|fonts\.gstatic\.com|"
    r"gstatic\.com|typekit\.net|cloudflare\.com/ajax|polyfill\.io|esm\.sh|skypack\.dev|cdn\.tailwindcss\.com|github\.com|"
    r"github\.io|githubusercontent\.com|gitlab\.com|"
    r"bitbucket\.org|stackoverflow\.com|stackexchange\.com|medium\.com|dev\.to|wikipedia\.org|wikimedia\.org|youtube\.com|"
    r"youtu\.be|vimeo\.com|shields\.io|badge\.fury\.io|"
    r"travis-ci\.(com|org)|codecov\.io|coveralls\.io|circleci\.com|(www\.)?example\.(com|org|net)|localhost|local|lan|"
    r"internal|localdomain|placeholder\.com|via\.placeholder\.com|placehold\.(co|it|jp)|"
    r"picsum\.photos|loremflickr\.com|dummyimage\.com|unsplash\.com|images\.unsplash\.com|pexels\.com|images\.pexels\.com|"
    r"gravatar\.com|ui-avatars\.com|twitter\.com|x\.com|facebook\.com|instagram\.com|linkedin\.com|"
    r"pinterest\.com|tiktok\.com|t\.me|wa\.me|discord\.gg|creativecommons\.org|opensource\.org|choosealicense\.com|"
    r"gnu\.org|microsoft\.com|aka\.ms|learn\.microsoft\.com|msdn\.com|"
    r"docs\.[\w.-]+|developers?\.[\w.-]+|help\.[\w.-]+|support\.[\w.-]+|blog\.[\w.-]+|www\.google\.com|google\.com|goo\.gl|"
    r"bit\.ly|vercel\.com|netlify\.com|heroku\.com|herokuapp\.com|vercel\.app|netlify\.app|"
    r"onrender\.com|fly\.dev|railway\.app|web\.app|firebaseapp\.com|pages\.dev|streamlit\.app|docker\.com|docker\.io|"
    r"ghcr\.io|quay\.io|gcr\.io|k8s\.io|kubernetes\.io|helm\.sh|letsencrypt\.org|"
    r"eslint\.org|prettier\.io|typescriptlang\.org|webpack\.js\.org|babeljs\.io|jestjs\.io|editorconfig\.org|"
    r"conventionalcommits\.org|semver\.org|keepachangelog\.com|sentry-cdn\.com|"
    r"googletagmanager\.com|google-analytics\.com|apple\.com|play\.google\.com|flaticon\.com|icons8\.com|svgrepo\.com|"
    r"heroicons\.com|mysite\.com|yoursite\.com|yourdomain\.com|mydomain\.com|domain\.com|"
    r"site\.com|website\.com|company\.com|foo\.com|bar\.com|acme\.com|swagger\.io|openapis\.org|postman\.com|"
    r"getpostman\.com|sitemaps\.org|adobe\.com|inkscape\.org|sodipodi\.sourceforge\.net|xmlpull\.org|"
    r"android\.com|jetbrains\.com|w3schools\.com|geeksforgeeks\.org|freecodecamp\.org|codepen\.io|jsfiddle\.net|"
    r"sourceforge\.net|streamlit\.io|gradio\.app|colab\.research\.google\.com|kaggle\.com|huggingface\.co/docs)$"
)
# api.github.com and graph.microsoft.com answer programs, whatever else their owners publish; docs of interfaces do not.
_INTERFACE: Final = re.compile(r"^(?:api|graph|gateway)[\w-]*\.(?!jquery\.|mongodb\.|rubyonrails\.|flutter\.|dart\.|python\.)")
_CODE: Final = vocabulary(
    ".py .js .ts .tsx .jsx .mjs .cjs .go .java .kt .cs .php .rb .html .htm .vue .svelte .env .yml "
    ".yaml .toml .properties .ipynb .gs .ini .cfg .json .erb .ejs .razor .cshtml .sh .astro .dart "
    ".rs .conf"
)
_BARE_HOST: Final = re.compile(
    r"(?i)\b\w*(?:API|SERVICE|UPSTREAM|PROVIDER)\w*_?(?:HOST|URL|BASE|ENDPOINT|"
    r"DOMAIN)\w*[\"']?\s*[,:=]\s*[\"']([a-z0-9-]+(?:\.[a-z0-9-]+){1,4})[\"']"
)
# Every line with a URL or a bare host holds one of these.
_HOST_WORDS: Final = ("://", "host", "url", "base", "endpoint", "domain")
_SDKS: Final = tuple(
    (host, re.compile(form, re.MULTILINE))
    for host, form in (
        (
            "api.stripe.com",
            r"(?:import|from)\s+stripe\b|require\(['\"]stripe['\"]\)|from ['\"](?:stripe|@stripe/[\w-]+)['\"]|\\Stripe\\|"
            r"stripe-go|Stripe\.apiKey|js\.stripe\.com",
        ),
        (
            "api.openai.com",
            r"(?:import|from)\s+openai\b|from ['\"]openai['\"]|require\(['\"]openai['\"]\)|langchain_openai|@ai-sdk/openai|"
            r"@langchain/openai",
        ),
        ("api.anthropic.com", r"(?:import|from)\s+anthropic\b|@anthropic-ai/sdk|@ai-sdk/anthropic|langchain_anthropic"),
        (
            "generativelanguage.googleapis.com",
            r"google\.generativeai|from google import genai|@google/(?:generative-ai|genai)|@ai-sdk/google\b",
        ),
        ("api.groq.com", r"(?:import|from)\s+groq\b|groq-sdk"),
        ("api.mistral.ai", r"(?:import|from)\s+mistralai\b|@mistralai/"),
        ("api.cohere.ai", r"(?:import|from)\s+cohere\b|cohere-ai"),
        ("api.replicate.com", r"(?:import|from)\s+replicate\b|from ['\"]replicate['\"]"),
        ("api.elevenlabs.io", r"(?:import|from)\s+elevenlabs\b|from ['\"]elevenlabs"),
        ("huggingface.co", r"huggingface_hub|@huggingface/inference"),
        ("api.twilio.com", r"(?:import|from)\s+twilio\b|require\(['\"]twilio['\"]\)|from ['\"]twilio['\"]|Twilio\\Rest"),
        ("api.sendgrid.com", r"(?:import|from)\s+sendgrid\b|@sendgrid/|SendGridClient"),
        ("api.resend.com", r"(?:import|from)\s+resend\b|from ['\"]resend['\"]|require\(['\"]resend['\"]\)"),
        ("api.mailgun.net", r"mailgun[.\-]js|from ['\"]mailgun"),
        ("api.postmarkapp.com", r"postmarker|from ['\"]postmark['\"]"),
        ("api.brevo.com", r"sib_api_v3_sdk|@getbrevo/brevo|brevo_python"),
        ("api.mailchimp.com", r"mailchimp_marketing|@mailchimp/"),
        ("slack.com", r"(?:import|from)\s+(?:slack_sdk|slack_bolt|slackclient)\b|@slack/(?:bolt|web-api|webhook)"),
        ("discord.com", r"^\s*(?:import|from)\s+discord\b|from ['\"]discord\.js['\"]|require\(['\"]discord\.js['\"]\)"),
        ("api.telegram.org", r"from telegram\b|import telebot|aiogram|telegraf|node-telegram-bot-api|api\.telegram\.org"),
        ("api.github.com", r"(?:import|from)\s+github\s+import|@octokit/|PyGithub"),
        ("api.notion.com", r"@notionhq/client|notion_client"),
        ("api.airtable.com", r"from pyairtable|['\"]airtable['\"]"),
        ("sheets.googleapis.com", r"(?:import|from)\s+gspread\b|google-spreadsheet|GSheetsConnection|google\.sheets\("),
        ("maps.googleapis.com", r"(?:import|from)\s+googlemaps\b|@react-google-maps|@googlemaps/|maps\.googleapis\.com"),
        ("api.mapbox.com", r"mapbox-gl|mapboxgl\.|@mapbox/"),
        ("api.cloudinary.com", r"(?:import|from)\s+cloudinary\b|require\(['\"]cloudinary['\"]\)|from ['\"]cloudinary['\"]"),
        ("api-m.paypal.com", r"@paypal/|paypalrestsdk|paypal\.com/sdk"),
        ("api.razorpay.com", r"(?:import|from)\s+razorpay\b|['\"]razorpay['\"]"),
        ("api.mollie.com", r"@mollie/api-client|mollie\.api"),
        ("connect.squareup.com", r"from square|['\"]square['\"]|squareup"),
        ("supabase.co", r"@supabase/supabase-js|(?:from|import)\s+supabase\b|supabase\.createClient"),
        (
            "firebaseio.com",
            r"from ['\"]firebase/|(?:import|from)\s+firebase_admin\b|require\(['\"]firebase(?:-admin)?['\"]\)|"
            r"firebase-app(?:-compat)?\.js",
        ),
        ("clerk.com", r"@clerk/"),
        ("auth0.com", r"@auth0/|auth0-js|auth0-react|auth0\.authentication"),
        ("sentry.io", r"sentry_sdk|@sentry/"),
        ("api.hubapi.com", r"(?:import|from)\s+hubspot\b|@hubspot/"),
        ("salesforce.com", r"simple_salesforce|jsforce"),
        ("zendesk.com", r"zenpy|node-zendesk"),
        ("atlassian.net", r"from jira\b|jira-client|atlassian-python-api"),
        ("s3.amazonaws.com", r"(?:import|from)\s+boto3\b|@aws-sdk/|require\(['\"]aws-sdk['\"]\)|aws-sdk-go"),
        ("storage.googleapis.com", r"google\.cloud\s+import\s+storage|@google-cloud/storage"),
        ("blob.core.windows.net", r"azure\.storage|@azure/storage"),
        ("api.algolia.com", r"algoliasearch"),
        ("pusher.com", r"(?:import|from)\s+pusher\b|['\"]pusher(?:-js)?['\"]"),
        ("api.pinecone.io", r"(?:import|from)\s+pinecone\b|@pinecone-database"),
        ("api.spotify.com", r"spotipy|spotify-web-api-node"),
        ("api.twitter.com", r"(?:import|from)\s+tweepy\b|twitter-api-v2"),
        ("query1.finance.yahoo.com", r"(?:import|from)\s+yfinance\b"),
        ("newsapi.org", r"newsapi"),
        ("api.openweathermap.org", r"(?:import|from)\s+pyowm\b"),
        ("maps.googleapis.com", r"new google\.maps\."),
        ("tile.openstreetmap.org", r"tile\.openstreetmap\.org"),
        ("nominatim.openstreetmap.org", r"geopy\.geocoders"),
        ("formspree.io", r"@formspree/|formspree\.io"),
        ("api.emailjs.com", r"emailjs"),
    )
)
_FETCHES: Final = re.compile(
    r"fetch|axios|requests\.|httpx|urllib|http\.|HttpClient|curl|Get\(|Post\(|UrlFetchApp|\$\.(?:get|post|ajax)|"
    r"XMLHttpRequest|\.get\(|\.post\(|got\(|ky\.|URL|url|endpoint|API|api|host|HOST|base|BASE|action=|websocket|WebSocket",
    re.IGNORECASE,
)
# The URL stands on the line after `fetch(`.
_CALL_OPEN: Final = re.compile(r"(?:fetch|axios(?:\.\w+)?|get|post|put|request|(?:url)?open|ajax)\(\s*$", re.IGNORECASE)
_LINKS: Final = re.compile(
    r"<a\b[^>]*?\bhref\s*=|\bhref\s*[=:]|<img\b|<link\b|<script\b|<iframe\b|\bsrc(?:set)?\s*=|@see|xmlns|\bimage\b|"
    r"\bavatar|\bsee\b|source:|license",
    re.IGNORECASE,
)


def detect(snapshot: Snapshot) -> Iterator[Evidence]:
    """Evidence for `third_party`, one a host and file."""
    for file in snapshot.files:
        if file.suffix not in _CODE or _is_beside(file):
            continue
        seen: set[str] = set()
        for evidence in (*_urls(file), *_sdks(file)):
            if evidence.value not in seen:
                seen.add(evidence.value)
                yield evidence


def _is_beside(file: SourceFile) -> bool:
    path = file.path
    return (
        paths.is_test(path)
        or paths.is_document(path)
        or paths.is_lock(path)
        or paths.is_built(path)
        or paths.is_ci(path)
        or file.name
        in (
            "package.json",
            "composer.json",
            "tsconfig.json",
            "components.json",
            "manifest.json",
            "openapi.json",
            "swagger.json",
            "swagger.yaml",
            "openapi.yaml",
            "renovate.json",
        )
        or (file.suffix == ".json" and not re.search(r"(?i)config|settings|env|vercel|firebase", file.name))
        or file.name.startswith((".pre-commit", ".eslintrc", "mkdocs"))
    )


def _urls(file: SourceFile) -> Iterator[Evidence]:
    for number, line in lines_with(file, _HOST_WORDS, fold=True):
        if len(line) > 4000 or ("://" not in line and not _BARE_HOST.search(line)):
            continue
        stripped = line.lstrip()
        if stripped.startswith(("//", "#", "*", "/*", "<!--", "--")) and file.suffix != ".env":
            continue
        linked = bool(_LINKS.search(line)) and not re.search(r"fetch\(|axios|requests\.|\.post\(|<form", line)
        for match in _HOST.finditer(line):
            host = match.group(1).lower().rstrip(".")
            before = file.lines[number - 2][:400] if number > 1 else ""
            called = _FETCHES.search(line) or _CALL_OPEN.search(before) or file.suffix in (".env", ".properties")
            if is_third_party(host) and not linked and called:
                yield Evidence("third_party", host, 6, file.path, number, f"the code calls {host}")
        for match in _BARE_HOST.finditer(line):
            if is_third_party(match.group(1).lower()):
                yield Evidence(
                    "third_party",
                    match.group(1).lower(),
                    5,
                    file.path,
                    number,
                    f"the code names the host {match.group(1).lower()}",
                )


def is_third_party(host: str) -> bool:
    """A host of somebody else that the app talks to, as opposed to documents, styles and its own machine."""
    noise = _NOISE.search(host) and not _INTERFACE.match(host)
    if noise or re.fullmatch(r"[\d.]+", host) or not re.search(r"\.[a-z]{2,24}$", host):
        return False
    return not re.search(
        r"\.(py|js|ts|tsx|jsx|json|html|css|php|md|yml|yaml|txt|svc|cluster)$|^(www\.)?(your|my|some)[\w-]*\.|xxx", host
    )


def _sdks(file: SourceFile) -> Iterator[Evidence]:
    if file.suffix in (
        ".yml",
        ".yaml",
        ".json",
        ".env",
        ".toml",
        ".properties",
        ".sh",
        ".ini",
        ".cfg",
        ".conf",
    ):
        return
    for host, form in _SDKS:
        if match := search(form, file.text):
            yield Evidence("third_party", host, 5, file.path, file.line_at(match.start()), f"the code uses an SDK of {host}")
