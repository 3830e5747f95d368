"""
What erasing somebody removes: their records and all versions of them, and the facts that name them.

Only reads. What is found is plain values, so that it can be kept until everything is removed.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass
from typing import Any, NamedTuple
from uuid import UUID

import duckdb
import pyarrow as pa

from rddm.conform.mapping import MappedEntity, mapped_sql
from rddm.contracts.errors import SourceError
from rddm.contracts.ids import derive_record_id
from rddm.contracts.tables import literal, quote
from rddm.contracts.tables.golden import golden_id as id_column
from rddm.contracts.tables.raw import BATCH, ENVELOPE_NAMES, SCHEMA, UNREADABLE, newest_first_sql
from rddm.pipeline.conforming_work import LIVING_QUARANTINE, LIVING_TOMBSTONE, became
from rddm.pipeline.engine import mapped_entities
from rddm.pipeline.suppressing import evaluating, is_of_people, person_references
from rddm.project.settings import FactIdentity, ProjectSettings, SemanticType
from rddm.store.lake import CATALOG, Lake, load_table

RECORDS = "leaving"
"""Temporary table of whole records that go: record_id, source, entity, key, model_entity."""
VERSIONS = "leaving_version"
"""Temporary table of single versions that go, of facts that name somebody else now: source, entity, key, batch, seq."""
IDS = "leaving_id"
"""Temporary table of the golden ids that go: golden_id."""
PIECES = "leaving_piece"
"""Temporary table of unreadable pieces to empty: source, entity, batch, place."""
IDENTIFIERS = "leaving_identifier"
"""Temporary table of the identifiers of records that go, as they may stand in what is no record: value."""

_NOT_THERE = duckdb.CatalogException


class LeavingRecord(NamedTuple):
    source: str
    entity: str
    key: str
    model_entity: str

    @property
    def record_id(self) -> UUID:
        return derive_record_id(self.source, self.entity, self.key)


class LeavingVersion(NamedTuple):
    source: str
    entity: str
    key: str
    batch: int
    seq: int


class LeavingPiece(NamedTuple):
    source: str
    entity: str
    batch: int
    place: str


@dataclass(frozen=True)
class PlaceCount:
    """How many records of one source's entity go, and how many versions of them."""

    source: str
    entity: str
    model_entity: str
    records: int
    versions: int


@dataclass(frozen=True)
class Leaving:
    """
    Everything that goes with one golden record of *entity*; ``golden_ids``: its own first, then those merged into it (none
    for a record that belongs to nobody). ``counts``: rows by table; ``referring``: records of other entities that name
    them and stay.
    """

    entity: str
    golden_ids: tuple[str, ...]
    records: tuple[LeavingRecord, ...]
    versions: tuple[LeavingVersion, ...]
    pieces: tuple[LeavingPiece, ...]
    places: tuple[PlaceCount, ...] = ()
    counts: Mapping[str, int] | None = None
    referring: int = 0

    def as_json(self) -> dict[str, Any]:
        """Return what `from_json` needs to go on after a kill."""
        whole = asdict(self)
        return {name: whole[name] for name in ("entity", "golden_ids", "records", "versions", "pieces")}

    @classmethod
    def from_json(cls, stored: Mapping[str, Any]) -> Leaving:
        return cls(
            stored["entity"],
            tuple(stored["golden_ids"]),
            tuple(LeavingRecord(*each) for each in stored["records"]),
            tuple(LeavingVersion(*each) for each in stored["versions"]),
            tuple(LeavingPiece(*each) for each in stored["pieces"]),
        )


