"""What columns are called in the raw table: one name each, whatever order they come in."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import permutations

import pytest

from rddm.pipeline.column_names import safe_names


def held(*names: str) -> dict[str, str]:
    return {name.lower(): name for name in names}


@pytest.mark.parametrize(
    ("delivered", "called"),
    [
        (("id", "ID"), {"id": "id", "ID": "ID_2"}),
        (("id", "ID", "Id"), {"id": "id", "Id": "Id_2", "ID": "ID_3"}),
        (("_KEY", "last"), {"_KEY": "_KEY_2", "last": "last"}),
        ((" id ", "na\0me"), {" id ": "id", "na\0me": "name"}),
    ],
)
def test_a_column_has_one_name_whatever_comes_with_it(delivered: Sequence[str], called: dict[str, str]) -> None:
    for names in permutations(delivered):
        assert dict(zip(names, safe_names(names, {}), strict=True)) == called
        for count in range(1, len(names) + 1):
            again = safe_names(names[:count], held(*called.values()))
            assert again == [called[name] for name in names[:count]]


def test_a_name_whose_case_alone_has_changed_is_the_same_column() -> None:
    assert safe_names(["ID", "phone", "phone_2"], held("id", "Phone", "phone_2")) == ["ID", "phone", "phone_2"]


def test_a_number_is_given_once() -> None:
    assert safe_names(["", "b", " b", "b"], {}) == ["c1", "b", "b_2", "b_3"]
    assert safe_names(["ID"], held("id_2")) == ["ID"]
    assert safe_names(["id", "ID"], held("id", "id_2")) == ["id", "ID_3"]
