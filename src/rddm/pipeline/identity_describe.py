"""Resolve, step 1: records to descriptions, Python on distinct values only."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict
from typing import Any

import pyarrow as pa

from rddm.conform.fields import value_columns
from rddm.contracts.tables import quote
from rddm.pipeline.identity_work import Work
from rddm.project.settings import ExactIdentity
from rddm.resolve.exact import KEY_FUNCTIONS, exact_description_sql
from rddm.resolve.fingerprints import (
    DICTIONARIES,
    PARTS_OF_FORMS,
    Forms,
    delivered_sql,
    description_sql,
    distinct_sql,
    with_parts_sql,
)
from rddm.resolve.roles import roles_of

_ARROW = {
    "VARCHAR": pa.string(), "BOOLEAN": pa.bool_(), "BIGINT": pa.int64(), "BIGINT[]": pa.list_(pa.int64()), "DATE": pa.date32(),
}  # fmt: skip
VALUES_AT_ONCE = 100_000
"""How many distinct values Python holds at a time."""


def describe(work: Work, reconsidered: str) -> None:
    """
    Make ``described`` (a record) and ``distinct`` (a description) for the *reconsidered* records.

    Grain and columns: `rddm.resolve.fingerprints`.
    """
    # Of everything, there is no need of a copy.
    records = work.conformed
    if not work.fresh:
        columns = "record_id, source, entity, " + ", ".join(map(quote, value_columns(work.model_entity)))
        records = work.make(
            "record", work.found(records, "record_id", f"SELECT record_id FROM {reconsidered}", columns)
        )
    if isinstance(work.identity, ExactIdentity):
        _describe_exact(work, work.identity, records)
    else:
        _describe_probabilistic(work, records)


def _describe_probabilistic(work: Work, records: str) -> None:
    roles = roles_of(work.model_entity.fields)
    delivered = work.view("delivered", delivered_sql(records, roles, work.exclusive_sources))
    present = asdict(roles)
    dictionaries = [
        (forms.role, _dictionary(work, forms, delivered, empty=present[forms.role] is None)) for forms in DICTIONARIES
    ]
    described = work.make("described", description_sql(delivered, dictionaries))
    work.make("distinct", distinct_sql(described))
    work.make("described", f"SELECT record_id, description_id, exclusive FROM {described}")


def _dictionary(work: Work, forms: Forms, delivered: str, *, empty: bool) -> str:
    if empty:
        return work.load(f"{forms.role}_forms", _schema(forms).empty_table())
    return _forms_of(work, delivered, forms.role, f"{forms.role}_forms", _schema(forms), forms.values)


def _schema(forms: Forms) -> pa.Schema:
    return pa.schema([("value", _ARROW[forms.value_type]), *((name, _ARROW[kind]) for name, kind in forms.types)])


def _forms_of(
    work: Work,
    table: str,
    column: str,
    name: str,
    columns: pa.Schema,
    values: Callable[[Any], tuple[Any, ...]],
) -> str:
    """Make table *name* of *columns*: each distinct value of *column* in *table*, and what *values* makes of it."""
    found = work.connection.execute(
        f"SELECT DISTINCT {quote(column)} FROM {table} WHERE {quote(column)} IS NOT NULL"
    ).to_arrow_table()
    parts = [columns.empty_table()]
    for start in range(0, found.num_rows, VALUES_AT_ONCE):
        each = found.column(0).slice(start, VALUES_AT_ONCE).to_pylist()
        made = zip(*((value, *values(value)) for value in each), strict=True)
        arrays = [pa.array(list(column), kind) for column, kind in zip(made, columns.types, strict=True)]
        parts.append(pa.Table.from_arrays(arrays, schema=columns))
    return work.load(name, pa.concat_tables(parts))


def with_parts(work: Work, fingerprints: str) -> str:
    """Return the query for stored *fingerprints* (a table) with what match keys are made of."""
    if work.method == "exact":
        return f"SELECT * FROM {fingerprints}"
    dictionaries = [
        (forms.role, _forms_of(work, fingerprints, forms.role, f"{forms.role}_parts", _schema(forms), forms.values))
        for forms in PARTS_OF_FORMS
    ]
    return with_parts_sql(fingerprints, dictionaries)


def _single(function: Callable[[str], str | None]) -> Callable[[str], tuple[str | None]]:
    return lambda value: (function(value),)


def _describe_exact(work: Work, identity: ExactIdentity, records: str) -> None:
    fields = work.model_entity.fields
    dictionaries = {}
    for place, name in enumerate(identity.fields):
        function = KEY_FUNCTIONS.get(fields[name].type)
        if function is not None:
            dictionaries[name] = _forms_of(
                work,
                records,
                name,
                f"exact_forms_{place}",
                pa.schema([("value", pa.string()), ("key", pa.string())]),
                _single(function),
            )
    described = work.make("described", exact_description_sql(records, identity.fields, fields, dictionaries))
    work.make(
        "distinct",
        "SELECT (row_number() OVER () - 1)::INTEGER AS n, * FROM (SELECT description_id,"
        f" any_value(exclusive) AS exclusive FROM {described} GROUP BY description_id)",
    )
