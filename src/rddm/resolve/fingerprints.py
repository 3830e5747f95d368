"""
Records to descriptions to fingerprints.

A *description* is what a record says about a person, in the forms that are compared. A *fingerprint* is what is
matched: a description, or - where two people may well have the same one, where a source vouches that its records are
different people, or where a steward said so - a description together with its record.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import asdict, dataclass
from datetime import date
from typing import Any

from rddm.contracts.tables.identity import TERM_FIELDS
from rddm.contracts.tables.table import literal, quote
from rddm.resolve.address import address_key
from rddm.resolve.keys import EMAIL_PARTS, part_of
from rddm.resolve.name_forms import family_name_forms, given_name_forms, patronymic_forms, sound_of
from rddm.resolve.organisation_name import organisation_key, place_key
from rddm.resolve.roles import Roles

DELIVERED_TYPES = TERM_TYPES = {"birth_date": "DATE"}
FORM_COLUMNS = (
    *("last_root", "last_text", "first_text", "first_root", "first_known", "middle_root", "birth_date"),
    *("gender", "phone", "email", "snils", "document_number", "region", "city", "address", "postcode", "school"),
    *("exclusive", "birth_told"),
)
"""The columns of a description, in the order of the contract."""
PART_COLUMNS = (
    *("last_part", "last_more", "sound_part", "sound_more", "given_part", "given_more", "middle_part"),
    *("last_word", "first_word", "birth_part", "day_part", "year_part"),
    *("region_part", "city_part", "address_part", "school_part", *EMAIL_PARTS),
)
"""Hashes for match keys (`rddm.resolve.keys`); ``more`` are those of further values."""

_JOINED_PARTS = EMAIL_PARTS | {part: f"coalesce({part}, told_{part})" for part in ("day_part", "year_part")}
_PARTS_SQL = ", ".join(f"{_JOINED_PARTS[part]} AS {part}" if part in _JOINED_PARTS else part for part in PART_COLUMNS)

Parts = tuple[int | None, list[int] | None]


@dataclass(frozen=True)
class Forms:
    """
    A dictionary to make for one column: ``values`` gives the columns of ``types`` for each distinct value.
    """

    role: str
    types: tuple[tuple[str, str], ...]
    values: Callable[[Any], tuple[object, ...]]

    @property
    def value_type(self) -> str:
        return DELIVERED_TYPES.get(self.role, "VARCHAR")


def _parts(name: str, texts: Sequence[str]) -> Parts:
    """Return the first text's hash and, if there are more, theirs."""
    hashes = [part_of(name, text) for text in texts]
    return (hashes[0] if hashes else None), hashes[1:] or None


def _word(text: str | None) -> int | None:
    """Return the hash of a name's sound, whichever field it stands in."""
    return part_of("word", sound_of(text)) if text else None


def _family_parts(root: str | None) -> tuple[object, ...]:
    roots = root.split("-") if root else []
    sounds = dict.fromkeys(filter(None, map(sound_of, roots)))
    return *_parts("last", roots), *_parts("sound", list(sounds))


def _family(name: str) -> tuple[object, ...]:
    forms = family_name_forms(name)
    return forms.root, forms.text, forms.gender, *_family_parts(forms.root), _word(forms.text)


def _given_parts(roots: str | None) -> tuple[object, ...]:
    return _parts("given", roots.split("|") if roots else [])


def _given(name: str) -> tuple[object, ...]:
    forms = given_name_forms(name)
    roots = "|".join(forms.roots) or None
    return forms.text, roots, forms.known, forms.gender, *_given_parts(roots), _word(forms.text)


def _patronymic(name: str) -> tuple[object, ...]:
    forms = patronymic_forms(name)
    return forms.root, forms.gender, _part("middle", forms.root)


def _birth(day: date) -> tuple[object, ...]:
    return part_of("birth", day.isoformat()), part_of("day", f"{day:%m-%d}"), part_of("year", str(day.year))


def _birth_told(told: str) -> tuple[object, ...]:
    """Return the hashes of day and year as far as they may be those of a birth."""
    day, year = told[5:], told[:4]
    return (
        None if "00" in day.split("-") else part_of("day", day),
        part_of("year", year) if "1900" < year < "2100" else None,
    )


