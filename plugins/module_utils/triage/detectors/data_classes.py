# Copyright (c) 2026 the goldenpath.microapps authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Whose data it is: columns, model fields, form fields and SDKs that mean personal, payment or health data."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from .. import paths
from ..hints import lines_with
from ..model import Evidence, Snapshot, SourceFile
from ..required import may_match, search
from ..sensitive_names import FAINT, STEMS, class_of, is_about_health
from ..vocabulary import vocabulary

TITLE: Final = "the title of a page"
LISTED: Final = "a name in a list"
_HINTS: Final = frozenset(
    ("a field of a type", "a value the code takes in", "what people are looked up by", "a value of a row", LISTED)
)
CHOICE: Final = "a choice of a form"
# each form has one group that tells the field's name
_FIELDS: Final = tuple(
    (re.compile(form), where)
    for form, where in (
        (
            r"^\s*[`\"\[]?([A-Za-z_]\w*)[`\"\]]?\s+(?i:varchar|nvarchar|text|char|citext|integer|int|bigint|date|datetime|"
            r"timestamp|numeric|decimal|boolean|uuid|jsonb?|serial|real|inet|longtext|string)\b",
            "a column",
        ),
        (
            r"(?i)\badd\s+(?:column\s+)?(?:if\s+not\s+exists\s+)?[`\"]?([a-z_]\w*)[`\"]?\s+(?:varchar|text|char|int|date|"
            r"timestamp|citext|numeric|jsonb?)",
            "a column",
        ),
        (
            r"^\s*([a-z_]\w*)\s*(?::\s*[\w\[\], .|\"]+)?=\s*(?:\w+\.)?(?:Column|mapped_column|CharField|EmailField|"
            r"TextField|DateField|DateTimeField|IntegerField|DecimalField|PhoneNumberField|StringField|"
            r"Field|EmailStr|Required|Optional|ListField|EncryptedCharField|FloatField|relationship)\(",
            "a field of a model",
        ),
        (
            r"^\s*([a-z_]\w*)\s*:\s*(?:Mapped\[|Optional\[|EmailStr|str\b|int\b|date\b|datetime\b|list\[|Annotated\[|"
            r"constr|float\b|Decimal\b)",
            "a field of a model",
        ),
        (r"^\s*([a-zA-Z_]\w*)\??\s*:\s*(?:string|number|Date|boolean)\b", "a field of a type"),
        (
            r"^\s*[\"']?([a-zA-Z_]\w*)[\"']?\s*:\s*(?:\{\s*type\s*:|z\.|Joi\.|yup\.|Yup\.|DataTypes\.|Sequelize\.|String\b|"
            r"Number\b|Date\b|text\(|varchar\(|t\.|v\.|type\.|faker\.)",
            "a field of a schema",
        ),
        (r"^\s*([a-zA-Z_]\w*)\s+(?:String|Int|DateTime|Float|Decimal|Boolean|Json)[\s?@\[]", "a field of the Prisma schema"),
        (
            r"^\s*(?:(?:late|final|required|const)\s+)*(?:String|int|double|DateTime|bool)\??\s+([a-z]\w*)\s*[;=,)]|"
            r"^\s*(?:pub|public|private)?\s*(?:let|var)?\s*([a-z_]\w*)\s*:\s*(?:String|Int|Date|Double|Option<|"
            r"NaiveDate|i32|i64|u32)\b",
            "a field of a record",
        ),
        (r"^\s*([A-Z]\w*)\s+(?:\*?string|\*?int\d*|\*?time\.Time|\*?float\d*|sql\.Null\w+)\s*(?:`|$)", "a field of a struct"),
        (
            r"(?:private|protected|public|var|val)\s+(?:final\s+|required\s+|virtual\s+)*(?:String|LocalDate|Date|Long|"
            r"Integer|int|long|string|DateTime|DateOnly|decimal|BigDecimal)\??\s+([A-Za-z_]\w*)\s*(?:[;={]|$)",
            "a field of a class",
        ),
        (
            r"\$table->(?:string|text|integer|date|dateTime|decimal|bigInteger|char|email|longText|json|boolean|float|"
            r"unsigned\w+)\(\s*['\"](\w+)['\"]",
            "a column of a migration",
        ),
        (
            r"^\s*t\.(?:string|text|integer|date|datetime|decimal|references|boolean|citext|inet|bigint|float)\s+[:\"'](\w+)",
            "a column of a migration",
        ),
        (r"^\s*field\s+:([a-z_]\w*)\s*,", "a field of a schema"),
        (
            r"^\s*([a-z_]\w*)\s*=\s*fields\.(?:Char|Text|Html|Date|Datetime|Binary|Integer|Float|Selection)\(",
            "a field of a model",
        ),
        (r"\b(?:add_column|addColumn)\b[^\n]*?,\s*[:'\"](\w+)", "a column of a migration"),
        (
            r"<(?:input|textarea|select|Input|TextField|Field|FormField|InputText|v-text-field|ion-input|"
            r"Controller)\b[^>]*?\b(?:name|id|formControlName|asp-for|v-model|bind:value|"
            r"field)\s*=\s*[\"'{]+\s*(?:\w+\.)*([A-Za-z_][\w\-]*)",
            "a form field",
        ),
        (r"<th\b[^>]*>\s*([\w .\-]{2,40}?)\s*</th>", "a heading of a table"),
        (r"<input\b[^>]*?\btype\s*=\s*[\"'](email|tel)[\"']", "a form field"),
        (
            r"\b\w+\.(?:text_input|text_area|date_input|number_input|selectbox|radio|slider|checkbox|"
            r"multiselect)\(\s*f?[\"']([^\"'\n]{2,60})[\"']",
            "a question of a form",
        ),
        (
            r"\bgr\.(?:Textbox|Number|TextArea|DateTime)\(.{0,200}?\blabel\s*=\s*f?[\"']([^\"'\n]{2,60})[\"']",
            "a question of a form",
        ),
        (r"\bgr\.(?:Dropdown|Radio|Slider|Checkbox\w*)\(.{0,200}?\blabel\s*=\s*f?[\"']([^\"'\n]{2,60})[\"']", CHOICE),
        (
            r"^\s*(?:title|description)\s*=\s*f?[\"']([^\"'\n]{4,160})[\"']|gr\.(?:Blocks|"
            r"Markdown)\(.{0,20}?[\"']([^\"'\n]{4,80})",
            TITLE,
        ),
        (
            r"\b(?:dcc|dbc)\.(?:Input|Textarea|Dropdown|DatePickerSingle|RadioItems|Checklist)"
            r"\([^()]{0,200}?\b(?:id|placeholder)\s*=\s*[\"']([\w \-]{2,40})[\"']",
            "a question of a form",
        ),
        (
            r"\b(?:text|numeric|select|selectize|date|textArea|"
            r"checkboxGroup)Input\(\s*(?:inputId\s*=\s*)?[\"']([\w.]{2,40})[\"']|"
            r"^\s*inputId\s*=\s*[\"']([\w.]{2,40})[\"']",
            "a question of a form",
        ),
        (
            r"\bst\.(?:title|header|subheader)\(\s*f?[\"']([^\"'\n]{4,80})[\"']|"
            r"\b(?:page_title|titlePanel)\s*[=(]\s*[\"']([^\"'\n]{4,80})[\"']|<(?:title|h1)\b[^>]*>\s*([^<>{}\n]{4,80})",
            TITLE,
        ),
        (
            r"<(?:input|textarea)\b[^>]*?\bplaceholder\s*=\s*[\"']([^\"'\n{}]{2,40})[\"']|"
            r"<label\b[^>]*>\s*([^<>{}\n]{2,40})",
            "a form field",
        ),
        (r"\b(?:varchar|text|integer|char|date|datetime|decimal)\(\s*\"(\w+)\"\s*[,)]", "a column"),
        (r"^\s*(?:String|Integer|Date|DateTime|Float)\s+:(\w+)", "a column"),
        (r"\bparams\[:(\w+)\]", "a value the code takes in"),
        (
            r"@(?:Column|Prop|Field|ApiProperty|Is\w+)\([^\n]*\)\s+(?:readonly\s+|public\s+|private\s+)?([a-z]\w*)[?!]?\s*:",
            "a field of a model",
        ),
        (
            r"(?:StringField|EmailField|TelField|IntegerField|DateField|TextAreaField|PasswordField)\(\s*['\"]([\w "
            r"\-]{2,40})['\"]",
            "a form field",
        ),
        (
            r"(?:request\.form|req\.body|request\.POST|request\.json|\$_POST|\$_GET|\$_REQUEST|params|form_data|formData|"
            r"body|data|payload|e\.namedValues|row|user|customer|employee|patient)"
            r"(?:\.get\(\s*|\[)[\"']([\w \-]{2,40})[\"']",
            "a value the code takes in",
        ),
        (
            r"(?:req\.body|request\.body|e\.parameters?|body|ctx\.request\.body|formData|values|user|customer|patient|"
            r"employee|"
            r"contact)\.([a-zA-Z_]\w*)\b",
            "a value the code takes in",
        ),
        (
            r"\b(?:find(?:One)?(?:By|_by|Where)?|where|filter(?:_by)?|findUnique|"
            r"first_or_create)\(\s*(?:\{\s*(?:where\s*:\s*\{\s*)?)?[\"']?"
            r"([A-Za-z_]\w*)[\"']?\s*(?:[:=,})])",
            "what people are looked up by",
        ),
        (r"^\s*'([a-z_]\w*)'\s*=>\s*[^,\n]", "a value of a row"),
        (r"\(\s*[\"']([A-Za-z_ ]{2,40})[\"']\s*,\s*(?:ndb|db|sa|sqlalchemy)\.", "a column"),
    )
)
_DESTRUCTURED: Final = re.compile(
    r"\{\s*([\w\s,:]{3,200})\}\s*=\s*(?:await\s+)?(?:req(?:uest)?\.(?:body|json)|body|formData|ctx\.request|event\.body|"
    r"JSON\.parse)"
)
_COLUMN_LISTS: Final = re.compile(
    r"(?i)(?:\binsert\s+into\s+[\w.\"`\[\]]+\s*\(([^)]{3,400})\)|"
    r"\bcreate\s+table\s+(?:if\s+not\s+exists\s+)?[\w.\"`\[\]]+\s*\((.{3,600})|\.append_?row\(\s*\[([^\]\n]{3,400})\]|"
    # what is kept or sent as an object, and what Laravel lets a form fill in
    r"(?:\bJSON\.stringify|\buseState(?:<\w+>)?|\breactive|\.(?:insert(?:_?one)?|add|push|create|save|upsert)|::create|"
    r"\baddDoc)"
    r"\(\s*(?:[^{}()\[\]\n]{0,60},\s*)?(?:\{([^{}\n]{3,400})\}|\[([^{}\[\]\n]{3,400})\])|"
    r"\$fillable\s*=\s*\[([^\]\n]{3,400})\]|\bvalidates(?:_\w+)?\s+((?::\w+\s*,?\s*){1,12})|\.permit\(([^()\n]{3,400})\)|"
    r"\b(?:data\s+class|case\s+class|record)\s+\w+\s*\(([^()\n]{3,400})\)|"
    # what a query reads, and an object that a function or a lambda hands on
    r"\bselect\s+(?:distinct\s+)?((?:[\w.\"`\[\]]+\s*,\s*){1,40}[\w.\"`\[\]]+)\s+from\b|"
    r"=>\s*\(\{([^{}\n]{3,400})\}\)|\bnew\s*\{([^{}\n]{3,400})\}|\bItem\s*:\s*\{([^{}\n]{3,400})\}|"
    r"^\s*(?:select\s+)?((?:\w+\.\w+\s*,\s*)+\w+\.\w+)\s*,?\s*$)"
)
# What an exported flow hands on: {{$json.email}} of n8n, {{1.customer.email}} of Make, triggerBody()?['email'] of Power Automate
_OF_FLOWS: Final = re.compile(r"\{\{[^{}\n]{0,80}?\.([A-Za-z_]\w{1,40})\s*\}\}|\?\[\\?'([\w -]{2,40})\\?'\]")
# A list of names in the code: the columns of a table, the fields of a window.
_LISTED: Final = re.compile(r"(?:[\"'][\w .\-]{2,30}[\"']\s*,\s*){2,40}[\"'][\w .\-]{2,30}[\"']")
_LITERAL_VALUE: Final = re.compile(r"(?P<sign>:|=>)\s*(?P<quote>[\"'`])(?:(?!(?P=quote))[^\n])*(?P=quote)")
_KEYWORD: Final = re.compile(r"^(?:(?:val|var|private|final|override|String|Int|int|Long|long)\s+)+")
_AFTER_NAME: Final = re.compile(r"\s*(?::|=>)|\s")
_CSV: Final = re.compile(r"^[\w \"'.\-/()]+([,;\t][\w \"'.\-/()]*){2,60}$")
_SDKS: Final = tuple(
    (value, weight, re.compile(form), what)
    for value, weight, form, what in (
        (
            "payment",
            8,
            r"(?:import|from)\s+stripe\b|require ['\"](?:stripe|pay|braintree)['\"]|require\(['\"]stripe['\"]\)|from "
            r"['\"](?:stripe|@stripe/[\w-]+)['\"]|Stripe\\|"
            r"stripe\.(?:checkout|paymentIntents|PaymentIntent|Charge|charges)\b|js\.stripe\.com|stripe-go",
            "Stripe",
        ),
        (
            "payment",
            8,
            r"@paypal/|paypal\.com/sdk|paypalrestsdk|paypal-rest-sdk|braintree|@square/|squareup|square\.payments|adyen|"
            r"\bsend_?[iI]nvoice\(|\bLabeledPrice\b|pre_checkout_query|[iI]yzi(?:pay|co)|[mM]idtrans|yookassa|xendit|"
            r"instamojo|"
            r"cashfree|paytm|phonepe|pagseguro|pagarme|robokassa|liqpay|sslcommerz|"
            r"khalti|esewa|daraja|przelewy24|"
            r"mollie|razorpay|paystack|flutterwave|klarna|mercadopago|lemonsqueezy|@paddle/|paddle\.com/paddle|gocardless|"
            r"checkout\.com",
            "a payment provider",
        ),
        (
            "personal",
            6,
            r"next-auth|@auth/core|@clerk/|clerkMiddleware|supabase\.auth\.|firebase/auth|getAuth\(|passport-local|"
            r"passport-google|flask_login|django\.contrib\.auth\.(?:models|forms|views)|AbstractUser|AbstractBaseUser|"
            r"devise|\bIdentityUser\b|AspNetCore\.Identity|spring-boot-starter-security|@auth0/|auth0\b|better-auth|lucia|"
            r"Auth::user\(\)|laravel/(?:breeze|jetstream|fortify)|fastapi_users|allauth|authlib|streamlit_authenticator|"
            r"st\.experimental_user|msal",
            "accounts of people",
        ),
        (
            "personal",
            4,
            r"hubspot|salesforce|mailchimp|sendgrid|@sendgrid|nodemailer|smtplib|resend|twilio|flask_mail|ActionMailer|"
            r"MailApp\.|GmailApp\.",
            "messages to people",
        ),
        ("health", 8, r"\bfhir\w*\b|\bhl7\b|openmrs|healthkit|HealthKit|HKHealthStore|google\.fitness", "a health interface"),
    )
)
_PAYS: Final = re.compile(
    r"\"(?:stripe|@stripe/[\w-]+|@paypal/[\w-]+|paypal-rest-sdk|braintree|@mollie/api-client|razorpay|@paddle/[\w-]+|"
    r"mercadopago|"
    r"@lemonsqueezy/[\w.-]+|stripe/stripe-php|laravel/cashier|mollie/mollie-api-php|paypal/[\w-]+)\"\s*:|"
    r"^(?:stripe|paypalrestsdk|braintree|razorpay|mollie-api-python|gocardless[-_]pro|squareup|"
    r"mercadopago)\s*(?:[=<>~!\[;#]|$)|"
    r"^\s*gem ['\"](?:stripe|braintree|mollie-api-ruby|pay)['\"]|github\.com/stripe/stripe-go|\{:stripity_stripe|"
    r"com\.stripe[:<]|com\.paypal\.sdk[:<]",
    re.MULTILINE,
)
_MANIFESTS: Final = frozenset(
    ("package.json", "requirements.txt", "composer.json", "gemfile", "go.mod", "pom.xml", "build.gradle", "mix.exs")
)
# A table, a model or a collection that is called by people: its rows are about them, whatever its columns are called.
_TABLES: Final = tuple(
    (
        value,
        weight,
        re.compile(
            rf"(?im)\bcreate\s+table\s+(?:if\s+not\s+exists\s+)?(?:[\w\"`\[\]]+\.)?[\"`\[]?({names})\b|"
            rf"^[ \t]*class\s+({names})\s*\([^)\n]*(?:Model|Base|Document|Entity)\b|"
            rf"^model\s+({names})\s*\{{|@Entity\b[^{{}}]{{0,200}}?\bclass\s+({names})\b|"
            rf"\b(?:insert\s+into|delete\s+from|select\s[^;\n]{{1,80}}\sfrom)\s+[\"`\[]?({names})\b[\"`\]\s(]|"
            rf"\bupdate\s+({names})\s+set\b|"
            rf"(?:mongoose\.)?\bmodel\(\s*['\"]({names})['\"]|\bschema::create\(\s*['\"]({names})['\"]"
        ),
    )
    for value, weight, names in (
        ("health", 6, r"patients?|patienten|pacientes?|pazienti"),
        (
            "personal",
            3,
            r"users?|customers?|employees?|students?|members?|persons?|people|guests?|contacts?|teachers?|volunteers?|"
            r"participants?|attendees?|subscribers?|applicants?|donors?|tenants?|usuarios?|clientes?|empleados?|alumnos?|"
            r"kunden?|mitarbeiter|mitglieder|clients?|utilisateurs?",
        ),
    )
)
_SCHEMA_SUFFIXES: Final = vocabulary(
    ".py .js .ts .tsx .jsx .mjs .cjs .vue .svelte .go .java .kt .cs .php .rb .sql .prisma "
    ".html .htm .erb .ejs .hbs .pug .cshtml .razor .blade .twig .jinja .jinja2 .ipynb .gs "
    ".graphql .csv .tsv .astro .njk .liquid .r .rmd .dart .swift .rs .ex .exs .scala .vb"
)


