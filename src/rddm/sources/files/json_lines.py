"""JSON lines: one record a line, each read for itself."""

from __future__ import annotations

from collections.abc import Iterator

from rddm.contracts.batches import Unreadable
from rddm.sources.columns import records_table
from rddm.sources.files.bytestream import ByteStream
from rddm.sources.files.chunks import Chunk, unreadable_piece
from rddm.sources.files.lines import Block, read_blocks
from rddm.sources.files.selection import Selection
from rddm.sources.json_text import BrokenJson, FlatRecord, NoObject, decode, flatten, select_records

NO_OBJECT = "a JSON value that is no object"


def parse_json_lines(stream: ByteStream, name: str, encoding: str, selection: Selection) -> Iterator[Chunk]:
    """Yield the records of all lines; blank lines are none."""
    for block in read_blocks(stream, name):
        if isinstance(block, Unreadable):
            yield Chunk(unreadable=(block,))
        else:
            yield _parse_block(block, name, encoding, selection)


def _parse_block(block: Block, name: str, encoding: str, selection: Selection) -> Chunk:
    records: list[FlatRecord] = []
    bad: list[Unreadable] = []
    plain = not selection.steps
    for number, line in enumerate(block.content.split(b"\n"), start=block.first_line):
        if not line.strip():
            continue
        try:
            value = decode(line.decode(encoding))
            if plain and isinstance(value, dict):
                records.append(flatten(value))
                continue
            for record in select_records(value, selection.steps, selection.carry):
                if isinstance(record, NoObject):
                    bad.append(unreadable_piece(f"{name}, line {number}", NO_OBJECT, record.text.encode()))
                else:
                    records.append(record)
        except UnicodeDecodeError:
            bad.append(unreadable_piece(f"{name}, line {number}", f"not valid {encoding}", line))
        except BrokenJson as broken:
            reason = f"{broken} at character {broken.position + 1}"
            bad.append(unreadable_piece(f"{name}, line {number}", reason, line))
    return Chunk(records_table(records) if records else None, tuple(bad))
