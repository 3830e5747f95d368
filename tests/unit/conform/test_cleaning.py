"""What the queries of cleaning do, each on a tiny table."""

from __future__ import annotations

import duckdb
import pytest

from rddm.conform.cleaning import swapped_contacts_sql
from rddm.conform.mapping import MappedEntity
from rddm.project.settings import FieldMapping, FileConnector, ModelEntity, ModelField, SemanticType, SourceEntity

CONTACTS = MappedEntity(
    "camps",
    "camper",
    SourceEntity(
        connector=FileConnector(),
        key=("id",),
        fields={"phone": FieldMapping(column="tel"), "email": FieldMapping(column="mail")},
    ),
    ModelEntity(fields={"phone": ModelField(type=SemanticType.PHONE), "email": ModelField(type=SemanticType.EMAIL)}),
)


def swapped(phone: str | None, email: str | None) -> tuple[str | None, str | None, bool]:
    """Phone and e-mail afterwards, and whether a repair is noted."""
    with duckdb.connect() as connection:
        row = connection.execute(
            f"SELECT phone, email, len(contact_repairs) > 0 FROM ({swapped_contacts_sql(CONTACTS, 'delivered')})".replace(
                "FROM delivered", "FROM (SELECT $1::VARCHAR AS phone, $2::VARCHAR AS email)"
            ),
            [phone, email],
        ).fetchone()
    assert row is not None
    return row[0], row[1], row[2]


@pytest.mark.parametrize(
    ("phone", "email"), [("a@mail.ru", "89161234567"), ("a@mail.ru", None), (None, "8 (916) 123-45-67")]
)
def test_phone_and_email_in_each_others_field_change_places(phone: str | None, email: str | None) -> None:
    assert swapped(phone, email) == (email, phone, True)


@pytest.mark.parametrize(
    ("phone", "email"), [("89161234567", "a@mail.ru"), ("a@mail.ru", "b@mail.ru"), ("1", "89161234567"), (None, None)]
)
def test_contacts_stay_where_moving_would_lose_one(phone: str | None, email: str | None) -> None:
    assert swapped(phone, email) == (phone, email, False)
