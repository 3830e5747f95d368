from __future__ import annotations

import pytest

from rddm.resolve.address import address_key


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("ул. Ленина, д. 5, кв. 12", "Ленина улица 5-12"),
        ("ул. Ленина, д. 5, кв. 12", "12-5 Lenina st."),
        ("Flat 3, 12 High Street", "3/12 high st"),
        ("пр-кт Мира, 7а", "проспект Мира 7 А"),
    ],
)
def test_an_address_is_one_however_it_is_written(one: str, other: str) -> None:
    assert address_key(one) == address_key(other)


def test_two_houses_of_a_street_are_two_addresses() -> None:
    assert address_key("ул. Ленина, 5") != address_key("ул. Ленина, 6")


def test_an_address_of_nothing_but_kinds_keeps_them() -> None:
    assert address_key("Street") == "stret"
    assert address_key("—") is None
