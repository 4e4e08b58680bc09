# Copyright (c) 2026 the goldenpath.microapps authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Keys that are known by their form, whatever they are called: the vendors a small app meets, and forms the engine's
rules demand more context for than a careful reader does."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from ..hints import lines_with
from ..model import Candidate, SourceFile
from ..vocabulary import vocabulary

# kind, what a person calls it, form. The order is the precedence: an earlier form owns its characters.
_FORMS: Final[tuple[tuple[str, str, str], ...]] = (
    ("anthropic_api_key", "Anthropic API key", r"sk-ant-(?:api|admin)\d{2}-[\w-]{20,}"),
    ("openrouter_api_key", "OpenRouter API key", r"sk-or-v1-[0-9a-f]{32,}"),
    (
        "openai_api_key",
        "OpenAI API key",
        r"sk-(?:proj|svcacct|admin|None)-[\w-]{20,}|sk-[A-Za-z0-9]{20}T3BlbkFJ[A-Za-z0-9]{20}|"
        r"sk-[A-Za-z0-9]{32,64}(?![\w-])",
    ),
    ("stripe_secret_key", "Stripe secret key", r"(?:sk|rk)_live_[0-9a-zA-Z]{10,247}"),
    ("stripe_test_key", "Stripe secret key of test mode", r"(?:sk|rk)_test_[0-9a-zA-Z]{10,247}"),
    ("stripe_publishable_key", "Stripe publishable key", r"pk_(?:live|test)_[0-9a-zA-Z]{10,247}"),
    ("webhook_secret", "webhook signing secret", r"whsec_[A-Za-z0-9+/=]{16,}"),
    ("aws_access_key", "AWS access key id", r"(?:AKIA|ASIA|ABIA|ACCA)[A-Z0-9]{16}(?![A-Za-z0-9])"),
    ("github_token", "GitHub token", r"(?:ghp|gho|ghu|ghs|ghr)_[A-Za-z0-9]{30,255}|github_pat_[A-Za-z0-9_]{40,255}"),
    ("gitlab_token", "GitLab token", r"(?:glpat|gldt|glrt|glcbt|glptt|glft|glimt|glagent|glsoat|gloas)-[\w.-]{20,}"),
    ("slack_token", "Slack token", r"xox[abeoprs]-(?:\d-)?[\w-]{20,}|xapp-\d-[\w-]{20,}"),
    (
        "slack_webhook",
        "Slack incoming webhook",
        r"https://hooks\.slack\.com/(?:services|workflows|triggers)/[A-Za-z0-9_/+-]{20,}",
    ),
    ("discord_webhook", "Discord webhook", r"https://(?:\w+\.)?discord(?:app)?\.com/api/(?:v\d+/)?webhooks/\d{15,21}/[\w-]{30,}"),
    (
        "teams_webhook",
        "Microsoft Teams webhook",
        r"https://(?:[\w-]+\.webhook\.office\.com/webhookb2|outlook\.office(?:365)?\.com/webhook)/[\w@/-]{40,}|"
        r"https://[\w.-]+\.(?:logic\.azure|powerplatform)\.com(?::443)?/[^\s\"'<>]*[?&]sig=[\w%-]{20,}",
    ),
    (
        "google_chat_webhook",
        "Google Chat webhook",
        r"https://chat\.googleapis\.com/v1/spaces/[\w-]+/messages\?key=[\w-]+&token=[\w%=-]+",
    ),
    (
        "automation_webhook",
        "automation webhook",
        r"https://(?:hooks\.zapier\.com/hooks/catch/\d+/\w{5,}|hook\.(?:\w+\.)?make\.com/\w{20,}|"
        r"maker\.ifttt\.com/trigger/[\w-]+/with/key/[\w-]{15,}|api\.render\.com/deploy/srv-\w+\?key=[\w-]{8,})",
    ),
    (
        "chat_webhook",
        "webhook of a chat's bot",
        r"https://open\.(?:feishu\.cn|larksuite\.com)/open-apis/bot/v\d/hook/[\w-]{20,}|"
        r"https://oapi\.dingtalk\.com/robot/send\?access_token=[0-9a-f]{40,}|"
        r"https://qyapi\.weixin\.qq\.com/cgi-bin/webhook/send\?key=[\w-]{20,}",
    ),
    ("aliyun_access_key_id", "Alibaba Cloud access key id", r"(?<![A-Za-z0-9])LTAI[A-Za-z0-9]{16,22}(?![A-Za-z0-9])"),
    ("google_api_key", "Google API key", r"AIza[0-9A-Za-z_-]{35}(?![0-9A-Za-z_-])"),
    ("google_oauth_secret", "Google OAuth client secret", r"GOCSPX-[\w-]{20,}"),
    ("google_oauth_token", "Google OAuth token", r"ya29\.[\w-]{30,}|1//0[\w-]{30,}"),
    ("telegram_payment_token", "Telegram payment provider token", r"(?<![\w:])\d{6,12}:LIVE:[\w-]{5,}"),
    ("sendgrid_api_key", "SendGrid API key", r"SG\.[\w-]{16,32}\.[\w-]{16,64}"),
    ("mailgun_api_key", "Mailgun API key", r"(?<![\w-])key-[0-9a-f]{32}(?!\w)|(?<!\w)[0-9a-f]{32}-[0-9a-f]{8}-[0-9a-f]{8}(?!\w)"),
    ("mailchimp_api_key", "Mailchimp API key", r"(?<!\w)[0-9a-f]{32}-us\d{1,2}(?!\w)"),
    ("brevo_api_key", "Brevo API key", r"xkeysib-[0-9a-f]{40,}-\w{10,}|xsmtpsib-[0-9a-f]{40,}-\w{10,}"),
    ("resend_api_key", "Resend API key", r"(?<!\w)re_[A-Za-z0-9]{6,10}_[A-Za-z0-9]{20,}|(?<!\w)re_[A-Za-z0-9]{26,40}(?!\w)"),
    ("twilio_api_key", "Twilio API key", r"(?<!\w)SK[0-9a-f]{32}(?!\w)"),
    ("telegram_bot_token", "Telegram bot token", r"(?:(?<![\w:])|(?<=/bot))\d{8,10}:[A-Za-z0-9_-]{34,36}(?![\w-])"),
    ("discord_bot_token", "Discord bot token", r"(?<![\w.-])[MNO][A-Za-z\d_-]{23,27}\.[\w-]{6,7}\.[\w-]{27,40}(?![\w-])"),
    ("huggingface_token", "Hugging Face token", r"(?<!\w)(?:hf|api_org)_[A-Za-z0-9]{30,}"),
    ("groq_api_key", "Groq API key", r"(?<!\w)gsk_[A-Za-z0-9]{40,}"),
    ("replicate_token", "Replicate token", r"(?<!\w)r8_[A-Za-z0-9]{30,}"),
    ("perplexity_api_key", "Perplexity API key", r"(?<!\w)pplx-[A-Za-z0-9]{40,}"),
    ("xai_api_key", "xAI API key", r"(?<!\w)xai-[A-Za-z0-9]{60,}"),
    ("elevenlabs_api_key", "ElevenLabs API key", r"(?<!\w)sk_[0-9a-f]{48}(?!\w)"),
    ("tavily_api_key", "Tavily API key", r"(?<!\w)tvly-(?:dev-|prod-)?[A-Za-z0-9]{20,}"),
    ("pinecone_api_key", "Pinecone API key", r"(?<!\w)pcsk_[A-Za-z0-9_]{40,}"),
    ("langchain_api_key", "LangSmith API key", r"(?<!\w)lsv2_(?:pt|sk)_[0-9a-f]{32}_[0-9a-f]{10}"),
    ("npm_token", "npm token", r"(?<!\w)npm_[A-Za-z0-9]{36}(?!\w)"),
    ("pypi_token", "PyPI token", r"pypi-AgE[\w-]{50,}"),
    ("shopify_token", "Shopify token", r"(?<!\w)shp(?:at|ca|pa|ss|ua)_[0-9a-fA-F]{32}"),
    ("square_token", "Square token", r"(?<!\w)(?:sq0(?:atp|csp)-[\w-]{22,}|EAAA[\w-]{58,62}(?![\w-]))"),
    ("paystack_secret_key", "Paystack or compatible secret key", r"(?<!\w)sk_(?:live|test)_[0-9a-f]{40}(?!\w)"),
    ("razorpay_key_id", "Razorpay key id", r"(?<!\w)rzp_(?:live|test)_[A-Za-z0-9]{14}(?!\w)"),
    ("flutterwave_secret_key", "Flutterwave secret key", r"FLWSECK(?:_TEST)?-[0-9a-zA-Z]{12,}(?:-X)?"),
    ("mollie_api_key", "Mollie API key", r"(?<![\w-])(?:live|test)_[A-Za-z0-9]{30,35}(?![\w-])"),
    ("midtrans_server_key", "Midtrans server key", r"(?<![\w-])(?:SB-)?Mid-server-[\w-]{20,40}(?![\w-])"),
    ("deepl_api_key", "DeepL API key", r"(?<![\w-])[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}:fx(?!\w)"),
    ("netlify_token", "Netlify token", r"(?<!\w)nfp_[A-Za-z0-9]{36,40}(?!\w)"),
    ("backblaze_key", "Backblaze application key", r"(?<![\w/+])K00\d[A-Za-z0-9+/]{27}(?![\w/+])"),
    ("paypal_token", "PayPal access token", r"access_token\$(?:production|sandbox)\$[0-9a-z]{13,}\$[0-9a-f]{32}"),
    ("digitalocean_token", "DigitalOcean token", r"(?<!\w)do[opr]_v1_[0-9a-f]{64}"),
    ("supabase_secret_key", "Supabase secret key", r"(?<!\w)(?:sb_secret_[\w-]{20,}|sbp_[0-9a-f]{40})"),
    ("supabase_publishable_key", "Supabase publishable key", r"(?<!\w)sb_publishable_[\w-]{20,}"),
    ("databricks_token", "Databricks token", r"(?<!\w)dapi[0-9a-f]{32}(?:-\d)?(?!\w)"),
    ("hashicorp_vault_token", "Vault token", r"(?<!\w)hvs\.[\w-]{24,}|(?<!\w)hvb\.[\w-]{24,}"),
    ("terraform_token", "Terraform Cloud token", r"(?<!\w)[A-Za-z0-9]{14}\.atlasv1\.[\w-]{60,}"),
    ("doppler_token", "Doppler token", r"(?<!\w)dp\.(?:pt|st|sa|scim|audit)\.[\w.-]{30,}"),
    ("dockerhub_token", "Docker Hub token", r"(?<!\w)dckr_(?:pat|oat)_[\w-]{27,}"),
    ("linear_api_key", "Linear API key", r"(?<!\w)lin_api_[A-Za-z0-9]{40}"),
    ("notion_token", "Notion token", r"(?<!\w)(?:secret_[A-Za-z0-9]{43}|ntn_[A-Za-z0-9]{40,})(?!\w)"),
    ("airtable_token", "Airtable token", r"(?<!\w)pat[A-Za-z0-9]{14}\.[0-9a-f]{64}(?!\w)"),
    ("airtable_api_key", "Airtable API key", r"(?<![\w-])key[A-Za-z0-9]{14}(?!\w)"),
    ("figma_token", "Figma token", r"(?<!\w)figd_[\w-]{40,}"),
    ("hubspot_token", "HubSpot private app token", r"(?<!\w)pat-(?:na|eu|ap)\d-[0-9a-f]{8}-[0-9a-f-]{27}"),
    ("postman_api_key", "Postman API key", r"PMAK-[0-9a-f]{24}-[0-9a-f]{34}"),
    ("newrelic_key", "New Relic key", r"(?<!\w)NRAK-[A-Z0-9]{27}(?!\w)"),
    ("sentry_token", "Sentry token", r"(?<!\w)sntr[ysu]{1}s?_[\w=+/-]{40,}"),
    ("grafana_token", "Grafana token", r"(?<!\w)gl(?:sa|c)_[\w+/=]{32,}"),
    ("facebook_token", "Facebook access token", r"(?<!\w)EAA[A-Za-z0-9]{80,}"),
    ("mapbox_secret_token", "Mapbox secret token", r"(?<!\w)sk\.eyJ[\w-]{30,}\.[\w-]{15,}"),
    ("mapbox_public_token", "Mapbox public token", r"(?<!\w)pk\.eyJ[\w-]{30,}\.[\w-]{15,}"),
    ("planetscale_password", "PlanetScale credential", r"(?<!\w)pscale_(?:pw|tkn|oauth)_[\w.=-]{32,}"),
    ("turso_or_upstash_token", "Upstash token", r"(?<!\w)A[A-Za-z0-9]{2}[A-Za-z0-9]IncD[\w-]{30,}"),
    ("azure_storage_key", "Azure storage account key", r"AccountKey=[A-Za-z0-9+/]{60,90}={0,2}"),
    ("azure_shared_access_key", "Azure shared access key", r"SharedAccessKey=[A-Za-z0-9+/]{40,60}={0,2}"),
    ("azure_client_secret", "Azure client secret", r"(?<![\w~.-])[A-Za-z0-9_.~-]{3}8Q~[A-Za-z0-9_.~-]{31,34}(?![\w~-])"),
    ("vercel_blob_token", "Vercel Blob token", r"vercel_blob_rw_[A-Za-z0-9]{10,}_[A-Za-z0-9]{20,}"),
    ("firebase_server_key", "Firebase Cloud Messaging server key", r"(?<!\w)AAAA[A-Za-z0-9_-]{7}:APA91b[\w-]{100,}"),
    ("posthog_project_key", "PostHog project key", r"(?<!\w)phc_[A-Za-z0-9]{40,}"),
    ("clickup_token", "ClickUp token", r"(?<!\w)pk_\d{6,9}_[A-Z0-9]{32}(?!\w)"),
    ("age_secret_key", "age secret key", r"AGE-SECRET-KEY-1[0-9A-Z]{58}"),
)
# One cheap look before seventy forms: a line without any of these holds none of them.
_HINTS: Final = vocabulary(
    "sk- sk_ rk_ pk_ whsec_ AKIA ASIA ABIA ACCA ghp_ gho_ ghu_ ghs_ ghr_ github_pat_ glpat- gldt- glrt- glcbt- "
    "glptt- glft- glimt- glagent- glsoat- gloas- xoxa- xoxb- xoxe- xoxo- xoxp- xoxr- xoxs- xapp- hooks. webhook "
    "logic.azure powerplatform chat.googleapis make.com ifttt AIza GOCSPX- ya29. 1//0 SG. key- key -us xkeysib- "
    "xsmtpsib- re_ hf_ api_org_ gsk_ r8_ pplx- xai- tvly- pcsk_ lsv2_ npm_ pypi-AgE shpat_ shpca_ shppa_ shpss_ "
    "shpua_ sq0 EAA rzp_ FLWSECK access_token$ _v1_ sb_ sbp_ dapi hvs. hvb. .atlasv1. dp. dckr_ lin_api_ secret_ "
    "ntn_ pat figd_ PMAK- NRAK- sntr glsa_ glc_ sk.eyJ pk.eyJ pscale_ IncD AccountKey= SharedAccessKey= 8Q~ "
    "open.feishu larksuite dingtalk weixin LTAI api.render. live_ nfp_ K00 :LIVE: vercel_blob_rw_ APA91b phc_ "
    "AGE-SECRET-KEY- Mid-server- :fx"
)
_FORMED: Final = re.compile(r"[0-9a-f]{32}|\d{8}:[A-Za-z0-9_-]{34}|[MNO][A-Za-z\d_-]{23,27}\.[\w-]{6,7}\.")
_COMPILED: Final = tuple((kind, title, re.compile(form)) for kind, title, form in _FORMS)


