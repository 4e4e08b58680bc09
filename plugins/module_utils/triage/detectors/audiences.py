# Copyright (c) 2026 the goldenpath.microapps authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Whom an app is for and where it runs, in the words of the document that introduces it."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from typing import Final

from .. import paths
from ..model import Evidence, Snapshot, SourceFile

_INTRODUCES: Final = re.compile(
    r"(?i)(?:^|/)(?:read_?me|lies_?mich|lisez_?moi|leeme|leia_?me|leggimi|lees_?mij|l\u00e4s_?mig|laes_?mig|czytaj_?to|"
    r"oku_?beni|lue_?minut|about|index|docs)[\w.-]*$"
)
# What stands under these headings is about the repository, not about whoever uses the app.
_ASIDE: Final = re.compile(
    r"(?i)#+.*\b(?:contribut\w*|licen[cs]e|credits?|acknowledge?ments?|develop(?:ment|ers?|ing)|testing|tests|roadmap|to-?do|"
    r"changelog|release\w*|trouble\s?shooting|faq|lizenz|entwicklung|mitwirken)\b"
)
_FENCES: Final = ("```", "~~~")
_STAFF: Final = (
    r"(?:team|staff|office|employees|colleagues|crew|board|department|company|volunteers?|nurses|accounting|warehouse|"
    r"workshop|"
    r"reception|receptionists?|clerks?|kitchen|treasurer|secretary|shop floor|sales ?people|technicians|planners|managers|"
    r"organi[sz]ers|admins?|administrators?|operators|foremen|shift leads?|teachers|caretakers|household|family|"
    r"flat ?mates|friends)"
)
_PERSONAL: Final = (
    r"(?:team\w*|b\u00fcro\w*|mitarbeit\w*|kolleg\w*|vorstand\w*|verwaltung|abteilung\w*|werkstatt\w*|lager\w*|"
    r"k\u00fcchen?\w*|schicht\w*|"
    r"praxis\w*|personal\w*|belegschaft|schatzmeister\w*|kassenwart\w*|disponent\w*|sachbearbeit\w*|haushalt|familie|"
    r"\u00e9quipe|"
    r"personnel|employ\u00e9s|salari\u00e9s|coll\u00e8gues|bureau|secr\u00e9tariat|tr\u00e9sorier\w*|"
    r"b\u00e9n\u00e9voles|atelier|"
    r"equipo|empleados|compa\u00f1eros|oficina|almac\u00e9n|taller|voluntarios|dipendenti|ufficio|magazzino|colleghi|"
    r"volontari|"
    r"personale|medewerkers|collega's|kantoor|magazijn|personeel|vrijwilligers|funcion\u00e1rios|colaboradores|equipe|equipa|"
    r"escrit\u00f3rio|zespo\u0142\w*|pracowni\w*|biur\w*|magazyn\w*|koleg\w*)"
)
_COMES: Final = (
    r"(?:visitors|customers|guests|residents|citizens|fans|donors|shoppers|the public|applicants|neighbou?rs|readers|"
    r"supporters)"
)
_KUNDEN: Final = (
    r"(?:besucher\w*|kund\w+|g\u00e4ste|b\u00fcrger\w*|anwohner\w*|interessierte\w*|spender\w*|bewerber\w*|visiteurs|clients|"
    r"habitants|donateurs|citoyens|internautes|clientes|visitantes|vecinos|ciudadanos|donantes|clienti|visitatori|cittadini|"
    r"bezoekers|klanten|inwoners|klienci|go\u015bcie|odwiedzaj\u0105cy)"
)
# Who comes from another house, on the word of this one: an invitation, a contract.
_TRADES: Final = (
    r"(?:clients?|practices|praxen|suppliers?|brokers?|hauliers?|carriers?|freelancers?|contractors?|dealers?|tenants|"
    r"agenc(?:y|ies)|"
    r"lieferant\w+|"
    r"spedit\w+|h\u00e4ndler\w*|makler\w*|mandant\w+|fournisseurs?|prestataires?|corredor\w*|correduri?\w*|proveedor\w*|"
    r"propietari\w+|clientes|fornitori|fornecedor\w*|leveranciers|dostawc\w+)"
)
_LET_IN: Final = (
    r"(?:invit\w+|einladung\w*|eingeladen\w*|uitnodig\w+|uitgenodigd|convite|zaprosz\w+|(?:frame|running|signed|"
    r"valid) contract|contract (?:is|was|ends)|"
    r"(?:rahmen)?vertrag|clave compartida|shared key|(?:co-?operation|partner|frame) agreement|contrat[oi]?|contratto|"
    r"umow\w+)"
)
# Some words on, within the sentence
_FAR: Final = r"[^.!?\n]{0,40}"
# value, weight, why, and the expressions that say it
_SAYS: Final = tuple(
    (value, weight, why, re.compile("(?i)" + "|".join(forms)))
    for value, weight, why, *forms in (
        (
            "internal",
            6,
            "its document names the people of the house",
            rf"\b(?:for|by|to|only|our|of (?:our|the)) (?:use )?(?:by )?(?:our |the |my |your |own |a |"
            rf"all )?(?:\w+ )?{_STAFF}\b",
            r"\b(?:f\u00fcr|von|durch|nur|pour|para|por|per|dal|voor|door|pela|pelo|dla|przez|\u00e0|aux) "
            r"(?:(?:das|die|den|der|unser\w*|mein\w*|alle|les?|l'|la|notre|nos|el|los|nuestr\w+|il|i|gli|nostr\w+|ons|"
            r"onze|het|de|"
            rf"nossa|nosso|a|o|nasz\w*) ?)?(?:\w+ )?{_PERSONAL}\b",
            r"\bat home\b|\bzu hause\b|\bbei uns\b|\bchez nous\b|\b\u00e0 la maison\b|\ben casa\b|\ba casa\b|\bthuis\b|"
            r"\bem casa\b|\bw domu\b",
            r"\b(?:our|own|unsere\w*|eigen\w*) (?:\w+ )?(?:group|chat|groep|gruppe)\b|\bgezin\w*",
            r"\bfor the (?:\w+ ){1,2}only\b|\br\u00e9serv\w+ (?:\u00e0 |aux? )|\breservad[oa]s? (?:a|para) |\briservat[oa] a",
        ),
        (
            "internal",
            5,
            "its document says that few people use it",
            rf"\b(?:only|just) (?:used|opened|run) by (?:me|us|my|our|(?:the )?(?:\w+ )?{_STAFF})\b|\bused only by (?:me|us)\b|"
            r"\bfor me and (?:the|my|our|(?-i:[A-Z]))|\bonly (?:I|me|we|us) (?:and \w+ )?(?:use|log in|have access)\b|"
            r"\bfor (?:its|our) (?:\w+ )?members\b(?! and)|\bprivate app\b(?! (?:keys?|tokens?|id))|"
            r"\bonly (?:our|the|these|\d+) (?:\w+ )?(?:e-?mails?|accounts?|people) (?:are|is|were) (?:invited|allowed)",
            rf"\bnur (?:ich|wir)\b{_FAR}\b(?:nutz|benutz|verwend|zugriff|zugang)\w*|\bnur f\u00fcr (?:uns|mich)\b|"
            r"\bf\u00fcr mich und (?:mein|die|den|unser)|\bsonst (?:kommt|kann) niemand|\buniquement (?:pour |"
            r"par )?(?:moi|nous)\b|"
            rf"\bpour moi et\b|\bs[o\u00f3]lo (?:yo|nosotr[oa]s)\b{_FAR}\b(?:us|entr|acced)\w+|\bs[o\u00f3]lo lo usamos\b",
            rf"\bs\u00f3 (?:eu|n\u00f3s|a gente)\b{_FAR}\b(?:us|entr|acess)\w+|"
            rf"\bsolo (?:io|noi)\b{_FAR}\b(?:us|entr|acced)\w+|\bsi entra solo\b",
            rf"\balleen (?:ik|wij)\b{_FAR}\b(?:gebruik|inlog|log)\w*|\balleen voor (?:ons|mij)\b|"
            rf"\bbara f\u00f6r (?:oss|mig|familjen|personal\w*|medlem\w*)|\bbara (?:jag|vi)\b{_FAR}\b(?:anv\u00e4nd|logga)\w*",
            rf"\btylko (?:ja|my)\b{_FAR}\b(?:u\u017cywa|korzysta|dost\u0119p)\w*|"
            r"\btylko dla (?:nas|mnie|pracownik\w*|cz\u0142onk\w*)|"
            rf"\bsadece (?:ben|biz|personel)\b{_FAR}\b(?:kullan|gir)\w*|\bhanya (?:saya|kami)\b{_FAR}\b(?:pakai|masuk|"
            rf"akses|gunakan)",
            r"\bhanya untuk (?:kami|karyawan|keluarga)\b|\bdipakai (?:di laptop|oleh)\b|\bkun for (?:os|oss|familien|"
            r"medlem\w*)\b|"
            rf"\bkun (?:jeg|vi)\b{_FAR}\b(?:brug|bruk|logg)\w*|\bjen pro (?:n\u00e1s|m\u011b|\u010dleny)\b|"
            r"\u793e\u5185(?:\u7528|\u304b\u3089|\u3067|\u306e\u307f)|\u793e\u54e1(?:\u7528|\u306e|\u304c|\(|\uff08)",
        ),
        (
            "internal",
            6,
            "its document says that somebody makes its accounts",
            rf"\b(?:accounts?|logins?|users?) (?:are|is|get|gets|were) (?:created|made|handed out|given|set up|added) by "
            rf"(?:me|us|our|(?:an? |the )?(?:\w+ )?{_STAFF}|the (?:owner|coach|chair\w*))\b",
            r"\bI (?:create|make|set up|hand out|add) (?:the |each |every |an? |their |all )?(?:\w+ )?(?:accounts?|logins?)\b",
            r"\b(?:login|password|account)s? (?:\w+ ){0,2}from (?:me|us|the (?:\w+ )?(?:office|treasurer|secretary|coach|"
            r"board))\b|(?-i:\b[Aa]sk (?:me|us|(?!Stripe|Git|Google|Meta|Open|Cl|Chat)[A-Z][a-z]+)) for (?:the |a |your |an )?"
            r"(?:password|login|account)\b",
            r"\b(?:one|a|single) shared (?:\w+ )?(?:login|password|account)|"
            r"\bvon mir (?:\w+ ){0,2}(?:zugang|login|konto|passwort)|"
            r"\bzug[a\u00e4]nge?\w* (?:\w+ ){0,3}(?:von|bei) (?:mir|uns)\b|\baccounts? maakt \w+ aan\b|\butente creato d[a-z]+\b",
            r"\b(?:dostaj\u0105|dostaje) (?:login|konto|has\u0142o) ode mnie|\bsamma l\u00f6senord\b|\b(?:comptes?|acc\u00e8s) "
            r"(?:cr\u00e9\u00e9s?|donn\u00e9s?) par (?:moi|nous|le secr|la direction)|\bcontas? criadas? por (?:mim|n\u00f3s)\b",
        ),
        (
            "internal",
            5,
            "its document says that it stands in a house",
            r"\bon (?:the|our|my|one) (?:\w+ )?(?:desk|office|shop|front|kitchen|back|club|school|practice|reception|counter|"
            r"library|workshop|till)'?s? ?(?:\w+ )?(?:laptop|pc|tablet|mac|machine)\b",
            r"\bdraait op de (?:\w+ )?(?:pc|laptop|computer|nas)\b|\b(?:pc|laptop|computer|nas) op kantoor\b|"
            r"\bsur le (?:nas|pc|poste|portable) (?:de |du |des )(?:la |l.)?(?:cabinet|bureau|boutique|atelier|"
            r"accueil|club|mairie|"
            r"\u00e9cole|magasin)|\bpas accessible (?:de|depuis) l.ext",
            r"\bno (?:computador|notebook|pc) d[ao] (?:loja|escrit\u00f3rio|recep\u00e7\u00e3o|balc\u00e3o|cl\u00ednica|caixa)|"
            r"\bsul (?:pc|portatile|computer) (?:del|della|in) (?:negozio|ufficio|studio|bottega|sede|segreteria)|"
            r"\ben el (?:ordenador|port\u00e1til|pc|computador) del? (?:la )?(?:mostrador|local|taller|club|despacho|"
            r"almac\u00e9n|tienda)",
            r"\bauf dem (?:\w+ )?(?:nas|rechner|pc|laptop|tablet) im (?:b\u00fcro|laden|verein\w*|keller|lager|haus)\b",
        ),
        (
            "internal",
            6,
            "its document says that it runs in a network of the house",
            r"\b(?:company|office|home|local|internal|hospital|school|plant|club|shop|guest)'?s?[- ](?:network|wi-?fi|"
            r"lan|server|intranet)\b",
            r"\b(?:on|in|inside|over|from) (?:the|our|your|my) (?:lan|intranet|nas|firewall)\b|\bvpn\b|"
            r"\braspberry pi\b|\bhome ?lab\b",
            r"\bnot (?:be )?(?:reachable|exposed|accessible|available|visible|open|meant) (?:from|to|on|"
            r"for) (?:the )?(?:internet|outside|public)",
            r"\bnever (?:be )?exposed?\b|\bdo not expose\b",
            r"\b(?:firmen|b\u00fcro|heim|haus|praxis|vereins|schul|werks?|klinik|betriebs)[- ]?(?:netz\w*|wlan|lan|"
            r"intranet)\b",
            r"\b(?:lokalen|internen|eigenen) netz\w*|\bnicht (?:\u00f6ffentlich|aus dem internet|von au\u00dfen|im internet)",
            r"\br\u00e9seau (?:local|interne|de l)|\bnon (?:accessible|expos\w+) |\bred (?:local|interna|de la)|"
            r"\bsin acceso desde internet",
            r"\bno (?:est\u00e1 )?(?:expuest|accesible|p\u00fablic)\w*|\brete (?:locale|interna|aziendale)",
            r"\bnon (?:\u00e8 )?(?:espost\w|raggiungibile|pubblic\w)|\b(?:lokaal|intern|bedrijfs) ?netwerk",
            r"\bniet (?:bereikbaar|toegankelijk|openbaar)|\brede (?:local|interna|da )|\bsieci? (?:lokaln|firmow|wewn)\w*",
        ),
        (
            "internal",
            6,
            "its document says that it runs on the machine of whoever uses it",
            r"\b(?:runs|works|used? it|processed|processing happens|stays?|stored|control) (?:\w+ )?"
            r"(?:locally|on (?:your|my|their|his|her|one) (?:own )?(?:\w+ )?(?:machine|computer|laptop|pc|desktop|mac|"
            r"workstation))\b",
            r"\bon (?:a|the) computer (?:you|that you|which you) (?:own|control)|\blocal[- ](?:first|only)\b|\b(?:100|"
            r"fully) ?%? local\b",
            r"\bopens? (?:a local|it in your|in your) (?:\w+ )?(?:browser|app)|\b(?:desktop|tray|tkinter) (?:app\w*|"
            r"tool|program\w*|window|shortcut|launcher)\b",
            r"\bfor (?:my own|personal|private|one'?s own)(?: personal)? use\b|\b(?:just|only) for (?:me|myself|us)\b|"
            r"\bsingle[- ]user\b",
            r"\b(?:my|a) (?:personal|private|own) (?:\w+ )?(?:diary|dashboard|journal|tracker|bot|tool|assistant|"
            r"script|log|archive)\b",
            r"\bl\u00e4uft (?:\w+ )?(?:lokal|auf (?:meinem|dem|unserem|einem) (?:\w+ )?(?:rechner|pc|laptop|server|tablet))",
            r"\b(?:zum|f\u00fcr den) eigengebrauch|\busage personnel|\buso pers?onal|\ben local\b|"
            r"\bu\u017cytku w\u0142asnego",
            r"\b(?:pour|f\u00fcr) (?:moi|mich)\b",
        ),
        (
            "partner",
            7,
            "its document says that it is for partners",
            r"\b(?:our|for|invited|external|selected|contracted) (?:\w+ )?(?:partners|suppliers|dealers|resellers|"
            r"distributors|"
            r"agencies|franchisees|sub-?contractors|carriers|hauliers|vendors|installers|brokers|freelancers)\b",
            rf"\b{_TRADES}\b[^!?]{{0,160}}\b{_LET_IN}\b|\binvit\w+ (?:\w+ ){{0,3}}{_TRADES}\b",
            r"\b(?:f\u00fcr|unsere[nr]?) (?:\w+ )?(?:lieferanten|h\u00e4ndler\w*|partner\w*|spediteure|makler|"
            r"handwerksbetriebe)\b",
            r"\b(?:nos|les) (?:fournisseurs|partenaires|revendeurs|prestataires|sous-traitants)|\b\w+s partenaires\b",
            r"\b(?:nuestros|los|para) (?:proveedores|distribuidores|socios)|\b\w+s asociad[oa]s\b|\b(?:nostri|"
            r"per i) (?:fornitori|rivenditori|partner)",
            r"\b(?:onze|voor) leveranciers|\b(?:nossos|para) (?:fornecedores|parceiros)|\b(?:dla|nasi) (?:dostawc|"
            r"partner)\w*",
            r"\bpartner(?:schulen|betriebe\w*|firmen|praxen|unternehmen| schools| shops| clubs| agencies| companies)\b",
        ),
        (
            "public",
            5,
            "its document says that anybody may use it",
            r"\b(?:any(?:one|body)|every(?:one|body)) (?:\w+ )?(?:can|may|who|is|on the internet)\b|\bopen (?:to|"
            r"for) (?:all|every\w+|any\w+|the public)",
            r"\bpublic(?:ly)?[- ](?:facing|web ?site|site|page|available|accessible|reachable|instance|demo|bot|form|"
            r"portal|url|web ?app|api|test server|service)\b",
            rf"\b{_COMES} (?:\w+ )?(?:can|may) \w+|\bno (?:account|sign-?up|registration) (?:is )?(?:needed|required|"
            rf"necessary)",
            r"\bwithout (?:an account|logging in|registration)|\bjede[rn]? (?:kann|darf)\b|\b\u00f6ffentlich\w*|"
            r"\bohne (?:anmeldung|registrierung|konto)",
            rf"\b{_KUNDEN} (?:k\u00f6nnen|peuvent|pueden|possono|kunnen|podem|mog\u0105)\b",
            r"\btout le monde|\bouvert\w* (?:\u00e0 tous|au public)|\bgrand public|\bsite public|\bsans (?:compte|"
            r"inscription)",
            r"\bcualquiera?\b|\babiert[oa] (?:al p\u00fablico|a tod\w+)|\b(?:p\u00e1gina|sitio|web) p\u00fablic[oa]|"
            r"\bsin (?:registro|cuenta)",
            r"\bchiunque\b|\bapert[oa] a tutti|\b(?:sito|pagina) pubblic[oa]|\biedereen (?:kan|mag)|\bopenbare?\b|"
            r"\bpublieke\b",
            r"\bzonder (?:account|inloggen)|\bqualquer (?:pessoa|um)|\babert[oa] ao p\u00fablico|"
            r"\bka\u017cdy mo\u017ce|\bpubliczn\w+",
            r"\bdost\u0119pn\w+ dla wszystkich|\bbez (?:logowania|rejestracji)",
        ),
        (
            "public",
            5,
            "its document says where it is published",
            r"\blive (?:demo|site|version|app|at|under|here|on)\b|\btry it (?:live|online|out (?:at|on|here))|"
            r"\bplay (?:it )?(?:online|here|now)\b",
            r"\b(?:deployed|deploys?|published|publish|available|running|lives|online|hosted|erreichbar|en ligne|disponible) "
            r"(?:\w+ )?(?:at|to|on|unter|auf|sur|en|via|with|with the) \W{0,3}(?:https?://(?!localhost|127|0\.0)|www\.|"
            r"vercel|netlify|"
            r"render\b|fly\.io|railway|heroku|github pages|cloudflare|firebase|pythonanywhere|streamlit (?:community )?cloud|"
            r"hugging ?face|app store|google play|play store|deno deploy|shinyapps)",
        ),
        (
            "public",
            4,
            "its document calls it a page for everybody",
            r"\b(?:landing page|(?:my|personal|developer|online) portfolio|portfolio (?:web ?)?(?:site|page)|"
            r"personal (?:web ?site|blog)|(?:online|web)[ -]?(?:shop|store)\b|e-?commerce|"
            r"storefront|paste ?bin)",
            r"\bembed(?:ded|s)? (?:it )?(?:in|on|into) (?:our|the|your|any|their) (?:\w+ )?(?:web ?site|home ?page|"
            r"web ?page)",
            r"\bweb ?site (?:of|for) |\bhomepage (?:of|for|des|der) |\bwebseite|\bsite (?:web )?(?:de|du|des) |"
            r"\bsitio web de",
            r"\bsito (?:web )?(?:del|della|di) |\bwebsite van|\bstrona internetowa",
        ),
    )
)


