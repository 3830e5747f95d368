"""
Run the conform stage for one entity of the model, inside the engine's transaction.

Only *affected* records are looked at: those with new versions or patches, those that wait for a parent that has come, those
whose parent has gone, and all of a source's entity when its mapping or the rules have changed. Every version of an affected
record is judged anew, so the outcome does not depend on what was judged before.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime

import duckdb
import pyarrow as pa

from rddm.conform.cleaning import (
    LOOKUP_COLUMNS,
    NAME_LOOKUP_COLUMNS,
    cleaned_sql,
    doubtful_names_sql,
    evaluated_sql,
    name_fields,
    renamed_sql,
    swapped_contacts_sql,
    undecided_sql,
)
from rddm.conform.fields import conformed_table
from rddm.conform.mapping import MappedEntity, mapped_sql, patched_sql
from rddm.conform.split import judged_sql, kind_sql, waiting_references
from rddm.conform.values import fast_sql, normalise, split_full_name
from rddm.conform.values.record import repair_names
from rddm.contracts.errors import SourceError
from rddm.contracts.names import known_given_names
from rddm.contracts.normalised import Normalised, Rejected
from rddm.contracts.tables import literal, quote
from rddm.contracts.tables.conformed import PROGRESS, QUARANTINE, TOMBSTONE
from rddm.contracts.tables.raw import ENVELOPE_NAMES
from rddm.pipeline.landing import Place
from rddm.project.settings import FieldMapping, ModelEntity, ModelField, SemanticType
from rddm.store.lake import CATALOG, Lake
from rddm.store.trouble import store_trouble

CONFORMED = f"{CATALOG}.conformed"
LIVING_QUARANTINE = f"{CATALOG}.{QUARANTINE.schema}.{QUARANTINE.name}"
LIVING_TOMBSTONE = f"{CATALOG}.{TOMBSTONE.schema}.{TOMBSTONE.name}"
LIVING_PROGRESS = f"{CATALOG}.{PROGRESS.schema}.{PROGRESS.name}"


@dataclass(frozen=True)
class Conforming:
    """
    What conforming one entity of the model works with and leaves behind in temporary tables.

    ``arrived`` and ``departed`` (column record_id) gather, over all entities of a run, records that came to and went from
    the conformed layer; ``patch`` holds active patches (record_id, source, entity, key, column_name, before, after) and
    ``patch_changed`` the (source, entity, key) that a patch newly touches.
    """

    lake: Lake
    at: datetime
    fingerprints: Mapping[tuple[str, str], str]
    arrived: str = "arrived"
    departed: str = "departed"
    patch: str = "patch"
    patch_changed: str = "patch_changed"
    problems: list[SourceError] = field(default_factory=list)

    @property
    def connection(self) -> duckdb.DuckDBPyConnection:
        return self.lake.connection


@dataclass(frozen=True)
class Affected:
    """The records of one source's entity to judge anew: all of them, or those in ``affected_key`` (column key)."""

    mapped: MappedEntity
    is_all: bool
    last_batch: int
    raw_columns: Sequence[str]

    @property
    def place(self) -> Place:
        return Place(self.mapped.source, self.mapped.entity, self.mapped.settings)


def prepare(lake: Lake, patches: pa.Table, patch_changed: pa.Table) -> None:
    """Make the temporary tables that a run's `Conforming` shares."""
    connection = lake.connection
    for name in ("arrived", "departed"):
        connection.execute(f"CREATE OR REPLACE TEMP TABLE {name} (record_id UUID)")
    for name, table in (("patch", patches), ("patch_changed", patch_changed)):
        connection.register("incoming", table)
        connection.execute(f"CREATE OR REPLACE TEMP TABLE {name} AS SELECT * FROM incoming")
        connection.unregister("incoming")
    connection.execute("CREATE OR REPLACE TEMP TABLE given_name_lexicon (name VARCHAR)")
    connection.register("incoming", pa.table({"name": sorted(known_given_names())}))
    connection.execute("INSERT INTO given_name_lexicon SELECT name FROM incoming")
    connection.unregister("incoming")


