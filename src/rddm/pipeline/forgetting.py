"""What goes from behind the conformed layer when the model has an entity no more, or matches it no more by weights."""

from __future__ import annotations

from rddm.contracts.tables import golden, literal, quote
from rddm.contracts.tables.identity import (
    EVENT,
    MODEL,
    REDIRECT,
    SCHEMA,
    SHARED_TABLES,
    TERM,
    identity_tables,
    link_table,
)
from rddm.pipeline.conforming_work import CONFORMED, conformed_entities
from rddm.pipeline.recurating import note_curated
from rddm.project.settings import Model
from rddm.store.lake import CATALOG, Lake


def forget_entities(lake: Lake, model: Model) -> None:
    """
    Take entities that *model* has not any more out of the identity and the golden layer.

    Only which id a record has is kept while it stands, as it does where no file of the project names its source any more: when
    the model has the entity again, ids stay, all of it is linked anew and all golden rows are made.
    """
    for name in conformed_entities(lake):
        if name not in model.entities and lake.has(golden.SCHEMA, name):
            _forget_entity(lake, name)


def forget_matching(lake: Lake, name: str) -> None:
    """
    What the records of *name* were matched by goes: nothing follows it when one of them changes or is erased.

    With the common values go the weights that were learnt with them, so that both are learnt anew if it is matched by weights
    again.
    """
    kept = {link_table(name), *SHARED_TABLES}
    for table in identity_tables(name, "probabilistic"):
        if table not in kept and lake.has(table.schema, table.name):
            lake.connection.execute(f"DELETE FROM {CATALOG}.{table.schema}.{quote(table.name)}")
    lake.connection.execute(f"DELETE FROM {_identity(TERM.name)} WHERE entity = {literal(name)}")
    lake.connection.execute(f"UPDATE {_identity(MODEL.name)} SET parameters = '' WHERE entity = {literal(name)}")


def _forget_entity(lake: Lake, name: str) -> None:
    connection = lake.connection
    rows, links = f"{CATALOG}.{golden.SCHEMA}.{quote(name)}", _identity(link_table(name).name)
    conformed = f"{CONFORMED}.{quote(name)}"
    if lake.number(f"SELECT count(*) FROM {rows}"):
        connection.execute(f"DELETE FROM {rows}")
        note_curated(lake, name)
        forget_matching(lake, name)
        connection.execute(f"UPDATE {_identity(MODEL.name)} SET applied = '' WHERE entity = {literal(name)}")
    # Every record that stands has a link; others are of records that have become another entity, or were erased.
    if lake.number(f"SELECT (SELECT count(*) FROM {links}) - (SELECT count(*) FROM {conformed})"):
        connection.execute(f"DELETE FROM {links} WHERE record_id NOT IN (SELECT record_id FROM {conformed})")
        for table in (EVENT, REDIRECT):
            connection.execute(
                f"DELETE FROM {_identity(table.name)} WHERE entity = {literal(name)}"
                f" AND golden_id NOT IN (SELECT golden_id FROM {links})"
            )


def _identity(name: str) -> str:
    return f"{CATALOG}.{SCHEMA}.{quote(name)}"
