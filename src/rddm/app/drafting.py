"""A look at an unknown source, and the draft of its file: the connector guessed, the columns recognised."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from urllib.parse import parse_qsl, urlsplit, urlunsplit

import pyarrow as pa

from rddm.app.first_look import is_text, key_seen, lists_objects, month_first_format, rows_above_header
from rddm.conform.fields import DATES
from rddm.conform.recognise import Recognised, recognise_columns
from rddm.contracts.errors import ConfigurationError, ConfigurationProblem, SourceError
from rddm.pipeline.column_names import with_safe_names
from rddm.project.draft import DraftEntity, DraftField, DraftSource, Option
from rddm.project.settings import Connector, FactIdentity, FileConnector, Model, ModelField, RestConnector, SqlConnector
from rddm.project.suggestions import listed
from rddm.project.validation import identifier_from
from rddm.sources import open_source
from rddm.sources.header import holds_data, is_likely_data, is_surely_data
from rddm.sources.protocol import Source

SAMPLED_RECORDS = 1000
SQL_SCHEMES = frozenset({"sqlite", "postgresql", "postgres", "mysql", "mariadb"})
NAME_PARTS = (("family", "last_name"), ("given", "first_name"), ("patronymic", "middle_name"))
LISTED_TABLES = 40
FEWEST_FOR_KEY = 5
SQLITE_SUFFIXES = (".sqlite", ".sqlite3", ".db")
MANY_REFERENCES = 3
"""Columns that are called ids, from which records are taken for facts that tie others together."""
NO_HEADER = "The first row looks like data, so it is read as a record, and the columns are c1, c2, … (header_rows: 0)."
A_HEADER = "If that row is a header all the same, write header_rows: 1 in its place, and the names of columns."
NAMED_BY_DATA = "{count} columns are left out, as their names look like people's data: are names of members data?"
NOT_CLEAN = (
    "A record without its key waits as technical, and records of one key are versions of one. Name a better key, if there"
    " is one."
)
HOLDS_OBJECTS = "holds lists of objects: take a value out with sql, as docs/how-to/map-a-source.md has it"
_IDS = re.compile(r"(?:^|[_\W])(?:id|uid|uuid|guid|key|code|номер|код|ид|№)$|[a-z]I[dD]$", re.IGNORECASE)


@dataclass(frozen=True)
class Place:
    """
    Where a source is: the connector to look with, and what to write of it.

    ``written`` holds references to the environment in the place of secrets; ``variables`` are their names, to be set.
    ``called`` is what the engineer calls the source, where that is said.
    """

    connector: Connector
    written: Mapping[str, Option]
    read: Mapping[str, Option]
    name: str
    entity: str
    variables: Sequence[str] = ()
    called: str = ""


@dataclass(frozen=True)
class _Looked:
    """Some records of a place, the place with the settings by which they were read, and ``notes`` for its draft."""

    sample: pa.Table
    place: Place
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class Drafted:
    """
    A draft, and what it is made of. ``variables``: names that the environment must hold before the first run; ``warnings``:
    sentences on what was seen and needs a look, without any value.
    """

    draft: DraftSource
    name: str
    columns: Sequence[str]
    recognised: Mapping[str, Recognised]
    variables: Sequence[str]
    sampled_records: int
    warnings: Sequence[str] = ()


def draft_source(root: Path, model: Model, place: Place, *, entity: str | None, model_entity: str | None) -> Drafted:
    """
    Look at *place* and return the draft of its file. Reads a thousand records at most, keeps none.

    Raises:
        SourceError: it cannot be reached or read.
        ConfigurationError: the model has no entity *model_entity*.
    """
    if model_entity is not None and model_entity not in model.entities:
        raise _usage("--model", model_entity, f"the model has no such entity. There are: {', '.join(model.entities)}.")
    looked = _sample(root, place)
    sample, place = looked.sample, looked.place
    found = recognise_columns(sample)
    becomes = model_entity or _guess_model(model, place.entity, sample.column_names, found)
    if not becomes:
        raise _usage(
            "--model",
            "",
            f"what are these records? Nothing tells. Say --model ENTITY; there are: {', '.join(model.entities)}.",
        )
    key, seen, slips = _key(sample, found)
    times = [column for column, each in found.items() if each.meaning == "source_time"]
    drafted = DraftEntity(
        name=identifier_from(entity or becomes) or becomes,
        model=becomes,
        fields=tuple(_fields(sample, found, model, becomes, key, times)),
        key=key,
        key_seen=seen,
        source_time=times[0] if times else None,
        read=place.read,
        notes=looked.notes,
    )
    draft = DraftSource(f"Drafted from {place.name}", place.written, (drafted,))
    warnings = (*looked.notes, *([f"The key {key[0]} is not clean: {slips}. {NOT_CLEAN}"] if slips else []))
    return Drafted(draft, place.name, sample.column_names, found, place.variables, sample.num_rows, warnings)


def guess_place(
    root: Path, text: str, table: str | None, token_variable: str | None, called: str | None = None
) -> Place:
    """
    Return where *text* (a path, glob, ``s3://``, database or http address) leads; *called*: what its source is called.

    Raises:
        ConfigurationError: it is no kind of source, or its database has more than one table and none is named.
    """
    place = _place_at(root, text, table, token_variable, called)
    return replace(place, called=called or place.name)


def _place_at(root: Path, text: str, table: str | None, token_variable: str | None, called: str | None) -> Place:
    parts = urlsplit(text)
    scheme = parts.scheme.partition("+")[0]
    if scheme == "s3":
        return _object_storage(text)
    if scheme in SQL_SCHEMES:
        return _database(root, text, table, called)
    if scheme in ("http", "https"):
        return _service(text, token_variable)
    if scheme and len(scheme) > 1 and "://" in text:
        raise _usage(
            "--from",
            f"{scheme}://",
            "is no kind of source that is known. Give a file, s3://, sqlite:///, postgresql://, mysql:// or http(s)://.",
        )
    if text.lower().endswith(SQLITE_SUFFIXES):
        return _database(root, f"sqlite:///{Path(text).expanduser()}", table, called)
    return _file(root, text)


def _file(root: Path, text: str) -> Place:
    path = Path(text).expanduser()
    if not any(sign in text for sign in "*?["):
        path = _only_file(path, text)
    absolute = Path(os.path.normpath(path if path.is_absolute() else Path.cwd() / path))
    written = os.path.relpath(absolute, root) if absolute.is_relative_to(root.parent) else str(absolute)
    stem = path.name.partition(".")[0].strip("*?[]_- ") or path.parent.name
    return Place(FileConnector(path=str(absolute)), {"type": "file"}, {"path": written}, stem, stem)


def _only_file(path: Path, text: str) -> Path:
    if path.is_dir():
        files = sorted(each.name for each in path.iterdir() if each.is_file() and not each.name.startswith("."))
        if len(files) == 1:
            return path / files[0]
        raise _usage(
            "--from",
            text,
            f"which files of the folder? There are: {listed(files) or 'none'}. One kind of record is drafted at a time: name a"
            " file, or a pattern such as 'users_*.csv' (in quotes).",
        )
    if not path.exists():
        raise _usage("--from", text, "there is no such file.")
    if path.stat().st_size == 0:
        raise _usage("--from", text, "the file is empty. Give one with some records in it.")
    return path


def _object_storage(text: str) -> Place:
    names = {"s3_access_key": "AWS_ACCESS_KEY_ID", "s3_secret_key": "AWS_SECRET_ACCESS_KEY"}
    if "AWS_ENDPOINT_URL" in os.environ:
        names["s3_endpoint"] = "AWS_ENDPOINT_URL"
    settings = {key: os.environ[name] for key, name in names.items() if name in os.environ}
    connector = FileConnector.model_validate({"path": text} | settings)
    stem = text.rpartition("/")[2].partition(".")[0].strip("*?[]_- ") or urlsplit(text).netloc
    written = {"type": "file"} | {key: f"${{{name}}}" for key, name in names.items()}
    return Place(connector, written, {"path": text}, stem, stem, tuple(names.values()))


def _database(root: Path, text: str, table: str | None, called: str | None) -> Place:
    parts = urlsplit(text)
    name = identifier_from(Path(parts.path).stem) or parts.scheme
    written = text
    variables: tuple[str, ...] = ()
    if parts.scheme == "sqlite":
        path = Path(parts.path.removeprefix("/") if not parts.path.startswith("//") else parts.path[1:])
        absolute = path if path.is_absolute() else Path.cwd() / path
        text = f"sqlite:///{absolute}"
        shown = os.path.relpath(absolute, root) if absolute.is_relative_to(root.parent) else str(absolute)
        written = f"sqlite:///{shown}"
    elif named := re.fullmatch(r"\$\{(\w+)\}", parts.password or ""):
        variables = (named[1],)
        if named[1] not in os.environ:
            raise _usage("--from", named[0], "the environment has no such variable. Set it to the password.")
        text = text.replace(named[0], os.environ[named[1]])
    elif parts.password:
        variable = f"{name.upper()}_PASSWORD"
        written = urlunsplit(parts._replace(netloc=parts.netloc.replace(f":{parts.password}@", f":${{{variable}}}@")))
        variables = (variable,)
    if table is None:
        table = _only_table(root, called or name, text)
    connector = SqlConnector.model_validate({"url": text, "table": table})
    return Place(connector, {"type": "sql", "url": written}, {"table": table}, name, table, variables)


def _only_table(root: Path, name: str, url: str) -> str:
    if url.startswith("sqlite"):
        query = (
            "SELECT name AS table_name FROM sqlite_master WHERE type IN ('table', 'view') AND name NOT LIKE 'sqlite%'"
        )
    else:
        hidden = "('pg_catalog', 'information_schema', 'mysql', 'performance_schema', 'sys')"
        query = f"SELECT table_name FROM information_schema.tables WHERE table_schema NOT IN {hidden}"
    connector = SqlConnector.model_validate({"url": url, "query": query})
    found = open_source(root, name, "", connector).sample(LISTED_TABLES).column("table_name").to_pylist()
    tables = sorted(str(each) for each in found)
    if len(tables) == 1:
        return tables[0]
    raise _usage("--table", "", f"which table? There are: {', '.join(tables) or 'none'}. Name one with --table.")


def _service(text: str, token_variable: str | None) -> Place:
    parts = urlsplit(text)
    root_url = urlunsplit((parts.scheme, parts.netloc, "", "", ""))
    parameters = dict(parse_qsl(parts.query))
    path = parts.path.lstrip("/")
    written: dict[str, Option] = {"type": "rest", "url": root_url}
    variables: tuple[str, ...] = ()
    settings: dict[str, object] = {"url": root_url, "path": path, "parameters": parameters}
    if token_variable is not None:
        token = os.environ.get(token_variable)
        if token is None:
            raise _usage(
                "--token-variable", token_variable, "the environment has no such variable. Set it to the bearer token."
            )
        settings["bearer_token"] = token
        written["bearer_token"] = f"${{{token_variable}}}"
        variables = (token_variable,)
    stem = path.rstrip("/").rpartition("/")[2] or "records"
    name = identifier_from(parts.hostname or "") or "service"
    return Place(RestConnector.model_validate(settings), written, {"path": path}, name, stem, variables)


def _sample(root: Path, place: Place) -> _Looked:
    """
    Sample *place*; where the records lie one level down, in the list of an outer object, go there.

    No column of the sample has somebody's data for its name.
    """
    if isinstance(place.connector, FileConnector):
        looked = _look_at_files(root, place, place.connector)
    else:
        looked = _Looked(_look(root, place), place)
    if looked.sample.num_rows == 0:
        raise _nothing(place, _why_nothing(root, looked.place))
    if looked.sample.num_rows == 1 and not isinstance(place.connector, SqlConnector):
        looked = _one_level_down(root, looked)
    named_by_data = [name for name in looked.sample.column_names if holds_data(name)]
    if not named_by_data:
        return looked
    note = NAMED_BY_DATA.format(count=len(named_by_data))
    return replace(looked, sample=looked.sample.drop_columns(named_by_data), notes=(*looked.notes, note))


def _look_at_files(root: Path, place: Place, connector: FileConnector) -> _Looked:
    """Sample files: below a title above their header, and with their first row for a record where that is no header."""
    # Said to be sure of it, so that what looks like data is shown here, too, and can be told.
    place = replace(place, connector=connector.model_copy(update={"header_rows": 1}))
    sample = _look(root, place)
    looked = _Looked(sample, place)
    if not re.search(r"\.(json|jsonl|ndjson|xml|parquet)\b", connector.path or "", re.IGNORECASE):
        looked = _without_header(root, _below_title(root, looked))
    if not is_text(looked.sample.column_names):
        raise _nothing(
            place, "it is no text, and none of the formats that are known: CSV, JSON, XML, XLSX, Parquet, SQLite"
        )
    return looked


def _one_level_down(root: Path, looked: _Looked) -> _Looked:
    for column in looked.sample.column_names:
        if lists_objects(looked.sample.column(column).to_pylist()):
            try:
                deeper = _reading(looked.place, "records", column)
                return replace(looked, sample=_look(root, deeper), place=deeper)
            except SourceError:
                continue
    return looked


def _reading(place: Place, key: str, value: Option) -> Place:
    """Return *place* with a setting of its connector, also in what is written of it."""
    return replace(place, connector=place.connector.model_copy(update={key: value}), read={**place.read, key: value})


def _look(root: Path, place: Place) -> pa.Table:
    return with_safe_names(_open(root, place).sample(SAMPLED_RECORDS))


def _open(root: Path, place: Place) -> Source:
    return open_source(root, identifier_from(place.called) or "source", "", impatient(place.connector))


def _below_title(root: Path, looked: _Looked) -> _Looked:
    rows = rows_above_header(
        looked.sample.column_names,
        lambda rows: _look(root, _reading(looked.place, "skip_rows", rows)).column_names,
    )
    if not rows:
        return looked
    place = _reading(looked.place, "skip_rows", rows)
    return _Looked(_look(root, place), place)


def _without_header(root: Path, looked: _Looked) -> _Looked:
    place = _reading(looked.place, "header_rows", 0)
    if looked.sample.column_names:
        is_data = _is_data(looked.sample.column_names)
    else:  # at most one row, which was taken for the header
        bare = _look(root, place).slice(0, 1).to_pylist()
        is_data = _is_data(["" if value is None else str(value) for row in bare for value in row.values()])
    return _Looked(_look(root, place), place, (NO_HEADER, A_HEADER)) if is_data else looked


def _is_data(names: Sequence[str]) -> bool:
    """Whether *names* are rather a record than a header: they look like data, and none is what a column is called."""
    if is_surely_data(names):
        return True
    is_called_so = bool(recognise_columns(pa.table({name: pa.array([], pa.string()) for name in names})))
    return is_likely_data(names) and not is_called_so


def _why_nothing(root: Path, place: Place) -> str:
    """Return what a source that gives no record gives instead."""
    for batch in _open(root, place).read(None):
        if batch.unreadable:
            return f"{batch.unreadable[0].place}: {batch.unreadable[0].reason}"
    return "it holds no record: it is empty, or has a header alone"


def _nothing(place: Place, why: str) -> ConfigurationError:
    return _usage("--from", place.name, f"{why}. Give something with records to look at.")


def impatient(connector: Connector) -> Connector:
    """Return *connector* for someone who waits before the screen: one that soon gives up on a service that does not answer."""
    return connector.model_copy(update={"retries": 1}) if isinstance(connector, RestConnector) else connector


def _guess_model(model: Model, written: str, columns: Sequence[str], found: Mapping[str, Recognised]) -> str:
    """The entity of that name; else facts, where many columns refer to others; else people, where they are recognised."""
    singular = re.sub(r"s$", "", identifier_from(written) or "")
    for name in (singular, identifier_from(written)):
        if name in model.entities:
            return name
    references = [column for column in columns if _IDS.search(column)]
    if len(references) >= MANY_REFERENCES:
        for name, entity in model.entities.items():
            if isinstance(entity.identity, FactIdentity):
                return name
    personal = {each.field for each in found.values()} & {
        "last_name",
        "first_name",
        "birth_date",
        "phone",
        "email",
        "snils",
        "document_number",
    }
    has_full_name = any(each.meaning == "full_name" for each in found.values())
    is_person = len(personal) >= 2 or has_full_name
    return "person" if is_person and "person" in model.entities else ""


def _key(sample: pa.Table, found: Mapping[str, Recognised]) -> tuple[tuple[str, ...], str, str]:
    """
    The columns that seem to be the key, none when nothing does; what was seen, for a comment; what is not clean about it.

    One that is clean goes before one whose name alone says that it is the key.
    """
    named = [column for column, each in found.items() if each.meaning == "key"]
    called_ids = [column for column in sample.column_names if _IDS.search(column)]
    first = [column for column in sample.column_names[:1] if column not in found and sample.num_rows >= FEWEST_FOR_KEY]
    seen = [key_seen(sample, column) for column in dict.fromkeys([*named, *called_ids, *first])]
    clean = next((each for each in seen if each.is_clean), None)
    nearly = next((each for each in seen if each.column in named or each.is_nearly_clean), None)
    if clean is None:
        return ((nearly.column,), nearly.slips, nearly.slips) if nearly is not None else ((), "", "")
    passed = [each for each in seen[: seen.index(clean)] if each.is_nearly_clean or each.column in named]
    why = f"clean; of {passed[0].column}: {passed[0].slips}" if passed else ""
    return (clean.column,), why, ""


def _fields(
    sample: pa.Table,
    found: Mapping[str, Recognised],
    model: Model,
    becomes: str,
    key: Sequence[str],
    times: Sequence[str],
) -> list[DraftField]:
    known = model.entities[becomes].fields
    fields: list[DraftField] = []
    for column in sample.column_names:
        if column in key or column in times[:1]:
            continue
        each = found.get(column)
        if each is None:
            holds_objects = lists_objects(sample.column(column).to_pylist())
            fields.append(DraftField(column, None, HOLDS_OBJECTS if holds_objects else ""))
        elif each.meaning == "full_name" and "last_name" in known:
            fields += [
                DraftField(column, field, each.reason, part=part) for part, field in NAME_PARTS if field in known
            ]
        else:
            written = _date_format(sample.column(column), known.get(each.field))
            reason = f"{each.reason}; its values have the month first" if written else each.reason
            fields.append(DraftField(column, each.field if each.field in known else None, reason, format=written))
    return fields


def _date_format(values: pa.ChunkedArray, field: ModelField | None) -> str | None:
    return month_first_format(values.to_pylist()) if field is not None and field.type in DATES else None


def _usage(key: str, value: str, message: str) -> ConfigurationError:
    place = f"{key} {value}".strip()
    return ConfigurationError(ConfigurationProblem(place, 0, "", message))