def find_leaving(
    lake: Lake, settings: ProjectSettings, entity: str, golden_id: UUID | None, record: LeavingRecord | None = None
) -> Leaving:
    """
    Return what goes with *golden_id* of *entity*, or with a *record* of it that belongs to nobody.

    Raises:
        SourceError: a mapping cannot be used, or is not there any more, so nobody can say whom facts name, or what people were
            known by.
    """
    ids = () if golden_id is None else _ids(lake, entity, golden_id)
    own = {LeavingRecord(*row) for row in _own_records(lake, entity, ids)} if ids else set()
    if record is not None:
        own.add(record)
    _load_records(lake, own)
    whole, versions = _facts(lake, settings)
    records = tuple(sorted(own | whole))
    found = Leaving(entity, ids, records, tuple(sorted(versions)), tuple(_pieces(lake, settings, entity)))
    load_leaving(lake, found)
    places = _count_places(lake, settings, found)
    referring = sum(_count_referring(lake, settings, name) for name in settings.model.entities)
    counts = _count_rows(lake, found, places)
    return Leaving(entity, ids, records, found.versions, found.pieces, places, counts, referring)


def load_leaving(lake: Lake, leaving: Leaving) -> None:
    """Make the temporary tables that say what goes."""
    _load_records(lake, leaving.records)
    for name, rows, columns in (
        (VERSIONS, leaving.versions, {"source": "s", "entity": "s", "key": "s", "batch": "i", "seq": "i"}),
        (PIECES, leaving.pieces, {"source": "s", "entity": "s", "batch": "i", "place": "s"}),
        (IDS, [(each,) for each in leaving.golden_ids], {"golden_id": "s"}),
    ):
        kinds = {"s": pa.string(), "i": pa.int64()}
        table = pa.table(
            {
                column: pa.array([row[place] for row in rows], kinds[kind])
                for place, (column, kind) in enumerate(columns.items())
            }
        )
        load_table(lake.connection, name, table)


def raw_table(source: str, entity: str) -> str:
    return f"{CATALOG}.{SCHEMA}.{quote(f'{source}__{entity}')}"


def keys_of(source: str, entity: str) -> str:
    """Return the query of the keys of a place's records that go."""
    return f"SELECT key FROM {RECORDS} WHERE source = {literal(source)} AND entity = {literal(entity)}"


def versions_of(source: str, entity: str) -> str:
    """Return the query of the places (batch, seq) of a place's single versions that go."""
    return f"SELECT (batch, seq) FROM {VERSIONS} WHERE source = {literal(source)} AND entity = {literal(entity)}"


def their_events_sql(entity: str) -> str:
    """Return the condition on events that tell of nobody else: of their ids, and of records that moved to or from them."""
    ids, records = f"SELECT golden_id::UUID FROM {IDS}", f"SELECT record_id FROM {RECORDS}"
    moved = f"kind = 'moved' AND (record_id IN ({records}) OR other_id IN ({ids}))"
    return f"entity = {literal(entity)} AND (golden_id IN ({ids}) OR ({moved}))"


def their_redirects_sql(entity: str) -> str:
    """Return the condition on redirects to their ids."""
    return f"entity = {literal(entity)} AND golden_id IN (SELECT golden_id::UUID FROM {IDS})"


def places_of(leaving: Leaving) -> list[tuple[str, str]]:
    """Return the places (source, entity) that something goes from."""
    whole = {(each.source, each.entity) for each in leaving.records}
    return sorted(whole | {(each.source, each.entity) for each in leaving.versions})


# --- whose records ----------------------------------------------------------------------------------------------------


def _ids(lake: Lake, entity: str, golden_id: UUID) -> tuple[str, ...]:
    rows = lake.connection.execute(
        f"""
        WITH RECURSIVE own(id) AS (
            SELECT ?::UUID
            UNION SELECT old_id FROM {CATALOG}.identity.redirect JOIN own ON golden_id = own.id WHERE entity = ?
        ) SELECT id::VARCHAR FROM own ORDER BY id <> ?::UUID, id""",
        [golden_id, entity, golden_id],
    ).fetchall()
    return tuple(row[0] for row in rows)


