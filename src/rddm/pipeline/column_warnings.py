"""What a run says of the columns that a mapping reads: those that never came, that came and are gone, that it reads wrongly."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass

from rddm.conform.fields import DATES
from rddm.conform.mapping import MappedEntity, columns_never_delivered, uses_of_columns
from rddm.conform.values.date import DAY_MONTH_SWAPPED
from rddm.contracts.tables import quote, raw
from rddm.pipeline.conforming_work import Affected, Conforming, Target
from rddm.pipeline.landing import DELETED_BY_US, Place
from rddm.project.suggestions import listed
from rddm.sources.files.formats import is_table
from rddm.sources.header import is_likely_data, shown
from rddm.store.lake import CATALOG, Lake

LEAST_CHANCE = 0.01
"""Below it, that so many records lack an optional member by chance is not believed."""


FEWEST_SWAPPED = 10
"""So many dates must be written month first before their column is suspected; fewer are slips."""


@dataclass(frozen=True)
class _Vanished:
    """A column that the newest delivery to tell did not have: its name, and the batch that showed it first."""

    name: str
    batch: int


def column_warnings(lake: Lake, mapped_entities: Iterable[MappedEntity]) -> list[str]:
    """
    Return a sentence for each column that *mapped_entities* read and that is not delivered, or is not any more.

    Of records that bring their own members (JSON, say) few may lack one by chance: of those a sentence is said once that is
    next to impossible.
    """
    columns, vanished = lake.columns(raw.SCHEMA), _vanished(lake)
    return [
        warning
        for mapped in mapped_entities
        for warning in [
            *_of_the_missing(mapped, columns.get(f"{mapped.source}__{mapped.entity}", ())),
            *_of_the_vanished(lake, mapped, vanished.get((mapped.source, mapped.entity), [])),
        ]
    ]


def month_first_warnings(work: Conforming, target: Target, affected: Affected) -> list[str]:
    """
    Return a sentence for each date of the records conformed now that is mostly written month first, by those days that can be
    told from months: all others are read day first, and wrongly.
    """
    mapped = affected.mapped
    notes = work.repaired.get((mapped.source, mapped.entity), {})
    warnings = []
    for field, mapping in mapped.settings.fields.items():
        note = f"{field}:{DAY_MONTH_SWAPPED}"
        swapped = notes.get(note, 0)
        if swapped < FEWEST_SWAPPED or mapping.format is not None or target.entity.fields[field].type not in DATES:
            continue
        told = work.lake.number(
            f"SELECT count(*) FROM {target.conformed} WHERE ({affected.conformed_now}) AND day({quote(field)}) > 12"
        )
        if 2 * swapped > told:
            warnings.append(
                f'source "{mapped.source}", entity {mapped.entity}: {field} has the month first in {swapped:,} of the {told:,}'
                f" dates that tell, so others are read wrongly: 02/07 as 2 July. Say how it is written in"
                f' sources/{mapped.source}.yaml, such as `format: "%m/%d/%Y"`.'
            )
    return warnings


def _of_the_missing(mapped: MappedEntity, columns: Collection[str]) -> list[str]:
    names = [name for name in columns if name not in raw.ENVELOPE_NAMES]
    if not columns:
        return []
    return [
        f'source "{mapped.source}", entity {mapped.entity}: column "{column}" was never delivered (found: {shown(names)}).'
        f" Map it right in sources/{mapped.source}.yaml."
        for column in columns_never_delivered(mapped, names)
    ]


def _of_the_vanished(lake: Lake, mapped: MappedEntity, vanished: Collection[_Vanished]) -> list[str]:
    uses = uses_of_columns(mapped)
    since = {column: _records_since(lake, mapped, column) for column in vanished if column.name.lower() in uses}
    return [
        f'source "{mapped.source}", entity {mapped.entity}: column "{column.name}" was delivered before and is missing since'
        f" {_when(lake, column)}: {_records(count)} came without it, {_harm(mapped, column, uses[column.name.lower()])}."
        f"{_appeared(lake, mapped, column)} Have it delivered again, or map it anew in sources/{mapped.source}.yaml."
        for column, count in since.items()
        if count
    ]


def _vanished(lake: Lake) -> dict[tuple[str, str], list[_Vanished]]:
    """The columns that are gone, by source and entity. Names that differ by case alone are one column."""
    rows = lake.connection.execute(
        f"""
        SELECT source, entity, min(name), max(batch) FROM (
            SELECT source, entity, name, arg_max(change, batch) AS change, max(batch) AS batch
            FROM {CATALOG}.{raw.SCHEMA}.{raw.COLUMN_CHANGE.name} GROUP BY source, entity, name
        ) GROUP BY source, entity, lower(name) HAVING bool_and(change = 'vanished') ORDER BY ALL"""
    ).fetchall()
    found: dict[tuple[str, str], list[_Vanished]] = {}
    for source, entity, name, batch in rows:
        found.setdefault((source, entity), []).append(_Vanished(name, batch))
    return found


def _records_since(lake: Lake, mapped: MappedEntity, column: _Vanished) -> int:
    """How many records came since without it; 0 where that may be chance."""
    place = Place(mapped.source, mapped.entity, mapped.settings)
    since = f"_batch >= {column.batch} AND _hash <> {DELETED_BY_US}"
    count = lake.number(f"SELECT count(*) FROM {place.raw_table} WHERE {since}")
    if count == 0 or is_table(mapped.settings.connector):
        return count
    row = lake.connection.execute(
        f"SELECT count(*), count({quote(column.name)}) FROM {place.raw_table} WHERE _batch < {column.batch}"
    ).fetchone()
    before, filled = row or (0, 0)
    chance = (1 - filled / before) ** count if before else 1
    return count if chance < LEAST_CHANCE else 0


def _records(count: int) -> str:
    return "1 record" if count == 1 else f"{count:,} records"


def _harm(mapped: MappedEntity, column: _Vanished, uses: Collection[str]) -> str:
    emptied = [
        field
        for field, mapping in mapped.settings.fields.items()
        if mapping.column is not None and mapping.column.lower() == column.name.lower()
    ]
    return f"so {listed(emptied)} is empty in them" if emptied else f"and the mapping reads it for {listed(uses)}"


def _when(lake: Lake, column: _Vanished) -> str:
    row = lake.connection.execute(
        f"SELECT run_id, received_at, origin FROM {CATALOG}.{raw.SCHEMA}.{raw.BATCH.name} WHERE batch = ?",
        [column.batch],
    ).fetchone()
    if row is None:
        return f"batch {column.batch}"
    run_id, received_at, origin = row
    return f"batch {column.batch} (run {run_id}, {received_at:%Y-%m-%d %H:%M} UTC, {origin})"


def _appeared(lake: Lake, mapped: MappedEntity, column: _Vanished) -> str:
    """The columns that came when it went: it may be one of them under another name."""
    rows = lake.connection.execute(
        f"SELECT name FROM {CATALOG}.{raw.SCHEMA}.{raw.COLUMN_CHANGE.name}"
        " WHERE source = ? AND entity = ? AND batch = ? AND change = 'appeared' ORDER BY name",
        [mapped.source, mapped.entity, column.batch],
    ).fetchall()
    names = [name for (name,) in rows]
    return f" New since then: {listed(names)}." if names and not is_likely_data(names) else ""
