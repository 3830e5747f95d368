"""What holds for every connector: all of it, in order, going on after a kill, and nothing new when nothing is new."""

from __future__ import annotations

import csv
import gzip
import http.server
import io
import json
import sqlite3
import threading
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import cast
from urllib.parse import parse_qs, urlsplit

import openpyxl
import psycopg
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from pydantic import SecretStr

from rddm.contracts.batches import Cursor
from rddm.contracts.errors import SourceError
from rddm.project.settings import CustomConnector, FileConnector, RestConnector, SqlConnector
from rddm.sources import BatchLimits, Source
from rddm.sources.custom import CustomSource
from rddm.sources.files import FileSource
from rddm.sources.rest import RestSource
from rddm.sources.sql import SqlSource

ROWS = [{"id": str(number), "name": f"Имя {number}", "note": "a;b, c" if number % 3 else ""} for number in range(1, 31)]
LIMITS = BatchLimits(records=7)

CUSTOM = """
import json
import pyarrow as pa
from rddm.contracts.batches import Batch

class Rows:
    def __init__(self, path):
        self.path = path
    def rows(self):
        with open(self.path, encoding="utf-8") as file:
            return json.load(file)
    def read(self, cursor):
        at = (cursor or {}).get("at", 0)
        rows = self.rows()
        while at < len(rows):
            at += 7
            yield Batch(pa.Table.from_pylist(rows[at - 7:at]), "rows", {"at": at})
    def probe(self):
        self.rows()
    def sample(self, rows):
        return pa.Table.from_pylist(self.rows()[:rows])
"""


def delimited(delimiter: str) -> bytes:
    text = io.StringIO()
    writer = csv.DictWriter(text, fieldnames=list(ROWS[0]), delimiter=delimiter)
    writer.writeheader()
    writer.writerows(ROWS)
    return text.getvalue().encode()


def json_lines() -> bytes:
    return "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in ROWS).encode()


def file_source(tmp_path: Path, **settings: object) -> FileSource:
    return FileSource(tmp_path, "camps", "person", FileConnector.model_validate(settings), limits=LIMITS)


def csv_source(tmp_path: Path) -> FileSource:
    (tmp_path / "rows.csv").write_bytes(delimited(";"))
    return file_source(tmp_path, path="rows.csv")


def tsv_source(tmp_path: Path) -> FileSource:
    (tmp_path / "rows.tsv").write_bytes(delimited("\t"))
    return file_source(tmp_path, path="rows.tsv")


def json_lines_source(tmp_path: Path) -> FileSource:
    (tmp_path / "rows.jsonl.gz").write_bytes(gzip.compress(json_lines()))
    return file_source(tmp_path, path="*.jsonl.gz")


def json_source(tmp_path: Path) -> FileSource:
    (tmp_path / "rows.json").write_text(json.dumps({"data": {"rows": ROWS}}))
    return file_source(tmp_path, path="rows.json", records="data.rows")


def xml_source(tmp_path: Path) -> FileSource:
    rows = "".join(f'<r id="{row["id"]}"><name>{row["name"]}</name><note>{row["note"]}</note></r>' for row in ROWS)
    (tmp_path / "rows.xml").write_text(f"<rows>{rows}</rows>")
    return file_source(tmp_path, path="rows.xml")


def xlsx_source(tmp_path: Path) -> FileSource:
    book = openpyxl.Workbook()
    sheet = book.active
    assert sheet is not None
    sheet.append(list(ROWS[0]))
    for row in ROWS:
        sheet.append([int(row["id"]), row["name"], row["note"] or None])
    book.save(tmp_path / "rows.xlsx")
    return file_source(tmp_path, path="rows.xlsx")


def parquet_source(tmp_path: Path) -> FileSource:
    pq.write_table(pa.Table.from_pylist(ROWS), tmp_path / "rows.parquet", row_group_size=10)
    return file_source(tmp_path, path="rows.parquet")


def many_files_source(tmp_path: Path) -> FileSource:
    header, *lines = delimited(",").splitlines(keepends=True)
    (tmp_path / "day-1.csv").write_bytes(header + b"".join(lines[:9]))
    with zipfile.ZipFile(tmp_path / "day-2.zip", "w") as archive:
        archive.writestr("a.csv", header + b"".join(lines[9:20]))
        archive.writestr("b.csv", header + b"".join(lines[20:25]))
    (tmp_path / "day-3.csv.gz").write_bytes(gzip.compress(header + b"".join(lines[25:])))
    return file_source(tmp_path, path="day-*")


def sqlite_source(tmp_path: Path) -> SqlSource:
    with sqlite3.connect(tmp_path / "rows.db") as connection:
        connection.execute("CREATE TABLE IF NOT EXISTS rows (id INTEGER PRIMARY KEY, name TEXT, note TEXT)")
        connection.executemany("INSERT OR REPLACE INTO rows VALUES (:id, :name, :note)", ROWS)
    connection.close()
    connector = SqlConnector(url=SecretStr("sqlite:///rows.db"), table="rows", cursor_column="id")
    return SqlSource(tmp_path, "camps", "person", connector, limits=LIMITS)


def custom_source(tmp_path: Path) -> CustomSource:
    (tmp_path / "rows.py").write_text(CUSTOM)
    (tmp_path / "rows.json").write_text(json.dumps(ROWS))
    options = {"path": str(tmp_path / "rows.json")}
    return CustomSource(
        tmp_path,
        "camps",
        "person",
        CustomConnector.model_validate({"file": "rows.py", "name": "Rows", "options": options}),
    )