def _own_records(lake: Lake, entity: str, ids: Sequence[str]) -> list[tuple[str, str, str, str]]:
    """The records linked to *ids*, and those that were until they were deleted or could stand no more."""
    listed = ", ".join(f"{literal(each)}::UUID" for each in ids)
    links = f"{CATALOG}.identity.{quote(entity + '__link')}"
    linked = lake.connection.execute(
        f"SELECT source, entity, key, {literal(entity)} FROM {CATALOG}.conformed.{quote(entity)}"
        f" WHERE record_id IN (SELECT record_id FROM {links} WHERE golden_id IN ({listed}))"
    ).fetchall()
    loose = " UNION ".join(
        f"SELECT record_id, source, entity, key FROM {table} WHERE model_entity = {literal(entity)}"
        for table in (LIVING_TOMBSTONE, LIVING_QUARANTINE)
    )
    lake.connection.execute(
        f"CREATE OR REPLACE TEMP TABLE loose AS SELECT * FROM ({loose}) WHERE record_id NOT IN (SELECT record_id FROM {links})"
    )
    if lake.number("SELECT count(*) FROM loose") == 0:
        return linked
    _find_last_owners(lake, entity)
    return (
        linked
        + lake.connection.execute(
            f"""
        WITH founder AS (
            SELECT unnest([{listed}]) AS record_id
            UNION SELECT record_id FROM {CATALOG}.identity.event
            WHERE entity = {literal(entity)} AND kind IN ('created', 'split') AND golden_id IN ({listed})
        )
        SELECT source, entity, key, {literal(entity)} FROM loose LEFT JOIN last_owner AS last USING (record_id)
        WHERE last.golden_id IN ({listed})
            OR (last.golden_id IS NULL AND record_id IN (SELECT record_id FROM founder))"""
        ).fetchall()
    )


def _find_last_owners(lake: Lake, entity: str) -> None:
    """
    Make ``last_owner`` (record_id, golden_id): to whom each of ``loose`` was linked last, as far back as snapshots are kept.

    That is what was put into the links last, or else what they held at first. What was taken out of them does not tell: where a
    file of theirs goes as a whole, the engine tells anew of rows that were gone from it before. Ids are compared as text: the
    engine leaves out what the newest state has no values near, which a past one may have, and fails where it looks for an id in
    the feed of a file that was written anew (DuckDB 1.5.5).
    """
    links, numbers = f"{entity}__link", [each.number for each in lake.snapshots()]
    feed = f"ducklake_table_insertions('{CATALOG}', 'identity', {literal(links)}, {numbers[0]}, {numbers[-1]})"
    lake.connection.execute(
        f"CREATE OR REPLACE TEMP TABLE last_owner AS SELECT record_id, arg_max(golden_id, snapshot_id) AS golden_id FROM {feed}"
        " WHERE record_id::VARCHAR IN (SELECT record_id::VARCHAR FROM loose) GROUP BY record_id"
    )
    first = f"{CATALOG}.identity.{quote(links)} AT (VERSION => {numbers[0]})"
    with suppress(_NOT_THERE):
        lake.connection.execute(
            f"INSERT INTO last_owner SELECT record_id, golden_id FROM {first} WHERE record_id::VARCHAR IN"
            " (SELECT record_id::VARCHAR FROM loose WHERE record_id NOT IN (SELECT record_id FROM last_owner))"
        )


# --- facts that name them ---------------------------------------------------------------------------------------------


def _facts(lake: Lake, settings: ProjectSettings) -> tuple[set[LeavingRecord], set[LeavingVersion]]:
    """Return the facts that are theirs, whole, and single versions of facts that name somebody else now."""
    whole: set[LeavingRecord] = set()
    versions: set[LeavingVersion] = set()
    columns = lake.columns(SCHEMA)
    _refuse_unknown(lake, settings)
    for name, mapped in mapped_entities(settings).items():
        if not isinstance(settings.model.entities[name].identity, FactIdentity):
            continue
        for each in mapped:
            delivered = columns.get(f"{each.source}__{each.entity}")
            references = person_references(settings.model, each)
            if delivered and references:
                own, single = _facts_of(lake, name, each, delivered, references)
                whole |= own
                versions |= single
        # What stands can be an older version of a fact whose newest one, which waits, names somebody else.
        handed_over = {(each.source, each.entity, each.key) for each in versions}
        standing = _conformed_facts(lake, settings, name)
        whole |= {each for each in standing if (each.source, each.entity, each.key) not in handed_over}
    return whole, versions


