"""
Frozen, typed settings: what a warehouse project's files say, once parsed.

Field names here are the keys in the YAML files. Docstrings and ``description``s are shown by ``rddm init``, error
messages and the configuration reference, so they are written for the data engineer.
"""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, SecretStr

Identifier = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,48}$")]
"""Names of sources, entities and fields: they become names of tables and columns."""


class Settings(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)


# --- model.yaml -------------------------------------------------------------------------------------------------------


class SemanticType(StrEnum):
    """What a field means; brings its normaliser, validator, comparator and mask with it."""

    FAMILY_NAME = "family_name"
    GIVEN_NAME = "given_name"
    PATRONYMIC = "patronymic"
    BIRTH_DATE = "birth_date"
    DATE = "date"
    TIMESTAMP = "timestamp"
    GENDER = "gender"
    PHONE = "phone"
    EMAIL = "email"
    SNILS = "snils"
    DOCUMENT_NUMBER = "document_number"
    REGION = "region"
    PLACE_NAME = "place_name"
    ADDRESS = "address"
    POSTCODE = "postcode"
    ORGANISATION_NAME = "organisation_name"
    CATEGORY = "category"
    INTEGER = "integer"
    TEXT = "text"
    REFERENCE = "reference"


class Survivorship(StrEnum):
    """Which of several delivered values the golden record keeps."""

    MOST_RECENT = "most_recent"
    MOST_TRUSTED = "most_trusted"
    MOST_FREQUENT = "most_frequent"


class ModelField(Settings):
    """One field of an entity of the unified model."""

    type: SemanticType
    description: str = ""
    """Shown in the console and as the comment on the published column."""
    required: bool = False
    """A record without it waits in quarantine as ``incomplete``."""
    on_invalid: Literal["drop", "quarantine"] = "drop"
    """A value that cannot be mended: leave it out and note it, or put the record in quarantine as ``invalid``."""
    references: str | None = None
    """For type ``reference``: the entity that is pointed at."""
    on_missing: Literal["wait", "keep"] = "wait"
    """For type ``reference``, while the parent is not there: wait in quarantine, or keep the record without it."""
    survivorship: Survivorship = Survivorship.MOST_RECENT
    default_region: str = "RU"
    """For type ``phone``: the country that a number without a country code belongs to (ISO 3166-1)."""


LEAST_MATCH_PROBABILITY = 0.8
"""The lowest that a learnt model may choose."""


class ProbabilisticIdentity(Settings):
    """Records are compared field by field with weights learnt from the data (Fellegi-Sunter). For people."""

    method: Literal["probabilistic"] = "probabilistic"
    match_probability: float | None = Field(default=None, gt=0.5, lt=1)
    """At or above: the same. Left out, it follows from the learnt model: see ``docs/explanation/identity.md``."""
    possible_probability: float = Field(default=0.6, gt=0, lt=1)
    """From here up to ``match_probability``: for a steward to decide."""
    key_limit: int = Field(default=60, ge=2)
    """A match key (one e-mail, say) that more different descriptions than this share is not used to find candidates.
    Family name and given name alone are not from eleven on."""


class ExactIdentity(Settings):
    """
    Records whose listed fields agree once normalised are the same. For organisations, events and places. Without a value in the
    first field a record is nobody else's; in the others, no value agrees with no value only.
    """

    method: Literal["exact"] = "exact"
    fields: tuple[str, ...]


class FactIdentity(Settings):
    """
    Records whose listed fields agree are one fact; references agree when they lead to the same golden record, or name the same
    record that is not there, and no value agrees with no value only.
    """

    method: Literal["fact"] = "fact"
    fields: tuple[str, ...]


class ModelEntity(Settings):
    """One kind of thing that the warehouse knows."""

    description: str = ""
    fields: dict[Identifier, ModelField]
    require_any: tuple[tuple[str, ...], ...] = ()
    """Of each list at least one field must have a value, or the record waits as ``incomplete``."""
    identity: Annotated[ProbabilisticIdentity | ExactIdentity | FactIdentity, Field(discriminator="method")] | None = (
        None
    )
    """How records of this entity are found to be the same; without it every record stands for itself."""