def _part(name: str, text: str | None) -> int | None:
    return part_of(name, text) if text else None


def _alone(name: str) -> Callable[[str], tuple[object, ...]]:
    return lambda text: (_part(name, text),)


def _place(name: str, key: Callable[[str], str | None]) -> Callable[[str], tuple[object, ...]]:
    def forms(text: str) -> tuple[object, ...]:
        found = key(text)
        return found, _part(name, found)

    return forms


DICTIONARIES = (
    Forms(
        "last_name",
        (
            ("last_root", "VARCHAR"), ("last_text", "VARCHAR"), ("last_gender", "VARCHAR"), ("last_part", "BIGINT"),
            ("last_more", "BIGINT[]"), ("sound_part", "BIGINT"), ("sound_more", "BIGINT[]"), ("last_word", "BIGINT"),
        ),
        _family,
    ),
    Forms(
        "first_name",
        (
            ("first_text", "VARCHAR"), ("first_root", "VARCHAR"), ("first_known", "BOOLEAN"), ("first_gender", "VARCHAR"),
            ("given_part", "BIGINT"), ("given_more", "BIGINT[]"), ("first_word", "BIGINT"),
        ),
        _given,
    ),
    Forms(
        "middle_name", (("middle_root", "VARCHAR"), ("middle_gender", "VARCHAR"), ("middle_part", "BIGINT")), _patronymic
    ),
    Forms("birth_date", (("birth_part", "BIGINT"), ("day_part", "BIGINT"), ("year_part", "BIGINT")), _birth),
    Forms("birth_told", (("told_day_part", "BIGINT"), ("told_year_part", "BIGINT")), _birth_told),
    Forms("region", (("region_key", "VARCHAR"), ("region_part", "BIGINT")), _place("region", place_key)),
    Forms("city", (("city_key", "VARCHAR"), ("city_part", "BIGINT")), _place("city", place_key)),
    Forms("address", (("address_key", "VARCHAR"), ("address_part", "BIGINT")), _place("address", address_key)),
    Forms("school", (("school_key", "VARCHAR"), ("school_part", "BIGINT")), _place("school", organisation_key)),
)  # fmt: skip
"""Forms that Python makes, once per distinct value."""

PARTS_OF_FORMS = (
    Forms(
        "last_root",
        (("last_part", "BIGINT"), ("last_more", "BIGINT[]"), ("sound_part", "BIGINT"), ("sound_more", "BIGINT[]")),
        _family_parts,
    ),
    Forms("last_text", (("last_word", "BIGINT"),), lambda text: (_word(text),)),
    Forms("first_root", (("given_part", "BIGINT"), ("given_more", "BIGINT[]")), _given_parts),
    Forms("first_text", (("first_word", "BIGINT"),), lambda text: (_word(text),)),
    Forms("middle_root", (("middle_part", "BIGINT"),), _alone("middle")),
    Forms("birth_date", (("birth_part", "BIGINT"), ("day_part", "BIGINT"), ("year_part", "BIGINT")), _birth),
    Forms("birth_told", (("told_day_part", "BIGINT"), ("told_year_part", "BIGINT")), _birth_told),
    Forms("region", (("region_part", "BIGINT"),), _alone("region")),
    Forms("city", (("city_part", "BIGINT"),), _alone("city")),
    Forms("address", (("address_part", "BIGINT"),), _alone("address")),
    Forms("school", (("school_part", "BIGINT"),), _alone("school")),
)
"""The hashes of `PART_COLUMNS` anew, from the columns of a stored fingerprint, which has none of them."""


def delivered_sql(records: str, roles: Roles, exclusive_sources: Collection[tuple[str, str]]) -> str:
    """
    Return the query for the fields that count, of conformed *records* (a table). Grain: a record.

    Columns: record_id, exclusive (``source/entity`` or null), and every role of `Roles`, null where the entity has no
    such field.
    """
    columns = []
    for role, column in asdict(roles).items():
        kind = DELIVERED_TYPES.get(role, "VARCHAR")
        columns.append(f"c.{quote(column)} AS {role}" if column else f"CAST(NULL AS {kind}) AS {role}")
    vouched = ", ".join(f"({literal(source)}, {literal(entity)})" for source, entity in sorted(exclusive_sources))
    exclusive = (
        f"CASE WHEN (c.source, c.entity) IN ({vouched}) THEN c.source || '/' || c.entity END"
        if vouched
        else "CAST(NULL AS VARCHAR)"
    )
    return f"""
SELECT c.record_id, {exclusive} AS exclusive,
  {", ".join(columns)}
FROM {records} c"""