def _facts_of(
    lake: Lake, name: str, mapped: MappedEntity, delivered: Sequence[str], references: Sequence[str]
) -> tuple[set[LeavingRecord], set[LeavingVersion]]:
    names = [column for column in delivered if column not in ENVELOPE_NAMES]
    query = mapped_sql(mapped.only(references), raw_table(mapped.source, mapped.entity), names)
    theirs = " OR ".join(f"{quote(each)} IN (SELECT record_id FROM {RECORDS})" for each in references)
    says = " OR ".join(f"{quote(each)} IS NOT NULL" for each in references)
    order = newest_first_sql(by_arrival=mapped.settings.newest_by_arrival, prefix="")
    with evaluating(mapped, "its mapping", "whom its records name", "then erase again"):
        lake.connection.execute(
            f"CREATE OR REPLACE TEMP TABLE leaving_naming AS SELECT key, batch, seq, source_time, {theirs} AS is_theirs"
            f" FROM ({query}) WHERE {says}"
        )
    lake.connection.execute(
        "CREATE OR REPLACE TEMP TABLE leaving_newest AS SELECT key, is_theirs FROM leaving_naming"
        " WHERE key IN (SELECT key FROM leaving_naming WHERE is_theirs)"
        f" QUALIFY row_number() OVER (PARTITION BY key ORDER BY {order}) = 1"
    )
    whole = lake.connection.execute("SELECT key FROM leaving_newest WHERE is_theirs").fetchall()
    single = lake.connection.execute(
        "SELECT key, batch, seq FROM leaving_naming WHERE is_theirs"
        " AND key IN (SELECT key FROM leaving_newest WHERE NOT is_theirs)"
    ).fetchall()
    return (
        {LeavingRecord(mapped.source, mapped.entity, key, name) for (key,) in whole},
        {LeavingVersion(mapped.source, mapped.entity, *row) for row in single},
    )


def _refuse_unknown(lake: Lake, settings: ProjectSettings) -> None:
    """
    See that there are no versions of which nobody can say whom they name.

    Of a place that no file of the project names any more, what stands says whom it names. What waits, what was superseded or
    deleted, and what became of an entity that the model has no more, only its mapping could tell.

    Raises:
        SourceError: there are.
    """
    mapped = {(each.source, each.entity) for entities in mapped_entities(settings).values() for each in entities}
    delivered = lake.connection.execute(
        f"SELECT DISTINCT source, entity FROM {CATALOG}.{SCHEMA}.{BATCH.name} WHERE landed > 0 ORDER BY source, entity"
    ).fetchall()
    forgotten = {
        place: f"(source = {literal(place[0])} AND entity = {literal(place[1])})"
        for place in delivered
        if place not in mapped
    }
    if not forgotten:
        return
    models = {(source, entity): name for source, entity, name in became(lake, " OR ".join(forgotten.values()))}
    for (source, entity), where in forgotten.items():
        name = models.get((source, entity), "")
        is_known = name in settings.model.entities
        if is_known and not _people_named(settings, name):
            continue
        standing = (
            lake.number(f"SELECT count(*) FROM {CATALOG}.conformed.{quote(name)} WHERE {where}") if is_known else 0
        )
        unknown = lake.number(f"SELECT count(*) FROM {raw_table(source, entity)}") - standing
        if unknown:
            becomes = f", and its entity {name} into model.yaml" if name and not is_known else ""
            raise SourceError(
                source,
                entity,
                f"no file of the project names it any more, so nobody can say whom {unknown:,} versions of its records name.",
                f"Put it back into sources/{source}.yaml{becomes}; then erase again.",
            )


