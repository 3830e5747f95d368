"""Judging the affected records and writing what that changes: conformed rows, quarantine, tombstones, progress."""

from __future__ import annotations

from collections.abc import Sequence

from rddm.conform.fields import conformed_table, content_hash_sql
from rddm.conform.split import judged_sql, kind_sql, standing_at_once_sql
from rddm.contracts.tables import literal, quote
from rddm.contracts.tables.conformed import SCHEMA
from rddm.pipeline.conforming_work import (
    LIVING_PROGRESS,
    LIVING_QUARANTINE,
    LIVING_TOMBSTONE,
    Affected,
    Conforming,
    Target,
)
from rddm.store.lake import found_sql, is_few, near_sql, with_orders_sql


def stand_at_once(work: Conforming, target: Target, affected: Affected, evaluated: str) -> int:
    """
    Conform the versions of *evaluated* that stand whatever else there is; return how many.

    *evaluated*: the query of versions that are the only ones of their records; none of them is known to any table yet.
    """
    table = conformed_table(target.name, target.entity)
    standing = standing_at_once_sql(f"({evaluated})", target.entity, target.living())
    rows = f"SELECT {', '.join(map(quote, table.column_names))} FROM ({standing})"
    row = work.connection.execute(f"INSERT INTO {target.conformed} BY NAME {with_orders_sql(table, rows)}").fetchone()
    standing = f"(SELECT record_id FROM {target.conformed} WHERE {affected.where})"
    work.connection.execute(f"INSERT INTO {target.changed} SELECT record_id FROM {standing}")
    if work.has_rows(work.awaited):
        work.connection.execute(
            f"INSERT INTO {work.arrived} SELECT record_id FROM {standing} SEMI JOIN {work.awaited} USING (record_id)"
        )
    return int(row[0]) if row else 0


def judge(work: Conforming, target: Target, judged: Sequence[Affected]) -> None:
    """
    Make ``judged_<name>``: *evaluated* with states; for trees, again until no more parents come to stand.

    In a tree, what stands of places that are not *judged*, as their mapping fails, is a parent as ever.
    """
    living = target.living()
    by_arrival = [(each.mapped.source, each.mapped.entity) for each in judged if each.mapped.settings.newest_by_arrival]
    if target.is_tree():
        elsewhere = f"SELECT record_id FROM {target.conformed} WHERE NOT ({_places(judged)})"
        work.scratch.make("standing_elsewhere", elsewhere)
        work.scratch.make("standing_parent", "SELECT record_id FROM standing_elsewhere")
        for reference in living:
            if target.entity.fields[reference].references == target.name:
                living[reference] = "standing_parent"
    states = judged_sql(target.evaluated, target.entity, living, by_arrival)
    standing = -1
    while True:
        work.scratch.make(target.judged, states)
        if not target.is_tree():
            return
        here = f"SELECT record_id FROM {target.judged} WHERE state = 'conformed'"
        work.scratch.make("standing_parent", f"{here} UNION ALL SELECT record_id FROM standing_elsewhere")
        count = work.lake.number("SELECT count(*) FROM standing_parent")
        if count == standing:
            return
        standing = count


def write(work: Conforming, target: Target, judged: Sequence[Affected]) -> None:
    """Bring conformed, quarantine, tombstones and progress to what ``judged_<name>`` says; note what changed."""
    if work.has_rows(target.judged):
        _remember_what_stood(work, target, judged)
        superseded = _superseded_deltas(work, target, judged)
        _write_conformed(work, target, judged)
        _write_quarantine(work, target)
        _write_tombstones(work, target)
        work.scratch.drop("affected_record", "standing_before", "waited", "buried")
    else:
        superseded = {}
    _write_progress(work, judged, superseded)


def _remember_what_stood(work: Conforming, target: Target, judged: Sequence[Affected]) -> None:
    """Where the affected records were until now: ``standing_before``, ``waited``, ``buried``."""
    work.scratch.make("affected_record", f"SELECT DISTINCT record_id FROM {target.judged}")
    known = _known(judged)
    of_affected = "SELECT record_id FROM affected_record"
    condition = f"{known} AND record_id IN ({of_affected})"
    columns = "record_id, source, entity"
    stood = f"{columns}, batch, seq, {_hash_of_what_stood(work, target)} AS content_hash, repairs"
    few, near = is_few(work.connection, "affected_record"), near_sql("record_id", of_affected)
    work.scratch.make(
        "standing_before", found_sql(f"{target.conformed} AS stood", condition, stood, few=few, near=near)
    )
    for name, table, more in (
        ("waited", LIVING_QUARANTINE, "attempts, first_seen"),
        ("buried", LIVING_TOMBSTONE, "batch"),
    ):
        work.scratch.make(name, f"SELECT {columns}, {more} FROM {table} WHERE {condition}")


def _places(judged: Sequence[Affected]) -> str:
    """Return the condition that holds for the records of *judged* in every table."""
    return " OR ".join(f"({each.where})" for each in judged)


def _known(judged: Sequence[Affected]) -> str:
    """Return the condition that holds for what tables know of the records of *judged*, and not for files of other sources."""
    return f"({_places([each for each in judged if not each.is_new]) or 'false'})"


