"""
Link records of facts (participations) to the one fact that they report.

A fact has no identity of its own: it is what its fields say - this person, that event, this role - with references read as
the golden records they lead to, or as the records that they name where these need not be there and are not. When a person is
found to be another one, or comes at last, their facts follow.
"""

from __future__ import annotations

from collections.abc import Mapping

import duckdb

from rddm.contracts.tables import literal, quote
from rddm.contracts.tables.identity import link_table
from rddm.pipeline.referring import elsewhere_sql
from rddm.project.settings import FactIdentity, ModelEntity, ModelField
from rddm.store.lake import CATALOG, Lake, with_orders_sql


def link_facts(lake: Lake, entity: ModelEntity, identity: FactIdentity, name: str, changed: str, touched: str) -> None:
    """
    Bring ``identity.<name>__link`` up to date and fill *touched* (golden_id) with the facts to make anew.

    *entity* is the model's entity *name*. *changed* (record_id) holds the records that changed; ``changed_<entity>`` (record_id)
    and ``regrouped_<entity>`` (golden_id) what became of each referenced entity in this run (see `rddm.pipeline.engine`).
    """
    connection = lake.connection
    link = link_table(name)
    lake.ensure(link)
    links = f"{CATALOG}.{quote(link.schema)}.{quote(link.name)}"
    references = {
        field: settings for field, settings in entity.fields.items() if field in identity.fields and settings.references
    }
    _find_moved(connection, name, changed, references)
    parts, joins = [], []
    for index, field in enumerate(identity.fields):
        if field in references:
            alias = f"parent_{index}"
            joins.append(
                f"LEFT JOIN {CATALOG}.identity.{quote(f'{references[field].references}__link')} AS {alias}"
                f" ON {alias}.record_id = fact.{quote(field)}"
            )
            # A record that is gone may have given its id to a golden record that stays.
            parts.append(f"coalesce({alias}.golden_id::VARCHAR, 'record ' || fact.{quote(field)}::VARCHAR, '')")
        else:
            parts.append(f"coalesce(fact.{quote(field)}::VARCHAR, '')")
    golden = f"md5({literal(name)} || chr(31) || {' || chr(31) || '.join(parts)})::UUID"
    connection.execute(
        f"CREATE OR REPLACE TEMP TABLE new_link AS SELECT fact.record_id, {golden} AS golden_id"
        f" FROM {CATALOG}.conformed.{quote(name)} AS fact SEMI JOIN moved USING (record_id) {' '.join(joins)}"
    )
    connection.execute(
        f"CREATE OR REPLACE TEMP TABLE old_link AS SELECT record_id, golden_id FROM {links} SEMI JOIN moved USING (record_id)"
    )
    connection.execute(f"INSERT INTO {touched} SELECT golden_id FROM old_link UNION SELECT golden_id FROM new_link")
    connection.execute(
        "CREATE OR REPLACE TEMP TABLE stale AS SELECT record_id FROM old_link ANTI JOIN new_link USING (record_id, golden_id)"
    )
    connection.execute(f"DELETE FROM {links} WHERE record_id IN (SELECT record_id FROM stale)")
    new = (
        "SELECT record_id, golden_id, NULL::UUID AS fingerprint_id, 'fact' AS how, NULL::DOUBLE AS probability"
        " FROM new_link ANTI JOIN old_link USING (record_id, golden_id)"
    )
    connection.execute(f"INSERT INTO {links} BY NAME {with_orders_sql(link, new)}")
    for table in ("moved", "new_link", "old_link", "stale"):
        connection.execute(f"DROP TABLE {table}")


def _find_moved(
    connection: duckdb.DuckDBPyConnection, name: str, changed: str, references: Mapping[str, ModelField]
) -> None:
    """Make table ``moved`` (record_id): records that changed, or whose parent may belong to another golden record now."""
    facts = f"{CATALOG}.conformed.{quote(name)}"
    selects = [f"SELECT record_id FROM {changed}"]
    selects += [
        f"SELECT record_id FROM {facts} WHERE {quote(field)} IN ({elsewhere_sql(settings)})"
        for field, settings in references.items()
    ]
    connection.execute(f"CREATE OR REPLACE TEMP TABLE moved AS {' UNION '.join(selects)}")
