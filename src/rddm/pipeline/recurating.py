"""
Which golden rows are made anew because survivorship or trust has changed, or what a field is or refers to.

With what an entity's golden rows were made is noted beside them, in ``golden.progress``, in the same transaction.
"""

from __future__ import annotations

import json
from collections.abc import Mapping

from rddm.contracts.tables import literal, quote
from rddm.contracts.tables.golden import NONE_KEPT, PROGRESS, SCHEMA, golden_id
from rddm.project.settings import DEFAULT_TRUST, ProjectSettings
from rddm.store.lake import CATALOG, Lake

_PROGRESS = f"{CATALOG}.{SCHEMA}.{PROGRESS.name}"
_Settings = Mapping[str, Mapping[str, object]]


def touch_recurated(lake: Lake, settings: ProjectSettings, name: str, touched: str) -> None:
    """Add to *touched* the golden ids of *name* whose rows were made with other settings, and note those of now."""
    row = lake.connection.execute(f"SELECT curated_by FROM {_PROGRESS} WHERE entity = {literal(name)}").fetchone()
    now = _settings(settings, name)
    written = json.dumps(now, sort_keys=True)
    if row is not None and row[0] == written:
        return
    if row is not None and row[0] == NONE_KEPT:
        concerned = f"SELECT DISTINCT golden_id FROM {CATALOG}.identity.{quote(name + '__link')}"
    else:
        condition = _concerned_sql(json.loads(row[0]), now) if row is not None else "true"
        concerned = f"SELECT {quote(golden_id(name))} FROM {CATALOG}.{SCHEMA}.{quote(name)} WHERE {condition}"
    lake.connection.execute(f"INSERT INTO {touched} {concerned}")
    note_curated(lake, name, written)


def note_curated(lake: Lake, name: str, settings: str = NONE_KEPT) -> None:
    """Note with what *settings* the golden rows of *name* were made, or that there are none, whatever is linked."""
    lake.connection.execute(f"DELETE FROM {_PROGRESS} WHERE entity = {literal(name)}")
    lake.connection.execute(f"INSERT INTO {_PROGRESS} (entity, curated_by) VALUES (?, ?)", [name, settings])


def _settings(settings: ProjectSettings, name: str) -> _Settings:
    fields = settings.model.entities[name].fields
    return {
        "fields": {
            field: " ".join((each.type, each.survivorship, *([each.references] if each.references else [])))
            for field, each in fields.items()
        },
        "trust": {each.name: each.trust for each in settings.sources.values() if each.trust != DEFAULT_TRUST},
    }


def _concerned_sql(before: _Settings, now: _Settings) -> str:
    """
    Return the condition on the golden rows that the difference concerns.

    A field that came or went is none: its values are conformed anew.
    """
    if any(before["fields"][field] != now["fields"][field] for field in before["fields"].keys() & now["fields"].keys()):
        return "true"
    changed = {source for source, _ in before["trust"].items() ^ now["trust"].items()}
    return f"list_has_any(sources, [{', '.join(map(literal, sorted(changed)))}])" if changed else "false"
