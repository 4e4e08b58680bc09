# Copyright (c) 2026 the goldenpath.microapps authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Who can reach the app: how and where it is published, what it binds to, whether anybody has to log in."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from .. import paths
from ..model import Evidence, Snapshot, SourceFile
from ..required import search
from ..vocabulary import vocabulary

# a file that only exists to publish: path form, weight, why
_PUBLISHERS: Final = tuple(
    (re.compile(form, re.IGNORECASE), weight, why)
    for form, weight, why in (
        (r"(^|/)(vercel|now)\.json$", 7, "published by Vercel"),
        (r"(^|/)netlify\.toml$|(^|/)_redirects$|(^|/)netlify/functions/", 7, "published by Netlify"),
        (r"(^|/)CNAME$", 8, "a domain of its own on a pages host"),
        (r"(^|/)fly\.toml$", 6, "published by Fly.io"),
        (r"(^|/)render\.ya?ml$", 6, "published by Render"),
        (r"(^|/)Procfile$", 4, "started by a platform that publishes (Procfile)"),
        (r"(^|/)railway\.(json|toml)$|(^|/)nixpacks\.toml$", 6, "published by Railway"),
        (r"(^|/)app\.ya?ml$", 2, "may be published by App Engine"),
        (r"(^|/)firebase\.json$", 6, "published by Firebase hosting"),
        (r"(^|/)wrangler\.(toml|jsonc?)$", 6, "published by Cloudflare"),
        (
            r"(^|/)(amplify\.yml|apprunner\.ya?ml|staticwebapp\.config\.json|surge\.txt|\.surgeignore)$",
            5,
            "published by a cloud's web host",
        ),
        (r"(^|/)(robots\.txt|sitemap\.xml)$", 5, "written for search engines"),
        (r"(^|/)\.replit$|(^|/)replit\.nix$", 4, "run and published by Replit"),
        (r"(^|/)\.streamlit/config\.toml$", 2, "run by Streamlit"),
        (r"(^|/)manifest\.webmanifest$|(^|/)site\.webmanifest$", 2, "installable from the web"),
        (r"(^|/)Info\.plist$", 5, "an app for phones, which anybody may install"),
        (r"(^|/)space\.ya?ml$", 4, "published as a space"),
        (
            r"(^|/)rsconnect/(?:documents/[^/]+/)?(?:shinyapps\.io|connect\.posit\.cloud|rpubs\.com)/",
            8,
            "published on shinyapps.io",
        ),
    )
)
_LINES: Final = tuple(
    (re.compile(form, re.MULTILINE), weight, value, why)
    for form, weight, value, why in (
        (
            r"actions/deploy-pages|peaceiris/actions-gh-pages|gh-pages\s+-d|"
            r"\"homepage\"\s*:\s*\"https?://[\w.-]+\.github\.io|JamesIves/github-pages-deploy-action",
            7,
            "public",
            "a pipeline publishes it as pages",
        ),
        (
            r"amondnet/vercel-action|vercel\s+deploy|netlify\s+deploy|nwtgck/actions-netlify|flyctl\s+deploy|"
            r"firebase\s+deploy|wrangler\s+(?:pages\s+)?deploy|akhileshns/heroku-deploy|superfly/flyctl-actions",
            6,
            "public",
            "a pipeline publishes it",
        ),
        (
            r"gcloud\s+run\s+deploy[^\n]*--allow-unauthenticated|--allow-unauthenticated|invoker[^\n]*allUsers",
            7,
            "public",
            "anybody may call it",
        ),
        (
            r"(?:allow_origins|origins?|Access-Control-Allow-Origin|AllowAnyOrigin|CORS_ORIGIN\w*|allowedOrigins|"
            r"cors_allowed_origins)\b[^\n]{0,40}(?:\[\s*)?[\"']\*[\"']|AllowAnyOrigin\(\)|"
            r"CORS_ALLOW_ALL_ORIGINS\s*=\s*True|CORS_ORIGIN_ALLOW_ALL\s*=\s*True",
            4,
            "public",
            "any web page may call it (CORS *)",
        ),
        (
            r"<meta\s+(?:property=[\"']og:|name=[\"']twitter:|name=[\"']google-site-verification|name=[\"']keywords)",
            4,
            "public",
            "written for search engines and sharing",
        ),
        (
            r"googletagmanager\.com|google-analytics\.com|gtag\(|plausible\.io/js|fbq\('init'",
            5,
            "public",
            "it counts its visitors",
        ),
        (
            r"\[program:.*tunnel|ngrok\.(?:connect|forward)|cloudflared\s+tunnel|localtunnel|share\s*=\s*True",
            5,
            "public",
            "a tunnel to the internet",
        ),
        (r"^\s*(?:type:\s*LoadBalancer)\b", 4, "public", "a load balancer of the cluster"),
        (
            r"service\.beta\.kubernetes\.io/\S*internal|alb\.ingress\.kubernetes\.io/scheme:\s*internal\b|"
            r"scheme\s*[:=]\s*\"?internal\"?\s*$|internal\s*=\s*true",
            7,
            "internal",
            "an internal load balancer",
        ),
        (r"scheme:\s*internet-facing", 7, "public", "a load balancer facing the internet"),
        (
            r"letsencrypt|certbot|autocert\.(?:NewListener|Manager)|certificatesresolvers|certresolver=|"
            r"cert-manager\.io/cluster-issuer|ssl_certificate\s+/etc/letsencrypt",
            5,
            "public",
            "a certificate for a public name",
        ),
        (
            r"traefik\.http\.routers\.[\w-]+\.rule=Host\(|"
            r"^[ \t]*server_name[ \t]+(?:[\w*-]+\.)+(?!local|lan|internal|intern|corp)[a-z]{2,}\b",
            4,
            "public",
            "a proxy answers for its name",
        ),
        (r"^\s*kind:\s*Ingress\b", 4, "public", "an ingress of the cluster"),
        (
            r"(?i)\bjs\.stripe\.com|checkout\.sessions\.create|stripe\.checkout\.Session|loadStripe\(|paypal\.com/sdk",
            4,
            "public",
            "customers pay in it",
        ),
        (
            r"(?i)\b(?:sign ?up|create (?:an |your )?account|register now|registrieren|join (?:now|us)|subscribe to (?:our "
            r")?newsletter)\b",
            3,
            "public",
            "anybody can open an account",
        ),
        (r"(?i)\bsocket[_ ]?mode|SocketModeHandler|socketMode:\s*true|xapp-", 5, "internal", "a bot of the team's own chat"),
        (
            r"slack_bolt|@slack/bolt|botbuilder",
            4,
            "internal",
            "a bot in a chat",
        ),
        (
            r"telegraf|node-telegram-bot-api|aiogram|telebot|telegram\.ext|Telegram\.Bot\b|discord\.Client\(|"
            r"commands\.Bot\(|discord\.js|"
            r"whatsapp-web\.js|graph\.facebook\.com/v[\d.]+/[^\s\"'`]*/messages",
            4,
            "public",
            "anybody may write to such a bot",
        ),
        (
            r"(?i)\b(?:allowed|authori[sz]ed|whitelist(?:ed)?|permitted|admin|owner)_?(?:user|chat|telegram)?_?ids?\b",
            3,
            "internal",
            "only people it knows are answered",
        ),
        (
            r"NegotiateDefaults|AddNegotiate\(|IISDefaults\.AuthenticationScheme|<windowsAuthentication enabled=\"true\"|"
            r"\"windowsAuthentication\"\s*:\s*true|UseHttpSys\(|AuthenticationSchemes\.(?:NTLM|Negotiate)|"
            r"flask_kerberos|spnego",
            8,
            "internal",
            "people log in with their Windows accounts of the house",
        ),
        (
            r"login\.microsoftonline\.com/(?!common\b|consumers\b)|graph\.microsoft\.com/v1\.0/sites/",
            3,
            "internal",
            "it works in the house's own Microsoft 365",
        ),
        (
            r"\bwebbrowser\.open|\bstart\s+http://(?:localhost|127)|\b(?:open|openBrowser)\([\"'`]http://(?:localhost|"
            r"127)|open::that\(",
            5,
            "internal",
            "it opens the browser of the machine it runs on",
        ),
        (
            r"^\s*auth_basic\s+[\"']|^\s*AuthType\s+Basic|\bhtpasswd\b|basicauth\.users|^\s*basic_?auth\s*\{",
            4,
            "internal",
            "the web server asks for a password",
        ),
        (r"\"access\"\s*:\s*\"(?:DOMAIN|MYSELF)\"", 8, "internal", "Apps Script answers the house's accounts only"),
        (
            r"\bhttpApi\s*:|AWS::Serverless::HttpApi|AWS::ApiGatewayV2::Api|aws_apigatewayv2_api\b|\bFunctionUrlConfig\s*:",
            5,
            "public",
            "a gateway answers the internet for it",
        ),
        (r"\"access\"\s*:\s*\"ANYONE(?:_ANONYMOUS)?\"", 8, "public", "Apps Script answers anybody"),
        (
            r"(?:app\.run|uvicorn\.run|serve|\.listen|http\.ListenAndServe|run_simple|"
            r"launch)\([^\n)]{0,80}[\"'](?:127\.0\.0\.1|"
            r"localhost)(?::\d+)?[\"']|^\s*-\s*[\"']?127\.0\.0\.1:\d+:\d+|^\s*server\.address\s*=\s*(?:127\.0\.0\.1|"
            r"localhost)|"
            r"gunicorn[^\n]*(?:-b|--bind)\s+(?:127\.0\.0\.1|localhost)|default_value(?:_t)?\s*=\s*\"(?:127\.0\.0\.1|"
            r"localhost)|"
            r"SocketAddr::from\(\(\[127,|--(?:host|address|bind)[= ](?:127\.0\.0\.1|localhost)",
            2,
            "internal",
            "it listens on its own machine only",
        ),
        (
            r"://[\w.-]+\.(?:corp|intra|intranet|internal|lan)\b|[\"'\s=@/](?:10\.\d+\.\d+\.\d+|192\.168\.\d+\.\d+)[:\"'/\s]|"
            r"[\"'@/\s=][\w-]+(?:\.[\w-]+)*\.(?:corp|intra|intranet|lan)[:\"'/\s]|"
            r"[\"'@/\s=;][\w-]+\.[\w-]+\.local[:\"'/\s;]",
            3,
            "internal",
            "it talks to machines of the house",
        ),
        (
            r"(?i)\.endswith\(\s*[\"']@[\w.-]+\.\w+[\"']|endsWith\(\s*[\"']@[\w.-]+\.\w+[\"']|"
            r"allowed_?(?:email_?)?domains?\b",
            5,
            "internal",
            "only addresses of one domain are let in",
        ),
        (
            r"@\w+\.route\(\s*[\"']/(?:register|signup|sign-up|join)\b|path\(\s*[\"'](?:accounts/)?(?:register|signup)|"
            r"\.post\(\s*[\"'](?:/\w+)*/(?:register|signup)\b|path=[\"']/?(?:register|signup|sign-up)[\"']|:registerable|"
            r"createUserWithEmailAndPassword|auth\.signUp\(|action=[\"'](?:register|signup)\.php",
            4,
            "public",
            "anybody can open an account",
        ),
        (
            r"ALLOWED_HOSTS\s*=\s*\[[^\]]*(?:[\"'][\w.-]+\.(?:com|org|net|io|app|dev|de|at|ch|fr|es|it|nl|br|in|uk|eu)[\"']|"
            r"[\"']\d+\.\d+\.\d+\.\d+[\"'])",
            3,
            "public",
            "it answers for a public name",
        ),
        (r"\"vscode\"\s*:\s*\"\^", 4, "public", "an extension, which anybody may install"),
        (
            r"^\s*-?\s*host:\s*[\"']?[\w.-]+\.(?:lan|local|internal|intern|corp|intranet)\b",
            6,
            "internal",
            "it answers for a name of the house",
        ),
        (
            r"(?i)\b(?:server|data source)\s*=\s*(?!\(|\.|localhost|127)[\w-]+\\{1,2}\w",
            3,
            "internal",
            "its database is a Windows server of the house",
        ),
        (
            r"\"(?:expo|react-native)\"\s*:\s*\"|com\.android\.application|package:flutter/material|^\s*sdk:\s*flutter\b",
            4,
            "public",
            "an app for phones, which anybody may install",
        ),
        (
            r"lovable-tagger|lovable\.dev/projects|gptengineer|bolt\.new|v0\.dev|base44",
            4,
            "public",
            "made and published with a builder of web apps",
        ),
        (r"^sdk:\s*(?:streamlit|gradio|docker|static)\s*$", 6, "public", "published as a space on Hugging Face"),
        (
            r"(?i)\b(?:internal[- ](?:business[- ])?(?:use|tools?|only|apps?|applications?|dashboards?|web ?apps?|portal|"
            r"systems?)|intranet|company[- ]internal|employees only|internally by|for our (?:own )?(?:team|staff|office|"
            r"employees|"
            r"colleagues|department)|vpn[- ]only|(?:behind|via|over|through) (?:the |a |our )?vpn|staff[- ]only|"
            r"in-house (?:tool|app|system)|back ?office|nur (?:f\u00fcr )?(?:intern|mitarbeit\w+)|"
            r"interne[sr]? (?:werkzeug|anwendung|app|tool|system|portal|seite)|outil interne|herramienta interna|"
            r"strumento interno|uso interno|usage interne)\b",
            6,
            "internal",
            "it says that it is for the house",
        ),
        (
            r"(?i)(?:<title>|^#+ )[^\n<]{0,60}\b(?:employees?|staff|hr|leave|time ?sheets?|payroll|attendance|help ?desk|"
            r"asset|inventory|warehouse|onboarding|shift)[ _-](?:\w+[ _-])?(?:management|portal|tracker|tracking|system|"
            r"dashboard|"
            r"requests?|planner|tool|tickets?)\b",
            4,
            "internal",
            "its title names the house's own work",
        ),
        (
            r"(?i)\b(?:saml|okta|azure ?ad|entra|msal|oauth2-proxy|oauth2_proxy|iap\.googleapis|cloudflare access|authelia|"
            r"authentik|keycloak|ldap(?:3|js|_auth)?|active directory|hd\s*[:=]\s*[\"'][\w.-]+\.\w+[\"'])\b",
            4,
            "internal",
            "people log in with the house's accounts",
        ),
        (
            r"(?i)\b(?:allow|whitelist|allowlist|permit)[\w\s:=\"']{0,20}\b(?:10\.\d+\.\d+\.\d+|192\.168\.\d+\.\d+|"
            r"172\.(?:1[6-9]|2\d|3[01])\.\d+\.\d+)/\d+",
            5,
            "internal",
            "only addresses of the house are let in",
        ),
        (
            r"(?i)\bpartners?[-_ ](?:portal|api|access|login|network)\b|\bsuppliers?[-_ ](?:portal|api|login)\b|\b(?:b2b|"
            r"vendor)[-_ ]portal\b|\bfor (?:our )?(?:partners|suppliers|dealers|resellers)\b",
            5,
            "partner",
            "it says that it is for partners",
        ),
    )
)
# Where it is published already, told in a document as well.
_ADDRESS: Final = re.compile(
    r"https?://[\w-]+(?:\.[\w-]+)?\.(?:herokuapp\.com|onrender\.com|vercel\.app|netlify\.app|web\.app|firebaseapp\.com|"
    r"pages\.dev|workers\.dev|fly\.dev|streamlit\.app|azurewebsites\.net|azurestaticapps\.net|pythonanywhere\.com|github\.io|"
    r"lovable\.app|replit\.app|repl\.co|up\.railway\.app|run\.app|hf\.space|surge\.sh|000webhostapp\.com|"
    r"infinityfreeapp\.com|deno\.dev|amplifyapp\.com|koyeb\.app|appspot\.com|azurecontainerapps\.io|"
    r"elasticbeanstalk\.com|glitch\.me|gitlab\.io)\b|share\.streamlit\.io/[\w-]+"
)
_SERVES: Final = re.compile(
    r"0\.0\.0\.0|\.listen\(\s*(?:process\.env\.PORT|PORT|port|\d{2,5})|http\.ListenAndServe|r\.Run\(|app\.run\(|"
    r"uvicorn\.run|server\.port|WebApplication\.CreateBuilder|@SpringBootApplication|runserver|gunicorn|uvicorn|"
    r"FastAPI\(|Flask\(__name__|express\(\)|createServer\(|streamlit|gr\.(?:Blocks|Interface)|Sinatra|Rails\.application|"
    r"do(?:Get|Post)\(|<\?php|axum::serve|HttpServer::new|Deno\.serve|\$fresh/|Phoenix\.Endpoint|use \w+Web, :router|"
    r"runApp\(|"
    r"createRoot\(|"
    r"ReactDOM\.render|createApp\(|bootstrapApplication\(|gem ['\"](?:rails|sinatra)['\"]|gin\.Default\(|echo\.New\(|"
    r"shinyApp\(|shinyServer\(|export default function (?:Home|Page|App)"
)
_LOGIN: Final = re.compile(
    r"login_required|@requires_auth|LoginRequiredMixin|IsAuthenticated|OAuth2PasswordBearer|HTTPBearer|HTTPBasic\b|"
    r"Depends\(\s*get_current_\w*user|passport\.authenticate|requireAuth|ensureAuthenticated|isAuthenticated|"
    r"next-auth|@clerk/|clerkMiddleware|supabase\.auth\.|firebase/auth|signInWith|auth\(\)->|Auth::|middleware\(['\"]auth|"
    r"before_action :authenticate|devise|@PreAuthorize|SecurityFilterChain|\[Authorize|"
    r"session\[['\"](?:user|logged)|\$_SESSION\[['\"](?:user|logged|admin|id)|flask_login|express-basic-auth|"
    r"streamlit_authenticator|st\.login|jwt\.verify|jwt\.decode|verify_jwt|jwt_required|session_state\.(?:authenticated|"
    r"auth|logged)|auth_basic "
)
# Documents about the repository and its past, not about whoever uses the app.
_OF_THE_REPOSITORY: Final = re.compile(
    r"(?i)^(change_?log|changes|history|news|contributing|licen[cs]e|security|code_of_conduct)\b"
)
_RUN_BY_HAND: Final = vocabulary(".sh .ps1 .bat .cmd .ino .c .cpp .bas .vba .vbs .ahk .pl .awk")
_CODE: Final = vocabulary(
    ".py .js .ts .tsx .jsx .mjs .cjs .go .java .kt .cs .php .rb .html .htm .yml .yaml .toml .conf "
    ".tf .json .vue .svelte .md .ipynb .sh .gs .r .rmd .ejs .erb .rst .txt .razor .cshtml .rs .ex .exs .dart .config "
    ".properties .env .gradle .kts"
)


