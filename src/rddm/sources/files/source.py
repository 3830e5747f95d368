"""The connector for files: which are new, what is in them, and where to go on."""

from __future__ import annotations

import codecs
import itertools
import tempfile
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, BinaryIO, cast

import pyarrow as pa

from rddm.contracts.batches import Batch, Cursor, Json, Unreadable
from rddm.contracts.errors import SourceError
from rddm.project.settings import FileConnector
from rddm.sources.columns import stack
from rddm.sources.files.bytestream import PIECE_BYTES, ByteStream, Damage, as_utf8
from rddm.sources.files.chunks import Chunk, missing_rest
from rddm.sources.files.delimited import parse_delimited
from rddm.sources.files.encoding import detect_encoding, sample_of
from rddm.sources.files.formats import (
    detect_dialect,
    format_by_content,
    format_by_name,
    is_html,
    is_json_lines,
    suffix_of,
)
from rddm.sources.files.json_document import parse_json_document
from rddm.sources.files.json_lines import parse_json_lines
from rddm.sources.files.parquet import parse_parquet
from rddm.sources.files.places import Missing, Place, Stamp, StoredFile, Unreachable, open_place
from rddm.sources.files.selection import Selection
from rddm.sources.files.unpacking import UnpackLimits, bounded, unpack_gzip, unpack_member
from rddm.sources.files.xlsx import SheetMissing, parse_xlsx
from rddm.sources.files.xml import parse_xml
from rddm.sources.header import NO_HEADER
from rddm.sources.json_text import parse_path
from rddm.sources.protocol import BatchLimits

SPOOL_BYTES = 64 * 1024 * 1024
_OF_THE_READING = frozenset({"records", "unreadable", "complete", "checksum"})
"""What the cursor says of a file beside its stamp."""


@dataclass(frozen=True)
class Document:
    """One file to parse: a stored one, or a member of a zip archive. Its pieces can be asked for again and again."""

    name: str
    stamp: Stamp
    pieces: Callable[[], Iterator[bytes]]
    open: Callable[[], IO[bytes]]
    checksum: Callable[[], str] = str
    trouble: str = ""


@dataclass
class _Progress:
    """How far a file has been read; what the cursor says of it."""

    stamp: Stamp
    records: int = 0
    unreadable: int = 0
    complete: bool = False
    checksum: str = ""

    def as_json(self) -> dict[str, Json]:
        return {
            **self.stamp,
            **({"checksum": self.checksum} if self.checksum else {}),
            "records": self.records,
            "unreadable": self.unreadable,
            "complete": self.complete,
        }


@dataclass
class _Pending:
    """What has been read and not yet been yielded."""

    tables: list[pa.Table] = field(default_factory=list)
    unreadable: list[Unreadable] = field(default_factory=list)
    records: int = 0
    size_bytes: int = 0

    def add(self, records: pa.Table, unreadable: tuple[Unreadable, ...]) -> None:
        if records.num_rows:
            self.tables.append(records)
        self.unreadable.extend(unreadable)
        self.records += records.num_rows
        self.size_bytes += records.nbytes + sum(len(piece.content) for piece in unreadable)


