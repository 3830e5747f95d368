"""What users connect to: tables that are filled, keyed, linked, indexed and commented, from the first publication on."""

from __future__ import annotations

from collections.abc import Callable

from tests.support.warehouse import PERSON, TinyWarehouse

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
    warehouse = new_warehouse(a=PERSON)
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
