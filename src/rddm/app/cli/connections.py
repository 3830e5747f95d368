"""Reaching every source of a project: is it there, and does it deliver what the mapping expects?"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from rddm.app.drafting import impatient
from rddm.contracts.errors import SourceError
from rddm.project.suggestions import did_you_mean
from rddm.sources import open_source

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rddm.project.settings import ProjectSettings, SourceEntity

SAMPLED_RECORDS = 100


@dataclass(frozen=True)
class Connection:
    """What reaching one entity of a source gave. ``missing``: sentences, one for each mapped column that is not delivered."""

    source: str
    entity: str
    is_reached: bool
    problem: str
    fix: str
    columns: Sequence[str]
    missing: Sequence[str]
    unmapped: Sequence[str]

    @property
    def is_ok(self) -> bool:
        return self.is_reached and not self.missing


def check_connections(settings: ProjectSettings) -> list[Connection]:
    """Return what reaching each entity of each source gives, in the order of names. Reads a few records, lands none."""
    return [
        _check(settings, source.name, name, entity)
        for source in settings.sources.values()
        for name, entity in source.entities.items()
    ]


def _check(settings: ProjectSettings, source: str, name: str, entity: SourceEntity) -> Connection:
    try:
        opened = open_source(settings.root, source, name, impatient(entity.connector))
        opened.probe()
        columns = opened.sample(SAMPLED_RECORDS).column_names
    except SourceError as error:
        return Connection(
            source, name, is_reached=False, problem=error.message, fix=error.fix, columns=[], missing=[], unmapped=[]
        )
    known = {column.strip().lower() for column in columns}
    named = _named_columns(entity)
    missing = [
        f'{use}: column "{column}" is not delivered. {did_you_mean(column, columns)}'
        for column, use in named.items()
        if column.strip().lower() not in known
    ]
    mapped = {column.strip().lower() for column in named}
    # What an expression uses is not looked for: a column may be used that no mapping names.
    has_sql = any(each.sql for each in entity.fields.values())
    unmapped = [] if has_sql else [column for column in columns if column.strip().lower() not in mapped]
    return Connection(
        source,
        name,
        is_reached=True,
        problem="",
        fix="",
        columns=columns,
        missing=missing if columns else [],
        unmapped=unmapped,
    )


def _named_columns(entity: SourceEntity) -> dict[str, str]:
    """Return the delivered columns that an entity's mapping names, each with what it is used for."""
    named = dict.fromkeys(entity.key, "key")
    if entity.source_time is not None:
        named.setdefault(entity.source_time, "source_time")
    for field, mapping in entity.fields.items():
        if mapping.column is not None:
            named.setdefault(mapping.column, field)
    return named
