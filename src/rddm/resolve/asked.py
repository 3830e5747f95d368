"""
One record that is asked about: described, keyed and compared as the stages do it, but at once and without a query.

Everything here comes from the same SQL and the same dictionaries as `fingerprints`, `keys` and `comparisons`, turned into
functions (`rddm.contracts.expression`). A new comparison, key or form needs nothing here.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import date
from functools import cache
from itertools import product
from typing import Any

from rddm.contracts.expression import Evaluator, compile_expression, compile_projections
from rddm.contracts.tables.identity import TERM_FIELDS, fingerprint_table
from rddm.resolve.comparisons import (
    BIRTH_IS_TOLD,
    COMPARISONS,
    FACTS,
    MISSING,
    SAME,
    contradiction_sql,
    level_sql,
    pattern_of,
)
from rddm.resolve.fingerprints import DELIVERED_TYPES, DICTIONARIES, FORM_COLUMNS, description_sql
from rddm.resolve.keys import IDENTIFIERS, KEY_KINDS, KIND_BITS, PARTS, SEVERAL, KeyKind
from rddm.resolve.roles import Roles

PRINT_SEPARATOR = "\x1f"
_ROLES = tuple(each.name for each in fields(Roles))

Description = dict[str, Any]
"""The columns of `FORM_COLUMNS` and `PART_COLUMNS` of one record; ``<field>_bits`` where its terms were weighed."""


@dataclass(frozen=True)
class Compared:
    """How two descriptions compare: as a row of `rddm.resolve.comparisons.compare_sql` with each term of its own."""

    pattern: int
    contradiction: str | None
    terms: Mapping[str, float]


@cache
def _description() -> dict[str, Evaluator]:
    dictionaries = [(forms.role, f"{forms.role}_dictionary") for forms in DICTIONARIES]
    return compile_projections(description_sql("delivered", dictionaries), leave_out=("record_id",))


@cache
def _levels(*, families: bool) -> tuple[tuple[str, str | None, Evaluator], ...]:
    return tuple((each.name, each.term, compile_expression(level_sql(each, families=families))) for each in COMPARISONS)


@cache
def _facts() -> dict[str, Evaluator]:
    return {name: compile_expression(sql) for name, sql in FACTS.items()}


@cache
def _contradiction(*, families: bool) -> Evaluator:
    return compile_expression(contradiction_sql(families=families))


@cache
def _parts() -> dict[str, Evaluator]:
    return {name: compile_expression(sql) for name, sql in PARTS.items()}


def describe_one(values: Mapping[str, str]) -> Description:
    """Return the description of one record from its conformed *values* (role of `Roles`: normalised text)."""
    row: dict[str, Any] = {role: values.get(role) for role in _ROLES} | {"exclusive": None}
    for role, kind in DELIVERED_TYPES.items():
        if kind == "DATE" and row[role] is not None:
            row[role] = date.fromisoformat(row[role])
    for forms in DICTIONARIES:
        names = [name for name, _ in forms.types]
        value = row[forms.role]
        row |= zip(names, forms.values(value) if value is not None else (None,) * len(names), strict=True)
    return {name: evaluate(row, row) for name, evaluate in _description().items()}


def keys_of(description: Description, kinds: Sequence[KeyKind] = KEY_KINDS) -> list[int]:
    """Return the match keys of *description*, as `rddm.resolve.keys.keys_sql` makes them."""
    found: dict[int, None] = {}
    for kind in kinds:
        for parts in product(*(_values_of_part(description, name) for name in kind.parts)):
            joined = 0
            for part in parts:
                joined ^= part
            found[joined << KIND_BITS | kind.number] = None
    return list(found)


def _values_of_part(description: Description, name: str) -> list[int]:
    first = _parts()[name](description, description)
    more = description[f"{name}_more"] or [] if name in SEVERAL else []
    return [] if first is None else [first, *more]


def identifier_keys(description: Description) -> dict[str, int]:
    """Return, for each column of `IDENTIFIERS` that has a value, the key that tells how many share it."""
    kinds = {kind.name: kind for kind in KEY_KINDS}
    found = {column: keys_of(description, [kinds[name]]) for column, name in IDENTIFIERS.items()}
    return {column: keys[0] for column, keys in found.items() if keys}


def term_values(description: Description) -> dict[str, str]:
    """Return, for each field of `TERM_FIELDS` that has a value, that value as the stored terms spell it."""
    return {field: str(description[field]) for field in TERM_FIELDS if description[field] is not None}


def weigh_terms(description: Description, bits: Mapping[tuple[str, str | None], float]) -> Description:
    """
    Return *description* with ``<field>_bits``: the stored *bits* by field and value; value None speaks for what is not listed.
    """
    values = term_values(description)
    weighed = {
        f"{field}_bits": bits.get((field, values.get(field)), bits.get((field, None), 0.0)) for field in TERM_FIELDS
    }
    return description | weighed


def compare_one(asked: Description, other: Description, *, families: bool = True) -> Compared:
    """Return how *asked*, with its terms weighed, compares with *other*; *families* as for `rddm.resolve.comparisons`."""
    row: dict[str, Any] = {}
    terms: dict[str, float] = {}
    for name, term, level_of in _levels(families=families):
        level = row[f"{name}_level"] = level_of(asked, other)
        if term is not None and level == SAME:
            terms[name] = asked[term]
    row |= {name: is_fact(asked, other) for name, is_fact in _facts().items()}
    is_told = row["birth_is_told"] and row["birth_date_level"] != MISSING
    return Compared(
        pattern_of(tuple(row[f"{each.name}_level"] for each in COMPARISONS)) + (BIRTH_IS_TOLD if is_told else 0),
        _contradiction(families=families)(row, row),
        terms,
    )


def print_sql() -> str:
    """Return the SQL expression that writes a fingerprint's forms as one text, which `read_print` reads."""
    texts = ", ".join(f"coalesce({column}::VARCHAR, '')" for column in FORM_COLUMNS)
    return f"concat_ws(chr({ord(PRINT_SEPARATOR)}), {texts})"


@cache
def _kinds() -> dict[str, str]:
    kinds = {column.name: column.type for column in fingerprint_table("").columns}
    return {column: kinds[column] for column in FORM_COLUMNS}


def read_print(text: str) -> Description:
    """Return the forms that `print_sql` wrote."""
    forms: Description = {}
    for (column, kind), part in zip(_kinds().items(), text.split(PRINT_SEPARATOR), strict=True):
        if not part:
            forms[column] = None
        elif kind == "DATE":
            forms[column] = date.fromisoformat(part)
        else:
            forms[column] = part == "true" if kind == "BOOLEAN" else part
    return forms
