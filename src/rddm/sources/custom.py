"""Sources that a user wrote: their class is loaded from a file of the project and kept to the protocol."""

from __future__ import annotations

import hashlib
import importlib.util
import json
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, redirect_stdout
from dataclasses import replace
from pathlib import Path
from typing import Any

import pyarrow as pa

from rddm.contracts.batches import Batch, Cursor, Unreadable
from rddm.contracts.errors import RddmError, SourceError, is_interrupt
from rddm.project.settings import CustomConnector
from rddm.sources.columns import engine_types
from rddm.sources.protocol import Source

METHODS = ("read", "probe", "sample")


class CustomSource:
    """
    A user's source behind our errors.

    Whatever its code raises becomes a `SourceError` that names the kind of exception and the line of the user's file,
    and not its text, which may hold data.
    """

    def __init__(self, root: Path, source: str, entity: str, connector: CustomConnector) -> None:
        self._file = root / connector.file
        self._source, self._entity, self._connector = source, entity, connector
        self._made: Source | None = None

    def read(self, cursor: Cursor | None) -> Iterator[Batch]:
        inner = self._inner()
        with self._translated("read"):
            batches = iter(inner.read(cursor))
        while True:
            with self._translated("read"):
                batch = next(batches, None)
            if batch is None:
                return
            if fault := batch_fault(batch):
                raise self._error(f"`read` yields {fault}", "See rddm.contracts.batches.Batch for what it must yield.")
            yield replace(batch, records=engine_types(batch.records))

    def probe(self) -> None:
        inner = self._inner()
        with self._translated("probe"):
            inner.probe()

    def sample(self, rows: int) -> pa.Table:
        inner = self._inner()
        with self._translated("sample"):
            table = inner.sample(rows)
        if not isinstance(table, pa.Table):
            raise self._error(f"`sample` returns {type(table).__name__}", "Return a pyarrow.Table.")
        return table

    def _inner(self) -> Source:
        if self._made is None:
            self._made = self._make(self._load())
        return self._made

    def _load(self) -> Callable[..., Any]:
        if not self._file.is_file():
            raise self._error("there is no such file", "Correct `file`.")
        digest = hashlib.sha256(str(self._file.resolve()).encode()).hexdigest()[:16]
        specification = importlib.util.spec_from_file_location(f"rddm_custom_source_{digest}", self._file)
        if specification is None or specification.loader is None:
            raise self._error("the file is no Python source", "Its name must end with .py.")
        module = importlib.util.module_from_spec(specification)
        sys.modules[specification.name] = module  # dataclasses and pickling look their module up here
        with self._translated("import"):
            specification.loader.exec_module(module)
        found = getattr(module, self._connector.name, None)
        if not callable(found):
            raise self._error(f"there is no class {self._connector.name} in it", "Correct `name`.")
        return found  # type: ignore[no-any-return]  # callable was just asked

    def _make(self, maker: Callable[..., Any]) -> Source:
        with self._translated("options"):
            made = maker(**self._connector.options)
        missing = [method for method in METHODS if not callable(getattr(made, method, None))]
        if missing:
            raise self._error(
                f"class {self._connector.name} has no method {', '.join(missing)}",
                "See rddm.sources.protocol.Source for what a source must have.",
            )
        return made  # type: ignore[no-any-return]  # its methods were just checked

    @contextmanager
    def _translated(self, doing: str) -> Iterator[None]:
        try:
            with redirect_stdout(sys.stderr):  # what the user's code prints is none of the command's answer
                yield
        except RddmError:
            raise
        except BaseException as error:  # a user's code raises what it likes, SystemExit too
            if is_interrupt(error):
                raise
            line = self._line_of(error)
            place = f" in line {line}" if line else ""
            raise self._error(
                f"{type(error).__name__}{place} (during {doing})", "Run that part of the file by itself to see it."
            ) from None

    def _line_of(self, error: BaseException) -> int:
        """Return the deepest line of the user's own file that the exception went through; 0 if none."""
        line, trace = 0, error.__traceback__
        while trace is not None:
            if trace.tb_frame.f_code.co_filename == str(self._file):
                line = trace.tb_lineno
            trace = trace.tb_next
        return line

    def _error(self, message: str, fix: str) -> SourceError:
        return SourceError(self._source, self._entity, f"{self._connector.file}: {message}.", fix)


def batch_fault(batch: object) -> str | None:
    """Return what *batch* is, in words, when it is no `Batch` all through; None when it is one. Nothing types it at run time."""
    if not isinstance(batch, Batch):
        return type(batch).__name__
    if not isinstance(batch.records, pa.Table):
        return f"a Batch whose records are {type(batch.records).__name__} and no pyarrow.Table"
    if not _is_text(batch.origin):
        return "a Batch whose origin is no text"
    if not isinstance(batch.cursor, Mapping) or not _is_json(batch.cursor):
        return "a Batch whose cursor is no mapping that can be written as JSON"
    if not isinstance(batch.unreadable, tuple | list) or not all(map(_is_unreadable, batch.unreadable)):
        return "a Batch whose unreadable is no tuple of Unreadable (place and reason are text, content is bytes)"
    return None


def _is_unreadable(piece: object) -> bool:
    return (
        isinstance(piece, Unreadable)
        and _is_text(piece.place)
        and _is_text(piece.reason)
        and isinstance(piece.content, bytes)
    )


def _is_text(value: object) -> bool:
    if not isinstance(value, str):
        return False
    try:
        value.encode()
    except UnicodeEncodeError:
        return False
    return True


def _is_json(cursor: Mapping[str, object]) -> bool:
    try:
        return _is_text(json.dumps(dict(cursor), ensure_ascii=False, sort_keys=True, allow_nan=False))
    except (TypeError, ValueError, RecursionError):
        return False
