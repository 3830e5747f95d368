"""Every version of the affected records of one source: mapped, patched, cleaned, typed, with its problems."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from rddm.conform.cleaning import (
    LOOKUP_COLUMNS,
    Lookup,
    Lookups,
    doubtful_names_sql,
    evaluated_sql,
    swapped_contacts_sql,
    undecided_sql,
)
from rddm.conform.lookup import cleaner, lookup_table, name_lookup_table
from rddm.conform.mapping import mapped_sql, patched_sql
from rddm.conform.values import fast_sql
from rddm.contracts.tables import quote
from rddm.contracts.tables.raw import OPERATION
from rddm.pipeline.conforming_work import Affected, Conforming

TEXTS_AT_ONCE = 200_000
"""How many distinct texts Python holds at a time; the rest wait in a table."""


@dataclass(frozen=True)
class Versions:
    """How versions of one source's records are evaluated."""

    affected: Affected
    patched: tuple[str, ...]
    patches: str
    lookups: Lookups

    def mapped_sql(self, relation: str) -> str:
        """Return the query of the raw versions *relation*, patched, with the model's fields as delivered text."""
        mapped = self.affected.mapped
        patched = f"({patched_sql(relation, self.patched, self.patches)})"
        return swapped_contacts_sql(mapped, f"({mapped_sql(mapped, patched, self.affected.raw_columns)})")

    def evaluated_sql(self, relation: str) -> str:
        """Return the query of the raw versions *relation*, evaluated; see `rddm.conform.cleaning.evaluated_sql`."""
        return evaluated_sql(self.affected.mapped, f"({self.mapped_sql(relation)})", self.lookups)


def look_up_words(work: Conforming, affected: Affected, relation: str) -> Versions:
    """
    Clean every text of the raw versions *relation* whose type SQL settles nothing of, into temporary tables.

    Of the other fields, the `Versions` know only what SQL settles: see `look_up_rest`.

    Raises:
        duckdb.BinderException: an SQL expression of the mapping cannot be used.
    """
    mapped, latest = affected.mapped, work.at.date()
    rows = work.connection.execute(f"SELECT DISTINCT column_name FROM {work.patch} WHERE {affected.where}").fetchall()
    patched = tuple(row[0] for row in rows if row[0] in affected.raw_columns or row[0] == OPERATION)
    patches = f"(SELECT key, column_name, before, after FROM {work.patch} WHERE {affected.where})"
    fast: dict[str, str] = {}
    for name in mapped.value_fields():
        settings = mapped.model_entity.fields[name]
        if mapped.settings.fields[name].part is None:
            column, region = f"mapped.{quote(name)}", settings.default_region
            settled = fast_sql(settings.type, column, default_region=region, latest=latest)
            if settled is not None:
                fast[name] = settled
    versions = Versions(affected, patched, patches, Lookups(fast, {}, unread=frozenset(fast)))
    versions = _look_up(work, versions, relation, [name for name in mapped.value_fields() if name not in fast])
    doubtful = doubtful_names_sql(mapped, f"({versions.mapped_sql(relation)})", versions.lookups)
    if doubtful is None:
        return versions
    names = name_lookup_table(work.connection.execute(doubtful).fetchall())
    if names is None:
        return versions
    work.scratch.load("name_lookup", names)
    return replace(versions, lookups=replace(versions.lookups, names="name_lookup"))


def look_up_rest(work: Conforming, versions: Versions, relation: str) -> Versions:
    """Clean the texts of the raw versions *relation* that SQL could have settled and did not; the same errors."""
    versions = _look_up(work, versions, relation, list(versions.lookups.fast))
    return replace(versions, lookups=replace(versions.lookups, unread=frozenset()))


def _look_up(work: Conforming, versions: Versions, relation: str, names: Sequence[str]) -> Versions:
    """Clean the texts of the fields *names* that are left to Python."""
    affected, lookups = versions.affected, versions.lookups
    delivered = f"({versions.mapped_sql(relation)})"
    tables = dict(lookups.tables)
    order = affected.mapped.value_fields()
    for name in names:
        undecided = undecided_sql(delivered, name, lookups.fast.get(name))
        work.scratch.make("undecided", f"SELECT delivered, row_number() OVER () AS number FROM ({undecided})")
        if work.has_rows("undecided WHERE delivered IS NOT NULL"):
            is_sparse = name not in lookups.fast  # what SQL does not settle is rarely as it should be
            table = f"lookup_{order.index(name)}"
            tables[name] = _clean_undecided(work, affected, name, table, is_sparse=is_sparse)
    return replace(versions, lookups=replace(lookups, tables=tables))


def forget(work: Conforming, versions: Versions) -> None:
    """Drop the tables that looking up made."""
    work.scratch.drop("undecided", *(each.table for each in versions.lookups.tables.values()), "name_lookup")


def _clean_undecided(work: Conforming, affected: Affected, name: str, table: str, *, is_sparse: bool) -> Lookup:
    """Make *table* of what Python makes of each text in ``undecided``."""
    connection, clean = work.connection, cleaner(affected.mapped, name, work.at.date(), work.memory)
    work.scratch.begin(table, LOOKUP_COLUMNS)
    has_repairs = has_problems = False
    for start in range(0, work.lake.number("SELECT count(*) FROM undecided"), TEXTS_AT_ONCE):
        texts = connection.execute(
            f"SELECT delivered FROM undecided WHERE number > {start} AND number <= {start + TEXTS_AT_ONCE}"
            " AND delivered IS NOT NULL"
        ).to_arrow_table()
        cleaned = lookup_table(texts.column(0).to_pylist(), clean, is_sparse=is_sparse)
        work.scratch.append(table, cleaned)
        has_repairs |= cleaned["repairs"].null_count < cleaned.num_rows
        has_problems |= cleaned["problem"].null_count < cleaned.num_rows
    return Lookup(table, has_repairs, has_problems, is_sparse)
