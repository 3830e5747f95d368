"""Run the curate stage for one entity of the model: golden rows of what was touched, and of nothing else."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress

import duckdb
import pyarrow as pa

from rddm.contracts.names import known_diminutives
from rddm.contracts.tables import Table, quote
from rddm.contracts.tables.golden import golden_id
from rddm.curate.golden import golden_contract, hashed_rows_sql, references
from rddm.curate.survivorship import golden_rows
from rddm.pipeline.curating_parts import Part, in_parts
from rddm.pipeline.referring import elsewhere_sql, is_elsewhere
from rddm.project.settings import DEFAULT_TRUST, Model, ModelEntity
from rddm.store.lake import CATALOG, Lake, found_by_sql, is_few, load_table, run_with

_BATCH_RECORDS = 100_000


def prepare_curation(lake: Lake, trust: Mapping[str, int]) -> None:
    """Make the temporary table ``source_trust`` (source, trust)."""
    columns = {"source": pa.array(list(trust), pa.string()), "trust": pa.array(list(trust.values()), pa.int32())}
    load_table(lake.connection, "source_trust", pa.table(columns))


def touch_referring(lake: Lake, model: Model, name: str, touched: str) -> None:
    """Add to *touched* the golden ids of *name* that refer to something which the run may have put elsewhere."""
    connection = lake.connection
    links = f"{CATALOG}.identity.{quote(name + '__link')}"
    entity = model.entities[name]
    golden = f"{CATALOG}.golden.{quote(name)}"
    for field, parent in references(entity).items():
        if not is_elsewhere(lake, entity.fields[field]):
            continue
        connection.execute(
            f"INSERT INTO {touched} SELECT link.golden_id FROM {CATALOG}.conformed.{quote(name)} AS record"
            f" JOIN {links} AS link ON link.record_id = record.record_id"
            f" WHERE record.{quote(field)} IN ({elsewhere_sql(entity.fields[field])})"
        )
        connection.execute(
            f"INSERT INTO {touched} SELECT {quote(golden_id(name))} FROM {golden}"
            f" WHERE {quote(field + '_id')} IN (SELECT golden_id FROM regrouped_{parent})"
        )


def curate_entity(lake: Lake, model: Model, name: str, touched: str) -> int:
    """Make the golden rows of *touched* (golden_id) anew; return how many of them differ from what was there."""
    if lake.number(f"SELECT count(*) FROM {touched}") == 0:
        return 0
    entity = model.entities[name]
    contract = golden_contract(name, entity)
    diminutives = pa.array(sorted(known_diminutives()), pa.string())
    with _records_in_parts(lake, name, entity, touched) as parts:
        return sum(
            _write(lake, contract, part, golden_rows(part.records, name, entity, diminutives), touched)
            for part in parts
        )


@contextmanager
def _records_in_parts(lake: Lake, name: str, entity: ModelEntity, touched: str) -> Iterator[Iterator[Part]]:
    most = lake.number(f"SELECT count(*) FROM {CATALOG}.conformed.{quote(name)}")
    folder = lake.spill / "curate"
    connection = lake.connection
    connection.execute("SET arrow_lossless_conversion = true")  # ids as 16 bytes, not as text
    try:
        members = _members_sql(*_members(lake, name, touched), entity)
        records = connection.execute(members).to_arrow_reader(_BATCH_RECORDS)
        with in_parts(records, most, folder) as parts:
            yield parts
    finally:
        with suppress(duckdb.TransactionException):  # what failed is to be told; it takes the table with it
            connection.execute("RESET arrow_lossless_conversion")
            connection.execute("DROP TABLE IF EXISTS member")


def _members(lake: Lake, name: str, touched: str) -> tuple[str, str]:
    """Return the queries of the records behind *touched*, or of more, and of their links; of a few, these are in ``member``."""
    records, links = f"{CATALOG}.conformed.{quote(name)}", f"{CATALOG}.identity.{quote(f'{name}__link')}"
    few = is_few(lake.connection, touched)
    found = found_by_sql(links, "golden_id", f"SELECT golden_id FROM {touched}", "record_id, golden_id", few=few)
    if not few:
        return f"FROM {records}", found
    lake.connection.execute(f"CREATE OR REPLACE TEMP TABLE member AS {found}")
    return found_by_sql(records, "record_id", "SELECT record_id FROM member", few=True), "FROM member"


def _members_sql(records: str, links: str, entity: ModelEntity) -> str:
    """Return the query of the *records* that have *links* (both queries), as `golden_rows` takes them."""
    joins: list[str] = []
    columns = {field: f"record.{quote(field)}" for field in entity.fields}
    for index, (field, parent) in enumerate(references(entity).items()):
        alias = f"parent_{index}"
        joins.append(
            f"LEFT JOIN {CATALOG}.identity.{quote(parent + '__link')} AS {alias} ON {alias}.record_id = record.{quote(field)}"
        )
        columns[field] = f"{alias}.golden_id AS {quote(field)}"
    return (
        "SELECT link.golden_id, record.record_id, record.source,"
        " epoch_us(coalesce(record.source_time, TIMESTAMP '0001-01-01')) AS source_time,"
        f" coalesce(source_trust.trust, {DEFAULT_TRUST}) AS trust, {', '.join(columns.values())}"
        f" FROM ({records}) AS record JOIN ({links}) AS link ON link.record_id = record.record_id"
        f" LEFT JOIN source_trust ON source_trust.source = record.source {' '.join(joins)}"
    )


def _write(lake: Lake, contract: Table, part: Part, rows: pa.Table, touched: str) -> int:
    """Put *rows*, the golden rows of *part*, in the place of those that were there; return how many are new or differ."""
    connection = lake.connection
    golden = f"{CATALOG}.{contract.schema}.{quote(contract.name)}"
    key = quote(golden_id(contract.name))
    new = f"({hashed_rows_sql(contract, 'incoming')})"
    connection.execute(
        f"CREATE OR REPLACE TEMP TABLE golden_old AS SELECT {key}, row_hash FROM {golden}"
        f" WHERE {key} BETWEEN '{part.lowest}' AND '{part.highest}' AND {key} IN (SELECT golden_id FROM {touched})"
    )
    if lake.number("SELECT count(*) FROM golden_old") > 0:
        _delete_stale(lake, golden, key, new, rows)
    added = run_with(
        connection,
        f"INSERT INTO {golden} BY NAME SELECT * FROM {new} ANTI JOIN golden_old USING ({key}, row_hash)",
        rows,
    ).fetchone()
    connection.execute("DROP TABLE golden_old")
    return int(added[0]) if added else 0


def _delete_stale(lake: Lake, golden: str, key: str, new: str, rows: pa.Table) -> None:
    """Delete the rows of ``golden_old`` that are not among the *new* ones, a query on *rows*."""
    connection = lake.connection
    stale = f"SELECT {key} FROM golden_old ANTI JOIN {new} USING ({key}, row_hash)"
    run_with(connection, f"CREATE OR REPLACE TEMP TABLE golden_stale AS {stale}", rows)
    if lake.number("SELECT count(*) FROM golden_stale") > 0:
        connection.execute(f"DELETE FROM {golden} WHERE {key} IN (SELECT {key} FROM golden_stale)")
    connection.execute("DROP TABLE golden_stale")
