"""Names of schools, federations, clubs: a readable form, and a key on which its many spellings agree."""

from __future__ import annotations

import re

from rddm.conform.values.characters import clean_characters
from rddm.conform.values.look_alikes import mend_look_alikes
from rddm.conform.values.mojibake import mend_mojibake
from rddm.conform.values.placeholders import NOTHING, PLACEHOLDER_FOUND, is_name_placeholder
from rddm.conform.values.settling import settle
from rddm.contracts.normalised import Normalised, Rejected

NOT_AN_ORGANISATION = Rejected("not_an_organisation")

_QUOTES = re.compile(r"[\"“”„‟«»‹›]|''|``|,,(?=\w)|<<|>>")
_OPENING = re.compile(r'(^|[\s(\-])"(?=\S)')
_NUMBER_SIGN = re.compile(r"(?:№|(?<!\w)N[oо]?\.?|#|(?<!\w)номер)\s*(?=\d)", re.IGNORECASE)
_BEFORE_NUMBER = re.compile(r"(?<=[^\s(])№")
_DASHES = re.compile(r"\s+[-‐‑‒–—―−]+\s+|[‐‑‒–—―−]")
_GAPS = re.compile(r"\s+")
_EDGES = " .,;:-_"


def normalise_organisation_name(text: str) -> Normalised | Rejected:
    """
    Return an organisation's name with quotes as «…», numbers as ``№ 5``, single spaces; words and case stay.

    >>> normalise_organisation_name('МБОУ  "СОШ №5"')
    Normalised(value='МБОУ «СОШ № 5»', repairs=())
    """
    return settle(_clean, text)


def _clean(text: str) -> Normalised | Rejected:
    if len(text) > 1000:
        return NOT_AN_ORGANISATION
    text, mojibake = mend_mojibake(text)
    text, invisible = clean_characters(text)
    if not text:
        return NOTHING
    if is_name_placeholder(text):
        return PLACEHOLDER_FOUND
    text, look_alikes = mend_look_alikes(text)
    value = _write_readably(text)
    if not any(map(str.isalnum, value)):
        return PLACEHOLDER_FOUND
    return Normalised(value, mojibake + invisible + look_alikes)


def _write_readably(text: str) -> str:
    text = _NUMBER_SIGN.sub("№ ", text)
    text = _BEFORE_NUMBER.sub(" №", text)
    text = _DASHES.sub(lambda m: " - " if len(m.group()) > 1 else "-", text)
    text = _OPENING.sub(r"\1«", _QUOTES.sub('"', text).strip(_EDGES)).replace('"', "»")
    open_quotes = text.count("«") - text.count("»")
    if open_quotes not in {0, 1} or (open_quotes and not text.endswith("»")):  # «Лицей «Престиж» closes both at once
        text = text.replace("«", " ").replace("»", " ")
    text = _GAPS.sub(" ", text).replace("« ", "«").replace(" »", "»").strip(_EDGES)
    if text.startswith("«") and text.endswith("»") and text.count("«") == 1:
        text = text[1:-1].strip(_EDGES)
    return text


_LEGAL_FORM = re.compile(
    r"\b(?:[мгфчк]?[бакг]?оу(?:со|во|спо|до|нпо|дод)?|ф[гк][бак]оу|[чн]оу|аноо|ано|нко|ооо|оао|зао|пао|ао|ип|роо|рфсоо"
    r"|[мг][бак]у|ф?г?бу|фку|муп|гуп|о[гб]?[бо]?оу|кг[бо]?оу|[мг][ба]удо?|мбуду"
    r"|муниципальн\w+|государственн\w+|федеральн\w+|бюджетн\w+|автономн\w+|казенн\w+|частн\w+|негосударственн\w+"
    r"|областн\w+|краев\w+|(?:обще)?образовательн\w+ (?:учреждени|организаци)\w+|учреждени\w+|город\w* округ\w*)\b"
)
_SCHOOL = re.compile(
    r"\b(?:средн\w+ (?:общеобразовательн\w+ )?школ\w*|ср школ\w*|(?:основн\w+ )?общеобразовательн\w+ школ\w*|[сон]ош"
    r"|шк|школ[аеыу]|secondary school|school|sosh|shkola)\b"
)
_WORDS = (
    (re.compile(r"\b(?:лицей|litsey|lyceum)\b"), "лицей"),
    (re.compile(r"\b(?:гимназия|gimnaziya|gymnasium)\b"), "гимназия"),
    (re.compile(r"\b(?:детск\w+ сад\w*|дс|д с|доу|мбдоу|мадоу)\b"), "детский сад"),
    (re.compile(r"\bимени\b"), "им"),
)
_PLACE = re.compile(r"\b(?:г|гор|города?|городе|с|село|пос|п|пгт|р н|района?) [а-я-]+(?: области| района)?")
_ORDINAL = re.compile(r"\b(\d+)[ -]?(?:я|й|ая|ый|ой|го)\b")
_NOT_WORD = re.compile(r"[\W_]+")
_ZEROS = re.compile(r"\b0+(?=\d)")


def organisation_key(text: str) -> str:
    """
    Return words on which the usual spellings of one organisation's name agree; empty if nothing telling is left.

    Legal forms go, kinds of school get one word, numbers lose their sign, word order does not matter.

    >>> {organisation_key(name) for name in ("МБОУ СОШ №5", "Школа № 5", "школа 5", "ГБОУ Школа №5", "5-я школа")}
    {'школа 5'}
    """
    folded = clean_characters(text.replace("№", " "))[0].casefold().replace("ё", "е")
    folded = mend_look_alikes(folded)[0]
    folded = _ORDINAL.sub(r"\1", folded)
    folded = _NOT_WORD.sub(" ", _NUMBER_SIGN.sub(" ", folded)).strip()
    key = _SCHOOL.sub("школа", _LEGAL_FORM.sub(" ", folded))
    for pattern, word in _WORDS:
        key = pattern.sub(word, key)
    if any(map(str.isdigit, key)):
        key = _PLACE.sub(" ", key)
    words = dict.fromkeys(_ZEROS.sub("", key).split())
    return " ".join(sorted(words, key=lambda word: (word[0].isdigit(), word))) or folded
