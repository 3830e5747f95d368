"""Reaching every source of a project: is it there, and does it deliver what the mapping expects?"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from rddm.app.drafting import impatient
from rddm.app.trying import mapping_failures
from rddm.contracts.errors import SourceError
from rddm.pipeline.column_names import with_safe_names
from rddm.project.expressions import expression_columns
from rddm.project.suggestions import did_you_mean
from rddm.sources import open_source

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rddm.project.settings import ProjectSettings, SourceEntity

SAMPLED_RECORDS = 100


@dataclass(frozen=True)
class Connection:
    """
    What reaching one entity of a source gave.

    ``missing``: sentences, one for each column that its mapping reads and that is not delivered; ``failing``: one for each
    expression that fails on every record looked at, and each column of its key that is empty in all of them.
    """

    source: str
    entity: str
    is_reached: bool
    problem: str
    fix: str
    columns: Sequence[str]
    missing: Sequence[str]
    failing: Sequence[str]
    unmapped: Sequence[str]

    @property
    def is_ok(self) -> bool:
        return self.is_reached and not self.missing and not self.failing


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
        sample = with_safe_names(opened.sample(SAMPLED_RECORDS))
        columns = sample.column_names
    except SourceError as error:
        return Connection(
            source, name, is_reached=False, problem=error.message, fix=error.fix, columns=[], missing=[], failing=[],
            unmapped=[],
        )  # fmt: skip
    known = {column.strip().lower() for column in columns}
    named = _named_columns(entity)
    missing = [
        f'{use}: column "{column}" is not delivered. {did_you_mean(column, columns)}'
        for column, use in named.items()
        if column.strip().lower() not in known
    ]
    mapped = {column.strip().lower() for column in named}
    unmapped = [column for column in columns if column.strip().lower() not in mapped]
    return Connection(
        source,
        name,
        is_reached=True,
        problem="",
        fix="",
        columns=columns,
        missing=missing if columns else [],
        failing=mapping_failures(entity, sample) if not missing else [],
        unmapped=unmapped,
    )


def _named_columns(entity: SourceEntity) -> dict[str, str]:
    """Return the delivered columns that an entity's mapping reads, each with what it is used for."""
    named = dict.fromkeys(entity.key, "key")
    if entity.source_time is not None:
        named.setdefault(entity.source_time, "source_time")
    for field, mapping in entity.fields.items():
        if mapping.column is not None:
            named.setdefault(mapping.column, field)
        for column in expression_columns(mapping.sql or ""):
            named.setdefault(column, f"{field} (its SQL)")
    for column in expression_columns(entity.deleted or ""):
        named.setdefault(column, "deleted")
    return named
