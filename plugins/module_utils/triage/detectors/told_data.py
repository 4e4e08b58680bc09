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
_KEEPS: Final = re.compile(
    r"(?i)\b(?:stor(?:es?|ed|ing)|keeps?|kept|saves?|saved|records?|recorded|contains?|collects?|tracks?|holds|logs?|"
    r"logged|enters?|entered|fill(?:s|ed)? in|"
    r"(?:for|per) (?:each|every|child|person|patient|member|kind|leerling|bambino|enfant|alumno|pessoa)|with their|their|"
    r"speicher\w*|gespeichert|enth(?:ä|ae)lt|drin|erfass\w*|eingetragen|tragen|hinterlegt|pro (?:kind|person|mitglied)|"
    r"guarda\w*|almacena\w*|registra\w*|"
    r"contiene|contien\w*|contient|enregistr\w*|stocke\w*|conserve\w*|saisi\w*|salva\w*|memorizza\w*|raccoglie|bewaart|"
    r"slaat|opgeslagen|invullen|vullen|"
    r"rekent|zapis\w*|przechowuj\w*|lagrar|sparar|kaydeder|tutar|tutuyor|menyimpan|mencatat|l\u01b0u|are in|sind in|"
    r"staan in)\b"
)
_NEVER: Final = re.compile(
    r"(?i)\b(?:no|never|nothing|without|nichts|keine?r?|nie|aucune?|jamais|rien|ning[u\u00fa]n\w*|nunca|nessun\w*|mai|"
    r"geen|niets|nooit|nada|nenhum\w*|"
    r"\u017cadn\w+|inga|inget|does(?:n't| not)|do(?:n't| not)|n'est|nicht)\b"
)
_NOUNS: Final = tuple(
    (value, fewest, re.compile(f"(?i){form}"))
    for value, fewest, form in (
        (
            "health",
            1,
            r"\b(?:allerg\w+|al[\u00e8e]rg\w+|diagnos\w+|medications?|medicines|medikament\w*|medicijn\w*|"
            r"m\u00e9dicaments?|medicamentos?|medicine|symptom\w*|"
            r"sintom\w+|injur(?:y|ies)|lesi?[o\u00f5]n?e?s|blessures|verletzung\w*|pain scores?|scores? de douleur|"
            r"blood (?:pressure|sugar|type)s?|blutdruck\w*|"
            r"blutzucker\w*|glyc\u00e9mie|glucose|sick (?:notes?|leave|days?)|krankmeldung\w*|ziekmelding\w*|"
            r"arr\u00eats? maladie|certificats? m\u00e9dica\w+|"
            r"health (?:data|conditions?|notes?)|patients?'?|patient\w*|pacientes?|pazient\w+|pacjen\w+)\b",
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
        seen: set[str] = set()
        for sentence in _SENTENCE.finditer(text):
            said = sentence.group()
            if not _KEEPS.search(said) or _NEVER.search(said):
                continue
            for value, fewest, form in _NOUNS:
                nouns = {match.group().lower() for match in form.finditer(said)}
                if len(nouns) >= fewest and value not in seen:
                    seen.add(value)
                    kept = ", ".join(sorted(nouns)[:3])
                    line = 1 + text.count("\n", 0, sentence.start())
                    yield Evidence("data", value, WEIGHT, file.path, line, f"its document says that it keeps {kept}")