def description_sql(delivered: str, dictionaries: Sequence[tuple[str, str]]) -> str:
    """
    Return the query for descriptions of the *delivered* records. Grain: a record.

    *dictionaries* are pairs of role and table (``value`` and the columns of its `Forms`). Columns: record_id,
    description_id, and those of `FORM_COLUMNS` and `PART_COLUMNS`. Gender is as delivered, else as patronymic, given
    name or surname tell.
    """
    joins = "\n".join(
        f"LEFT JOIN {table} {role}_forms ON {role}_forms.value = d.{role}" for role, table in dictionaries
    )
    texts = {"first_known": "first_known::VARCHAR", "birth_date": "birth_date::VARCHAR"}
    # What was told of a birth date that cannot be stands at the end, where there is such a thing: all others keep their ids.
    hashed = ", ".join(f"coalesce({texts.get(each, each)}, '')" for each in FORM_COLUMNS if each != "birth_told")
    return f"""
SELECT *, md5(concat_ws(chr(31), {hashed}, birth_told))::UUID AS description_id
FROM (
  SELECT d.record_id, last_root, last_text, first_text, first_root, first_known, middle_root,
    d.birth_date, coalesce(d.gender, middle_gender, first_gender, last_gender) AS gender,
    d.phone, d.email, d.snils, d.document_number, region_key AS region, city_key AS city, address_key AS address,
    d.postcode, school_key AS school, d.exclusive, d.birth_told,
    {_PARTS_SQL}
  FROM {delivered} d
  {joins}
)"""


def distinct_sql(descriptions: str) -> str:
    """
    Return the query for one row per description, with its number of records.

    Columns: n (INTEGER, from 0, in no order), description_id, those of `FORM_COLUMNS` and `PART_COLUMNS`.
    """
    # To group by the id alone and take the rows then is cheaper than to group rows as wide as these; and rows are numbered
    # one after the other, by one thread.
    return f"""
SELECT first.n, d.* EXCLUDE (record_id) FROM {descriptions} d JOIN (
  SELECT (row_number() OVER () - 1)::INTEGER AS n, record_id
  FROM (SELECT min(record_id) AS record_id FROM {descriptions} GROUP BY description_id)
) first USING (record_id)"""


def with_parts_sql(fingerprints: str, dictionaries: Sequence[tuple[str, str]]) -> str:
    """
    Return stored *fingerprints* with `PART_COLUMNS`, as `description_sql` made them.

    *dictionaries* are pairs of column and table (``value`` and the columns of its `PARTS_OF_FORMS`).
    """
    joins = "\n".join(
        f"LEFT JOIN {table} {column}_parts ON {column}_parts.value = d.{column}" for column, table in dictionaries
    )
    return f"SELECT d.*, {_PARTS_SQL} FROM {fingerprints} d\n{joins}"


def with_terms_sql(distinct: str, terms: str) -> str:
    """
    Return *distinct* descriptions with the term weights of their values.

    *terms* has field, value, bits; a row with value null speaks for all values that are not listed.
    """
    joins = "\n".join(
        f"LEFT JOIN (SELECT value::{TERM_TYPES.get(field, 'VARCHAR')} AS value, bits FROM {terms}"
        f" WHERE field = '{field}' AND value IS NOT NULL) {field}_term ON {field}_term.value = d.{field}"
        for field in TERM_FIELDS
    )
    bits = ", ".join(
        f"coalesce({field}_term.bits, (SELECT max(bits) FROM {terms} WHERE field = '{field}' AND value IS NULL),"
        f" 0)::FLOAT"
        f" AS {field}_bits"
        for field in TERM_FIELDS
    )
    return f"SELECT d.*, {bits} FROM {distinct} d\n{joins}"
