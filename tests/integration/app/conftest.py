from __future__ import annotations

import json
import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from tests.support.warehouse import MadeOnce, copy_project
from typer.testing import CliRunner

from rddm.app.cli import application
from rddm.app.wire import open_reading

CAMPERS = """id;fam;name;otch;dob;tel;mail;upd
1;Щербакова;Анна;Игоревна;14.05.2009;8 (916) 123-45-67;anna@pismo.alt;2026-01-10 10:00:00
1;Щербакова;Аня;Игоревна;14.05.2009;8 (916) 123-45-67;anna@pismo.alt;2026-01-01 10:00:00
2;Петров;Пётр;Ильич;01.02.2008;8 (916) 765-43-21;;2026-01-10 10:00:00
3;Сидоров;Иван;;31.12.2104;;;2026-01-10 10:00:00
4;Кузнецова;Мaрия;;03.03.2010;;maria@pismo.alt;2026-01-10 10:00:00
5;Зайцев;Олег;;05.05.2011;;;2026-01-10 10:00:00;one;too;many
2;Петров;Пётр;Ильич;01.02.2008;8 (916) 765-43-21;;2026-01-10 10:00:00
"""
STUDENTS = """id,surname,given,born,phone,email
s1,Shcherbakova,Anna,2009-05-14,+79161234567,anna@pismo.alt
s2,Лисицына,Вера,2007-07-07,+79169990011,vera@pismo.alt
"""
SHIFTS = "id;title;first_day\ne1;Смена «Север»;2026-06-01\n"
BOOKINGS = "id;camper;shift;role\nb1;1;e1;участник\nb2;99;e1;участник\n"

CAMPS = """
connector: {type: file}
entities:
  camper:
    model: person
    read: {path: data/campers.csv}
    key: id
    source_time: upd
    fields: {last_name: fam, first_name: name, middle_name: otch, birth_date: dob, phone: tel, email: mail}
  shift:
    model: event
    read: {path: data/shifts.csv}
    key: id
    fields: {name: title, starts_on: first_day}
  booking:
    model: participation
    read: {path: data/bookings.csv}
    key: id
    fields:
      person: {column: camper, entity: camper}
      event: {column: shift, entity: shift}
      role: role
"""
MODEL = """
entities:
  person:
    fields:
      birth_date: {on_invalid: quarantine}
"""
SMALL_MODEL = """
entities:
  organisation: null
  location: null
  event: {fields: {organisation: null}}
  person:
    fields:
      organisation: null
      birth_date: {on_invalid: quarantine}
"""
"""The same without what no source has: for projects that run often, as every entity takes its time."""
ACADEMY = """
connector: {type: file}
entities:
  student:
    model: person
    read: {path: data/students.csv}
    key: id
    fields: {last_name: surname, first_name: given, birth_date: born, phone: phone, email: email}
"""


@dataclass(frozen=True)
class Outcome:
    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)


@dataclass(frozen=True)
class Project:
    """A project on disk and the command line on it."""

    folder: Path

    def rddm(self, *arguments: str) -> Outcome:
        return rddm(*arguments, "--project", str(self.folder))

    def people(self, *records: str) -> list[str]:
        """Return the id of the person of each of *records*, given as ``source/entity/key``."""
        query = "SELECT concat_ws('/', source, entity, key), person_id::text FROM warehouse.person_record"
        with open_reading(self.folder, os.environ) as reading, reading.database.connect() as connection:
            person_of = dict(connection.execute(query).fetchall())
        return [person_of[each] for each in records]


def rddm(*arguments: str) -> Outcome:
    result = CliRunner().invoke(application, list(arguments), prog_name="rddm", env={"COLUMNS": "140"})
    return Outcome(result.exit_code, result.stdout, result.stderr)


def write_project(folder: Path, model: str = MODEL, **data: str) -> Project:
    """Write a project; *data* is what its files in ``data`` hold, by their names without the ending."""
    delivered = {"campers": CAMPERS, "students": STUDENTS, "shifts": SHIFTS, "bookings": BOOKINGS} | data
    for place, text in {
        # As the tests share the processors, more threads for one command would only wait for each other.
        "rddm.yaml": "name: tiny\nengine: {threads: 1}\n",
        "model.yaml": model,
        "sources/camps.yaml": CAMPS,
        "sources/academy.yaml": ACADEMY,
        **{f"data/{name}.csv": text for name, text in delivered.items()},
    }.items():
        (folder / place).parent.mkdir(parents=True, exist_ok=True)
        (folder / place).write_text(text, encoding="utf-8")
    return Project(folder)


Ran = Callable[..., Project]


@pytest.fixture(scope="session", autouse=True)
def _no_database_of_the_developer() -> None:
    os.environ.pop("RDDM_DATABASE_URL", None)


@pytest.fixture(scope="session")
def short_folder() -> Iterator[Path]:
    """A folder whose path is short: the embedded server's socket lies in it, and its path may have 100 characters."""
    folder = Path(tempfile.mkdtemp(prefix="rddm-cli-"))
    yield folder
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="session")
def first_run(short_folder: Path) -> tuple[Project, Outcome]:
    """A project with its embedded server, run once, and what the run printed as JSON."""
    project = write_project(short_folder / "read")
    return project, project.rddm("run", "--json")


@pytest.fixture(scope="session")
def project(first_run: tuple[Project, Outcome]) -> Project:
    """That project; tests only read it."""
    return first_run[0]


@pytest.fixture
def new_project(short_folder: Path, new_database: Callable[[], str], monkeypatch: pytest.MonkeyPatch) -> Project:
    """A project that has not been run yet, on a database of its own; tests may change it."""
    monkeypatch.setenv("RDDM_DATABASE_URL", new_database())
    return write_project(Path(tempfile.mkdtemp(dir=short_folder)), SMALL_MODEL)


@pytest.fixture
def ran(
    made_once: MadeOnce, short_folder: Path, new_database: Callable[..., str], monkeypatch: pytest.MonkeyPatch
) -> Ran:
    """
    Gives a project that has been run once with what it is told that the files in ``data`` hold (`write_project`), on a database
    of its own; tests may change it.
    """

    def give(**data: str) -> Project:
        def make(folder: Path, database_url: str) -> Project:
            monkeypatch.setenv("RDDM_DATABASE_URL", database_url)
            project = write_project(folder, SMALL_MODEL, **data)
            outcome = project.rddm("run", "--json")
            assert outcome.code == 0, outcome.err
            return project

        ready, database = made_once.get(tuple(sorted(data.items())), make)
        url = new_database(copy_of=database)
        monkeypatch.setenv("RDDM_DATABASE_URL", url)
        folder = Path(tempfile.mkdtemp(dir=short_folder)) / "w"
        copy_project(ready.folder, folder, url)
        return Project(folder)

    return give


@pytest.fixture
def run_project(ran: Ran) -> Project:
    """A project that has been run once, on a database of its own; tests may change it."""
    return ran()
