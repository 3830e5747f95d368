"""A project's files become typed settings."""

from __future__ import annotations

from pathlib import Path

from rddm.project.load import load_project
from rddm.project.settings import FieldMapping, FileConnector, SemanticType, Survivorship

CAMPS = """\
description: Summer camps
trust: 7
connector: {type: file, format: csv, encoding: cp1251}
entities:
  person:
    read: {path: data/camps/users_*.csv}
    key: id
    source_time: updated_at
    fields:
      last_name: fam
      first_name: name
      birth_date: {column: dob, format: "%d.%m.%Y"}
      region: {value: "Москва"}
      phone: {sql: "coalesce(tel, tel2)"}
  registration:
    model: participation
    read: {path: data/camps/reg.csv, encoding: utf-8}
    key: [user_id, event_id]
    fields:
      person: user_id
      event: {column: event_guid, source: events, entity: event}
"""
EVENTS = """\
connector: {type: sql, url: "${EVENTS_URL}"}
entities:
  event:
    read: {table: events}
    key: guid
    fields:
      name: title
"""


def write_project(root: Path, **files: str) -> Path:
    """Write rddm.yaml, model.yaml and sources (any other name) under *root*."""
    (root / "sources").mkdir(exist_ok=True)
    for name, text in {"rddm": "name: youth\n", **files}.items():
        folder = root if name in {"rddm", "model"} else root / "sources"
        (folder / f"{name}.yaml").write_text(text, encoding="utf-8")
    return root


def test_a_project_with_nothing_but_a_name_has_the_default_model_and_no_sources(tmp_path: Path) -> None:
    settings = load_project(write_project(tmp_path), {})
    assert settings.name == "youth"
    assert settings.root == tmp_path
    assert settings.sources == {}
    assert list(settings.model.entities) == ["organisation", "location", "event", "person", "participation"]


def test_a_source_as_a_user_writes_it_becomes_settings(tmp_path: Path) -> None:
    settings = load_project(
        write_project(tmp_path, camps=CAMPS, events=EVENTS), {"EVENTS_URL": "postgresql://u:pw@db/events"}
    )
    camps = settings.sources["camps"]
    assert (camps.name, camps.description, camps.trust) == ("camps", "Summer camps", 7)
    person, registration = camps.entities["person"], camps.entities["registration"]
    assert person.connector == FileConnector(format="csv", encoding="cp1251", path="data/camps/users_*.csv")
    assert person.key == ("id",)
    assert person.fields["last_name"] == FieldMapping(column="fam")
    assert person.fields["birth_date"] == FieldMapping(column="dob", format="%d.%m.%Y")
    assert person.fields["region"] == FieldMapping(value="Москва")
    assert person.fields["phone"] == FieldMapping(sql="coalesce(tel, tel2)")
    assert registration.model == "participation"
    assert registration.connector == FileConnector(format="csv", encoding="utf-8", path="data/camps/reg.csv")
    assert registration.key == ("user_id", "event_id")
    assert registration.fields["event"] == FieldMapping(column="event_guid", source="events", entity="event")


def test_a_changed_model_is_laid_over_the_default_one_and_null_takes_out(tmp_path: Path) -> None:
    model = """\
entities:
  location: null
  person:
    fields:
      school: null
      nickname: {type: text}
      phone: {survivorship: most_trusted}
"""
    settings = load_project(write_project(tmp_path, model=model), {})
    assert "location" not in settings.model.entities
    fields = settings.model.entities["person"].fields
    assert "school" not in fields
    assert fields["nickname"].type is SemanticType.TEXT
    assert (fields["phone"].type, fields["phone"].survivorship) == (SemanticType.PHONE, Survivorship.MOST_TRUSTED)
