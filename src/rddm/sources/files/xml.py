"""XML: records found by the path of their elements, one held at a time; entities and external references are refused."""

from __future__ import annotations

from collections.abc import Iterator
from typing import IO, cast
from xml.etree.ElementTree import Element, ParseError  # types only; defusedxml does the parsing

from defusedxml.common import DefusedXmlException
from defusedxml.ElementTree import iterparse

from rddm.contracts.batches import Unreadable
from rddm.sources.columns import records_table
from rddm.sources.files.bytestream import ByteStream, PieceReader
from rddm.sources.files.chunks import Chunk, unreadable_piece
from rddm.sources.files.selection import Selection
from rddm.sources.json_text import FlatRecord, NoObject, Step, Value, select_records

RECORDS_IN_CHUNK = 5_000
NIL = "{http://www.w3.org/2001/XMLSchema-instance}nil"


def parse_xml(stream: ByteStream, name: str, selection: Selection) -> Iterator[Chunk]:
    """
    Yield the elements at the selection's path, the root's children without one, as records.

    Attributes and inner elements become columns (inner ones with a dotted name), repeated elements a JSON list. What
    comes before the place where the XML breaks is delivered; the rest is one `Unreadable`.
    """
    records: list[FlatRecord] = []
    bad: list[Unreadable] = []
    try:
        for record in _records(stream, selection):
            if isinstance(record, NoObject):
                place = f"{name}, before byte {stream.position + 1}"
                bad.append(
                    unreadable_piece(place, "an element in which others are nested too deeply", record.text.encode())
                )
            else:
                records.append(record)
            if len(records) + len(bad) >= RECORDS_IN_CHUNK:
                yield Chunk(records_table(records) if records else None, tuple(bad))
                records, bad = [], []
    except (ParseError, DefusedXmlException, LookupError, UnicodeError) as error:
        if records or bad:
            yield Chunk(records_table(records) if records else None, tuple(bad))
        if stream.damage is None and stream.position:
            yield Chunk(unreadable=(_broken(name, error),))
        return
    yield Chunk(records_table(records) if records else None, tuple(bad))


def _broken(name: str, error: Exception) -> Unreadable:
    if isinstance(error, DefusedXmlException):
        return unreadable_piece(name, "the XML defines entities or refers to other files, which is refused", b"")
    if isinstance(error, ParseError):
        line, column = error.position
        place = f"{name}, line {line}, column {column + 1}"
        reason = str(error).partition(":")[0]
        return unreadable_piece(place, f"broken XML ({reason}); what follows is not read", b"")
    return unreadable_piece(name, "the XML declares an encoding that is unknown or wrong", b"")


def _records(stream: ByteStream, selection: Selection) -> Iterator[FlatRecord | NoObject]:
    """Yield the records; for one nested too deeply to be taken apart, its texts as `NoObject`."""
    streamed, inner = _split(selection.steps)
    deepest = 2 if streamed is None else len(streamed) + 1
    path: list[Element] = []
    reader = cast("IO[bytes]", PieceReader(stream))
    for event, element in iterparse(reader, events=("start", "end")):
        if event == "start":
            path.append(element)
            continue
        # Of a way that is longer than any to a record only the beginning matters, however deep it goes.
        names = [_tag(above) for above in path[: deepest + 1]]
        path.pop()
        if len(names) > deepest or not _is_record(names, streamed):
            if not _inside_record(names, streamed):
                _forget_children(element)
            continue
        try:
            above: tuple[Value, ...] = tuple(_object(ancestor) for ancestor in path) if selection.carry else ()
            found = list(select_records(_object(element), inner, selection.carry, above))
        except RecursionError:
            yield NoObject("\n".join(element.itertext()))
        else:
            yield from (record for record in found if not isinstance(record, NoObject))
        if path:
            path[-1].remove(element)


def _split(steps: tuple[Step, ...]) -> tuple[list[str] | None, tuple[Step, ...]]:
    """Return the way to the elements held one at a time, and the way on inside each."""
    if not steps:
        return None, ()
    for position, step in enumerate(steps[:-1]):
        if step.each:
            return [above.name for above in steps[: position + 1]], steps[position + 1 :]
    return [step.name for step in steps], ()


def _is_record(names: list[str], wanted: list[str] | None) -> bool:
    return len(names) == 2 if wanted is None else names == wanted or names[1:] == wanted


def _inside_record(names: list[str], wanted: list[str] | None) -> bool:
    depths = (2,) if wanted is None else (len(wanted), len(wanted) + 1)
    return any(_is_record(names[:depth], wanted) for depth in depths if depth <= len(names))


def _forget_children(element: Element) -> None:
    """Keep what can be carried (attributes, texts of simple children) and drop what is deeper."""
    for child in list(element):
        if len(child):
            element.remove(child)


def _tag(element: Element) -> str:
    """Return the element's name without its namespace."""
    return str(element.tag).rpartition("}")[2]


def _object(element: Element) -> dict[str, Value]:
    """Return attributes and inner elements as a JSON object; the element's own text is ``text`` beside them."""
    members: dict[str, Value] = {_plain(name): value for name, value in element.attrib.items() if name != NIL}
    repeated: dict[str, list[Value]] = {}
    for child in element:
        repeated.setdefault(_tag(child), []).append(_value(child))
    for name, values in repeated.items():
        free = name if name not in members else f"{name}_2"
        members[free] = values[0] if len(values) == 1 else values
    if not members or (element.text and element.text.strip()):
        members["text"] = element.text or ""
    return members


def _value(element: Element) -> Value:
    if element.attrib.get(NIL) in ("true", "1"):
        return None
    if not len(element) and not any(name != NIL for name in element.attrib):
        return element.text or ""
    return _object(element)


def _plain(name: str) -> str:
    return name.rpartition("}")[2]