class Model(Settings):
    """The unified model. Fields of type ``reference`` make it a directed graph; only self-references may be cycles."""

    entities: dict[Identifier, ModelEntity]


# --- sources/<name>.yaml ----------------------------------------------------------------------------------------------


class FileConnector(Settings):
    """Files on disk or in S3: CSV, TSV, JSON, JSON lines, XML, XLSX, Parquet; plain, gzip or inside a zip archive."""

    type: Literal["file"] = "file"
    path: str | None = None
    """
    A path or glob, relative to the project, or ``s3://bucket/prefix/*.csv``. Usually given under ``read``. It is shown, and
    kept with every batch as its origin: no place for a secret.
    """
    format: Literal["csv", "tsv", "json", "jsonl", "xml", "xlsx", "parquet"] | None = None
    """Recognised from the file's name and content when left out."""
    encoding: str | None = None
    """Detected when left out."""
    delimiter: str | None = None
    """Detected when left out."""
    quote: str = '"'
    header_rows: int | None = Field(default=None, ge=0)
    """
    How many rows the header takes (XLSX with merged cells: names are joined by a dot); 0: there is none, and columns are c1,
    c2, … Left out it is 1, but a file whose first row looks like data is not read until this is said.
    """
    skip_rows: int = Field(default=0, ge=0)
    """Rows before the header."""
    sheet: str | None = None
    """XLSX: the sheet's name; the first when left out."""
    records: str | None = None
    """JSON and XML: where the records lie, as a dotted path (``data.users``, ``export/users/user``). A list inside each
    record is reached by ``[]`` (``users[].registrations[]``)."""
    carry: dict[str, str] = {}
    """JSON and XML with nested ``records``: columns to carry down from the record above (new name: its field)."""
    s3_endpoint: str | None = None
    s3_region: str = "us-east-1"
    s3_access_key: SecretStr | None = None
    s3_secret_key: SecretStr | None = None


class SqlConnector(Settings):
    """A table or a query of PostgreSQL, MySQL/MariaDB or SQLite."""

    type: Literal["sql"] = "sql"
    url: SecretStr
    """``postgresql://…``, ``mysql://…`` or ``sqlite:///path`` (relative to the project). Passwords: ``${NAME}``."""
    table: str | None = None
    query: str | None = None
    cursor_column: str | None = None
    """Only rows at or beyond the last value seen are read; must never decrease when a row changes."""
    look_back_seconds: int = Field(default=0, ge=0)
    """Re-read this much before the last value, for rows committed late. What was read already adds nothing."""


class RestConnector(Settings):
    """A JSON service over HTTP."""

    type: Literal["rest"] = "rest"
    url: str
    """The service's root, ``https://…``."""
    path: str = ""
    records: str | None = None
    """Where the records lie in an answer, as a dotted path; the whole answer when left out."""
    carry: dict[str, str] = {}
    pagination: Literal["none", "page", "offset", "cursor", "link"] = "none"
    page_parameter: str = "page"
    first_page: int = 1
    offset_parameter: str = "offset"
    limit_parameter: str | None = None
    page_size: int = Field(default=1000, gt=0)
    cursor_parameter: str = "cursor"
    next_cursor: str | None = None
    """``pagination: cursor``: where the next cursor lies in an answer, as a dotted path."""
    parameters: dict[str, str] = {}
    headers: dict[str, SecretStr] = {}
    bearer_token: SecretStr | None = None
    since_parameter: str | None = None
    """Incremental: the query parameter that takes the highest value seen of ``cursor_column``."""
    cursor_column: str | None = None
    timeout_seconds: float = Field(default=30, gt=0)
    retries: int = Field(default=8, ge=0)
    """For 429, 5xx and broken connections; waits double, and Retry-After (RFC 9110 §10.2.3) is honoured."""