def _people_named(settings: ProjectSettings, name: str) -> list[str]:
    """Return the fields by which the model's entity *name* names people, if it is a fact."""
    identity, fields = settings.model.entities[name].identity, settings.model.entities[name].fields
    return [
        field
        for field in (identity.fields if isinstance(identity, FactIdentity) else ())
        if fields[field].references and is_of_people(settings.model, fields[field].references or "")
    ]


def _conformed_facts(lake: Lake, settings: ProjectSettings, name: str) -> set[LeavingRecord]:
    """Facts of a patch's making, and of sources that the project has no more, are known by what stands."""
    named = _people_named(settings, name)
    if not named or not lake.has("conformed", name):
        return set()
    theirs = " OR ".join(f"{quote(each)} IN (SELECT record_id FROM {RECORDS})" for each in named)
    rows = lake.connection.execute(
        f"SELECT source, entity, key FROM {CATALOG}.conformed.{quote(name)} WHERE {theirs}"
    ).fetchall()
    return {LeavingRecord(source, entity, key, name) for source, entity, key in rows}


def _count_referring(lake: Lake, settings: ProjectSettings, name: str) -> int:
    """Count the conformed records of *name*, no fact, that name them."""
    entity = settings.model.entities[name]
    if isinstance(entity.identity, FactIdentity) or not lake.has("conformed", name):
        return 0
    named = [
        field
        for field, each in entity.fields.items()
        if each.references and is_of_people(settings.model, each.references)
    ]
    theirs = " OR ".join(f"{quote(each)} IN (SELECT record_id FROM {RECORDS})" for each in named) or "false"
    return lake.number(
        f"SELECT count(*) FROM {CATALOG}.conformed.{quote(name)} WHERE ({theirs})"
        f" AND record_id NOT IN (SELECT record_id FROM {RECORDS})"
    )


# --- unreadable pieces that name them ---------------------------------------------------------------------------------

_LEAST_LENGTH = {
    SemanticType.PHONE: 10, SemanticType.EMAIL: 6, SemanticType.SNILS: 9, SemanticType.DOCUMENT_NUMBER: 8,
}  # fmt: skip
"""How many signs an identifier has at least to tell of somebody in what is no record, where it can stand between anything."""
_NOT_ASCII = r"\\x[0-9a-f]{2}"
"""
How the engine writes a byte that is no printable ASCII sign, or a quotation mark or backslash, when it shows bytes as text, in
lower case.
"""
_ESCAPES = (
    (r"(?:\\x5c)+(?:u00|x){code:x}", r"(?:\\x5c)+(?:u[0-9a-f]{4}|x[0-9a-f]{2}|[abfnrtv])"),
    ("%{code:x}", "%[0-9a-f]{2}"),
    ("&(?:#{code}|#x{code:x}|{name});", "&#?[0-9a-z]{1,8};"),
)
"""
How JSON and Python, addresses of the web, and XML write a sign by its code or name, and any sign, in bytes that are shown: in
letters and digits, which would stand among those of an identifier.
"""
_OF_EMAILS = {"@": ("commat", "@"), "'": ("apos", r"\\x27"), "+": ("plus", "+")}
"""Signs of e-mails that are written so, each with its name in XML and, for a regular expression, as bytes are shown."""
_BESIDE_PHONES = r"[\p{L}#,;/|]|\.0$"
"""What parts a phone from its extension, its label or another phone; the rest of a number that a table calculated with."""


def _pieces(lake: Lake, settings: ProjectSettings, entity: str) -> list[LeavingPiece]:
    """Unreadable pieces in which an identifier of theirs stands, of any version. Nobody can say more of what is no record."""
    unreadable = f"{CATALOG}.{SCHEMA}.{UNREADABLE.name}"
    if lake.number(f"SELECT count(*) FROM {unreadable}") == 0:
        return []
    _find_identifiers(lake, settings, entity)
    rows = lake.connection.execute(f"{pieces_sql(unreadable, IDENTIFIERS)} ORDER BY ALL").fetchall()
    return [LeavingPiece(*row) for row in rows]