def _hash_of_what_stood(work: Conforming, target: Target) -> str:
    """Null where the row holds a value of a field that the model has no more, so that it is written anew without it."""
    content_hash = content_hash_sql(target.entity, "stood")
    table = conformed_table(target.name, target.entity)
    known = {name.lower() for name in (*table.column_names, *table.order_columns.values())}
    columns = work.lake.columns_of(SCHEMA, target.name)
    gone = [name for name in columns if name.lower() not in known | {"content_hash"}]  # which older lakes have
    if not gone:
        return content_hash
    return f"CASE WHEN {' AND '.join(f'stood.{quote(name)} IS NULL' for name in gone)} THEN {content_hash} END"


def _superseded_deltas(work: Conforming, target: Target, judged: Sequence[Affected]) -> dict[tuple[str, str], int]:
    """Return, by (source, entity), by how much the count of superseded versions grows (or shrinks)."""
    known = " OR ".join(f"({each.where} AND batch <= {each.last_batch})" for each in judged)
    rows = work.connection.execute(
        f"""
        SELECT source, entity, sum(delta) FROM (
            SELECT source, entity, (state = 'superseded')::BIGINT - ({known})::BIGINT AS delta FROM {target.judged}
            UNION ALL SELECT source, entity, 1 FROM standing_before
            UNION ALL SELECT source, entity, 1 FROM waited
            UNION ALL SELECT source, entity, 1 FROM buried
        ) GROUP BY source, entity"""
    ).fetchall()
    return {(source, entity): int(delta) for source, entity, delta in rows}


def _write_conformed(work: Conforming, target: Target, judged: Sequence[Affected]) -> None:
    connection = work.connection
    table = conformed_table(target.name, target.entity)
    columns = ", ".join(map(quote, table.column_names))
    work.scratch.make(
        "unchanged",
        f"""
        SELECT judged.record_id FROM {target.judged} AS judged JOIN standing_before USING (record_id)
        WHERE judged.state = 'conformed' AND judged.batch = standing_before.batch AND judged.seq = standing_before.seq
            AND {content_hash_sql(target.entity, "judged")} = standing_before.content_hash
            AND judged.repairs IS NOT DISTINCT FROM standing_before.repairs""",
    )
    work.scratch.make("removed", "SELECT record_id FROM standing_before ANTI JOIN unchanged USING (record_id)")
    work.scratch.make(
        "added",
        f"SELECT {columns} FROM {target.judged} AS judged ANTI JOIN unchanged USING (record_id) WHERE state = 'conformed'",
    )
    if work.has_rows("removed"):
        connection.execute(
            f"DELETE FROM {target.conformed} WHERE {_known(judged)} AND record_id IN (SELECT record_id FROM removed)"
        )
    connection.execute(f"INSERT INTO {target.conformed} BY NAME {with_orders_sql(table, 'FROM added')}")
    connection.execute(f"INSERT INTO {target.changed} SELECT record_id FROM removed UNION SELECT record_id FROM added")
    connection.execute(
        f"INSERT INTO {work.arrived} SELECT record_id FROM added SEMI JOIN {work.awaited} USING (record_id)"
        " ANTI JOIN standing_before USING (record_id)"
    )
    connection.execute(f"INSERT INTO {work.departed} SELECT record_id FROM removed ANTI JOIN added USING (record_id)")
    work.scratch.drop("unchanged", "removed", "added")


def _write_quarantine(work: Conforming, target: Target) -> None:
    connection = work.connection
    if work.has_rows("waited"):
        connection.execute(f"DELETE FROM {LIVING_QUARANTINE} WHERE record_id IN (SELECT record_id FROM waited)")
    connection.execute(
        f"""
        INSERT INTO {LIVING_QUARANTINE} BY NAME
        SELECT record_id, judged.source, judged.entity, {literal(target.name)} AS model_entity, judged.key,
            {kind_sql("rules")} AS kind, rules, repairs, waits_for, waits_for_keys, source_time, batch, seq,
            coalesce(attempts, 0) + 1 AS attempts, coalesce(first_seen, $at::TIMESTAMP) AS first_seen,
            $at::TIMESTAMP AS last_seen
        FROM {target.judged} AS judged LEFT JOIN waited USING (record_id) WHERE state = 'quarantined'""",
        {"at": work.at},
    )


def _write_tombstones(work: Conforming, target: Target) -> None:
    connection = work.connection
    if work.has_rows("buried"):
        connection.execute(f"DELETE FROM {LIVING_TOMBSTONE} WHERE record_id IN (SELECT record_id FROM buried)")
    connection.execute(
        f"INSERT INTO {LIVING_TOMBSTONE} BY NAME SELECT record_id, source, entity, {literal(target.name)} AS model_entity,"
        f" key, source_time, batch, seq FROM {target.judged} WHERE state = 'deleted'"
    )


def _write_progress(work: Conforming, judged: Sequence[Affected], superseded: dict[tuple[str, str], int]) -> None:
    work.connection.execute(f"DELETE FROM {LIVING_PROGRESS} WHERE {_places(judged)}")
    rows = ", ".join(
        f"({literal(source)}, {literal(entity)}, {each.newest_batch}, {literal(work.hashes[source, entity])},"
        f" {each.superseded + superseded.get((source, entity), 0)})"
        for each in judged
        for source, entity in [(each.mapped.source, each.mapped.entity)]
    )
    work.connection.execute(
        f"INSERT INTO {LIVING_PROGRESS} (source, entity, last_batch, conforming_hash, superseded) VALUES {rows}"
    )
