"""What users connect to: tables that are filled, keyed, linked, indexed and commented, from the first publication on."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from tests.support.warehouse import PERSON, TinyWarehouse

from rddm.serve import publish

New = Callable[..., TinyWarehouse]
ANNA = {"id": "1", "last": "Белова", "first": "Анна", "born": "2001-05-06", "changed": "2024-01-01"}
CONSTRAINTS = (
    "SELECT contype::text, pg_get_constraintdef(oid) FROM pg_constraint"
    " WHERE conrelid = 'warehouse.{}'::regclass AND contype IN ('p', 'f') ORDER BY 1"
)


def test_tables_have_keys_foreign_keys_and_indexes(new_warehouse: New) -> None:
    warehouse = new_warehouse(a=PERSON)
    warehouse.deliver("a/person", ANNA)
    for _ in range(2):  # a later publication keeps them
        warehouse.run()
        foreign, primary = warehouse.published(CONSTRAINTS.format("person_record"))
        assert primary == ("p", "PRIMARY KEY (record_id)")
        assert "REFERENCES warehouse.person(person_id) DEFERRABLE INITIALLY DEFERRED" in foreign[1]
        assert warehouse.published(
            "SELECT count(*) FROM pg_indexes WHERE schemaname = 'warehouse' AND tablename = 'person_record'"
        ) == [3]
        warehouse.deliver("a/person", {**ANNA, "id": "2", "changed": "2024-02-01"})


def test_every_table_and_column_is_commented(new_warehouse: New) -> None:
    warehouse = new_warehouse(a=PERSON, model="")
    warehouse.deliver("a/person", ANNA)
    warehouse.run()
    assert (
        warehouse.published(
            "SELECT attrelid::regclass::text, attname FROM pg_attribute JOIN pg_class ON pg_class.oid = attrelid"
            " WHERE relnamespace = 'warehouse'::regnamespace AND relkind = 'r' AND attnum > 0 AND NOT attisdropped"
            " AND col_description(attrelid, attnum) IS NULL"
        )
        == []
    )


def test_new_tables_are_loaded_beside_and_leave_nothing_there(new_warehouse: New) -> None:
    warehouse = new_warehouse(a=PERSON)
    with warehouse.warehouse.database.connect() as connection:  # what a killed publication left
        connection.execute("CREATE SCHEMA warehouse_loading")
        connection.execute("CREATE TABLE warehouse_loading.person (person_id text)")
    warehouse.deliver("a/person", ANNA)
    warehouse.run()
    assert warehouse.published("SELECT last_name, sources FROM warehouse.person") == [("Белова", ["a"])]
    assert warehouse.published("SELECT to_regnamespace('warehouse_loading') IS NULL") == [True]


def test_a_publication_that_fails_shows_none_of_its_tables(new_warehouse: New, monkeypatch: pytest.MonkeyPatch) -> None:
    warehouse = new_warehouse(a=PERSON)
    warehouse.deliver("a/person", ANNA)
    monkeypatch.setattr(publish, "_comment", _fail)
    with pytest.raises(RuntimeError, match="half-way"):
        warehouse.run()
    tables = "SELECT count(*) FROM pg_tables WHERE schemaname = 'warehouse' AND tablename <> 'publication'"
    assert warehouse.published(tables) == [0]
    monkeypatch.undo()
    warehouse.run()
    assert warehouse.published("SELECT count(*) FROM warehouse.person_record") == [1]


def _fail(_connection: object, each: publish.PublishedTable) -> None:
    if each.table.name == "person_record":
        raise RuntimeError("half-way")


def test_a_record_that_moves_and_one_that_goes_are_followed(new_warehouse: New) -> None:
    warehouse = new_warehouse(a=PERSON)
    warehouse.deliver("a/person", ANNA, {**ANNA, "id": "2", "born": "1950-01-01", "last": "Чернова"})
    warehouse.run()
    assert warehouse.published("SELECT count(DISTINCT person_id) FROM warehouse.person_record") == [2]
    warehouse.deliver("a/person", {**ANNA, "id": "1", "gone": "yes", "changed": "2024-02-01"})
    warehouse.run()
    assert warehouse.published("SELECT key FROM warehouse.person_record") == ["2"]