def candidates(file: SourceFile) -> Iterator[Candidate]:
    """Every string of a vendor's form, once for each place."""
    for number, line in lines_with(file, _HINTS, _FORMED):
        if len(line) >= 16:
            yield from _on_line(file, number, line)


def _on_line(file: SourceFile, number: int, line: str) -> Iterator[Candidate]:
    taken: list[tuple[int, int]] = []
    for kind, title, form in _COMPILED:
        for match in form.finditer(line):
            start, end = match.span()
            if any(start < other_end and end > other_start for other_start, other_end in taken):
                continue
            taken.append((start, end))
            value = match.group(0)
            if kind in ("azure_storage_key", "azure_shared_access_key"):
                value = value.split("=", 1)[1]
            yield Candidate(kind, value, file.path, number, "token", f"it has the form of a {title}", _name_before(line, start))


_NAME_BEFORE: Final = re.compile(
    r"([A-Za-z_][\w.-]*)[\"'\])]{0,3}\s*(?::\s*[\w\[\]<>., |]+?)?\s*(?:=>|:=|=|:|,|\|\||"
    r"\?\?)\s*[\w.]*\(?[rbfu@$]?[\"'`(]{0,2}(?:Bearer |Basic |token )?$"
)


def _name_before(line: str, start: int) -> str:
    match = _NAME_BEFORE.search(line[max(0, start - 120) : start])
    return match.group(1) if match else ""