class FileSource:
    """
    Files of one pattern, read in name order.

    The cursor keeps, per file, what tells whether it changed and how much of it was delivered. A file that is complete
    and unchanged is passed over, also when it has another time, lies there as a new copy, or was away for a while: what it
    said then may have been overtaken. One whose content changed is read from its beginning, and the pipeline drops what it
    has already.
    """

    def __init__(
        self,
        root: Path,
        source: str,
        entity: str,
        connector: FileConnector,
        *,
        limits: BatchLimits | None = None,
        unpack: UnpackLimits | None = None,
    ) -> None:
        self._root, self._source, self._entity, self._connector = root, source, entity, connector
        self._limits = limits or BatchLimits()
        self._unpack = unpack or UnpackLimits()

    def read(self, cursor: Cursor | None) -> Iterator[Batch]:
        known = _progress_of(cursor)
        try:
            place = self._place()
            documents = list(self._documents(place, place.list()))
            for document in documents:
                yield from self._read_document(document, known)
        except Unreachable as trouble:
            raise self._unreachable(trouble) from None

    def probe(self) -> None:
        try:
            place = self._place()
            files = place.list()
            if not files:
                raise self._error(f"no file matches {self._connector.path}.", "Correct the path or deliver a file.")
            next(place.pieces(files[0]), None)
        except Unreachable as trouble:
            raise self._unreachable(trouble) from None

    def sample(self, rows: int) -> pa.Table:
        tables: list[pa.Table] = []
        for batch in FileSource(
            self._root, self._source, self._entity, self._connector, limits=BatchLimits(records=max(rows, 1))
        ).read(None):
            tables.append(batch.records)
            headless = next((piece for piece in batch.unreadable if piece.reason == NO_HEADER), None)
            if headless is not None:
                raise self._error(f"{headless.place}: {NO_HEADER}.")
            if sum(table.num_rows for table in tables) >= rows:
                break
        records = stack([table for table in tables if table.num_rows])
        # Arrow takes a slice of a table without columns to have as many rows as it asks for.
        return records.slice(0, rows) if records.num_columns else records

    def _unreachable(self, trouble: Unreachable) -> SourceError:
        fix = (
            f"Deliver it again, or correct `path` in sources/{self._source}.yaml; what came before stays as it was."
            if isinstance(trouble, Missing)
            else ""
        )
        return self._error(f"{trouble}.", fix)

    def _error(self, message: str, fix: str = "") -> SourceError:
        return SourceError(self._source, self._entity, message, fix)

    def _place(self) -> Place:
        return open_place(self._root, self._connector)

    def _read_document(self, document: Document, state: dict[str, _Progress]) -> Iterator[Batch]:
        """Yield what is new in one file, a batch at a time; *state* goes along with what was yielded."""
        progress = state.get(document.name)
        if progress is None or progress.stamp != document.stamp:
            # Taken before the content is read, so that it never stands for more than what was.
            checksum = document.checksum()
            if progress is not None and checksum and progress.checksum == checksum:
                progress.stamp = document.stamp  # touched, or copied anew
            else:
                progress = _Progress(document.stamp, checksum=checksum)
        if progress.complete:
            return
        state[document.name] = progress
        skip_records, skip_unreadable = progress.records, progress.unreadable
        pending = _Pending()
        complete = True
        for chunk in self._chunks(document):
            if chunk is None:
                complete = False
                continue
            for piece in self._pieces_of(chunk):
                records = piece.records if piece.records is not None else pa.table({})
                passed = min(skip_records, records.num_rows)
                skip_records -= passed
                unreadable = piece.unreadable[skip_unreadable:]
                skip_unreadable -= len(piece.unreadable) - len(unreadable)
                records = records.slice(passed)
                if not records.num_rows and not unreadable:
                    continue
                full = (
                    pending.records + records.num_rows > self._limits.records
                    or pending.size_bytes + records.nbytes > self._limits.size_bytes
                )
                if full and (pending.records or pending.unreadable):
                    yield self._batch(document, pending, progress, state)
                    pending = _Pending()
                pending.add(records, unreadable)
        progress.complete = complete
        if pending.records or pending.unreadable:
            yield self._batch(document, pending, progress, state)

    def _pieces_of(self, chunk: Chunk) -> Iterator[Chunk]:
        """Yield the chunk in parts that each fit into a batch."""
        if chunk.records is None or chunk.rows <= self._limits.records:
            yield chunk
            return
        for begin in range(0, chunk.rows, self._limits.records):
            yield Chunk(chunk.records.slice(begin, self._limits.records))
        yield Chunk(unreadable=chunk.unreadable)

    def _batch(self, document: Document, pending: _Pending, progress: _Progress, state: dict[str, _Progress]) -> Batch:
        progress.records += pending.records
        progress.unreadable += len(pending.unreadable)
        files: dict[str, Json] = {name: progress.as_json() for name, progress in state.items()}
        return Batch(stack(pending.tables), document.name, {"files": files}, tuple(pending.unreadable))

    # --- from stored files to documents ---

    def _documents(self, place: Place, files: list[StoredFile]) -> Iterator[Document]:
        for file in files:
            if file.trouble:
                yield _without_content(file, file.trouble)
            elif suffix_of(file.name) == "zip":
                yield from self._members(place, file)
            else:
                yield self._plain(place, file)

    def _plain(self, place: Place, file: StoredFile) -> Document:
        def pieces() -> Iterator[bytes]:
            return self._without_gzip(place.pieces(file))

        def opened() -> IO[bytes]:
            return _spooled(pieces()) if file.name.lower().endswith(".gz") else place.open(file)

        return Document(file.name, file.stamp, pieces, opened, lambda: place.checksum(file))

    def _members(self, place: Place, file: StoredFile) -> Iterator[Document]:
        try:
            with place.open(file) as opened, zipfile.ZipFile(opened) as archive:
                members = sorted(archive.infolist(), key=lambda member: member.filename)
        except (zipfile.BadZipFile, NotImplementedError, ValueError, OSError):
            yield _without_content(file, "no zip archive that can be opened: damaged or truncated")
            return
        for member in members:
            if not member.is_dir() and not member.filename.startswith("__MACOSX/"):
                yield self._member(place, file, member)

    def _member(self, place: Place, file: StoredFile, member: zipfile.ZipInfo) -> Document:
        def pieces() -> Iterator[bytes]:
            content = unpack_member(lambda: place.open(file), member)
            return self._without_gzip(bounded(content, member.compress_size, self._unpack))

        trouble = "this member of the archive is encrypted" if member.flag_bits & 0x1 else ""
        stamp: Stamp = {"size": member.file_size, "crc": member.CRC}
        return Document(f"{file.name}/{member.filename}", stamp, pieces, lambda: _spooled(pieces()), trouble=trouble)

    def _without_gzip(self, stored: Iterator[bytes]) -> Iterator[bytes]:
        first = next(stored, b"")
        whole = itertools.chain((first,), stored)
        yield from unpack_gzip(whole, self._unpack) if first.startswith(b"\x1f\x8b") else whole

    # --- from a document to chunks ---

    def _chunks(self, document: Document) -> Iterator[Chunk | None]:
        """Yield the document's chunks; None when it breaks off and is not complete."""
        if document.trouble:
            yield Chunk(unreadable=(missing_rest(document.name, document.trouble, b""),))
            return
        stream = ByteStream(document.pieces())
        head = next(iter(stream), b"")
        if not head.strip() and stream.damage is None and len(head) < PIECE_BYTES:
            return
        file_format = self._format(document.name, head)
        if file_format in ("parquet", "xlsx"):
            yield from self._binary_chunks(document, file_format)
            return
        if is_html(head):
            reason = f"an HTML page instead of {file_format.upper()}: the service that wrote it probably had an error"
            yield Chunk(unreadable=(missing_rest(document.name, reason, head),))
            return
        yield from self._text_chunks(document, file_format)

    def _format(self, name: str, head: bytes) -> str:
        if self._connector.format:
            return self._connector.format
        by_name = format_by_name(name)
        if by_name == "json" and is_json_lines(head):
            return "jsonl"
        return by_name or format_by_content(head)

    def _binary_chunks(self, document: Document, file_format: str) -> Iterator[Chunk | None]:
        try:
            opened = document.open()
        except Damage as damage:
            yield Chunk(unreadable=(missing_rest(document.name, str(damage), b""),))
            yield None
            return
        with opened:
            if file_format == "parquet":
                yield from parse_parquet(cast("BinaryIO", opened), document.name)
                return
            try:
                connector = self._connector
                yield from parse_xlsx(
                    cast("BinaryIO", opened), document.name, connector.sheet, connector.header_rows, connector.skip_rows
                )
            except SheetMissing as missing:
                raise self._error(
                    f'{document.name} has no sheet "{connector.sheet}" (found: {", ".join(missing.names)}).',
                    "Correct `sheet`.",
                ) from None

    def _text_chunks(self, document: Document, file_format: str) -> Iterator[Chunk | None]:
        if file_format == "xml":
            stream = ByteStream(document.pieces())
            chunks = parse_xml(stream, document.name, self._selection())
        else:
            sample = sample_of(ByteStream(document.pieces()))
            encoding = self._connector.encoding or detect_encoding(sample)
            pieces = document.pieces()
            if encoding.lower().replace("_", "-").startswith(("utf-16", "utf-32", "utf16", "utf32")):
                sample = b"".join(as_utf8([sample[: len(sample) // 4 * 4]], encoding))
                pieces, encoding = as_utf8(pieces, encoding), "utf-8"
            if encoding.lower() in ("utf8", "utf_8", "utf-8-sig", "ascii"):
                encoding = "utf-8"
            stream = ByteStream(_unmarked(pieces))
            chunks = self._parse(stream, document.name, file_format, encoding, sample)
        yield from chunks
        if stream.damage is not None:
            place = f"{document.name}, after {stream.position} unpacked bytes"
            yield Chunk(unreadable=(missing_rest(place, stream.damage, stream.remainder),))
            yield None

    def _parse(self, stream: ByteStream, name: str, file_format: str, encoding: str, sample: bytes) -> Iterator[Chunk]:
        if file_format == "json":
            return parse_json_document(stream, name, encoding, self._selection())
        if file_format == "jsonl":
            return parse_json_lines(stream, name, encoding, self._selection())
        return parse_delimited(stream, name, detect_dialect(sample, encoding, self._connector, file_format))

    def _selection(self) -> Selection:
        return Selection(parse_path(self._connector.records), self._connector.carry)


def _progress_of(cursor: Cursor | None) -> dict[str, _Progress]:
    files = (cursor or {}).get("files")
    found: dict[str, _Progress] = {}
    for name, entry in files.items() if isinstance(files, dict) else ():
        if isinstance(entry, dict):
            stamp = {key: value for key, value in entry.items() if key not in _OF_THE_READING}
            records, unreadable = entry.get("records"), entry.get("unreadable")
            if isinstance(records, int) and isinstance(unreadable, int):
                checksum = str(entry.get("checksum") or "")
                found[name] = _Progress(stamp, records, unreadable, entry.get("complete") is True, checksum)
    return found


def _without_content(file: StoredFile, trouble: str) -> Document:
    return Document(file.name, file.stamp, lambda: iter(()), lambda: _spooled(iter(())), trouble=trouble)


def _unmarked(pieces: Iterator[bytes]) -> Iterator[bytes]:
    """Yield the pieces without a byte order mark before them."""
    first = next(pieces, b"")
    yield first.removeprefix(codecs.BOM_UTF8)
    yield from pieces


def _spooled(pieces: Iterator[bytes]) -> IO[bytes]:
    """Return the content as a file that can be read at any position, on disk when it is large."""
    spool = tempfile.SpooledTemporaryFile(max_size=SPOOL_BYTES)  # noqa: SIM115 - the caller closes it
    for piece in pieces:
        spool.write(piece)
    spool.seek(0)
    return cast("IO[bytes]", spool)