def detect(snapshot: Snapshot) -> Iterator[Evidence]:
    """Evidence for `exposure` from what introduces the app: a README near the root, and the manifest's own description."""
    for introduction, text in introductions(snapshot):
        yield from _said(introduction, 1, text)
    for file in snapshot.named("package.json"):
        if paths.is_near_root(file.path):
            yield from _said(file, file.line_at(max(0, file.text.find('"description"'))), _description(file.text))


def introductions(snapshot: Snapshot) -> Iterator[tuple[SourceFile, str]]:
    """Every document near the root that introduces the app, and its text without commands and what is about the repository."""
    for file in snapshot.files:
        if paths.is_near_root(file.path) and paths.is_document(file.path) and _INTRODUCES.search(file.path):
            yield file, "\n".join(_introduction(file.lines))


def _introduction(lines: Iterable[str]) -> Iterator[str]:
    """The lines, those empty that are commands or stand in a chapter about the repository."""
    fence, aside = "", 0
    for line in lines:
        start = line.lstrip()[:3]
        depth = 0 if fence else len(line) - len(line.lstrip("#"))
        if depth and (not aside or depth <= aside):
            aside = depth if _ASIDE.match(line) else 0
        yield "" if fence or aside or start in _FENCES else line
        if fence:
            fence = "" if line.strip().strip(fence[0]) == "" and start == fence else fence
        elif start in _FENCES:
            fence = start


def _description(text: str) -> str:
    try:
        manifest = json.loads(text)
    except (ValueError, RecursionError):
        return ""
    told = manifest.get("description") if isinstance(manifest, dict) else ""
    return told if isinstance(told, str) else ""


def _said(file: SourceFile, first: int, text: str) -> Iterator[Evidence]:
    for value, weight, why, form in _SAYS:
        if match := form.search(text):
            yield Evidence("exposure", value, weight, file.path, first + text.count("\n", 0, match.start()), why)
