"""
Plainly clean values, normalised by DuckDB instead of Python: a pattern or two per value, nothing evaluated twice.

The engine finds repeated parts of an expression where it computes a column, not where it filters, so no part that costs
something is repeated (`nullif` would).
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date

from rddm.conform.values.date import LATEST
from rddm.conform.values.email import MISSPELT_HOSTS, MISSPELT_TLDS, NOBODY, NOWHERE
from rddm.conform.values.snils import UNCHECKED_UP_TO
from rddm.contracts.tables import literal
from rddm.project.settings import SemanticType

# 29 February is left to Python, which knows leap years.
_DAY_OF_YEAR = "(?:(?:0[1-9]|1[0-2])-(?:0[1-9]|1[0-9]|2[0-8])|(?:0[13-9]|1[0-2])-(?:29|30)|(?:0[13578]|1[02])-31)"
_DOTTED_DAY = "(?:(?:0[1-9]|1[0-9]|2[0-8])[.](?:0[1-9]|1[0-2])|(?:29|30)[.](?:0[13-9]|1[0-2])|31[.](?:0[13578]|1[02]))"
_TIME_OF_DAY = "(?:[01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9]"
_PHONE_GAP = r"[ ().\t-]*"
_JUNK_NUMBERS = ("9999999999", "9876543210")
_EMAIL_LENGTH_LIMIT = 64
_PLAIN_EMAIL = "[A-Za-z0-9]+(?:[._-][A-Za-z0-9]+)*@[A-Za-z0-9]+(?:[.-][A-Za-z0-9]+)*[.][A-Za-z]{2,24}"


def fast_sql(
    semantic_type: SemanticType, column: str, *, default_region: str = "RU", latest: date = LATEST
) -> str | None:
    """
    Return a DuckDB expression over the VARCHAR expression *column*: the normalised value, or NULL where Python decides.

    Whenever it gives a value, `normalise` with the same arguments gives exactly that value without repairs. None where
    a type has no such expression. The expression never fails.
    """
    column = f"({column})"
    if semantic_type is SemanticType.PHONE:
        return _phone(column) if default_region == "RU" else None
    if semantic_type is SemanticType.BIRTH_DATE:
        return _date(column, range(1901, min(latest.year, 2100)))
    if semantic_type is SemanticType.DATE:
        return _date(column, range(1901, 2100))
    if semantic_type is SemanticType.TIMESTAMP:
        return _timestamp(column)
    if semantic_type is SemanticType.EMAIL:
        return _email(column)
    return _snils(column) if semantic_type is SemanticType.SNILS else None


def _phone(column: str) -> str:
    plain, apart = f"right({column}, 10)", f"right(translate({column}, ' ().-' || chr(9), ''), 10)"
    return (
        f"CASE WHEN regexp_full_match({column}, '{_russian_mobile('')}')"
        f" THEN CASE WHEN {plain} NOT IN {_JUNK_NUMBERS} THEN '+7' || {plain} END"
        f" WHEN regexp_full_match({column}, '{_russian_mobile(_PHONE_GAP)}')"
        f" THEN CASE WHEN {apart} NOT IN {_JUNK_NUMBERS} THEN '+7' || {apart} END END"
    )


def _russian_mobile(gap: str) -> str:
    """
    Return the pattern of a mobile number of Russia with *gap* between digits.

    The numbering plan has no gap in these prefixes (93 0 has some). Seven zeros at the end are no number.
    """
    prefix = f"9{gap}(?:[0-24-9]{gap}[0-9]|3{gap}[1-9])"
    zeros = [gap.join(["0"] * count) for count in range(7)]
    numbers = "|".join(f"{zeros[count]}{gap if count else ''}[1-9](?:{gap}[0-9]){{{6 - count}}}" for count in range(7))
    return f"{gap}(?:(?:[+]{gap})?7|8)?{gap}{prefix}{gap}(?:{numbers}){gap}"


def _date(column: str, years: Iterable[int]) -> str:
    year = f"(?:{_any_of(years)})"
    return (
        f"CASE WHEN regexp_full_match({column}, '{year}-{_DAY_OF_YEAR}')"
        f" THEN CASE WHEN {column} <> '1970-01-01' THEN {column} END"
        f" WHEN regexp_full_match({column}, '{_DOTTED_DAY}[.]{year}') THEN CASE WHEN {column} <> '01.01.1970'"
        f" THEN substr({column}, 7, 4) || '-' || substr({column}, 4, 2) || '-' || substr({column}, 1, 2) END END"
    )


def _timestamp(column: str) -> str:
    day = f"((?:19[89][0-9]|20[0-9]{{2}})-{_DAY_OF_YEAR})"
    fraction = r"(?:([.][0-9]{0,5}[1-9])0{0,3}|[.]0{1,9})?"
    written = f"^{day}[ T]({_TIME_OF_DAY}){fraction}(?:Z|[+]00:?00)?$"
    return rf"CASE WHEN regexp_matches({column}, '{written}') THEN regexp_replace({column}, '{written}', '\1 \2\3') END"


def _email(column: str) -> str:
    # A host that is no slip, before a top-level domain that is none either, is never mended.
    exceptions = (
        f"^(?:{_any_of(_escaped(name for name in NOBODY if name.isascii()))})@|@(?:{_any_of(_escaped(NOWHERE))})$"
        f"|@(?:{_any_of(_escaped(MISSPELT_HOSTS))})[.][a-z]+$|[.](?:{_any_of(_escaped(MISSPELT_TLDS))})$"
    )
    return (
        f"CASE WHEN length({column}) <= {_EMAIL_LENGTH_LIMIT} AND regexp_full_match({column}, '{_PLAIN_EMAIL}')"
        f" AND NOT regexp_matches({column}, '(?i){exceptions}')"
        f" AND NOT starts_with(lower(split_part({column}, '@', 2)), lower(split_part({column}, '@', 1)) || '.')"
        f" THEN lower({column}) END"
    )


def _escaped(names: Iterable[str]) -> list[str]:
    return [name.replace(".", "[.]") for name in sorted(names)]


def _snils(column: str) -> str:
    plain, dashed = tuple(range(1, 12)), (1, 2, 3, 5, 6, 7, 9, 10, 11, 13, 14)
    return (
        f"CASE WHEN regexp_full_match({column}, '[0-9]{{11}}')"
        f" THEN CASE WHEN {_has_right_check_digits(column, plain)} THEN {column} END"
        f" WHEN regexp_full_match({column}, '[0-9]{{3}}-[0-9]{{3}}-[0-9]{{3}}[ -][0-9]{{2}}')"
        f" THEN CASE WHEN {_has_right_check_digits(column, dashed)}"
        f" THEN substr({column}, 1, 3) || substr({column}, 5, 3) || substr({column}, 9, 3) || substr({column}, 13, 2) END END"
    )


def _has_right_check_digits(column: str, places: tuple[int, ...]) -> str:
    """Repeated digits and 123-456-789 00 fail the check anyway."""
    weighed = " + ".join(
        f"(ascii(substr({column}, {place}, 1)) - 48) * {9 - index}" for index, place in enumerate(places[:9])
    )
    check = f"(ascii(substr({column}, {places[9]}, 1)) - 48) * 10 + ascii(substr({column}, {places[10]}, 1)) - 48"
    smallest = f"{UNCHECKED_UP_TO + 1:09}"
    if places[10] > 11:
        smallest = f"{smallest[:3]}-{smallest[3:6]}-{smallest[6:]}"
    return f"{column} >= {literal(smallest)} AND ({weighed}) % 101 % 100 = {check}"


def _any_of(alternatives: Iterable[object]) -> str:
    return "|".join(map(str, alternatives))
