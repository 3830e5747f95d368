"""An identifier is found in a piece whatever stands between its signs, and however the piece is written."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from urllib.parse import quote
from xml.sax.saxutils import escape

import duckdb
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rddm.pipeline.erasing_find import pieces_sql

WAYS: dict[str, Callable[[str], bytes]] = {
    "UTF-8": lambda text: text.encode(),
    "cp1251": lambda text: text.encode("cp1251", "replace"),
    "JSON": lambda text: json.dumps(text).encode(),
    "an address of the web": lambda text: quote(text).encode(),
    "XML": lambda text: escape(text, {"'": "&apos;"}).encode("ascii", "xmlcharrefreplace"),
}
PHONE = "9037654321"
EMAIL = "ann.o'neil+camp@post.alt"
SEPARATOR = st.text(
    st.characters(codec="utf-8", exclude_characters="0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"),
    max_size=3,
)


PIECE = "(SELECT 'a' AS source, 'b' AS entity, 1 AS batch, 'c' AS place, $content::BLOB AS content)"


@pytest.fixture(scope="module")
def connection() -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect() as opened:
        yield opened


def is_found(connection: duckdb.DuckDBPyConnection, identifier: str, content: bytes) -> bool:
    query = pieces_sql(PIECE, "(SELECT $identifier AS value)")
    found = connection.execute(query, {"content": content, "identifier": identifier}).fetchall()
    return found == [("a", "b", 1, "c")]


@pytest.mark.parametrize("way", WAYS)
@given(separators=st.lists(SEPARATOR, min_size=len(PHONE), max_size=len(PHONE)))
def test_anything_but_letters_and_digits_may_stand_between_the_digits_of_a_phone(
    connection: duckdb.DuckDBPyConnection, way: str, separators: list[str]
) -> None:
    written = "".join(separator + digit for separator, digit in zip(separators, PHONE, strict=True))
    assert is_found(connection, PHONE, WAYS[way](written))


@pytest.mark.parametrize("way", WAYS)
@given(before=SEPARATOR, after=SEPARATOR)
def test_an_email_is_found_with_all_its_signs(
    connection: duckdb.DuckDBPyConnection, way: str, before: str, after: str
) -> None:
    assert is_found(connection, EMAIL, WAYS[way](before + EMAIL.upper() + after))
    assert not is_found(connection, EMAIL, WAYS[way](before + EMAIL.replace("+camp", "") + after))