def pieces_sql(unreadable: str, identifiers: str) -> str:
    """
    Return the query (source, entity, batch, place) of the pieces of *unreadable* in which one of *identifiers* (value) stands.

    Pieces are searched as bytes are shown, so that nothing depends on what they are encoded in; in UTF-16 every other byte is
    null. Any other sign may stand between two letters or digits. What looks like an escape may be none, so that each piece is
    searched as it is, and once for each way of escaping.
    """
    signs = _letters_and_digits(f"regexp_replace(text, '{_NOT_ASCII}', '', 'g')")
    texts = ", ".join(["shown", *(_without_escapes("shown", *escapes) for escapes in _ESCAPES)])
    return f"""
        WITH piece AS (
            SELECT source, entity, batch, place, replace(lower(content::VARCHAR), '\\x00', '') AS shown FROM {unreadable}
        ), form AS (SELECT * EXCLUDE shown, unnest([{texts}]) AS text FROM piece)
        SELECT DISTINCT source, entity, batch, place FROM (SELECT *, {signs} AS signs FROM form)
        JOIN (SELECT DISTINCT value, lower(encode(value)::VARCHAR) AS shown FROM {identifiers})
            ON contains(text, shown) OR contains(signs, value)"""


def _without_escapes(shown: str, of_sign: str, of_any: str) -> str:
    """Return the SQL of bytes that are *shown*, with the signs of e-mails as they are and other escapes left out."""
    for sign, (name, meant) in _OF_EMAILS.items():
        escaped = of_sign.format(code=ord(sign), name=name)
        shown = f"regexp_replace({shown}, {literal(escaped)}, {literal(meant)}, 'g')"
    return f"regexp_replace({shown}, {literal(of_any)}, '', 'g')"


def _find_identifiers(lake: Lake, settings: ProjectSettings, entity: str) -> None:
    """Gather the identifiers of the records that go: as they stand, and as any version delivered them."""
    lake.connection.execute(f"CREATE OR REPLACE TEMP TABLE {IDENTIFIERS} (value VARCHAR)")
    fields = settings.model.entities[entity].fields
    kinds = {name: field.type for name, field in fields.items() if field.type in _LEAST_LENGTH}
    columns = {column.lower() for column in lake.columns_of("conformed", entity)}
    standing = f"{CATALOG}.conformed.{quote(entity)} WHERE record_id IN (SELECT record_id FROM {RECORDS})"
    for field, kind in kinds.items():
        if field.lower() in columns:
            lake.connection.execute(f"INSERT INTO {IDENTIFIERS} {_value_sql(field, kind, standing)}")
    delivered = lake.columns(SCHEMA)
    for mapped in mapped_entities(settings).get(entity, ()):
        names = [each for each in delivered.get(f"{mapped.source}__{mapped.entity}", ()) if each not in ENVELOPE_NAMES]
        mine = [field for field in kinds if field in mapped.settings.fields]
        if names and mine:
            raw = raw_table(mapped.source, mapped.entity)
            versions = f"(SELECT * FROM {raw} WHERE _key IN ({keys_of(mapped.source, mapped.entity)}))"
            rows = f"({mapped_sql(mapped.only(mine), versions, names)})"
            values = " UNION ALL ".join(_value_sql(field, kinds[field], rows) for field in mine)
            with evaluating(mapped, "its mapping", "what they were known by", "then erase again"):
                lake.connection.execute(f"INSERT INTO {IDENTIFIERS} {values}")


def _value_sql(field: str, kind: SemanticType, rows: str) -> str:
    column = quote(field)
    if kind is SemanticType.EMAIL:
        value = f"lower(trim({column}))"
    elif kind is SemanticType.PHONE:
        part = f"unnest(list_prepend({column}, regexp_split_to_array({column}, {literal(_BESIDE_PHONES)})))"
        value = f"right({_letters_and_digits(part)}, 10)"
    else:
        value = _letters_and_digits(column)
    return f"SELECT value FROM (SELECT {value} AS value FROM {rows}) WHERE length(value) >= {_LEAST_LENGTH[kind]}"


