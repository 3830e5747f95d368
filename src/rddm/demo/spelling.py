"""How Russian names change form, and how services spoil them. Pure functions from text to text."""

from __future__ import annotations

from functools import lru_cache
from random import Random
from types import MappingProxyType

INVARIABLE = frozenset({"Цой"})


def feminine_surname(masculine: str) -> str:
    """
    Return the feminine form of a masculine surname; many have none of their own.

    >>> [feminine_surname(name) for name in ("Щербаков", "Высоцкий", "Толстой", "Шевченко")]
    ['Щербакова', 'Высоцкая', 'Толстая', 'Шевченко']
    """
    if masculine in INVARIABLE:
        return masculine
    if masculine.endswith(("ов", "ев", "ёв", "ин", "ын")):
        return masculine + "а"
    if masculine.endswith(("ий", "ой", "ый")):
        return masculine[:-2] + "ая"
    return masculine


_IRREGULAR = MappingProxyType({"Лев": "Львов", "Павел": "Павлов", "Пётр": "Петров", "Михаил": "Михайлов"})
_FULL_IY = frozenset({"Дмитрий", "Георгий"})


def patronymic(father: str, gender: str) -> str:
    """
    Return the patronymic of a child of *father*.

    >>> patronymic("Сергей", "m"), patronymic("Юрий", "f"), patronymic("Илья", "f"), patronymic("Лев", "m")
    ('Сергеевич', 'Юрьевна', 'Ильинична', 'Львович')
    """
    male = gender == "m"
    if father in _IRREGULAR:
        return _IRREGULAR[father] + ("ич" if male else "на")
    if father.endswith(("а", "я")):
        return father[:-1] + ("ич" if male else "ична" if father.endswith("та") else "инична")
    if father.endswith("ий"):
        stem = father[:-1] + "ев" if father in _FULL_IY else father[:-2] + "ьев"
    elif father.endswith(("й", "ь")):
        stem = father[:-1] + "ев"
    else:
        stem = father + "ов"
    return stem + ("ич" if male else "на")


# --- Latin letters ----------------------------------------------------------------------------------------------------

_CYRILLIC = "абвгдеёжзийклмнопрстуфхцчшщъыьэюя"
_STANDARDS = MappingProxyType(
    {
        # Passports: ICAO Doc 9303
        "icao": "a b v g d e e zh z i i k l m n o p r s t u f kh ts ch sh shch ie y - e iu ia",
        # GOST 7.79-2000, system B, without its apostrophes
        "gost": "a b v g d e yo zh z i j k l m n o p r s t u f x cz ch sh shh - y - e yu ya",
        # BGN/PCGN 1947 as people simplify it
        "bgn": "a b v g d e yo zh z i y k l m n o p r s t u f kh ts ch sh shch - y - e yu ya",
        # As people write to each other
        "chat": "a b v g d e e j z i y k l m n o p r s t u f h c ch sh sch - y - e u ya",
    }
)
_TABLES = {
    standard: {
        ord(letter): ("" if latin == "-" else latin) for letter, latin in zip(_CYRILLIC, row.split(), strict=True)
    }
    for standard, row in _STANDARDS.items()
}
STANDARDS = tuple(_STANDARDS)


@lru_cache(maxsize=50_000)
def transliterate(text: str, standard: str) -> str:
    """
    Return *text* in Latin letters by one of `STANDARDS`.

    >>> transliterate("Юлия Щербакова", "icao"), transliterate("Юлия Щербакова", "gost")
    ('Iuliia Shcherbakova', 'Yuliya Shherbakova')
    """
    latin = text.lower().translate(_TABLES[standard])
    return "-".join(" ".join(word.capitalize() for word in part.split(" ")) for part in latin.split("-"))


# --- damage -----------------------------------------------------------------------------------------------------------

_LOOKALIKES = dict(zip("аеорсухАВЕКМНОРСТХ", "aeopcyxABEKMHOPCTX", strict=True))
_QWERTY = dict(zip("йцукенгшщзхъфывапролджэячсмитьбюё", "qwertyuiop[]asdfghjkl;'zxcvbnm,.`", strict=True))
_NEIGHBOURS = MappingProxyType(
    {
        "а": "впо", "о": "арл", "и": "мтш", "е": "кнё", "н": "егр", "в": "ыас", "с": "чмы", "л": "олд", "р": "поа",
        "к": "уен", "т": "иь", "м": "си", "д": "лж", "п": "ар", "у": "цк", "я": "чф", "ы": "фв", "б": "ью", "г": "нш",
    }
)  # fmt: skip


