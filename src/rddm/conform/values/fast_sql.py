"""Plainly clean values, normalised by DuckDB instead of Python: a pattern or two per value, nothing evaluated twice."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date

from rddm.conform.values.date import LATEST
from rddm.conform.values.email import KNOWN_DOMAINS, NOBODY, NOWHERE
from rddm.conform.values.snils import UNCHECKED_UP_TO
from rddm.contracts.tables import literal
from rddm.project.settings import SemanticType

# 29 February is left to Python, which knows leap years.
_DAY_OF_YEAR = "(?:(?:0[1-9]|1[0-2])-(?:0[1-9]|1[0-9]|2[0-8])|(?:0[13-9]|1[0-2])-(?:29|30)|(?:0[13578]|1[02])-31)"
_TIME_OF_DAY = "(?:[01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9]"
# The numbering plan has no gap in these prefixes (93 0 has some); a subscriber's number never starts with 000.
_RUSSIAN_MOBILE = (
    r"^(?:\+?7|8)?[ (.-]{0,2}(9(?:[0-24-9][0-9]|3[1-9]))[ ).-]{0,2}"
    r"([1-9][0-9]{2}|0[1-9][0-9]|00[1-9])[ .-]?([0-9]{2})[ .-]?([0-9]{2})$"
)
_EMAIL_LENGTH_LIMIT = 64


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
    written = rf"regexp_replace({column}, '{_RUSSIAN_MOBILE}', '+7\1\2\3\4')"
    # What the first pattern does not know stays as it is; the second lets only results of the first through.
    result = r"^\+79(?:[0-24-9][0-9]|3[1-9])(?:[1-9][0-9]{2}|0[1-9][0-9]|00[1-9])[0-9]{4}$"
    return _without(f"regexp_extract({written}, '{result}')", "", "+79999999999", "+79876543210")


def _date(column: str, years: Iterable[int]) -> str:
    written = rf"regexp_replace({column}, '^([0-9]{{2}})[.]([0-9]{{2}})[.]([0-9]{{4}})$', '\3-\2-\1')"
    return _without(f"regexp_extract({written}, '^(?:{_any_of(years)})-{_DAY_OF_YEAR}$')", "", "1970-01-01")


def _timestamp(column: str) -> str:
    day = f"((?:19[89][0-9]|20[0-9]{{2}})-{_DAY_OF_YEAR})"
    fraction = r"(?:([.][0-9]{0,5}[1-9])0{0,3}|[.]0{1,9})?"
    written = rf"regexp_replace({column}, '^{day}[ T]({_TIME_OF_DAY}){fraction}(?:Z|[+]00:?00)?$', '\1 \2\3')"
    return _without(rf"regexp_extract({written}, '^{day} {_TIME_OF_DAY}(?:[.][0-9]{{0,5}}[1-9])?$')", "")


def _email(column: str) -> str:
    domains = _any_of(domain.replace(".", "[.]") for domain in sorted(KNOWN_DOMAINS - NOWHERE))
    nobody = NOBODY | {domain.partition(".")[0] for domain in KNOWN_DOMAINS}
    return (
        f"CASE WHEN length({column}) <= {_EMAIL_LENGTH_LIMIT}"
        f" AND regexp_full_match({column}, '(?i)[a-z0-9]+(?:[._-][a-z0-9]+)*@(?:{domains})')"
        f" AND lower(split_part({column}, '@', 1)) NOT IN ({', '.join(map(literal, sorted(nobody)))})"
        f" THEN lower({column}) END"
    )


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


def _without(expression: str, *texts: str) -> str:
    for text in texts:
        expression = f"nullif({expression}, {literal(text)})"
    return expression
