"""
Records in parts that fit in memory, each with every record of its golden ids.

Golden ids are spread evenly over their range, so equal ranges of ids are equal parts of the records. Few records are one part and
stay in memory; many are written to files first, one per part.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from uuid import UUID

import numpy as np
import pyarrow as pa

from rddm.curate.groups import id_halves
from rddm.store.folders import make_private

PART_RECORDS = 1_000_000
_PREFIXES = 1 << 16
"""Parts are told apart by the first two bytes of an id."""


@dataclass(frozen=True)
class Part:
    """Every record whose golden id lies between ``lowest`` and ``highest``, both included."""

    records: pa.Table
    lowest: UUID
    highest: UUID


@contextmanager
def in_parts(records: pa.RecordBatchReader, expected: int, folder: Path) -> Iterator[Iterator[Part]]:
    """
    Yield *records* (golden_id: Arrow's UUID, and more) in parts, by ascending golden id.

    *expected* records at most are to come. *folder* is made for the files of the parts, and removed at the end.
    """
    held: list[pa.RecordBatch] = []
    rows = 0
    for batch in records:
        held.append(batch)
        rows += batch.num_rows
        if rows > PART_RECORDS:
            break
    else:
        yield iter([Part(pa.Table.from_batches(held, records.schema), *_range(0, 1))])
        return
    parts = min(-(-expected // PART_RECORDS), _PREFIXES)
    shutil.rmtree(folder, ignore_errors=True)  # of a run that was killed
    make_private(folder)
    try:
        _write(held, records, folder, parts)
        yield (_read(folder, number, parts) for number in range(parts))
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _write(held: list[pa.RecordBatch], records: pa.RecordBatchReader, folder: Path, parts: int) -> None:
    options = pa.ipc.IpcWriteOptions(compression="lz4")
    with ExitStack() as stack:
        writers = [
            stack.enter_context(pa.ipc.new_stream(_file(folder, number), records.schema, options=options))
            for number in range(parts)
        ]
        while held:
            _write_batch(held.pop(), writers)
        for batch in records:
            _write_batch(batch, writers)


def _write_batch(batch: pa.RecordBatch, writers: list[pa.ipc.RecordBatchStreamWriter]) -> None:
    prefixes = id_halves(batch.column("golden_id").storage)[0] >> np.uint64(48)
    parts = (prefixes.astype(np.int64) * len(writers) // _PREFIXES).astype(np.uint16)
    ordered = batch.take(pa.array(np.argsort(parts, kind="stable")))
    start = 0
    for writer, rows in zip(writers, np.bincount(parts, minlength=len(writers)).tolist(), strict=True):
        if rows:
            writer.write_batch(ordered.slice(start, rows))
        start += rows


def _read(folder: Path, number: int, parts: int) -> Part:
    file = _file(folder, number)
    with pa.ipc.open_stream(file) as reader:
        records = reader.read_all()
    file.unlink()
    return Part(records, *_range(number, parts))


def _file(folder: Path, number: int) -> Path:
    return folder / f"{number}.arrow"


def _range(number: int, parts: int) -> tuple[UUID, UUID]:
    """Return the lowest and the highest id of a part."""
    first, beyond = (-(-each * _PREFIXES // parts) << 112 for each in (number, number + 1))
    return UUID(int=first), UUID(int=beyond - 1)