def conform_entity(
    work: Conforming,
    name: str,
    entity: ModelEntity,
    mapped_entities: Sequence[MappedEntity],
    progress: Callable[[str], None],
) -> None:
    """
    Conform what is affected of the model's entity *name*; leaves ``changed_<name>`` (record_id) for the next stages.

    A source whose mapping cannot be evaluated is left as it was and reported in ``work.problems``.
    """
    connection = work.connection
    work.lake.ensure(conformed_table(name, entity))
    work.lake.add_columns(conformed_table(name, entity))
    if work.lake.retype_columns(conformed_table(name, entity)):
        # Every record is conformed anew; without its hash none passes for unchanged.
        connection.execute(f"UPDATE {CONFORMED}.{quote(name)} SET content_hash = NULL")
    connection.execute(f"CREATE OR REPLACE TEMP TABLE changed_{name} (record_id UUID)")
    affected = _find_affected(work, name, entity, mapped_entities)
    if not affected:
        return
    evaluated = f"evaluated_{name}"
    _make_evaluated(connection, evaluated, entity)
    judged: list[Affected] = []
    for each in affected:
        progress(f"conform {each.mapped.source}/{each.mapped.entity}")
        try:
            _evaluate(work, each, evaluated)
        except duckdb.BinderException as error:
            if store_trouble(error) is not None:
                raise
            work.problems.append(_unmappable(each, error))
        else:
            judged.append(each)
    progress(f"split {name}")
    _judge(work, name, entity, evaluated, judged)
    _write(work, name, entity, judged)
    for table in (evaluated, f"judged_{name}"):
        connection.execute(f"DROP TABLE IF EXISTS {table}")


# --- what is affected -------------------------------------------------------------------------------------------------


def _find_affected(
    work: Conforming, name: str, entity: ModelEntity, mapped_entities: Sequence[MappedEntity]
) -> list[Affected]:
    connection = work.connection
    connection.execute("CREATE OR REPLACE TEMP TABLE affected_key (source VARCHAR, entity VARCHAR, key VARCHAR)")
    _add_waiting_and_orphaned(work, name, entity)
    found = []
    for mapped in mapped_entities:
        if not work.lake.has("raw", f"{mapped.source}__{mapped.entity}"):
            continue
        place = Place(mapped.source, mapped.entity, mapped.settings)
        described = connection.execute(f"DESCRIBE {place.raw_table}").fetchall()
        raw_columns = [row[0] for row in described if row[0] not in ENVELOPE_NAMES]
        where = f"source = {literal(mapped.source)} AND entity = {literal(mapped.entity)}"
        row = connection.execute(f"SELECT last_batch, fingerprint FROM {LIVING_PROGRESS} WHERE {where}").fetchone()
        last_batch, fingerprint = row or (0, "")
        if fingerprint != work.fingerprints[mapped.source, mapped.entity]:
            found.append(Affected(mapped, is_all=True, last_batch=last_batch, raw_columns=raw_columns))
            continue
        connection.execute(
            f"INSERT INTO affected_key SELECT DISTINCT {literal(mapped.source)}, {literal(mapped.entity)}, _key"
            f" FROM {place.raw_table} WHERE _batch > {last_batch}"
        )
        connection.execute(
            f"INSERT INTO affected_key SELECT DISTINCT source, entity, key FROM {work.patch_changed} WHERE {where}"
        )
        if work.lake.number(f"SELECT count(*) FROM affected_key WHERE {where}") > 0:
            found.append(Affected(mapped, is_all=False, last_batch=last_batch, raw_columns=raw_columns))
    if found and _refers_to_itself(name, entity):
        # Trees of organisations and places are small, and one change can move a whole branch.
        return _everything(work, mapped_entities)
    return found


