"""The raw layer: records to the letter as delivered, what could not be read, and where reading goes on."""

from __future__ import annotations

from collections.abc import Iterable

from rddm.contracts.tables.table import Column, Table

SCHEMA = "raw"

ENVELOPE = (
    Column("_key", "VARCHAR", "What the source calls the record; #missing:<hash> when it gave none that can be held"),
    Column("_op", "VARCHAR", "upsert or delete"),
    Column("_source_time", "TIMESTAMP", "When the source says it last changed the record, UTC"),
    Column("_received_at", "TIMESTAMP", "When it arrived, UTC"),
    Column("_batch", "BIGINT", "The batch it arrived in; grows with time"),
    Column("_seq", "BIGINT", "Its place in the batch, from 0"),
    Column(
        "_hash",
        "UUID",
        "md5 of the delivered content: name=value of every value that is not null, by name, with U+001F between",
    ),
)
ENVELOPE_NAMES = frozenset(column.name for column in ENVELOPE)
MISSING_KEY_PREFIX = "#missing:"
KEY_LIMIT_BYTES = 2_000
"""A longer key is none that a record can be looked up by: an index of PostgreSQL holds at most 2,704 bytes a row."""
OPERATION = "_op"
"""The one column of the envelope that a patch may change: to ``delete``, by which a steward dismisses a record."""

BATCH = Table(
    SCHEMA,
    "batch",
    "one batch",
    (
        Column("batch", "BIGINT", "Number, grows with time"),
        Column("run_id", "BIGINT", "The run that received it"),
        Column("source", "VARCHAR", "Source"),
        Column("entity", "VARCHAR", "The source's entity"),
        Column("origin", "VARCHAR", "File, table or page"),
        Column("received", "BIGINT", "Pieces delivered: landed + duplicate + unreadable + erased"),
        Column("unreadable", "BIGINT", "Pieces that are no record; kept in raw.unreadable"),
        Column("duplicate", "BIGINT", "Records equal to a version already here"),
        Column("landed", "BIGINT", "Records added to the raw table, and not erased since"),
        Column("received_at", "TIMESTAMP", "UTC"),
        Column("erased", "BIGINT", "Records of people who were erased: before they came, and not kept; or since"),
    ),
)

CURSOR = Table(
    SCHEMA,
    "cursor",
    "one entity of one source",
    (
        Column("source", "VARCHAR", "Source"),
        Column("entity", "VARCHAR", "The source's entity"),
        Column("cursor", "VARCHAR", "Where the connector goes on from, JSON; its mappings are in raw.cursor_entry"),
        Column("batch", "BIGINT", "The last batch when this row was written"),
        Column(
            "reading", "VARCHAR", "Hash of the connector's settings it was read with; with others, reading begins anew"
        ),
        Column("envelope", "VARCHAR", "The settings that key, time and deletion of its records were read with, JSON"),
    ),
)

CURSOR_ENTRY = Table(
    SCHEMA,
    "cursor_entry",
    "one entry of a mapping in a cursor, such as what is known of one file",
    (
        Column("source", "VARCHAR", "Source"),
        Column("entity", "VARCHAR", "The source's entity"),
        Column("name", "VARCHAR", "The mapping's name in the cursor: files"),
        Column("key", "VARCHAR", "The entry's key in it: the file's name"),
        Column("value", "VARCHAR", "Its value, JSON"),
        Column("batch", "BIGINT", "The last batch when this row was written"),
    ),
)

UNREADABLE = Table(
    SCHEMA,
    "unreadable",
    "one piece of a source that is no record",
    (
        Column("batch", "BIGINT", "The batch it came with"),
        Column("source", "VARCHAR", "Source"),
        Column("entity", "VARCHAR", "The source's entity"),
        Column("place", "VARCHAR", "File and line, or page"),
        Column("reason", "VARCHAR", "Why it is no record, in words"),
        Column("content", "BLOB", "As delivered; the first MiB of longer ones"),
        Column("content_hash", "UUID", "md5 of the content kept"),
        Column("received_at", "TIMESTAMP", "UTC"),
    ),
)

COLUMN_CHANGE = Table(
    SCHEMA,
    "column_change",
    "one change of one delivered column",
    (
        Column("source", "VARCHAR", "Source"),
        Column("entity", "VARCHAR", "The source's entity"),
        Column("name", "VARCHAR", "The column"),
        Column("change", "VARCHAR", "appeared, retyped or vanished"),
        Column("type", "VARCHAR", "The type delivered; null when vanished"),
        Column("batch", "BIGINT", "The batch that showed it"),
    ),
)

LEDGERS = (BATCH, CURSOR, CURSOR_ENTRY, UNREADABLE, COLUMN_CHANGE)


def newest_first_sql(*, by_arrival: bool, prefix: str = "_") -> str:
    """
    Return the ORDER BY terms that put a record's newest version first: by source time, or *by_arrival* alone. *prefix*: what the
    columns' names begin with.
    """
    terms = [] if by_arrival else [f"{prefix}source_time DESC NULLS LAST"]
    return ", ".join([*terms, f"{prefix}batch DESC", f"{prefix}seq DESC"])


def newness_sql(*, by_arrival: bool) -> str:
    """Return the expression that is greatest for the version which `newest_first_sql` puts first."""
    return "(_batch, _seq)" if by_arrival else "(coalesce(_source_time, '-infinity'), _batch, _seq)"


def record_table(source: str, entity: str, columns: Iterable[str] = ()) -> Table:
    """Return the raw table of *entity* of *source*: its delivered *columns* as VARCHAR, then the envelope."""
    delivered = tuple(Column(name, "VARCHAR", "As delivered") for name in columns)
    return Table(SCHEMA, f"{source}__{entity}", "one record as delivered", (*delivered, *ENVELOPE))