class CustomConnector(Settings):
    """A class of your own with the ``Source`` protocol, in a Python file of the project."""

    type: Literal["python"] = "python"
    file: Path
    name: str
    """The class; it is called with ``options`` as keyword arguments and gives a ``Source``."""
    options: dict[str, str] = {}


Connector = Annotated[FileConnector | SqlConnector | RestConnector | CustomConnector, Field(discriminator="type")]


class FieldMapping(Settings):
    """Where a field's value comes from: exactly one of ``column``, ``sql`` and ``value``."""

    column: str | None = None
    """A delivered column; nested JSON by its dotted name."""
    sql: str | None = None
    """A DuckDB SQL expression over the delivered columns; all of them are VARCHAR."""
    value: str | None = None
    """The same text for every record."""
    part: Literal["family", "given", "patronymic"] | None = None
    """Take this part of a full name."""
    format: str | None = None
    """For dates: a strptime format, when the usual ones do not fit."""
    source: str | None = None
    """For references: the source that the key belongs to; this one when left out."""
    entity: str | None = None
    """For references: that source's entity; the one named like the model's when left out."""


class SourceEntity(Settings):
    """One kind of record that a source delivers: how it is read, what identifies it, and how it maps to the model."""

    model: str | None = None
    """The entity of the model; the one of the same name when left out."""
    connector: Connector
    """The source's connector with this entity's ``read`` laid over it (made by the parser, not written by hand)."""
    mode: Literal["changes", "snapshot"] = "changes"
    """``snapshot``: each reading delivers everything that exists, so what is missing from it was deleted."""
    key: tuple[str, ...]
    """The delivered column or columns that identify a record within the source."""
    source_time: str | None = None
    """
    The delivered column that says when the record was last changed: the newest wins. Without it, and with ``mode: snapshot``
    whatever it says, the last to arrive wins.
    """
    source_time_format: str | None = None
    deleted: str | None = None
    """A SQL condition over the delivered columns: true for a record that says it is gone."""
    fields: dict[str, FieldMapping]
    """Field of the model: its mapping. A bare text in YAML is short for ``column``."""
    one_record_per_person: bool = False
    """The source itself guarantees that two of its records are never the same person."""

    @property
    def newest_by_arrival(self) -> bool:
        """Whether the last version to arrive wins: the source does not say when it changed it, or delivers snapshots."""
        return self.source_time is None or self.mode == "snapshot"


DEFAULT_TRUST = 5


class SourceSettings(Settings):
    """One service."""

    name: Identifier
    """The file's name."""
    description: str = ""
    trust: int = Field(default=DEFAULT_TRUST, ge=0, le=10)
    """For survivorship ``most_trusted``: 10 is the best."""
    entities: dict[Identifier, SourceEntity]


# --- rddm.yaml --------------------------------------------------------------------------------------------------------


class Storage(Settings):
    """Where the lake's Parquet files lie."""

    path: str = "lake"
    """A folder, relative to the project's ``.rddm``, or ``s3://bucket/prefix``."""
    s3_endpoint: str | None = None
    s3_region: str = "us-east-1"
    s3_access_key: SecretStr | None = None
    s3_secret_key: SecretStr | None = None


class Database(Settings):
    """PostgreSQL: the lake's catalog, the control tables and the shop window."""

    url: SecretStr | None = None
    """An own server, ``postgresql://…``; the embedded one when left out. ``RDDM_DATABASE_URL`` goes before it."""


class Engine(Settings):
    """How much of the machine a run may take."""

    memory_limit: str = "70%"
    """DuckDB's limit, such as ``8GB``; a share of the machine's memory in per cent."""
    threads: int | None = Field(default=None, gt=0)


class ProjectSettings(Settings):
    """A whole warehouse project."""

    root: Path
    name: Identifier
    description: str = ""
    locale: Literal["en", "ru"] = "en"
    storage: Storage = Storage()
    database: Database = Database()
    engine: Engine = Engine()
    model: Model
    sources: dict[Identifier, SourceSettings]
