"""The hash of how an entity is conformed changes exactly when conforming would."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.unit.project.writing import write_project

from rddm.project.hashes import conforming_hash
from rddm.project.load import load_project

CAMPS = """\
description: Camps
trust: 5
connector: {type: sql, url: "${CAMPS_URL}"}
entities:
  person:
    read: {table: users}
    key: id
    fields:
      last_name: fam
      birth_date: {column: dob, format: "%d.%m.%Y"}
      organisation: {column: school_id, entity: school}
  school:
    model: organisation
    read: {table: schools}
    key: id
    fields: {name: title}
"""
MODEL = "entities: {person: {fields: {phone: {on_invalid: drop}}}}\n"


def hashed(root: Path, camps: str = CAMPS, model: str = MODEL, url: str = "sqlite:///a", rules: str = "1") -> str:
    settings = load_project(write_project(root, camps=camps, model=model), {"CAMPS_URL": url})
    return conforming_hash(settings, "camps", "person", rules_version=rules)


def test_the_hash_is_the_same_on_every_machine(tmp_path: Path) -> None:
    assert hashed(tmp_path) == "452a3ca6ee5790274180988ad94369fd865df4da0becdad44b8e9926ee6e4922"


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("last_name: fam", "last_name: surname"),
        ("%d.%m.%Y", "%Y-%m-%d"),
        ("key: id\n    fields:\n", "key: [id, no]\n    fields:\n"),
        ("key: id\n    fields:\n", "key: id\n    deleted: gone = '1'\n    fields:\n"),
        ("key: id\n    fields:\n", "key: id\n    source_time: at\n    fields:\n"),
        ("      organisation: {column: school_id, entity: school}\n", ""),
        ("school", "academy"),
    ],
)
def test_another_mapping_is_another_hashed(tmp_path: Path, old: str, new: str) -> None:
    assert old in CAMPS
    assert hashed(tmp_path, CAMPS.replace(old, new)) != hashed(tmp_path)


def test_snapshots_are_another_hashed_where_records_have_times(tmp_path: Path) -> None:
    with_times = CAMPS.replace("key: id\n    fields:\n", "key: id\n    source_time: at\n    fields:\n")
    for camps, differs in ((with_times, True), (CAMPS, False)):
        snapshots = camps.replace("read: {table: users}\n", "read: {table: users}\n    mode: snapshot\n")
        assert (hashed(tmp_path, snapshots) != hashed(tmp_path, camps)) is differs


@pytest.mark.parametrize(
    "person",
    [
        "fields: {phone: {on_invalid: quarantine}}",
        "fields: {phone: {default_region: KZ}}",
        "fields: {last_name: {required: true}}",
        "fields: {nickname: {type: text}}",
        "require_any: [[last_name]]",
    ],
)
def test_another_entity_of_the_model_is_another_hashed(tmp_path: Path, person: str) -> None:
    changed = hashed(tmp_path, model=f"entities: {{person: {{{person}}}}}")
    assert changed != hashed(tmp_path)


def test_other_rules_are_another_hashed(tmp_path: Path) -> None:
    assert hashed(tmp_path, rules="2") != hashed(tmp_path)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("description: Camps", "description: Summer camps"),
        ("trust: 5", "trust: 9"),
        ("table: users", "table: people"),
        ("      last_name: fam\n", "      last_name: {column: fam}\n"),
        (
            "organisation: {column: school_id, entity: school}",
            "organisation: {entity: school, column: school_id, source: camps}",
        ),
    ],
)
def test_what_does_not_change_conforming_keeps_the_hashed(tmp_path: Path, old: str, new: str) -> None:
    assert old in CAMPS
    assert hashed(tmp_path, CAMPS.replace(old, new)) == hashed(tmp_path)


def test_secrets_and_what_later_stages_use_keep_the_hashed(tmp_path: Path) -> None:
    person = "fields: {phone: {survivorship: most_trusted, description: x}}, identity: {match_probability: 0.9}"
    assert hashed(tmp_path, url="postgresql://u:pw@db/x") == hashed(tmp_path)
    assert hashed(tmp_path, model=f"entities: {{person: {{{person}}}}}") == hashed(tmp_path)
