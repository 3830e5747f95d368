"""
Records to descriptions to fingerprints.

A *description* is what a record says about a person, in the forms that are compared. A *fingerprint* is what is
matched: a description, or - where two people may well have the same one, where a source vouches that its records are
different people, or where a steward said so - a description together with its record.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import asdict, dataclass

from rddm.contracts.tables.identity import TERM_FIELDS
from rddm.contracts.tables.table import literal, quote
from rddm.resolve.name_forms import family_name_forms, given_name_forms, patronymic_forms
from rddm.resolve.organisation_name import organisation_key, place_key
from rddm.resolve.roles import Roles

DELIVERED_TYPES = {"birth_date": "DATE"}
FORM_COLUMNS = (
    *("last_root", "first_text", "first_root", "first_known", "middle_root", "birth_date"),
    *("gender", "phone", "email", "snils", "region", "city", "school", "exclusive"),
)
"""The columns of a description, in the order of the contract."""


@dataclass(frozen=True)
class Forms:
    """
    A dictionary to make for one column: ``values`` gives the columns of `dictionary_types` for each distinct
    value.
    """

    role: str
    types: tuple[tuple[str, str], ...]
    values: Callable[[str], tuple[object, ...]]


def _family(name: str) -> tuple[object, ...]:
    forms = family_name_forms(name)
    return forms.root, forms.sound, forms.gender


def _given(name: str) -> tuple[object, ...]:
    forms = given_name_forms(name)
    return forms.text, "|".join(forms.roots) or None, forms.known, forms.gender


def _patronymic(name: str) -> tuple[object, ...]:
    forms = patronymic_forms(name)
    return forms.root, forms.gender


DICTIONARIES = (
    Forms(
        "last_name",
        (("last_root", "VARCHAR"), ("last_sound", "VARCHAR"), ("last_gender", "VARCHAR")),
        _family,
    ),
    Forms(
        "first_name",
        (
            ("first_text", "VARCHAR"),
            ("first_root", "VARCHAR"),
            ("first_known", "BOOLEAN"),
            ("first_gender", "VARCHAR"),
        ),
        _given,
    ),
    Forms("middle_name", (("middle_root", "VARCHAR"), ("middle_gender", "VARCHAR")), _patronymic),
    Forms("region", (("region_key", "VARCHAR"),), lambda name: (place_key(name),)),
    Forms("city", (("city_key", "VARCHAR"),), lambda name: (place_key(name),)),
    Forms("school", (("school_key", "VARCHAR"),), lambda name: (organisation_key(name),)),
)
"""Forms that Python makes, once per distinct value."""


def delivered_sql(conformed: str, records: str, roles: Roles, exclusive_sources: Collection[tuple[str, str]]) -> str:
    """
    Return the query for the fields that count, of those *records* that exist. Grain: a record.

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
FROM {conformed} c
WHERE c.record_id IN (SELECT record_id FROM {records})"""


def description_sql(delivered: str, dictionaries: Sequence[tuple[str, str]]) -> str:
    """
    Return the query for descriptions of the *delivered* records. Grain: a record.

    *dictionaries* are pairs of role and table (``value`` and the columns of its `Forms`). Columns: record_id,
    description_id, the columns of `FORM_COLUMNS`, and last_sound. Gender is as delivered, else as patronymic, given
    name or surname tell.
    """
    joins = "\n".join(
        f"LEFT JOIN {table} {role}_forms ON {role}_forms.value = d.{role}" for role, table in dictionaries
    )
    hashed = ", ".join(
        f"coalesce({column}, '')"
        for column in (
            *(
                "last_root",
                "first_text",
                "first_root",
                "first_known::VARCHAR",
                "middle_root",
                "birth_date::VARCHAR",
                "gender",
            ),
            *("phone", "email", "snils", "region", "city", "school", "exclusive"),
        )
    )
    return f"""
SELECT *, md5(concat_ws(chr(31), {hashed}))::UUID AS description_id
FROM (
  SELECT d.record_id, last_root, last_sound, first_text, first_root, first_known, middle_root,
    d.birth_date, coalesce(d.gender, middle_gender, first_gender, last_gender) AS gender,
    d.phone, d.email, d.snils, region_key AS region, city_key AS city, school_key AS school, d.exclusive
  FROM {delivered} d
  {joins}
)"""


def distinct_sql(descriptions: str) -> str:
    """Return the query for one row per description, with its number of records."""
    columns = ", ".join(f"any_value({column}) AS {column}" for column in (*FORM_COLUMNS, "last_sound"))
    return f"SELECT description_id, {columns}, count(*) AS records FROM {descriptions} GROUP BY description_id"


def weighed_sql(distinct: str, terms: str) -> str:
    """
    Return *distinct* descriptions with the term weights of their values.

    *terms* has field, value, bits; a row with value null speaks for all values that are not listed.
    """
    joins = "\n".join(
        f"LEFT JOIN (SELECT value, bits FROM {terms} WHERE field = '{field}' AND value IS NOT NULL) {field}_term"
        f" ON {field}_term.value = d.{field}::VARCHAR"
        for field in TERM_FIELDS
    )
    bits = ", ".join(
        f"coalesce({field}_term.bits, (SELECT max(bits) FROM {terms} WHERE field = '{field}' AND value IS NULL),"
        f" 0)::FLOAT"
        f" AS {field}_bits"
        for field in TERM_FIELDS
    )
    return f"SELECT d.*, {bits} FROM {distinct} d\n{joins}"