def detect(snapshot: Snapshot) -> Iterator[Evidence]:
    """Evidence for `data`, one for each class and field and file."""
    for file in snapshot.named(*_MANIFESTS):
        if match := _PAYS.search(file.text):
            why = f"{file.name} depends on a payment provider"
            yield Evidence("data", "payment", 6, file.path, file.line_at(match.start()), why)
    for file in snapshot.files:
        if file.suffix == ".json" and ("{{" in file.text or "?['" in file.text) and not paths.is_translation(file.path):
            yield from _flows(file)
        if (
            file.suffix not in _SCHEMA_SUFFIXES
            or paths.is_built(file.path)
            or paths.is_lock(file.path)
            or (file.suffix == ".php" and paths.is_translation(file.path))
            or (paths.is_document(file.path) and file.suffix != ".html")
        ):
            continue
        less = 4 if paths.is_test(file.path) else 2 if paths.is_example(file.path) else 0
        seen: set[str] = set()
        for evidence in (*_fields(file), *_people(file), *_sdks(file)):
            if evidence.why not in seen and evidence.weight > less:
                seen.add(evidence.why)
                yield Evidence("data", evidence.value, evidence.weight - less, evidence.file, evidence.line, evidence.why)


def _flows(file: SourceFile) -> Iterator[Evidence]:
    seen: set[str] = set()
    for match in _OF_FLOWS.finditer(file.text):
        name = match[1] or match[2]
        if name not in seen:
            seen.add(name)
            yield from _field(file, file.line_at(match.start()), name, "a value the flow hands on", 2)


