from __future__ import annotations

import tracemalloc
from collections.abc import Callable, Iterator
from typing import Any

from rddm.contracts.batches import Unreadable
from rddm.sources.files.bytestream import ByteStream
from rddm.sources.files.selection import Selection
from rddm.sources.files.xml import parse_xml

Deliver = Callable[..., tuple[list[dict[str, Any]], list[Unreadable]]]

USERS = """<?xml version="1.0" encoding="windows-1251"?>
<e:export xmlns:e="urn:x" date="2024-05-01"><!-- all -->
 <users>
  <user id="1"><name><last>Щербаков</last></name><phone>1</phone><phone kind="home">2</phone><note/>
   <roles><role event="5">player</role><role event="6"/></roles></user>
  <user id="2"><name><last>Ильина</last></name><left xmlns:i="http://www.w3.org/2001/XMLSchema-instance" i:nil="true"/>
   <roles><role event="7">judge</role></roles></user>
 </users>
</e:export>""".encode("cp1251")


def test_attributes_and_inner_elements_become_columns(deliver: Deliver) -> None:
    rows, bad = deliver("a.xml", USERS, records="export/users/user", carry={"exported": "date"})
    assert bad == []
    assert [(row["id"], row["name.last"], row["exported"]) for row in rows] == [
        ("1", "Щербаков", "2024-05-01"),
        ("2", "Ильина", "2024-05-01"),
    ]
    assert rows[0]["phone"] == '["1", {"kind": "home", "text": "2"}]'
    assert (rows[0]["note"], rows[1]["note"], rows[1]["left"]) == ("", None, None)


def test_inner_records_carry_down_what_is_asked_for(deliver: Deliver) -> None:
    rows, _ = deliver(
        "a.xml", USERS, records="users/user[]/roles/role", carry={"user": "id", "last": "name.last", "at": "date"}
    )
    assert [tuple(row.values()) for row in rows] == [
        ("5", "player", "1", "Щербаков", "2024-05-01"),
        ("6", None, "1", "Щербаков", "2024-05-01"),
        ("7", "judge", "2", "Ильина", "2024-05-01"),
    ]


def test_without_a_path_the_children_of_the_root_are_the_records(deliver: Deliver) -> None:
    rows, _ = deliver("a.xml", "<users><user><id>1</id></user><user><id>2</id></user></users>")
    assert rows == [{"id": "1"}, {"id": "2"}]


def test_truncated_xml_gives_what_came_before(deliver: Deliver) -> None:
    rows, bad = deliver("a.xml", "<users><user><id>1</id></user>\n<user><id>2</i")
    assert rows == [{"id": "1"}]
    assert [piece.place for piece in bad] == ["a.xml, line 2, column 12"]


def test_entities_are_refused(deliver: Deliver) -> None:
    bomb = '<!DOCTYPE x [<!ENTITY a "aa"><!ENTITY b "&a;&a;">]><users><user><id>&b;</id></user></users>'
    rows, bad = deliver("a.xml", bomb)
    assert rows == []
    assert "refused" in bad[0].reason


def test_references_to_other_files_are_refused(deliver: Deliver) -> None:
    rows, bad = deliver("a.xml", '<!DOCTYPE x [<!ENTITY a SYSTEM "file:///etc/hostname">]><u><user>&a;</user></u>')
    assert rows == []
    assert len(bad) == 1


def test_a_long_file_is_read_in_bounded_memory() -> None:
    def pieces() -> Iterator[bytes]:
        yield b"<users>"
        for _ in range(100):
            yield b"<user><id>1</id><name>somebody</name></user>" * 100
        yield b"</users>"

    tracemalloc.start()
    rows = sum(chunk.rows for chunk in parse_xml(ByteStream(pieces()), "a.xml", Selection()))
    _, peak_bytes = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert rows == 10_000
    assert peak_bytes < 8 * 1024 * 1024


def test_however_deep_an_element_is_nested_the_others_are_read(deliver: Deliver) -> None:
    depth = 100_000
    deep = "<a>" * depth + "x" + "</a>" * depth
    rows, bad = deliver("a.xml", f"<all><u><id>1</id></u><u>{deep}</u><u><id>3</id></u></all>")
    assert [row["id"] for row in rows] == ["1", "3"]
    assert [(piece.reason, piece.content) for piece in bad] == [
        ("an element in which others are nested too deeply", b"x")
    ]
