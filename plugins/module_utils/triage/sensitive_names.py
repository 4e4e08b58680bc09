# Copyright (c) 2026 the goldenpath.microapps authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Which names of fields, columns and questions mean health, payment or personal data, in a dozen languages. Pure."""

from __future__ import annotations

import re
from typing import Final

from .names import words_of
from .vocabulary import vocabulary

# Words of a name, joined by _.
_HEALTH: Final = re.compile(
    r"(^|_)("
    r"(?:target_|current_|start_)?(?:body_?(?:weight|fat|mass|height)\w*|weight_?(?:kg|lbs?|log|history|entries)|"
    r"calori\w+|kcal_?(?:goal|target|in|out))|"
    r"puls[eo]?|ruhepuls|bpm|systol\w*|diastol\w*|sistol\w*|blutdruck\w*|bloeddruk\w*|(?:presion|pressao|"
    r"pressione)_?arteri\w+|"
    r"tension_?arterielle|ha?emoglobin\w*|(?:grupo|gruppo|groupe|grupa)_?(?:rh|sanguin\w+|sangu\w+|krwi)|bloedgroep\w*|"
    r"lactate?|laktat|"
    r"injur(?:y|ies)|verletzung\w*|blessures?|lesion(?:es)?|(?:pain|schmerz\w*|pijn\w*|douleurs?|"
    r"dolore?s?)(?:_?(?:level|score|scale))?|klachten|"
    r"headache\w*|migra[ie]?nes?|hoofdpijn\w*|kopfschmerz\w*|koerperfett|medica(?:cion|mento|zione|cao)\w*|"
    r"medicatie|adrenalin\w*|epi_?pen|"
    r"anaphyla\w+|anafila\w+|rozpoznani\w+|przeciwwskaz\w+|zabieg\w*|pacjen\w*|chorob\w*|lekarstw\w*|alerg(?:ias?|ie|ii)|"
    r"intolerance\w*|lab_?(?:results?|request\w*)|"
    r"vitals?|vital_?signs|menstru\w+|mood_?(?:score|log|entry)|sobriety\w*|"
    r"krank(?:heit\w*|meldung\w*|geschrieben)?|malad\w+|enferm\w+|"
    r"diagnos[ei]s|icd_?10|icd|patient(s|_?\w*)?|medical|medication\w*|prescription\w*|allerg(y|ies|ic|ie)|"
    r"blood_?(type|group|"
    r"pressure|sugar)|symptom\w*|disease\w*|"
    r"illness\w*|treatment(s|_plan)?|health_?(insurance|condition|record|number|status|data|history)|insulin|glucose|"
    r"heart_?rate|bmi|vaccin\w+|"
    r"pregnan\w+|disabilit\w+|therap(y|ist|ies)|nhs_?number|mrn|doctor_?(id|name|notes?)|clinical\w*|mental_?health|phq\w*|"
    r"dosage|surger(y|ies)|hiv\w*|sick_?(leave|note|days?)|pacientes?|diagnosticos?|tratamientos?|tratamentos?|antecedentes|"
    r"alergias?|sintomas?|medicamentos?|historia_?clinica|receta_?medica|patienten?|diagnosen?|allergien?|medikamente?\w*|"
    r"blutgruppe|befund\w*|symptome?|traitements?|maladies?|ordonnances?|paziente|pazienti|"
    r"diagnosi|terapia|doenca\w*|enfermedad\w*|benh_?(nhan|an)|chan_?doan|hasta_?(adi|no)|pasien|diagnoza|"
    r"discharge_?summary)($|_)"
)
_PAYMENT: Final = re.compile(
    r"(^|_)(card_?(number|num|no|holder\w*|exp\w*|last4|cvc|cvv|token)|credit_?card\w*|debit_?card\w*|cvv2?|cvc|iban|bic|"
    r"swift(_?code)?|sort_?code|routing_?number|"
    r"bank_?(account\w*|name|code|details)|account_?(number|holder)|sepa(_?(mandat\w*|debit\w*|iban|lastschrift\w*|xml|"
    r"credit\w*|transfer\w*))?|"
    r"\w+_iban|rib|kontonummer|konto_?(nr|inhaber)|bankverbindung\w*|blz|kreditkart\w*|kartennummer|"
    r"(numero_?(de_?)?)?(tarjeta|cartao|carte_?bancaire|carta_?di_?credito)|"
    r"cuenta_?bancaria|numero_?(de_?)?(cuenta|compte|conto|conta)|compte_?bancaire|conto_?corrente|rekening_?(nummer|"
    r"houder)|numer_?konta|chave_?pix|pix_?key|bankgegevens|"
    r"payment_?(method|intent|id|status|token)\w*|"
    r"stripe_\w+|paypal_\w+|charge_?id|"
    r"payout\w*|payroll|reimburse\w*|invoice_?(number|id|total|amount)|billing_?\w+|"
    r"transaction_?(id|amount)|checkout_?session\w*)($|_)"
)
_PERSONAL: Final = re.compile(
    r"(^|_)(e_?mail(s|_?addr\w*|_?id)?|email_?\w*|phone(_?\w*)?|mobile(_?(no|number|phone))?|telephone|tel|cell_?phone|"
    r"whatsapp\w*|fax|first_?name|last_?name|sur_?name|full_?name|"
    r"given_?name|family_?name|middle_?name|maiden_?name|firstname|lastname|fullname|birth_?(day|date|place)|birthday|"
    r"birthdate|date_?of_?birth|dob|"
    r"street(_?\w*)?|home_?address|postal_?(code|address)|post_?code|zip_?code|shipping_?address|mailing_?address|"
    r"address_?(line)?_?\d?|address|"
    r"ssn|social_?security\w*|national_?id\w*|passport_?\w*|driver_?licen[cs]e\w*|tax_?id|gender|nationality|ethnicity|"
    r"religion|marital_?status|"
    r"ip_?address|latitude_longitude|emergency_?contact\w*|next_?of_?kin|employee_?(name|number|id)|customer_?(name|email|"
    r"phone)|user_?(email|phone)|"
    r"guest_?(name|email)|contact_?(name|email|phone|number)|attendee_?(name|email)\w*|applicant_?\w*|candidate_?(name|"
    r"email)|student_?(name|email|id)|"
    r"password_?(hash|digest)|hashed_?password|license_?plate|profile_?(photo|picture)|curriculum_?vitae|"
    r"mail(_?(addr\w*|adresse))?|handy\w*|mobil(_?(nummer|nr))?|mobiltelefon\w*|movil|movel|telemovel|cellulare|"
    r"gsm(_?(nr|nummer))?|durchwahl|rufnummer|"
    r"(voller|ganzer|vollstaendiger)_?name|vollname|spitzname|nick_?name|display_?name|real_?name|your_?name|"
    r"preferred_?name|upn|user_?principal\w*|"
    r"numero_?(de_?)?(telefono|telephone|telefone)|numero_?di_?telefono|telefoonnummer|numer_?telefonu|e_?post\w*|nif|"
    r"pesel|bsn|ahv_?(nr|nummer)|codice_?fisc\w*|"
    r"numero_?(de_?)?secu\w*|anschrift|wohnort|wohnadresse|domicilio|residencia|residenza|woonplaats|woonadres|adres|"
    r"ulica|miejscowosc|kod_?pocztowy|codigo_?postal|"
    r"code_?postal|cap_?residenza|postcode|postnummer|geburtsort|date_?of_?hire|hire_?date|job_?title|eintrittsdatum|"
    r"next_?of_?kin\w*|gps_?(lat|lon)\w*|home_?(lat|lon)\w*|"
    r"correo(_?\w*)?|apellidos?|nombres|nombre_?(completo|cliente|usuario)|telefono\w*|celular|direccion|fecha_?nacimiento|"
    r"dni|cedula|sobrenome|nome_?completo|telefone|endereco|cpf|data_?nascimento|prenom|nom_?(famille|complet)|courriel|"
    r"adresse(_?\w*)?|date_?naissance|vorname|nachname|geburts(datum|tag)|strasse|hausnummer|plz|telefon\w*|"
    r"cognome|indirizzo|codice_?fiscale|data_?nascita|salary|salaries|wages?|gehalt|salario|salaire|estado_?civil|"
    r"familienstand|etat_?civil|edad|idade|sexo|"
    r"geboorte_?datum|achternaam|voornaam|so_?dien_?thoai|ho_?ten|telefoon\w*|emailadres|no_?hp|alamat|imie|nazwisko)($|_)"
)
# A person by the part they play: what stands in such a field is a name.
_ROLES: Final = re.compile(
    r"(^|_)(kund(e|in)|gast|mieter\w*|teilnehmer\w*|spender\w*|mitglied\w*|besteller\w*|ansprechpartner\w*|melder\w*|"
    r"nutzer\w*|schueler\w*|lehrer\w*|"
    r"sportler\w*|eltern|mitarbeiter\w*|kolleg\w*|salaries?|employes?|eleves?|enseignants?|adherents?|"
    r"benevoles?|locataires?|clientes?|"
    r"empleados?|alumn[oa]s?|profesor\w*|soci[oa]s?|vecin[oa]s?|voluntari[oa]s?|inquilin[oa]s?|dipendent[ei]|"
    r"alliev[oi]|insegnant[ei]|volontari[oa]?|collega\w*|"
    r"klant\w*|medewerker\w*|leerling\w*|deelnemer\w*|huurder\w*|funcionari[oa]s?|colaborador\w*|alun[oa]s?|crianca|"
    r"inquilin[oa]|pracowni\w*|klient\w*|uczen|"
    r"uczestni\w*|colleague|employee|student|pupil|teacher|tenant|guest|donor|volunteer|attendee|participant|applicant|"
    r"member|player|resident|visitor|finder|"
    r"(user|player|student|member|guest|client|person|owner|driver|contact|teacher|author|parent|child)_?names?|"
    r"username)($|_)"
)
# What is said of a package or a program, not of a person.
_OF_PROGRAMS: Final = re.compile(
    r"^(author|maintainer|project|package)_?e?_?mail$|^(from|sender|reply_to|admin|default_from)_?e?_?mail\w*$|"
    r"^(client|kunde|klient)_(id|secret|url|key|version)$|^(member|player|guest|student|user)_(count|id|ids|index|type|"
    r"role)$|"
    r"(^|_)(e_?)?mail_?(server|host|port|from|sender|user(_?name)?|pass(word)?|backend|(use_)?(tls|ssl)|enabled|"
    r"template\w*|subject|body|"
    r"service|provider|config|client|queue|transport\w*|settings?|sent|driver|mailer|encryption)($|_)|(^|_)smtp_|(^|"
    r"_)tenant_?(id|key|url|domain)$|"
    r"^(web_)?vitals$|^username_field$|^administrator_username$|^auth_basic"
)
_WEAK_FIELDS: Final = vocabulary(
    "tel fax street mobile gender treatment billing ip_address icd bic tax_id mail weight pulse puls pulso rib "
    "krank pain handy adres "
    "nickname display_name vitals calories calorie weight_kg weight_lb weight_lbs mood_score mood_log bpm zabieg"
)
# An address of a network as well as of a person; a name to log in with. Somebody's part in a thing weighs as little.
_FAINT_FIELDS: Final = vocabulary("address username user_name login_name")
FAINT: Final = 2
_CLASSES: Final = (("health", _HEALTH), ("payment", _PAYMENT), ("personal", _PERSONAL))
# What every name of the three classes holds, so that only such lines are looked at closely.
STEMS: Final = vocabulary(
    "diagno icd patient medic prescription allerg blood symptom disease illness treatment health insulin glucose heart "
    "bmi vaccin pregnan "
    "disabilit therap nhs mrn doctor clinical phq dosage surger hiv sick card cvv cvc iban bic swift sort bank account "
    "routing sepa payment "
    "stripe paypal charge payout payroll salar wage reimburse invoice billing transaction checkout mail phone mobile tel "
    "whatsapp fax name "
    "birth dob street address postal post zip ssn social national passport driver tax gender ethnic religion marital ip "
    "latitude emergency "
    "kin employee customer user guest contact attendee applicant candidate student password license profile curriculum "
    "pacien tratam anteced alerg sintoma medicam histori allergi medik krank blutgr befund trait malad ordonn pazien terapia "
    "doenca enferm correo apellid nombre telef celular direc nacim dni cedula nome endere cpf nascim courriel adress naiss "
    "vorname nachname geburt strasse hausn plz cogn indiri codice nascita civil familienstand edad idade sexo geboort naam "
    "benh chan_ chandoan hasta pasien thoai hoten ho_ten no_hp nohp alamat imie nazwisko "
    "weight body calor kcal puls bpm tole tolic blutd bloedd arter hemoglob haemoglob grup bloedgr lact lakt injur "
    "verletz blessu lesion pain "
    "schmerz pijn doul dolor klacht migr hoofdp kopfs koerper medica adrenal epipen anaph anafil rozpozn przeciw "
    "zabieg pacjen chorob lekars intoler lab vital "
    "period menstru cycle mood sobri rib konto blz kart tarjeta cartao carte carta cuenta compte conto rekening pix "
    "bankg handy mobil movil movel "
    "cellul gsm durchwahl rufnum spitz nick upn principal numer epost pesel bsn ahv fisc secu anschrift wohn domicil "
    "residen woon adres ulica miejsc kod codigo "
    "diastol systol sistol headach groupe nif homel prenom nomcomplet nomfamille alun klient soci volunteer hire job "
    "eintritt gps home_ kunde kundin gast mieter teilnehm spender mitglied besteller ansprech melder nutzer "
    "schueler lehrer sportl trainer eltern kind "
    "mitarb kolleg salarie employ eleve enseign adher benev locat client emplead alumn profes socio vecin voluntar "
    "inquilin dipend alliev insegn volont collega "
    "klant medewerk leerl deelnem huurd funcion colabor aluno crianca pracown uczen uczest colleague pupil teacher "
    "tenant donor attend particip member player "
    "visitor finder person owner author parent child krank "
    "gehalt salair discharge x-ray xray tumo cancer pneumonia mri stroke hospital clinic therap"
)
# What a page is about, where it asks people: words of a title, not of a field.
_ABOUT_HEALTH: Final = re.compile(
    r"(^|_)(doctors?|medical|patients?|symptoms?|diagnos\w+|disease\w*|diabetes|cancer|pneumonia|tumou?r|mri|x_?ray|"
    r"ecg|stroke|"
    r"mental_health|health_?care|hospital|clinical|clinic|therap\w+|pregnan\w*|discharge_summary|heart_(?:attack|"
    r"failure|risk))($|_)"
)
_OF_PLANTS: Final = re.compile(r"(^|_)(plants?|lea(f|ves)|crops?|banana|potato\w*|tomato\w*|rice|maize|animal|pets?|cattle)($|_)")


def class_of(name: str) -> tuple[str, int]:
    """The class of data that a name means and its weight: 6 if it says so, 3 if it may mean something else, 2 (FAINT) if it
    mostly does, or ('', 0)."""
    joined = "_".join(words_of(name))
    if _OF_PROGRAMS.search(joined):
        return "", 0
    if joined in _FAINT_FIELDS:
        return "personal", FAINT
    value = next((value for value, form in _CLASSES if form.search(joined)), "")
    if value:
        return value, 3 if joined in _WEAK_FIELDS else 6
    return ("personal", FAINT) if _ROLES.search(joined) else ("", 0)


def is_about_health(title: str) -> bool:
    """Whether a page of this title asks people about their health."""
    joined = "_".join(words_of(title))
    return bool(_ABOUT_HEALTH.search(joined)) and not _OF_PLANTS.search(joined)
