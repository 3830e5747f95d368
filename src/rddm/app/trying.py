"""Trying the SQL of a mapping on the engine: without data, and on a few records of the source."""

from __future__ import annotations

from collections.abc import Mapping

import duckdb
import pyarrow as pa

from rddm.contracts.tables import quote
from rddm.pipeline.landing import as_text_sql, source_time_sql
from rddm.project.expressions import expression_columns
from rddm.project.settings import SourceEntity

MEMORY = "256MB"


def binding_fault(sql: str) -> str | None:
    """
    Return why the engine cannot use the expression *sql*, whatever is delivered, as a sentence; None when it can.

    The sentence speaks of names, types and syntax. No table, no file and no value is there to be seen.
    """
    nulls = ", ".join(f"NULL::VARCHAR AS {quote(name)}" for name in expression_columns(sql)) or "NULL AS nothing"
    with duckdb.connect(config={"memory_limit": MEMORY, "threads": 1}) as connection:
        try:
            connection.execute(f"SELECT TRY(({sql})::VARCHAR) FROM (SELECT {nulls})").fetchall()
        except duckdb.Error as error:
            said = str(error).splitlines()[0].partition("Error: ")[2].rstrip(". ")
            return f"the engine cannot use it: {said}."
    return None


def mapping_failures(entity: SourceEntity, sample: pa.Table) -> list[str]:
    """
    Return a sentence for each expression of *entity* that fails on, or reads nothing from, every record of *sample*, and for each
    column of its key that is empty in all of them.

    The columns of *sample* have the names that the raw table would give them.
    """
    if sample.num_rows == 0:
        return []
    counted = _counted(entity, sample.column_names)
    if not counted:
        return []
    texts = ", ".join(f"{as_text_sql(field)} AS {quote(field.name)}" for field in sample.schema)
    known = {name.lower() for name in sample.column_names}
    read = {name for sql in _expressions(entity).values() for name in expression_columns(sql)}
    absent = "".join(f", NULL::VARCHAR AS {quote(name)}" for name in sorted(read) if name.lower() not in known)
    with duckdb.connect(config={"memory_limit": MEMORY, "threads": 1}) as connection:
        connection.register("sample", sample)
        connection.execute(f"CREATE TABLE delivered AS SELECT {texts}{absent} FROM sample")
        return [
            f"{use}: {said} {sample.num_rows:,} records looked at."
            for use, (condition, said) in counted.items()
            if _holds_for_all(connection, condition)
        ]


def _expressions(entity: SourceEntity) -> Mapping[str, str]:
    """The SQL that is written for *entity*, by what it is for."""
    written = {name: mapping.sql for name, mapping in entity.fields.items() if mapping.sql is not None}
    return written | ({"deleted": entity.deleted} if entity.deleted is not None else {})


def _counted(entity: SourceEntity, columns: list[str]) -> dict[str, tuple[str, str]]:
    """By what it is for: the condition under which a record is no good for it, and what to say when all are."""
    counted = {
        use: (f"TRY(coalesce(({sql})::VARCHAR, '')) IS NULL", "the SQL expression fails on all of the")
        for use, sql in _expressions(entity).items()
    }
    delivered = {name.lower(): quote(name) for name in columns}
    time = delivered.get((entity.source_time or "").lower())
    if time is not None:
        read = source_time_sql(time, entity.source_time_format)
        counted["source_time"] = (f"{read} IS NULL", "no moment in time can be read from any of the")
    for column in entity.key:
        if column.lower() in delivered:
            counted[f"key, {column}"] = (
                f"nullif(trim({delivered[column.lower()]}), '') IS NULL",
                "it is empty in all of the",
            )
    return counted


def _holds_for_all(connection: duckdb.DuckDBPyConnection, condition: str) -> bool:
    try:
        row = connection.execute(f"SELECT count(*) FILTER (NOT coalesce({condition}, true)) FROM delivered").fetchone()
    except duckdb.Error:
        return True  # it fails before it has seen a value
    return row is not None and row[0] == 0
