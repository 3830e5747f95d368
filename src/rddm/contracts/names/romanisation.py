"""Cyrillic names in Latin letters: one way to write them, and a key on which the many ways agree."""

from __future__ import annotations

import re
import unicodedata

# Doc 9303 of the ICAO, part 3, section 6 (machine readable passports), but for ь, which is left out.
_LETTERS = {
    "а": "a", "б": "b", "в": "v", "г": "g", "д": "d", "е": "e", "ё": "e", "ж": "zh", "з": "z", "и": "i", "й": "i",
    "к": "k", "л": "l", "м": "m", "н": "n", "о": "o", "п": "p", "р": "r", "с": "s", "т": "t", "у": "u", "ф": "f",
    "х": "kh", "ц": "ts", "ч": "ch", "ш": "sh", "щ": "shch", "ъ": "ie", "ы": "y", "ь": "", "э": "e", "ю": "iu",
    "я": "ia", "і": "i", "ї": "i", "є": "ie", "ґ": "g", "ў": "u", "ә": "a", "ғ": "g", "қ": "k", "ң": "n", "ө": "o",
    "ұ": "u", "ү": "u", "һ": "h", "җ": "zh", "ӣ": "i", "ӯ": "u", "ҳ": "kh", "ҷ": "ch", "ђ": "d", "ј": "j", "љ": "lj",
    "њ": "nj", "ћ": "c", "џ": "dz",
}  # fmt: skip
_TABLE = str.maketrans({**_LETTERS, **{k.upper(): v.capitalize() for k, v in _LETTERS.items()}})

_FOLDS: tuple[tuple[re.Pattern[str], str], ...] = tuple(
    (re.compile(pattern), replacement)
    for pattern, replacement in (
        (r"[^a-z]+", ""),
        (r"shch|sch|shh", "sh"),
        (r"tch", "ch"),
        (r"tz|cz", "ts"),
        (r"kh", "h"),
        (r"ph", "f"),
        (r"th", "t"),
        (r"x", "ks"),
        (r"ck", "k"),
        (r"q", "k"),
        (r"w", "v"),
        (r"c(?=[bcdfgklmnpqrstvz]|$)", "k"),
        (r"c(?!h)", "ts"),
        (r"[jy]", "i"),
        (r"i+", "i"),
        (r"(?<!^)ie|^ie|io(?=[bcdfghklmnprstvz]|$)", "e"),
        (r"(.)\1+", r"\1"),
    )
)


def transliterate(text: str) -> str:
    """
    Return *text* with its Cyrillic letters in Latin ones as passports have them (ICAO Doc 9303); the rest as it is.

    >>> transliterate("Щербаков Юрий")
    'Shcherbakov Iurii'
    """
    return text.translate(_TABLE)


def romanisation_key(text: str) -> str:
    """
    Return lower-case Latin letters that are the same for the usual ways to write one name, in either script.

    It folds a little too much on purpose (ш and щ, е and ё, й and и): it is a key to find candidates by, not a proof.

    >>> {romanisation_key(name) for name in ("Щербаков", "Shcherbakov", "Scherbakov")}
    {'sherbakov'}
    >>> {romanisation_key(name) for name in ("Юлия", "Yulia", "Julija", "Iuliia")}
    {'iulia'}
    """
    key = transliterate(text.casefold().replace("ъ", "ь"))
    if not key.isascii():
        key = "".join(c for c in unicodedata.normalize("NFD", key.replace("ß", "ss")) if not unicodedata.combining(c))
    for pattern, replacement in _FOLDS:
        key = pattern.sub(replacement, key)
    return key
