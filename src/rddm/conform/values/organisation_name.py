"""Names of schools, federations, clubs: one readable form."""

from __future__ import annotations

import re

from rddm.conform.values.mending import mend_words
from rddm.conform.values.placeholders import PLACEHOLDER_FOUND
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
    mended = mend_words(text)
    if mended.value is None:
        return mended
    text = mended.value
    value = _write_readably(text)
    if not any(map(str.isalnum, value)):
        return PLACEHOLDER_FOUND
    return Normalised(value, mended.repairs)


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