def _fields(file: SourceFile) -> Iterator[Evidence]:
    if file.suffix in (".csv", ".tsv"):
        head = file.lines[0] if file.lines else ""
        if _CSV.match(head) and len(file.lines) > 2:
            for name in re.split(r"[,;\t]", head):
                yield from _field(file, 1, name.strip(" \"'"), "a column of a file of data", 1)
        return
    forms = [(form, where) for form, where in _FIELDS if may_match(form, file.text)]
    for number, line in lines_with(file, STEMS, fold=True):
        if len(line) > 2000 or line.lstrip().startswith(("//", "#", "*", "import ", "from ")):
            continue
        for form, where in forms:
            for match in form.finditer(line):
                yield from _field(file, number, next(filter(None, match.groups()), ""), where, 0)
        for match in _LISTED.finditer(line):
            for name in re.findall(r"[\"']([\w .\-]{2,30})[\"']", match[0]):
                yield from _field(file, number, name, LISTED, 0)
        for match in (*_DESTRUCTURED.finditer(line), *_COLUMN_LISTS.finditer(line)):
            listed = _LITERAL_VALUE.sub(r"\g<sign> ", next(filter(None, match.groups()), ""))
            for part in listed.split(","):
                name = _AFTER_NAME.split(_KEYWORD.sub("", part.strip().lstrip(":")))[0].strip("`\"'[]:()")
                yield from _field(file, number, name.rsplit(".", 1)[-1], "a field", 0)


def _field(file: SourceFile, number: int, name: str, where: str, less: int) -> Iterator[Evidence]:
    if where == TITLE:
        if is_about_health(name):
            yield Evidence("data", "health", 6 - less, file.path, number, f"{where}: '{name[:40]}'")
        return
    value, weight = class_of(name)
    if value and not (value == "payment" and where == CHOICE):
        if weight == FAINT:
            where, name = "a field", name.lower()  # the same reason wherever it stands, so that it counts once
        weight = min(weight, 3 if where in _HINTS else 6) - less
        yield Evidence("data", value, weight, file.path, number, f"{where} called '{name[:40]}'")


def _people(file: SourceFile) -> Iterator[Evidence]:
    for value, weight, form in _TABLES:
        if match := search(form, file.text):
            name = next(filter(None, match.groups()), "")
            yield Evidence("data", value, weight, file.path, file.line_at(match.start()), f"a table or model of '{name}'")


def _sdks(file: SourceFile) -> Iterator[Evidence]:
    for value, weight, form, what in _SDKS:
        if match := search(form, file.text):
            yield Evidence("data", value, weight, file.path, file.line_at(match.start()), f"the code uses {what}")
