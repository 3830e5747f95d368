"""What fields of one record say together: names in each other's place, a full name in one field."""

from __future__ import annotations

from typing import TypeAlias

from rddm.conform.values.full_name import arrange_name_words
from rddm.contracts.names import (
    given_name_gender,
    is_diminutive,
    is_given_name,
    is_known_patronymic,
    is_patronymic,
    looks_like_russian_surname,
)

NAMES_SWAPPED = "names_swapped"
FULL_NAME_SPLIT = "full_name_split"

Names: TypeAlias = tuple[str | None, str | None, str | None, tuple[str, ...]]

_FIELDS = 3
_SURE_LATIN_ENDINGS = ("ov", "ova", "ev", "eva", "sky", "skiy", "skaya", "skaia", "enko", "chuk", "shvili")


def repair_names(last: str | None, first: str | None, middle: str | None) -> Names:
    """
    Return normalised family name, given name and patronymic in their right fields, and the repairs that took.

    Names move only on evidence from the lexicon: a known given name in the family name's field and a surname in the
    given name's; several words with a patronymic among them. Doubt leaves them as delivered.

    >>> repair_names("Иван", "Петров", None)
    ('Петров', 'Иван', None, ('names_swapped',))
    >>> repair_names("Петров Иван Сергеевич", None, None)
    ('Петров', 'Иван', 'Сергеевич', ('full_name_split',))
    >>> repair_names("Герман", "Алексей", "Петрович")
    ('Герман', 'Алексей', 'Петрович', ())
    """
    repairs: tuple[str, ...] = ()
    for _ in range(_FIELDS):
        if split := _split_one_field(last, first, middle):
            last, first, middle = split
            repairs = (FULL_NAME_SPLIT,)
    if swapped := _swap(last, first, middle):
        last, first, middle = swapped
        repairs = (*repairs, NAMES_SWAPPED)
    return last, first, middle, repairs


def last_may_move(last: str) -> bool:
    """Tell whether `repair_names` may move names because of this family name; if not, and `first_may_move` not: never."""
    return " " in last or is_given_name(last) or is_known_patronymic(last)


def first_may_move(first: str) -> bool:
    """Tell whether `repair_names` may move names because of this given name."""
    return " " in first or is_patronymic(first) or is_known_patronymic(first)


def _split_one_field(
    last: str | None, first: str | None, middle: str | None
) -> tuple[str | None, str | None, str | None] | None:
    if last and " " in last and (found := _split_field_of_last(last, first, middle)):
        return found
    if first and " " in first and (found := _split_field_of_first(last, first, middle)):
        return found
    return None


def _split_field_of_last(
    last: str, first: str | None, middle: str | None
) -> tuple[str | None, str | None, str | None] | None:
    family, given, patronymic = arrange_name_words(last)
    if not family or not given or len(family) < 2:
        return None
    if first is None:
        sure = len(given) == 1 or is_given_name(given) or (patronymic and is_patronymic(patronymic))
        return (family, given, middle or patronymic) if sure else None
    repeats = _same(given, first) and (middle is None or patronymic is None or _same(patronymic, middle))
    return (family, _longer(first, given), _longer(middle, patronymic)) if repeats else None


def _split_field_of_first(
    last: str | None, first: str, middle: str | None
) -> tuple[str | None, str | None, str | None] | None:
    words = first.split()
    if middle is None and len(words) == 2 and is_given_name(words[0]) and is_patronymic(words[1]) and last:
        return last, words[0], words[1]
    if middle is None and len(words) == 3 and is_patronymic(" ".join(words[1:])) and last and is_given_name(words[0]):
        return last, words[0], " ".join(words[1:])
    family, given, patronymic = arrange_name_words(first)
    if not family or not given or len(family) < 2 or (patronymic and not is_patronymic(patronymic)):
        return None
    if last is None:
        sure = (patronymic is not None or is_given_name(given)) and (looks_like_russian_surname(family) or patronymic)
        return (family, given, middle or patronymic) if sure else None
    return (last, given, middle or patronymic) if _same(family, last) and (middle is None or not patronymic) else None


def _same(one: str | None, other: str | None) -> bool:
    """Equal, or one is the other's initial."""
    if not one or not other:
        return False
    one, other = one.casefold(), other.casefold()
    return one == other or (min(len(one), len(other)) == 1 and one[0] == other[0])


def _longer(one: str | None, other: str | None) -> str | None:
    return max((one or "", other or ""), key=len) or None


def _swap(last: str | None, first: str | None, middle: str | None) -> tuple[str | None, str | None, str | None] | None:
    """Return the names in their right fields, or None if they are, or might be, there."""
    if first and middle and is_known_patronymic(first) and is_given_name(middle) and not is_patronymic(middle):
        return last, middle, first
    if last and first and middle and is_patronymic(first) and is_given_name(last) and _is_surname(middle):
        return middle, last, first  # Иван | Петрович | Сидоров
    if last and first and _is_known_given(last) and not is_given_name(first) and _is_given_for_sure(last, first):
        return first, last, middle
    if not last or not first or middle or last.endswith("ич"):
        return None
    return (None, first, last) if is_known_patronymic(last) and is_given_name(first) else None


def _is_surname(word: str) -> bool:
    if is_given_name(word) or not looks_like_russian_surname(word):
        return False
    if word.endswith("ин") and len(word) < 6:
        return False  # Эркин and Эрвин are given names
    return not word.isascii() or word.casefold().endswith(_SURE_LATIN_ENDINGS)  # Devin and Melin are given names


def _is_given_for_sure(last: str, first: str) -> bool:
    """Men's names are surnames too (Герман, Martin), so beside one it takes a surname; Russian women's names are not."""
    return _is_surname(first) or (
        not last.isascii() and given_name_gender(last) == "female" and not is_diminutive(last)
    )


def _is_known_given(word: str) -> bool:
    """A full given name, or a short form that is no surname's ending too."""
    return is_given_name(word) and not (is_diminutive(word) and looks_like_russian_surname(word))