def _letters_and_digits(text: str) -> str:
    return f"regexp_replace(lower({text}), '[^0-9a-z]', '', 'g')"


# --- how much ---------------------------------------------------------------------------------------------------------


def _load_records(lake: Lake, records: Sequence[LeavingRecord] | set[LeavingRecord]) -> None:
    listed = sorted(records)
    table = pa.table(
        {
            "record_id": pa.array([str(each.record_id) for each in listed], pa.string()),
            **{
                name: pa.array([getattr(each, name) for each in listed], pa.string())
                for name in ("source", "entity", "key", "model_entity")
            },
        }
    )
    load_table(lake.connection, RECORDS, table)
    lake.connection.execute(f"ALTER TABLE {RECORDS} ALTER record_id TYPE UUID")


def _count_places(lake: Lake, settings: ProjectSettings, leaving: Leaving) -> tuple[PlaceCount, ...]:
    models = {(each.source, each.entity): name for name, every in mapped_entities(settings).items() for each in every}
    models |= {(each.source, each.entity): each.model_entity for each in leaving.records}
    found = []
    for source, entity in places_of(leaving):
        raw = raw_table(source, entity)
        condition = f"_key IN ({keys_of(source, entity)}) OR (_batch, _seq) IN ({versions_of(source, entity)})"
        versions = lake.number(f"SELECT count(*) FROM {raw} WHERE {condition}")
        records = lake.number(f"SELECT count(*) FROM ({keys_of(source, entity)})")
        found.append(PlaceCount(source, entity, models[source, entity], records, versions))
    return tuple(found)


def _mine(links: str, ids: str) -> str:
    return f"SELECT golden_id FROM {links} WHERE record_id IN ({ids})"


def _count_rows(lake: Lake, leaving: Leaving, places: Sequence[PlaceCount]) -> dict[str, int]:
    """Rows that go, by table; the raw tables together."""
    ids, linked = f"SELECT record_id FROM {RECORDS}", f"{CATALOG}.identity.{quote(leaving.entity + '__link')}"
    prints = f"SELECT fingerprint_id FROM {linked} WHERE record_id IN ({ids})"
    counts = {"raw": sum(each.versions for each in places), "raw.unreadable": len(leaving.pieces)}
    queries = {
        "quarantine.record": f"{LIVING_QUARANTINE} WHERE record_id IN ({ids})",
        "conformed.tombstone": f"{LIVING_TOMBSTONE} WHERE record_id IN ({ids})",
        f"identity.{leaving.entity}__fingerprint": f"({prints} GROUP BY fingerprint_id)",
        "identity.redirect": f"{CATALOG}.identity.redirect WHERE {their_redirects_sql(leaving.entity)}",
        "identity.event": f"{CATALOG}.identity.event WHERE {their_events_sql(leaving.entity)}",
    }
    for name in {each.model_entity for each in leaving.records}:
        links = f"{CATALOG}.identity.{quote(name + '__link')}"
        queries |= {
            f"conformed.{name}": f"{CATALOG}.conformed.{quote(name)} WHERE record_id IN ({ids})",
            f"identity.{name}__link": f"{links} WHERE record_id IN ({ids})",
            f"golden.{name}": f"{CATALOG}.golden.{quote(name)} WHERE {id_column(name)} IN ({_mine(links, ids)})"
            f" AND {id_column(name)} NOT IN (SELECT golden_id FROM {links} WHERE golden_id IN ({_mine(links, ids)})"
            f" AND record_id NOT IN ({ids}))",
        }
    for name, query in queries.items():
        try:
            counts[name] = lake.number(f"SELECT count(*) FROM {query}")
        except _NOT_THERE:
            counts[name] = 0
    return dict(sorted(counts.items()))