def _everything(work: Conforming, mapped_entities: Sequence[MappedEntity]) -> list[Affected]:
    every = []
    for mapped in mapped_entities:
        if not work.lake.has("raw", f"{mapped.source}__{mapped.entity}"):
            continue
        place = Place(mapped.source, mapped.entity, mapped.settings)
        described = work.connection.execute(f"DESCRIBE {place.raw_table}").fetchall()
        last_batch = work.lake.number(
            f"SELECT last_batch FROM {LIVING_PROGRESS}"
            f" WHERE source = {literal(mapped.source)} AND entity = {literal(mapped.entity)}"
        )
        raw_columns = [each[0] for each in described if each[0] not in ENVELOPE_NAMES]
        every.append(Affected(mapped, is_all=True, last_batch=last_batch, raw_columns=raw_columns))
    return every


def _add_waiting_and_orphaned(work: Conforming, name: str, entity: ModelEntity) -> None:
    """Records that wait for a parent that came earlier in this run, and records whose parent went."""
    work.connection.execute(
        f"INSERT INTO affected_key SELECT DISTINCT source, entity, key"
        f" FROM (SELECT source, entity, key, unnest(waits_for) AS parent FROM {LIVING_QUARANTINE}"
        f" WHERE model_entity = {literal(name)}) WHERE parent IN (SELECT record_id FROM {work.arrived})"
    )
    for reference in waiting_references(entity):
        work.connection.execute(
            f"INSERT INTO affected_key SELECT source, entity, key FROM {CONFORMED}.{quote(name)}"
            f" WHERE {quote(reference)} IN (SELECT record_id FROM {work.departed})"
        )


def _refers_to_itself(name: str, entity: ModelEntity) -> bool:
    return any(entity.fields[reference].references == name for reference in waiting_references(entity))


# --- evaluating versions ----------------------------------------------------------------------------------------------


def _make_evaluated(connection: duckdb.DuckDBPyConnection, evaluated: str, entity: ModelEntity) -> None:
    table = conformed_table("evaluated", entity)
    columns = ", ".join(f"{quote(column.name)} {column.type}" for column in table.columns)
    keys = "".join(
        f", {quote(name + '__key')} VARCHAR"
        for name, settings in entity.fields.items()
        if settings.type is SemanticType.REFERENCE
    )
    connection.execute(
        f"CREATE OR REPLACE TEMP TABLE {evaluated} ({columns}{keys}, is_delete BOOLEAN, problems VARCHAR[])"
    )


def _evaluate(work: Conforming, affected: Affected, evaluated: str) -> None:
    """Append every version of the affected records to *evaluated*: mapped, cleaned, typed, with its problems."""
    connection, mapped = work.connection, affected.mapped
    versions = affected.place.raw_table
    where = f"source = {literal(mapped.source)} AND entity = {literal(mapped.entity)}"
    if not affected.is_all:
        versions = f"(SELECT * FROM {versions} WHERE _key IN (SELECT key FROM affected_key WHERE {where}))"
    rows = connection.execute(f"SELECT DISTINCT column_name FROM {work.patch} WHERE {where}").fetchall()
    patched = [row[0] for row in rows if row[0] in affected.raw_columns]
    patches = f"(SELECT key, column_name, before, after FROM {work.patch} WHERE {where})"
    versions = f"({patched_sql(versions, patched, patches)})"
    with_contacts = swapped_contacts_sql(mapped, f"({mapped_sql(mapped, versions, affected.raw_columns)})")
    connection.execute(f"CREATE OR REPLACE TEMP TABLE mapped AS {with_contacts}")
    fast: dict[str, str | None] = {}  # fields without an entry are all left to Python
    lookups: dict[str, str] = {}
    for index, name in enumerate(mapped.value_fields()):
        settings, mapping = mapped.model_entity.fields[name], mapped.settings.fields[name]
        if mapping.part is None:
            fast[name] = fast_sql(
                settings.type, f"mapped.{quote(name)}", default_region=settings.default_region, latest=work.at.date()
            )
        lookups[name] = f"lookup_{index}"
        undecided = undecided_sql("mapped", name, fast.get(name))
        _clean_distinct(connection, undecided, _cleaner(settings, mapping, work.at.date()), lookups[name])
    connection.execute(f"CREATE OR REPLACE TEMP TABLE cleaned AS {cleaned_sql(mapped, 'mapped', fast, lookups)}")
    present = {*mapped.mapped_fields(), *(f"{name}__key" for name in mapped.reference_fields())}
    relation = "cleaned"
    doubtful = doubtful_names_sql(mapped, "cleaned", "given_name_lexicon")
    if doubtful is not None and _repair_doubtful_names(connection, doubtful):
        relation = f"({renamed_sql(mapped, 'cleaned', 'name_lookup')})"
        present |= {each for each in name_fields(mapped.model_entity) if each is not None}
    connection.execute(f"INSERT INTO {evaluated} BY NAME {evaluated_sql(mapped, relation, present)}")
    for table in ("mapped", "cleaned", *lookups.values()):
        connection.execute(f"DROP TABLE IF EXISTS {table}")


