"""Plainly clean values, normalised by DuckDB instead of Python."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rddm.conform.values.date import EARLIEST_BIRTH, LATEST, PLACEHOLDER_DATES
from rddm.conform.values.email import KNOWN_DOMAINS, NOBODY, NOWHERE
from rddm.conform.values.phone import RUSSIAN_MOBILE
from rddm.conform.values.snils import UNCHECKED_UP_TO
from rddm.project.settings import SemanticType

if TYPE_CHECKING:
    from datetime import date


def fast_sql(
    semantic_type: SemanticType, column: str, *, default_region: str = "RU", latest: date = LATEST
) -> str | None:
    """
    Return a DuckDB expression over the VARCHAR expression *column*: the normalised value, or NULL where Python decides.

    Whenever it gives a value, `normalise` with the same arguments gives exactly that value without repairs. None where
    a type has no such expression. *column* is used several times; the expression never fails.
    """
    column = f"({column})"
    if semantic_type is SemanticType.PHONE:
        return _phone(column) if default_region == "RU" else None
    if semantic_type in {SemanticType.BIRTH_DATE, SemanticType.DATE}:
        return _date(column, latest, birth=semantic_type is SemanticType.BIRTH_DATE)
    if semantic_type is SemanticType.EMAIL:
        return _email(column)
    if semantic_type is SemanticType.SNILS:
        return _snils(column)
    if semantic_type is SemanticType.TIMESTAMP:
        return _timestamp(column)
    return None


def _phone(column: str) -> str:
    national = f"right(regexp_replace({column}, '[^0-9]', '', 'g'), 10)"
    separator = "[ (.-]{0,2}"
    usual = rf"(?:\+?7|8)?{separator}9[0-9]{{2}}[ ).-]{{0,2}}[0-9]{{3}}[ .-]?[0-9]{{2}}[ .-]?[0-9]{{2}}"
    return (
        f"CASE WHEN regexp_full_match({column}, '{usual}') AND regexp_full_match({national}, '{RUSSIAN_MOBILE}')"
        f" AND {national} <> '9999999999' AND {national} <> '9876543210' AND right({national}, 7) <> '0000000'"
        f" THEN '+7' || {national} END"
    )


def _date(column: str, latest: date, *, birth: bool) -> str:
    iso = (
        f"CASE WHEN regexp_full_match({column}, '[0-9]{{4}}-[0-9]{{2}}-[0-9]{{2}}') THEN {column}"
        f" WHEN regexp_full_match({column}, '[0-9]{{2}}[.][0-9]{{2}}[.][0-9]{{4}}')"
        f" THEN {column}[7:10] || '-' || {column}[4:5] || '-' || {column}[1:2] END"
    )
    day = f"TRY_CAST({iso} AS DATE)"
    earliest, last = (EARLIEST_BIRTH.isoformat(), latest.isoformat()) if birth else ("1900-01-01", "2199-12-31")
    placeholders = ", ".join(f"DATE '{d.isoformat()}'" for d in sorted(PLACEHOLDER_DATES) if d.year < 9999)
    return (
        f"CASE WHEN {day} BETWEEN DATE '{earliest}' AND DATE '{last}' AND {day} NOT IN ({placeholders})"
        f" THEN CAST({day} AS VARCHAR) END"
    )


def _timestamp(column: str) -> str:
    pattern = "[0-9]{4}-[0-9]{2}-[0-9]{2}[ T][0-9]{2}:[0-9]{2}:[0-9]{2}Z?"
    moment = f"TRY_CAST(replace({column}[1:19], 'T', ' ') AS TIMESTAMP)"
    return (
        f"CASE WHEN regexp_full_match({column}, '{pattern}')"
        f" AND {moment} BETWEEN TIMESTAMP '1971-01-01' AND TIMESTAMP '2199-12-31' THEN strftime({moment}, '%Y-%m-%d %H:%M:%S') END"
    )


def _quote(values: frozenset[str]) -> str:
    return ", ".join(f"'{value}'" for value in sorted(values))


def _email(column: str) -> str:
    lower = f"lower({column})"
    local, domain = f"split_part({lower}, '@', 1)", f"split_part({lower}, '@', 2)"
    return (
        f"CASE WHEN regexp_full_match({column}, '[A-Za-z0-9]+(?:[._-][A-Za-z0-9]+)*@[A-Za-z.]+')"
        f" AND length({column}) <= 70 AND {domain} IN ({_quote(KNOWN_DOMAINS - NOWHERE)})"
        f" AND {local} NOT IN ({_quote(NOBODY)}) AND {local} <> split_part({domain}, '.', 1) THEN {lower} END"
    )


def _snils(column: str) -> str:
    digits = f"replace(replace({column}, '-', ''), ' ', '')"
    total = " + ".join(f"(ascii({digits}[{place}]) - 48) * {10 - place}" for place in range(1, 10))
    return (
        f"CASE WHEN regexp_full_match({column}, '[0-9]{{11}}|[0-9]{{3}}-[0-9]{{3}}-[0-9]{{3}}[ -][0-9]{{2}}')"
        f" AND TRY_CAST({digits}[1:9] AS BIGINT) > {UNCHECKED_UP_TO} AND ({total}) % 101 % 100 = TRY_CAST({digits}[10:11] AS BIGINT)"
        f" AND {digits} NOT IN ('12345678900', '12345678901')"
        f" AND replace({digits}, {digits}[1], '') <> '' THEN {digits} END"
    )