LOCAL: dict[str, Callable[[Path], Source]] = {
    "csv": csv_source,
    "tsv": tsv_source,
    "json lines": json_lines_source,
    "json": json_source,
    "xml": xml_source,
    "xlsx": xlsx_source,
    "parquet": parquet_source,
    "many files": many_files_source,
    "sqlite": sqlite_source,
    "custom": custom_source,
}


def postgresql_source(url: str, name: str) -> SqlSource:
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("DROP TABLE IF EXISTS contract_rows")
        connection.execute("CREATE TABLE contract_rows (id integer, name text, note text)")
        with connection.cursor() as cursor:
            cursor.executemany("INSERT INTO contract_rows VALUES (%(id)s, %(name)s, %(note)s)", ROWS)
    column = "id" if name == "postgresql" else None
    connector = SqlConnector(url=SecretStr(url), table="public.contract_rows", cursor_column=column)
    return SqlSource(cast("Path", None), "camps", "person", connector, limits=LIMITS)


class Service(http.server.BaseHTTPRequestHandler):
    """Pages of four, by whatever parameter is asked for."""

    def do_GET(self) -> None:
        query = {name: values[0] for name, values in parse_qs(urlsplit(self.path).query).items()}
        rows = [row for row in ROWS if int(row["id"]) >= int(query.get("since", 0))]
        begin = int(query.get("offset", 0)) or 4 * (int(query.get("page", 1)) - 1) or int(query.get("cursor", 0))
        following = begin + 4 if begin + 4 < len(rows) else None
        if self.path.startswith("/all"):
            begin, following, page = 0, None, rows
        else:
            page = rows[begin : begin + 4]
        self.send_response(200)
        if self.path.startswith("/link") and following:
            self.send_header("Link", f'</link?cursor={following}&since={query.get("since", 0)}>; rel="next"')
        self.end_headers()
        self.wfile.write(json.dumps({"rows": page, "next": following and str(following)}).encode())

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@contextmanager
def serving() -> Iterator[str]:
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Service)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


REST = {
    "rest none": {"path": "all", "pagination": "none"},
    "rest page": {"path": "pages", "pagination": "page"},
    "rest offset": {"path": "pages", "pagination": "offset"},
    "rest cursor": {"path": "pages", "pagination": "cursor", "next_cursor": "next"},
    "rest link": {"path": "link", "pagination": "link"},
}


@pytest.fixture(params=[*LOCAL, "postgresql", "postgresql without order", *REST])
def source(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Source]:
    name = request.param
    if name in LOCAL:
        yield LOCAL[name](tmp_path)
    elif name in REST:
        with serving() as url:
            settings = {"url": url, "records": "rows", "since_parameter": "since", "cursor_column": "id", **REST[name]}
            yield RestSource("camps", "person", RestConnector.model_validate(settings), limits=LIMITS)
    else:
        yield postgresql_source(request.getfixturevalue("postgresql_url"), name)


def as_rows(table: pa.Table) -> list[tuple[str, str, str]]:
    return [(str(row["id"]), row["name"], row["note"] or "") for row in table.to_pylist()]


EXPECTED = [(row["id"], row["name"], row["note"]) for row in ROWS]


def without_repeats(rows: list[tuple[str, str, str]]) -> list[tuple[str, str, str]]:
    """What the pipeline keeps: exact duplicates are dropped."""
    return list(dict.fromkeys(rows))


def read_all(source: Source, cursor: Cursor | None = None) -> tuple[list[tuple[str, str, str]], Cursor | None]:
    rows: list[tuple[str, str, str]] = []
    for batch in source.read(cursor):
        assert not batch.unreadable
        rows.extend(as_rows(batch.records))
        cursor = batch.cursor
    return rows, cursor


def test_everything_comes_once_and_in_order(source: Source) -> None:
    rows, _ = read_all(source)
    assert rows == EXPECTED


def test_batches_keep_to_their_limit(source: Source) -> None:
    sizes = [batch.records.num_rows for batch in source.read(None)]
    assert sum(sizes) == len(ROWS)
    assert isinstance(source, RestSource) or max(sizes) <= LIMITS.records


def test_reading_again_from_the_last_cursor_adds_nothing(source: Source) -> None:
    rows, cursor = read_all(source)
    again, _ = read_all(source, json.loads(json.dumps(cursor)))
    assert without_repeats(rows + again) == EXPECTED
    if not isinstance(source, SqlSource | RestSource):
        assert again == []


def test_after_a_kill_between_any_two_batches_reading_goes_on_and_ends_the_same(source: Source) -> None:
    batches = list(source.read(None))
    for kept in range(len(batches)):
        before = [row for batch in batches[: kept + 1] for row in as_rows(batch.records)]
        after, _ = read_all(source, json.loads(json.dumps(batches[kept].cursor)))
        assert without_repeats(before + after) == EXPECTED
        if not isinstance(source, SqlSource | RestSource):
            assert before + after == EXPECTED


def test_a_probe_of_a_good_source_is_silent(source: Source) -> None:
    source.probe()


def test_a_sample_is_the_beginning(source: Source) -> None:
    assert as_rows(source.sample(5)) == EXPECTED[:5]


@pytest.mark.parametrize(
    "broken",
    [
        FileSource(cast("Path", None), "camps", "person", FileConnector()),
        SqlSource(cast("Path", None), "camps", "person", SqlConnector(url=SecretStr("oracle://x"), table="t")),
        RestSource("camps", "person", RestConnector(url="http://127.0.0.1:9", retries=0)),
    ],
    ids=["file", "sql", "rest"],
)
def test_a_probe_of_what_cannot_be_reached_names_source_and_entity(broken: Source) -> None:
    with pytest.raises(SourceError, match='source "camps", entity person: '):
        broken.probe()