def _clean_distinct(
    connection: duckdb.DuckDBPyConnection,
    undecided: str,
    clean: Callable[[str], Normalised | Rejected],
    lookup: str,
) -> None:
    """Make table *lookup* of what *clean* makes of each distinct text that the query *undecided* gives."""
    connection.execute(f"CREATE OR REPLACE TEMP TABLE {lookup} {LOOKUP_COLUMNS}")
    reader = connection.execute(undecided).to_arrow_reader(100_000)
    texts = [text for batch in reader for text in batch.column(0).to_pylist()]
    if not texts:
        return
    results = [clean(text) for text in texts]
    table = pa.table(
        {
            "delivered": pa.array(texts, pa.string()),
            "value": pa.array([each.value if isinstance(each, Normalised) else None for each in results], pa.string()),
            "repairs": pa.array(
                [list(each.repairs) if isinstance(each, Normalised) else [] for each in results], pa.list_(pa.string())
            ),
            "rejected": pa.array(
                [each.reason if isinstance(each, Rejected) else None for each in results], pa.string()
            ),
        }
    )
    connection.register("incoming", table)
    connection.execute(f"INSERT INTO {lookup} SELECT * FROM incoming")
    connection.unregister("incoming")


def _cleaner(settings: ModelField, mapping: FieldMapping, latest: date) -> Callable[[str], Normalised | Rejected]:
    if mapping.part is not None:
        index = ("family", "given", "patronymic").index(mapping.part)
        return lambda text: split_full_name(text)[index]
    return lambda text: normalise(settings.type, text, default_region=settings.default_region, latest=latest)


def _repair_doubtful_names(connection: duckdb.DuckDBPyConnection, doubtful: str) -> bool:
    """Make table ``name_lookup`` of the doubtful names that a repair changes; return whether there are any."""
    connection.execute(f"CREATE OR REPLACE TEMP TABLE name_lookup {NAME_LOOKUP_COLUMNS}")
    changed = []
    for last, first, middle in connection.execute(doubtful).fetchall():
        repaired = repair_names(last, first, middle)
        if repaired[3]:
            changed.append((last, first, middle, *repaired[:3], list(repaired[3])))
    if not changed:
        return False
    names = ["last_before", "first_before", "middle_before", "last_after", "first_after", "middle_after"]
    columns = list(zip(*changed, strict=True))
    table = pa.table(
        {name: pa.array(column, pa.string()) for name, column in zip(names, columns, strict=False)}
        | {"repairs": pa.array(columns[6], pa.list_(pa.string()))}
    )
    connection.register("incoming", table)
    connection.execute("INSERT INTO name_lookup SELECT * FROM incoming")
    connection.unregister("incoming")
    return True


def _unmappable(affected: Affected, error: duckdb.BinderException) -> SourceError:
    mapped = affected.mapped
    return SourceError(
        mapped.source,
        mapped.entity,
        f"an SQL expression of its mapping cannot be used: {_first_line(error)}",
        f"Mend it in sources/{mapped.source}.yaml; the records wait in the raw layer. "
        f"Columns delivered: {', '.join(affected.raw_columns)}.",
    )