def with_lookalikes(text: str, rng: Random) -> str:
    """Return *text* with one to all of its Cyrillic letters that have a Latin twin replaced by it."""
    places = [place for place, letter in enumerate(text) if letter in _LOOKALIKES]
    if not places:
        return text
    chosen = set(rng.sample(places, rng.randint(1, len(places))))
    return "".join(_LOOKALIKES[letter] if place in chosen else letter for place, letter in enumerate(text))


def on_wrong_layout(text: str) -> str:
    """
    Return *text* as typed on an English keyboard.

    >>> on_wrong_layout("Иванов")
    'Bdfyjd'
    """
    typed = []
    for letter in text:
        key = _QWERTY.get(letter.lower(), letter)
        typed.append(key.upper() if letter.isupper() else key)
    return "".join(typed)


MOJIBAKE = (("utf-8", "cp1251"), ("cp1251", "latin-1"), ("utf-8", "latin-1"))


def as_mojibake(text: str, written: str, read: str) -> str | None:
    """
    Return *text* written in one encoding and read in another, or None where that leaves bytes without a letter.

    >>> as_mojibake("Анна", "utf-8", "cp1251")
    'РђРЅРЅР°'
    """
    try:
        spoilt = text.encode(written).decode(read)
    except UnicodeError:
        return None
    return spoilt if all(ord(letter) >= 160 or 32 <= ord(letter) < 127 for letter in spoilt) else None


def with_typo(text: str, rng: Random) -> str:
    """Return *text* with one letter left out, doubled, exchanged with the next or replaced by its neighbour."""
    place = rng.randrange(1, len(text))
    kind = rng.randrange(4)
    letter = text[place]
    if kind == 0 and len(text) > 4:
        return text[:place] + text[place + 1 :]
    if kind == 1:
        return text[:place] + letter + text[place:]
    if kind == 2 and place + 1 < len(text) and text[place + 1] != letter:
        return text[:place] + text[place + 1] + letter + text[place + 2 :]
    wrong = rng.choice(_NEIGHBOURS.get(letter.lower(), "еио")) if letter.lower() in _CYRILLIC else rng.choice("aeiou")
    return text[:place] + (wrong.upper() if letter.isupper() else wrong) + text[place + 1 :]


def with_wrong_digit(digits: str, rng: Random) -> str:
    """Return *digits* with one of them changed, or two neighbours exchanged; never the first three."""
    place = rng.randrange(3, len(digits) - 1)
    if rng.random() < 0.4 and digits[place] != digits[place + 1]:
        return digits[:place] + digits[place + 1] + digits[place] + digits[place + 2 :]
    return digits[:place] + str((int(digits[place]) + rng.randint(1, 9)) % 10) + digits[place + 1 :]


# --- numbers ----------------------------------------------------------------------------------------------------------


def snils(number: int) -> str:
    """
    Return the pension insurance number with its two check digits (Government of Russia, rules of 2019).

    >>> snils(112233445)
    '11223344595'
    """
    digits = f"{number:09d}"
    total = sum(int(digit) * (9 - place) for place, digit in enumerate(digits))
    return f"{digits}{total % 101 % 100:02d}"


PHONE_STYLES = ("+7 ({0}) {1}-{2}-{3}", "8 {0} {1} {2} {3}", "8({0}){1}-{2}-{3}", "+7{0}{1}{2}{3}", "{0}{1}{2}{3}")


def phone_text(digits: str, style: int) -> str:
    """
    Return ten national digits written in one of `PHONE_STYLES`; anything else (a placeholder) as it is.

    >>> phone_text("9721234567", 0)
    '+7 (972) 123-45-67'
    """
    if len(digits) != 10 or not digits.isdigit():
        return digits
    return PHONE_STYLES[style % len(PHONE_STYLES)].format(digits[:3], digits[3:6], digits[6:8], digits[8:])
