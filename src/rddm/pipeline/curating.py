"""Run the curate stage for one entity of the model: golden rows of what was touched, and of nothing else."""

from __future__ import annotations

from collections.abc import Mapping

import pyarrow as pa

from rddm.contracts.names import known_diminutives
from rddm.contracts.tables import quote
from rddm.contracts.tables.golden import golden_id
from rddm.curate.golden import golden_contract, references
from rddm.curate.survivorship import golden_sql
from rddm.project.settings import Model
from rddm.store.lake import CATALOG, Lake


def prepare_curation(lake: Lake, trust: Mapping[str, int]) -> None:
    """Make the temporary tables ``source_trust`` (source, trust) and ``diminutive`` (name, folded)."""
    tables = {
        "source_trust": pa.table(
            {"source": pa.array(list(trust), pa.string()), "trust": pa.array(list(trust.values()), pa.int32())}
        ),
        "diminutive": pa.table({"name": pa.array(sorted(known_diminutives()), pa.string())}),
    }
    for name, table in tables.items():
        lake.connection.register("incoming", table)
        lake.connection.execute(f"CREATE OR REPLACE TEMP TABLE {name} AS SELECT * FROM incoming")
        lake.connection.unregister("incoming")


def touch_referring(lake: Lake, model: Model, name: str, touched: str) -> None:
    """Add to *touched* the golden ids of *name* that refer to something regrouped in this run."""
    connection = lake.connection
    links = f"{CATALOG}.identity.{quote(name + '__link')}"
    contract = golden_contract(name, model.entities[name])
    golden = f"{CATALOG}.{contract.schema}.{quote(name)}"
    for field, parent in references(model.entities[name]).items():
        if lake.number(f"SELECT count(*) FROM regrouped_{parent}") == 0:
            continue
        regrouped = f"(SELECT golden_id FROM regrouped_{parent})"
        connection.execute(
            f"INSERT INTO {touched} SELECT link.golden_id FROM {CATALOG}.conformed.{quote(name)} AS record"
            f" JOIN {CATALOG}.identity.{quote(parent + '__link')} AS parent ON parent.record_id = record.{quote(field)}"
            f" JOIN {links} AS link ON link.record_id = record.record_id WHERE parent.golden_id IN {regrouped}"
        )
        connection.execute(
            f"INSERT INTO {touched} SELECT {quote(golden_id(name))} FROM {golden} WHERE {quote(field + '_id')} IN {regrouped}"
        )


def curate_entity(lake: Lake, model: Model, name: str, touched: str) -> int:
    """Make the golden rows of *touched* (golden_id) anew; return how many of them differ from what was there."""
    if lake.number(f"SELECT count(*) FROM {touched}") == 0:
        return 0
    connection, entity = lake.connection, model.entities[name]
    golden = f"{CATALOG}.golden.{quote(name)}"
    key = quote(golden_id(name))
    joins: list[str] = []
    columns = {field: f"record.{quote(field)}" for field in entity.fields}
    for index, (field, parent) in enumerate(references(entity).items()):
        alias = f"parent_{index}"
        joins.append(
            f"LEFT JOIN {CATALOG}.identity.{quote(parent + '__link')} AS {alias} ON {alias}.record_id = record.{quote(field)}"
        )
        columns[field] = f"{alias}.golden_id AS {quote(field)}"
    member = (
        f"(SELECT link.golden_id, record.record_id, record.source, record.source_time,"
        f" coalesce(source_trust.trust, 5) AS trust, {', '.join(columns.values())}"
        f" FROM {CATALOG}.conformed.{quote(name)} AS record"
        f" JOIN {CATALOG}.identity.{quote(name + '__link')} AS link ON link.record_id = record.record_id"
        f" LEFT JOIN source_trust ON source_trust.source = record.source {' '.join(joins)}"
        f" WHERE link.golden_id IN (SELECT golden_id FROM {touched}))"
    )
    connection.execute(f"CREATE OR REPLACE TEMP TABLE golden_new AS {golden_sql(name, entity, member, 'diminutive')}")
    connection.execute(
        f"CREATE OR REPLACE TEMP TABLE golden_old AS SELECT {key}, row_hash FROM {golden}"
        f" WHERE {key} IN (SELECT golden_id FROM {touched})"
    )
    connection.execute(
        f"CREATE OR REPLACE TEMP TABLE golden_stale AS SELECT {key} FROM golden_old ANTI JOIN golden_new USING ({key}, row_hash)"
    )
    if lake.number("SELECT count(*) FROM golden_stale") > 0:
        connection.execute(f"DELETE FROM {golden} WHERE {key} IN (SELECT {key} FROM golden_stale)")
    added = connection.execute(
        f"INSERT INTO {golden} BY NAME SELECT * FROM golden_new ANTI JOIN golden_old USING ({key}, row_hash)"
    ).fetchone()
    for table in ("golden_new", "golden_old", "golden_stale"):
        connection.execute(f"DROP TABLE {table}")
    return int(added[0]) if added else 0
