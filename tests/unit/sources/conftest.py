from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from rddm.contracts.batches import Cursor, Unreadable
from rddm.project.settings import FileConnector
from rddm.sources import BatchLimits
from rddm.sources.columns import stack
from rddm.sources.files import FileSource
from rddm.sources.files.unpacking import UnpackLimits

Rows = list[dict[str, Any]]


class Delivery:
    """A folder that files are delivered to, and what reading it gives."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.cursor: Cursor | None = None

    def put(self, name: str, content: bytes | str) -> Delivery:
        (self.folder / name).write_bytes(content if isinstance(content, bytes) else content.encode())
        return self

    def source(self, path: str = "*", *, limits: BatchLimits | None = None, **settings: Any) -> FileSource:
        unpack = settings.pop("unpack", UnpackLimits())
        connector = FileConnector.model_validate({"path": path, **settings})
        return FileSource(self.folder, "camps", "person", connector, limits=limits, unpack=unpack)

    def read(self, path: str = "*", **settings: Any) -> tuple[Rows, list[Unreadable]]:
        """Return the rows and what is unreadable, from the cursor on that the last reading ended with."""
        tables: list[pa.Table] = []
        bad: list[Unreadable] = []
        for batch in self.source(path, **settings).read(self.cursor):
            tables.append(batch.records)
            bad.extend(batch.unreadable)
            self.cursor = batch.cursor
        return stack([table for table in tables if table.num_rows]).to_pylist(), bad


@pytest.fixture
def delivery(tmp_path: Path) -> Delivery:
    return Delivery(tmp_path)


@pytest.fixture
def deliver(delivery: Delivery) -> Callable[..., tuple[Rows, list[Unreadable]]]:
    """Put one file and read it."""

    def put_and_read(name: str, content: bytes | str, **settings: Any) -> tuple[Rows, list[Unreadable]]:
        return delivery.put(name, content).read(name, **settings)

    return put_and_read