def detect(snapshot: Snapshot) -> Iterator[Evidence]:
    """Evidence for `exposure`, and for `login` and `serves`, which it is judged with."""
    for path in snapshot.paths:
        if paths.is_vendored(path) or paths.is_test(path) or paths.is_document(path) or paths.is_example(path):
            continue
        for form, weight, why in _PUBLISHERS:
            if form.search(path):
                yield Evidence("exposure", "public", max(1, weight - max(0, path.count("/") - 1)), path, 0, why)
    for file in snapshot.files:
        if file.suffix in _RUN_BY_HAND and not (paths.is_test(file.path) or paths.is_example(file.path)):
            yield Evidence(
                "run_by_hand", "yes", 1, file.path, 0, "a script, or a program for a board: nobody from outside reaches it"
            )
        told = file.suffix in _CODE or "." not in file.name or paths.is_ci(file.path)
        told = told and not _OF_THE_REPOSITORY.search(file.name)
        if told and not (paths.is_test(file.path) or paths.is_lock(file.path) or paths.is_built(file.path)):
            yield from _of_file(file)


def _is_own_address(file: SourceFile) -> bool:
    # In code such an address is mostly another service; in settings it is the app's own.
    return bool(re.search(r"(?i)settings|config|\.env|package\.json|manifest|_config|index\.html|app\.json", file.name))


def _of_file(file: SourceFile) -> Iterator[Evidence]:
    document = paths.is_document(file.path)
    for form, weight, value, why in _LINES:
        if document and value == "public":
            continue
        if match := search(form, file.text):
            place = file.line_at(match.start())
            yield Evidence("exposure", value, weight - (1 if document else 0), file.path, place, why)
    if (match := search(_ADDRESS, file.text)) and (paths.is_near_root(file.path) if document else _is_own_address(file)):
        yield Evidence("exposure", "public", 5, file.path, file.line_at(match.start()), "its public address is written down")
    if document:
        return
    if match := search(_SERVES, file.text):
        yield Evidence("serves", "yes", 3, file.path, file.line_at(match.start()), "it answers requests")
    if match := search(_LOGIN, file.text):
        yield Evidence("login", "yes", 3, file.path, file.line_at(match.start()), "somebody has to log in")
    name = file.name.lower()
    if name.startswith("dockerfile"):
        for number, line in file.numbered():
            if re.match(r"(?i)\s*EXPOSE\s+\d+", line):
                yield Evidence("exposure", "public", 1, file.path, number, "the container opens a port")
                yield Evidence("serves", "yes", 2, file.path, number, "the container opens a port")