def _first_line(error: duckdb.BinderException) -> str:
    """A binder error speaks of names and types only, never of values; what follows the first line repeats our SQL."""
    return str(error).splitlines()[0].removeprefix("Binder Error: ")


# --- judging and writing ----------------------------------------------------------------------------------------------


def _judge(work: Conforming, name: str, entity: ModelEntity, evaluated: str, judged: Sequence[Affected]) -> None:
    """Make ``judged_<name>``: *evaluated* with states; for trees, again until no more parents come to stand."""
    connection = work.connection
    by_arrival = [(each.mapped.source, each.mapped.entity) for each in judged if each.mapped.settings.newest_by_arrival]
    living = {
        reference: f"{CONFORMED}.{quote(entity.fields[reference].references or '')}"
        for reference in waiting_references(entity)
    }
    if not _refers_to_itself(name, entity):
        connection.execute(
            f"CREATE OR REPLACE TEMP TABLE judged_{name} AS {judged_sql(evaluated, entity, living, by_arrival)}"
        )
        return
    connection.execute("CREATE OR REPLACE TEMP TABLE standing_parent (record_id UUID)")
    for reference in waiting_references(entity):
        if entity.fields[reference].references == name:
            living[reference] = "standing_parent"
    standing = -1
    while True:
        connection.execute(
            f"CREATE OR REPLACE TEMP TABLE judged_{name} AS {judged_sql(evaluated, entity, living, by_arrival)}"
        )
        connection.execute(
            f"CREATE OR REPLACE TEMP TABLE standing_parent AS SELECT record_id FROM judged_{name} WHERE state = 'conformed'"
        )
        count = work.lake.number("SELECT count(*) FROM standing_parent")
        if count == standing:
            return
        standing = count


def _write(work: Conforming, name: str, entity: ModelEntity, judged: Sequence[Affected]) -> None:
    """Bring conformed, quarantine, tombstones and progress to what ``judged_<name>`` says; note what changed."""
    connection, table = work.connection, f"{CONFORMED}.{quote(name)}"
    connection.execute(f"CREATE OR REPLACE TEMP TABLE affected_record AS SELECT DISTINCT record_id FROM judged_{name}")
    connection.execute(
        f"CREATE OR REPLACE TEMP TABLE standing_before AS"
        f" SELECT record_id, batch, seq, content_hash, repairs FROM {table} SEMI JOIN affected_record USING (record_id)"
    )
    superseded = {(each.mapped.source, each.mapped.entity): _superseded_delta(work, name, each) for each in judged}
    columns = ", ".join(quote(column) for column in conformed_table(name, entity).column_names)
    connection.execute(
        f"""
        CREATE OR REPLACE TEMP TABLE unchanged AS
        SELECT judged.record_id FROM judged_{name} AS judged JOIN standing_before USING (record_id)
        WHERE judged.state = 'conformed' AND judged.batch = standing_before.batch AND judged.seq = standing_before.seq
            AND judged.content_hash = standing_before.content_hash
            AND judged.repairs IS NOT DISTINCT FROM standing_before.repairs"""
    )
    connection.execute(
        "CREATE OR REPLACE TEMP TABLE removed AS SELECT record_id FROM standing_before ANTI JOIN unchanged USING (record_id)"
    )
    connection.execute(
        f"CREATE OR REPLACE TEMP TABLE added AS SELECT {columns} FROM judged_{name} AS judged"
        " ANTI JOIN unchanged USING (record_id) WHERE state = 'conformed'"
    )
    if _has_rows(connection, "removed"):
        connection.execute(f"DELETE FROM {table} WHERE record_id IN (SELECT record_id FROM removed)")
    connection.execute(f"INSERT INTO {table} BY NAME SELECT * FROM added")
    connection.execute(f"INSERT INTO changed_{name} SELECT record_id FROM removed UNION SELECT record_id FROM added")
    connection.execute(
        f"INSERT INTO {work.arrived} SELECT record_id FROM added ANTI JOIN standing_before USING (record_id)"
    )
    connection.execute(f"INSERT INTO {work.departed} SELECT record_id FROM removed ANTI JOIN added USING (record_id)")
    _write_quarantine(work, name)
    _write_tombstones(work, name)
    _write_progress(work, judged, superseded)
    for each in ("affected_record", "standing_before", "unchanged", "removed", "added"):
        connection.execute(f"DROP TABLE {each}")


