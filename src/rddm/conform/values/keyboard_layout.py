"""Russian names typed while the keyboard was set to Latin: Bdfyjd for Иванов."""

from __future__ import annotations

import re

from rddm.conform.values.plausibility import score_cyrillic, score_latin
from rddm.contracts.names import is_given_name, is_known_patronymic

KEYBOARD_LAYOUT = "keyboard_layout"

_LATIN_KEYS = "qwertyuiop[]asdfghjkl;'zxcvbnm,.`QWERTYUIOP{}ASDFGHJKL:\"ZXCVBNM<>~"
_CYRILLIC_KEYS = "йцукенгшщзхъфывапролджэячсмитьбюёЙЦУКЕНГШЩЗХЪФЫВАПРОЛДЖЭЯЧСМИТЬБЮЁ"
_KEYS = str.maketrans(_LATIN_KEYS, _CYRILLIC_KEYS)
_TYPED = re.compile(r"[A-Za-z\[\]{};:'\",.<>`~]{2,}(?:-[A-Za-z\[\]{};:'\",.<>`~]{2,})?")
_LETTER = re.compile(r"[A-Za-z]")

_GOOD_BITS = -4.6
_POOR_BITS = -6.5
_PLAUSIBLE_LATIN_BITS = -4.2
_MARGIN_BITS = 1.5


def _read_as_typed(word: str) -> str | None:
    """Return the Russian word that these keys give, if it is much more of a name than the Latin one."""
    reading = word.translate(_KEYS)
    latin = "".join(_LETTER.findall(word))
    if not latin or score_latin(latin) > _PLAUSIBLE_LATIN_BITS:
        return None
    score = min(score_cyrillic(part) for part in reading.split("-"))
    if score < _POOR_BITS or is_given_name(latin):
        return None
    if is_given_name(reading) or is_known_patronymic(reading):
        return reading
    if len(reading) < 4:
        return None
    return reading if score > _GOOD_BITS and score > score_latin(latin) + _MARGIN_BITS else None


def mend_keyboard_layout(text: str) -> tuple[str, tuple[str, ...]]:
    """
    Return *text* as the Russian keyboard would have given it if every word then reads like a name and did not before.

    >>> mend_keyboard_layout("Bdfyjd"), mend_keyboard_layout("Petrov")
    (('Иванов', ('keyboard_layout',)), ('Petrov', ()))
    """
    if not text.isascii():
        return text, ()
    readings = []
    for word in text.split():
        reading = _read_as_typed(word) if _TYPED.fullmatch(word) else None
        if reading is None:
            return text, ()
        readings.append(reading)
    return " ".join(readings), (KEYBOARD_LAYOUT,) if readings else ()
