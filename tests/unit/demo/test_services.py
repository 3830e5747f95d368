from __future__ import annotations

import gzip
import json
import sqlite3
from contextlib import closing
from pathlib import Path
from zipfile import ZipFile

import pyarrow.parquet as pq
import pytest

from rddm.demo import World, write_services
from rddm.demo.nine import SERVICES

TEXTS = ("*.csv", "*.gz", "*.xml", "*.xlsx", "*.json")


def test_the_same_seed_writes_the_same_bytes(small_world: World, first_day: Path, tmp_path: Path) -> None:
    again = tmp_path / "services"
    write_services(small_world, again, 1)
    files = [path for shape in TEXTS for path in first_day.rglob(shape)]
    assert len(files) > 12
    for path in files:
        assert path.read_bytes() == (again / path.relative_to(first_day)).read_bytes(), path.name


def test_each_service_but_the_database_has_its_folder(first_day: Path) -> None:
    assert {path.name for path in first_day.iterdir()} == {service.name for service in SERVICES} - {"federation"}


def test_the_truth_lies_outside_the_services(small_world: World, first_day: Path) -> None:
    assert pq.read_table(first_day.parent / "truth.parquet").equals(small_world.truth())
    assert pq.read_table(first_day.parent / "truth_early.parquet").equals(small_world.early())


def test_the_register_is_in_cp1251_but_for_foreign_bytes(first_day: Path) -> None:
    lines = (first_day / "register" / "members_2026-06-01.csv").read_bytes().split(b"\r\n")
    assert b"\x98" not in lines[0]
    assert "действует" in lines[1].decode("cp1251")
    foreign = [line for line in lines if b"\x98" in line]
    assert len(foreign) == 1
    with pytest.raises(UnicodeDecodeError):
        foreign[0].decode("cp1251")


def test_the_register_has_lines_that_cannot_be_read(first_day: Path) -> None:
    lines = (first_day / "register" / "members_2026-06-01.csv").read_bytes().split(b"\r\n")[:-1]
    fields = lines[0].count(b";")
    assert {line.count(b";") - fields for line in lines} == {-(fields - 2), 0, 2}
    assert sum(line.count(b'"') % 2 for line in lines) == 1
    assert sum(line.startswith(b";") for line in lines) == 1


def test_the_camps_files_begin_with_a_byte_order_mark(second_day: Path) -> None:
    files = list((second_day / "camps").iterdir())
    assert len(files) == 7
    assert all(path.read_bytes().startswith(b"\xef\xbb\xbf") for path in files)


def test_the_contests_workbook_merges_header_cells(first_day: Path) -> None:
    with ZipFile(first_day / "contests" / "contests_2026-06-01.xlsx") as workbook:
        sheet = workbook.read("xl/worksheets/sheet1.xml").decode()
    assert '<mergeCell ref="B1:E1"/>' in sheet
    assert 's="1"' in sheet


def test_some_lines_of_the_academy_are_no_json(first_day: Path) -> None:
    lines = gzip.decompress((first_day / "academy" / "students_2026-06-01.jsonl.gz").read_bytes()).splitlines()
    broken = 0
    for line in lines:
        try:
            json.loads(line)
        except ValueError:
            broken += 1
    assert broken == 4


def test_one_of_the_grants_files_breaks_off(first_day: Path) -> None:
    files = sorted((first_day / "grants").iterdir())
    whole = [path.read_text(encoding="utf-8").rstrip().endswith("</delta>") for path in files]
    assert whole == [True, False, True]


def test_the_second_day_changes_the_volunteers_in_place(small_world: World, second_day: Path) -> None:
    with closing(sqlite3.connect(second_day / "volunteers" / "volunteers.sqlite")) as database:
        ids = {str(row[0]) for row in database.execute("SELECT id FROM users")}
        changed = {str(row[0]) for row in database.execute("SELECT id FROM users WHERE updated_at >= '2026-06-02'")}
    assert ids == {row.key for row in small_world.rows["volunteers"]}
    assert changed == {row.key for row in small_world.rows_of("volunteers", 2)}


def test_the_second_day_adds_files_and_leaves_the_old_ones(first_day: Path, second_day: Path) -> None:
    for path in first_day.rglob("*2026-06-01*"):
        assert path.read_bytes() == (second_day / path.relative_to(first_day)).read_bytes()
    assert len(list(second_day.rglob("*2026-06-02*"))) == 12


def test_every_record_is_delivered(small_world: World, second_day: Path) -> None:
    customers = pq.read_table(second_day / "tickets" / "customers_2026-06-01.parquet")["customer"].to_pylist()
    customers += pq.read_table(second_day / "tickets" / "customers_2026-06-02.parquet")["customer"].to_pylist()
    assert sorted(map(str, customers)) == sorted(row.key for row in small_world.rows["tickets"])