def _superseded_delta(work: Conforming, name: str, affected: Affected) -> int:
    """Return by how much the count of superseded versions of *affected*'s records grows (or shrinks)."""
    mapped = affected.mapped
    where = f"source = {literal(mapped.source)} AND entity = {literal(mapped.entity)}"
    return work.lake.number(
        f"""
        SELECT
            (SELECT count(*) FILTER (state = 'superseded') FROM judged_{name} WHERE {where})
            - (SELECT count(*) FROM judged_{name} WHERE {where} AND batch <= {affected.last_batch})
            + (SELECT count(*) FROM {CONFORMED}.{quote(name)} SEMI JOIN affected_record USING (record_id) WHERE {where})
            + (SELECT count(*) FROM {LIVING_QUARANTINE} SEMI JOIN affected_record USING (record_id) WHERE {where})
            + (SELECT count(*) FROM {LIVING_TOMBSTONE} SEMI JOIN affected_record USING (record_id) WHERE {where})"""
    )


def _write_quarantine(work: Conforming, name: str) -> None:
    connection = work.connection
    connection.execute(
        f"CREATE OR REPLACE TEMP TABLE waited AS SELECT record_id, attempts, first_seen FROM {LIVING_QUARANTINE}"
        " SEMI JOIN affected_record USING (record_id)"
    )
    if _has_rows(connection, "waited"):
        connection.execute(f"DELETE FROM {LIVING_QUARANTINE} WHERE record_id IN (SELECT record_id FROM waited)")
    connection.execute(
        f"""
        INSERT INTO {LIVING_QUARANTINE} BY NAME
        SELECT record_id, source, entity, {literal(name)} AS model_entity, key, {kind_sql("rules")} AS kind, rules,
            waits_for, waits_for_keys, source_time, batch, seq, coalesce(attempts, 0) + 1 AS attempts,
            coalesce(first_seen, $at::TIMESTAMP) AS first_seen, $at::TIMESTAMP AS last_seen
        FROM judged_{name} LEFT JOIN waited USING (record_id) WHERE state = 'quarantined'""",
        {"at": work.at},
    )


def _write_tombstones(work: Conforming, name: str) -> None:
    connection = work.connection
    if work.lake.number(f"SELECT count(*) FROM {LIVING_TOMBSTONE} SEMI JOIN affected_record USING (record_id)") > 0:
        connection.execute(f"DELETE FROM {LIVING_TOMBSTONE} WHERE record_id IN (SELECT record_id FROM affected_record)")
    connection.execute(
        f"INSERT INTO {LIVING_TOMBSTONE} BY NAME SELECT record_id, source, entity, {literal(name)} AS model_entity, key,"
        f" source_time, batch, seq FROM judged_{name} WHERE state = 'deleted'"
    )


def _write_progress(work: Conforming, judged: Sequence[Affected], superseded: Mapping[tuple[str, str], int]) -> None:
    connection = work.connection
    for each in judged:
        source, entity = each.mapped.source, each.mapped.entity
        where = f"source = {literal(source)} AND entity = {literal(entity)}"
        before = work.lake.number(f"SELECT superseded FROM {LIVING_PROGRESS} WHERE {where}")
        newest = work.lake.number(f"SELECT max(_batch) FROM {each.place.raw_table}")
        connection.execute(f"DELETE FROM {LIVING_PROGRESS} WHERE {where}")
        connection.execute(
            f"INSERT INTO {LIVING_PROGRESS} VALUES (?, ?, ?, ?, ?)",
            [source, entity, newest, work.fingerprints[source, entity], before + superseded[source, entity]],
        )


def _has_rows(connection: duckdb.DuckDBPyConnection, table: str) -> bool:
    return connection.execute(f"SELECT 1 FROM {table} LIMIT 1").fetchone() is not None
