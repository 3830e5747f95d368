"""New projects and drafts of sources are files that load."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from tests.unit.project.writing import messages, write_project

from rddm.project.draft import DraftEntity, DraftField, DraftSource, source_yaml
from rddm.project.init import new_project_files
from rddm.project.load import load_project
from rddm.project.settings import FieldMapping, FileConnector


def write_new_project(root: Path, name: str = "youth") -> Path:
    for path, text in new_project_files(name).items():
        (root / path).parent.mkdir(exist_ok=True)
        (root / path).write_text(text, encoding="utf-8")
    return root


def test_a_new_project_loads_as_it_stands(tmp_path: Path) -> None:
    settings = load_project(write_new_project(tmp_path), {})
    assert (settings.name, settings.sources) == ("youth", {})
    assert sorted(new_project_files("youth")) == [
        ".gitignore",
        "model.yaml",
        "rddm.yaml",
        "sources/example.yaml.sample",
    ]


@pytest.mark.parametrize(
    ("given", "name"), [("My Warehouse", "my_warehouse"), ("2026-youth", "youth"), ("Склад", "warehouse")]
)
def test_a_folders_name_becomes_a_projects_name(tmp_path: Path, given: str, name: str) -> None:
    assert load_project(write_new_project(tmp_path, given), {}).name == name


def test_the_sample_of_a_source_loads_once_it_is_renamed(tmp_path: Path) -> None:
    write_new_project(tmp_path)
    (tmp_path / "sources" / "example.yaml.sample").rename(tmp_path / "sources" / "camps.yaml")
    assert list(load_project(tmp_path, {}).sources["camps"].entities) == ["user", "camp", "registration"]


def test_what_is_commented_out_in_a_new_project_loads_too(tmp_path: Path) -> None:
    write_new_project(tmp_path)
    for file in ("rddm.yaml", "model.yaml"):
        text = (tmp_path / file).read_text(encoding="utf-8")
        (tmp_path / file).write_text(re.sub(r"(?m)^# ?(?=( *[a-z_0-9]+:( |$)))", "", text), encoding="utf-8")
    environment = {"S3_ACCESS_KEY": "a", "S3_SECRET_KEY": "b", "WAREHOUSE_DATABASE_URL": "postgresql://c"}
    settings = load_project(tmp_path, environment)
    assert settings.storage.path == "s3://bucket/prefix"
    assert settings.engine.threads == 2
    assert "subscription" in settings.model.entities
    assert "school" not in settings.model.entities["person"].fields


DRAFT = DraftSource(
    description="Camps: users",
    connector={"type": "file", "format": "csv", "delimiter": ";", "header_rows": 1},
    entities=(
        DraftEntity(
            name="users",
            model="person",
            read={"path": "data/users*.csv"},
            key=("№ п/п",),
            source_time="изменён",
            fields=(
                DraftField("ФИО", "last_name", "by its name", part="family"),
                DraftField("ФИО", "first_name", "by its name", part="given"),
                DraftField("дата рождения", "birth_date", "all are dates", format="%d.%m.%Y"),
                DraftField("phone", "phone", "97 % look like phones"),
                DraftField("phone: 2", "phone", "90 % look like phones"),
                DraftField("${note}\n", None),
            ),
        ),
    ),
)


def test_a_draft_is_pleasant_to_read() -> None:
    assert (
        source_yaml(DRAFT)
        == """\
# Drafted from a look at the source: check what is mapped, and map or drop the columns in comments.
description: "Camps: users"
connector: {type: file, format: csv, delimiter: ";", header_rows: 1}
entities:
  users:
    model: person
    read: {path: "data/users*.csv"}
    key: "№ п/п"
    source_time: изменён
    fields:
      last_name: {column: ФИО, part: family}                  # by its name
      first_name: {column: ФИО, part: given}                  # by its name
      birth_date: {column: дата рождения, format: "%d.%m.%Y"}  # all are dates
      phone: phone                                            # 97 % look like phones
      # Columns that are not mapped:
      # phone: "phone: 2"  # 90 % look like phones
      # ?: "$${note}\\n"
"""
    )


def test_a_draft_loads_and_means_what_was_drafted(tmp_path: Path) -> None:
    entity = load_project(write_project(tmp_path, camps=source_yaml(DRAFT)), {}).sources["camps"].entities["users"]
    assert entity.connector == FileConnector(format="csv", delimiter=";", header_rows=1, path="data/users*.csv")
    assert (entity.key, entity.source_time) == (("№ п/п",), "изменён")
    assert entity.fields["phone"] == FieldMapping(column="phone")
    assert entity.fields["birth_date"] == FieldMapping(column="дата рождения", format="%d.%m.%Y")


def test_a_draft_without_a_key_asks_for_one(tmp_path: Path) -> None:
    entity = DraftEntity(name="person", model="person", fields=(DraftField("fam", "last_name"),))
    draft = DraftSource("", {"type": "sql", "url": "postgresql://u:${PW}@db/x", "table": "t"}, (entity,))
    assert messages(write_project(tmp_path, camps=source_yaml(draft)), {"PW": "hunter2"}) == [
        (
            "sources/camps.yaml, line 5: entities.person.key: this key is missing."
            " The delivered column or columns that identify a record within the source."
        )
    ]
