# Copyright (c) 2026 the goldenpath.microapps authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Whose data an app keeps, in the words of the document that introduces it: "stores names, phone numbers and the IBAN"."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from ..model import Evidence, Snapshot
from .audiences import introductions

WEIGHT: Final = 6
LONGEST_LEAD: Final = 1500  # characters in which an introduction says whom it is about
_KEEPS: Final = re.compile(
    r"(?i)\b(?:stor(?:es?|ed|ing)|keeps?|kept|saves?|saved|records?|recorded|collects?|tracks?|logs?|logged|"
    r"(?:for|per) (?:each|every|child|person|patient|member|kind|leerling|bambino|enfant|alumno|pessoa)|speicher\w*|gespeichert|"
    r"erfass\w*|eingetragen|hinterlegt|pro (?:kind|person|mitglied)|drin|"
    r"(?:people|members|patients|users|customers|parents|they) (?:enter|log|record|type)|guarda\w*|almacena\w*|"
    r"registra\w*|contien\w*|contient|"
    r"enregistr\w*|stocke\w*|conserve\w*|saisi\w*|salva\w*|memorizza\w*|raccoglie|bewaart|slaat|opgeslagen|rekent|zapis\w*|"
    r"przechowuj\w*|lagrar|sparar|kaydeder|tutar|tutuyor|menyimpan|mencatat|l\u01b0u|are in|sind in|staan in|lend)\b"
)
# Whose: a sentence about disks, shops or a game keeps nobody's data.
_PEOPLE: Final = re.compile(
    r"(?i)\b(?:child(?:ren)?|kids|parents|members?|guests?|customers?|clients?|tenants?|employees?|staff|volunteers?|students?|"
    r"pupils?|donors?|famil(?:y|ies)|people|residents?|applicants?|kind(?:er|eren)?|eltern|mitglied\w*|g\u00e4ste|"
    r"kund\w+|klant\w*|"
    r"mieter\w*|mitarbeit\w*|sch\u00fcler\w*|teilnehm\w*|familie\w*|leden|ouders|huurders|medewerkers|hovenier\w*|leerling\w*|"
    r"enfants?|adh\u00e9rent\w*|membres|locataires|employ\u00e9\w*|\u00e9l\u00e8ves?|b\u00e9n\u00e9voles|familles|"
    r"habitants|patients|"
    r"patientinnen|patienten|ni\u00f1os|padres|socios|clientes?|pacientes?|inquilin[oi]s?|empleados|alum?nos|vecinos|"
    r"crian\u00e7as|pais|"
    r"funcion\u00e1rios|moradores|bambin[io]|genitori|soci|clienti|pazienti|dipendenti|alunni|dzieci|rodzic\w*|cz\u0142onk\w*|"
    r"klient\w*|pacjent\w*|pracownik\w*|uczni\w*|barn|medlem\w*|elever|patienter|pelanggan|karyawan|pasien|siswa|anggota)\b"
)
_NEVER: Final = re.compile(
    r"(?i)\b(?:no|never|nothing|without|nichts|keine?r?|nie|aucune?|jamais|rien|ning[u\u00fa]n\w*|nunca|nessun\w*|mai|geen|niets|"
    r"nooit|nada|nenhum\w*|\u017cadn\w+|inga|inget|does(?:n't| not)|do(?:n't| not)|n'est|nicht|off)\b|"
    # somebody else keeps it, nobody has it, or a thing has it
    r"\b(?:stripe|paypal|browser|local ?storage|calculator|statistic\w*|validat\w*|checksum|fake|samples?|test|demo|host|server|"
    r"file|variable|ip|memory|dns|page|extension|disks?|game|flash ?cards|quiz|restaurants|pharmac\w+|shops|menu)\b"
)
_NOUNS: Final = tuple(
    (value, fewest, re.compile(f"(?i){form}"))
    for value, fewest, form in (
        (
            "health",
            1,
            r"\b(?:allerg\w+|al[\u00e8e]rg\w+|diagnos(?:is|es|en|i|e)|medications?|medicines|medikament\w*|medicijn\w*|"
            r"m\u00e9dicaments?|medicamentos?|medicine|symptom\w*|"
            r"sintom\w+|injur(?:y|ies)|lesi?[o\u00f5]n?e?s|blessures|verletzung\w*|pain scores?|scores? de douleur|"
            r"blood (?:pressure|sugar|type)s?|blutdruck\w*|"
            r"blutzucker\w*|glyc\u00e9mie|glucose|sick (?:notes?|leave|days?)|krankmeldung\w*|ziekmelding\w*|"
            r"arr\u00eats? maladie|certificats? m\u00e9dica\w+|"
            r"health (?:data|conditions?|notes?)|patients|patienten|patientinnen|pacientes|pazienti|pacjent\u00f3w)\b",
        ),
        (
            "payment",
            1,
            r"\b(?:ibans?|bank (?:details|accounts?|account numbers?|data)|account numbers|bankverbindung\w*|"
            r"kontonummern?|kontodaten|rekeningnummers?|"
            r"card numbers?|credit cards?|kreditkart\w*|dados banc\u00e1rios|datos bancarios|"
            r"coordonn\u00e9es bancaires|coordinate bancarie|dati bancari|"
            r"numer\w* kont\w*|salar(?:y|ies)|geh\u00e4lter|l\u00f6hne|stundenl\u00f6hne|salaires|stipendi|sueldos|"
            r"n\u00f3minas|sal\u00e1rios|wages|payslips?|payroll)\b",
        ),
        (
            "personal",
            2,
            r"\b(?:names?|phone numbers?|phones?|e-?mails?|e-?mail addresses|(?:home |postal )?addresses|birthdays?|"
            r"birth ?dates?|dates? of birth|namen|"
            r"telefonnummern?|telefon|adressen|geburtsta\w+|geburtsdat\w+|noms?|pr\u00e9noms?|t\u00e9l\u00e9phones?|"
            r"adresses|nombres?|tel\u00e9fonos?|correos?|"
            r"direcci\w+|nomi|telefoni|telefono|indirizz\w+|nomes?|telefones?|cpf|telefoonnummers?|naam|adres|"
            r"imi\u0119|imiona|nazwisk\w+|telefony|namn|"
            r"adresser|isim\w*|telefonlar\w*|nama|nomor)\b",
        ),
    )
)
_SENTENCE: Final = re.compile(r"[^.!?\n]{8,400}")


def detect(snapshot: Snapshot) -> Iterator[Evidence]:
    """Evidence for `data`: the first sentence for each class that says what the app keeps."""
    for file, text in introductions(snapshot):
        seen, people = set[str](), _PEOPLE.search(text[:LONGEST_LEAD])
        for sentence in _SENTENCE.finditer(text):
            said = sentence.group()
            if not _KEEPS.search(said) or _NEVER.search(said) or not people:
                continue
            for value, fewest, form in _NOUNS:
                nouns = {match.group().lower() for match in form.finditer(said)}
                if len(nouns) >= fewest and value not in seen:
                    seen.add(value)
                    kept = ", ".join(sorted(nouns)[:3])
                    line = 1 + text.count("\n", 0, sentence.start())
                    yield Evidence("data", value, WEIGHT, file.path, line, f"its document says that it keeps {kept}")
