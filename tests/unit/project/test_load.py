"""A project's files become typed settings."""

from __future__ import annotations

from pathlib import Path

from tests.unit.project.writing import write_project

from rddm.project.load import load_project
from rddm.project.settings import (
    ExactIdentity,
    FieldMapping,
    FileConnector,
    ProbabilisticIdentity,
    SemanticType,
    SqlConnector,
    Survivorship,
)

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


def test_a_removed_field_also_leaves_the_default_models_lists(tmp_path: Path) -> None:
    model = "entities: {person: {fields: {snils: null}}, location: {fields: {kind: null}}}"
    entities = load_project(write_project(tmp_path, model=model), {}).model.entities
    assert entities["person"].require_any[1] == ("last_name", "birth_date", "phone", "email", "document_number")
    assert entities["location"].identity == ExactIdentity(fields=("name",))


def test_another_method_of_identity_takes_nothing_over_from_the_default_one(tmp_path: Path) -> None:
    model = "entities: {event: {identity: {method: probabilistic}}, organisation: {identity: null}}"
    entities = load_project(write_project(tmp_path, model=model), {}).model.entities
    assert entities["event"].identity == ProbabilisticIdentity()
    assert entities["organisation"].identity is None


def test_values_come_from_the_environment_or_their_default(tmp_path: Path) -> None:
    rddm = 'name: "${NAME}"\ndescription: ${A:-one} ${B:-two} $${C}\nengine: {threads: "${THREADS}"}\n'
    settings = load_project(write_project(tmp_path, rddm=rddm), {"NAME": "youth", "B": "three", "THREADS": "2"})
    assert (settings.name, settings.description, settings.engine.threads) == ("youth", "one three ${C}", 2)


def test_a_secret_is_not_shown_by_the_settings_either(tmp_path: Path) -> None:
    settings = load_project(write_project(tmp_path, events=EVENTS), {"EVENTS_URL": "postgresql://u:hunter2@db/x"})
    connector = settings.sources["events"].entities["event"].connector
    assert isinstance(connector, SqlConnector)
    assert connector.url.get_secret_value() == "postgresql://u:hunter2@db/x"
    assert "hunter2" not in repr(settings)


def test_anchors_and_merge_keys_spare_repetition(tmp_path: Path) -> None:
    source = """\
connector: {type: file, path: a.csv}
entities:
  person:
    key: id
    fields: &names {last_name: fam, first_name: im}
  parent:
    model: person
    key: id
    fields: {<<: *names, first_name: parent}
"""
    entities = load_project(write_project(tmp_path, camps=source), {}).sources["camps"].entities
    assert entities["parent"].fields == {
        "last_name": FieldMapping(column="fam"),
        "first_name": FieldMapping(column="parent"),
    }


def test_sources_come_in_the_order_of_their_names_and_samples_are_left_alone(tmp_path: Path) -> None:
    source = "connector: {type: file, path: a.csv}\nentities: {person: {key: id, fields: {last_name: fam}}}\n"
    write_project(tmp_path, lessons=source, camps=source)
    (tmp_path / "sources" / "draft.yaml.sample").write_text("!")
    assert list(load_project(tmp_path, {}).sources) == ["camps", "lessons"]


def test_what_is_not_said_is_the_default_even_with_its_key_written(tmp_path: Path) -> None:
    rddm = "name: youth\ndatabase:\n  # url: x\nstorage:\n"
    assert load_project(write_project(tmp_path, rddm=rddm), {}).database.url is None
