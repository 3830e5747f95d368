"""
Delimited text (CSV, TSV): records parsed by physical lines, so that one bad line never takes others with it.

Most blocks of lines are in perfect order; those go through Arrow's parser, and its count of rows is checked against the
count of lines. Any other block is read line by line, and only the lines that cannot be a record are `Unreadable`.
"""

from __future__ import annotations

import csv
import itertools
import re
from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import pyarrow as pa
import pyarrow.compute as pc
from pyarrow import csv as arrow_csv

from rddm.contracts.batches import Unreadable
from rddm.sources.columns import BYTE_ORDER_MARK, text_table, unique_names
from rddm.sources.files.bytestream import ByteStream
from rddm.sources.files.chunks import Chunk, missing_rest, unreadable_piece
from rddm.sources.files.lines import Block, read_blocks
from rddm.sources.header import NO_HEADER, is_surely_data

HEADER_AGAIN = "the header once more: were files put together?"
LOOK_AHEAD_LINES = 200
"""A quoted value may go over this many lines; a quote that is not closed by then is a stray one."""
FIELD_LIMIT_BYTES = 64 * 1024 * 1024
csv.field_size_limit(FIELD_LIMIT_BYTES)


@dataclass(frozen=True)
class Dialect:
    """How the text is written. ``encoding`` is an 8-bit one or UTF-8; wider ones are recoded before."""

    delimiter: str = ","
    quote: str = '"'
    encoding: str = "utf-8"
    newline: bytes = b"\n"
    header_rows: int = 1
    skip_rows: int = 0
    is_header_sure: bool = True
    """Somebody said that there is one, so that it may look like data."""


@dataclass(frozen=True)
class Line:
    number: int
    content: bytes


def parse_delimited(stream: ByteStream, name: str, dialect: Dialect) -> Iterator[Chunk]:
    """
    Yield the file's records as text columns, named by its header; an empty value is an empty text.

    A line that is the header once more, as in files that were put together, is no record and comes as `Unreadable`. A file
    that seems to have no header comes as one, as a whole: its first record would name the columns.
    """
    blocks = read_blocks(stream, name, dialect.newline)
    return _Parser(name, dialect).parse(blocks)


class _Parser:
    def __init__(self, name: str, dialect: Dialect) -> None:
        self._name, self._dialect = name, dialect
        self._names: list[str] = []
        self._header: list[list[str]] = []
        self._is_refused = False
        self._to_skip = dialect.skip_rows
        self._open: list[Line] = []  # lines of a quoted value that may close in the next block
        quote, delimiter = re.escape(dialect.quote.encode()), re.escape(dialect.delimiter.encode())
        # A quote with text on both of its sides, or a control character that lines do not have.
        beside = rb"[^" + quote + delimiter + rb"\r\n]"
        self._suspect = re.compile(quote + rb"(?<=" + beside + quote + rb")(?=" + beside + rb")")

    def parse(self, blocks: Iterator[Block | Unreadable]) -> Iterator[Chunk]:
        for block in blocks:
            if isinstance(block, Unreadable):
                yield self._carefully((), at_end=True)
                yield Chunk(unreadable=(block,))
                continue
            chunk = self._quickly(block)
            yield chunk or self._carefully(self._lines(block), at_end=False)
            if self._is_refused:
                return
        yield self._carefully((), at_end=True)

    def _lines(self, block: Block) -> list[Line]:
        pieces = block.content.split(self._dialect.newline)
        if not pieces[-1]:
            pieces.pop()
        return [Line(block.first_line + at, piece) for at, piece in enumerate(pieces)]

    def _quickly(self, block: Block) -> Chunk | None:
        """Return the block's records if every line of it is one beyond doubt."""
        if not self._names or self._open or self._dialect.newline != b"\n" or b"\0" in block.content:
            return None
        try:
            content = block.content.decode(self._dialect.encoding)
        except UnicodeDecodeError:
            return None
        utf8 = block.content if self._dialect.encoding == "utf-8" else content.encode()
        if self._dialect.quote.encode() in utf8 and (self._suspect.search(utf8) or not self._ends_closed(content)):
            return None
        try:
            table = arrow_csv.read_csv(
                pa.py_buffer(utf8),
                arrow_csv.ReadOptions(column_names=self._names, use_threads=False, block_size=len(utf8) + 1),
                arrow_csv.ParseOptions(
                    delimiter=self._dialect.delimiter, quote_char=self._dialect.quote, ignore_empty_lines=False
                ),
                arrow_csv.ConvertOptions(
                    column_types=dict.fromkeys(self._names, pa.string()), strings_can_be_null=False, check_utf8=False
                ),
            )
        except pa.ArrowInvalid:
            return None
        lines = utf8.count(b"\n") + (not utf8.endswith(b"\n"))
        blank = b"\n\n" in utf8 or b"\n\r\n" in utf8 or utf8[:1] in b"\r\n"
        if table.num_rows != lines or blank or self._holds_header(table):
            return None
        return Chunk(table)

    def _holds_header(self, table: pa.Table) -> bool:
        """Whether a row may be the header once more; nearly always the first column alone says that none is."""
        for row in self._header:
            is_it: pa.ChunkedArray | None = None
            for column, title in zip(table.columns, row, strict=False):
                same = pc.equal(column, title)
                if is_it is None:
                    same = pc.or_(same, pc.equal(column, BYTE_ORDER_MARK + title))
                is_it = same if is_it is None else pc.and_(is_it, same)
                if not pc.any(is_it).as_py():
                    break
            else:
                return True
        return False

    def _is_header_again(self, text: str, fields: list[str] | None) -> bool:
        if text.startswith(BYTE_ORDER_MARK):
            fields, _ = self._split(text.removeprefix(BYTE_ORDER_MARK))
        return bool(self._names) and fields in self._header

    def _ends_closed(self, content: str) -> bool:
        """Whether the last line leaves no quote open; Arrow would close it there."""
        begin = content.rfind("\n", 0, len(content) - 1) + 1
        return self._split(content[begin:].rstrip("\r\n"))[0] is not None

    def _carefully(self, lines: Sequence[Line], *, at_end: bool) -> Chunk:
        """Return what *lines* hold, after those left open before; keep back what may go on in lines to come."""
        skipped = min(self._to_skip, len(lines))
        self._to_skip -= skipped
        queue = deque([*self._open, *lines[skipped:]])
        self._open = []
        rows: list[list[str]] = []
        bad: list[Unreadable] = []
        while queue:
            line = queue[0]
            text = self._decode(line.content)
            if text is None:
                bad.append(self._unreadable(line, f"not valid {self._dialect.encoding}"))
                queue.popleft()
            elif "\0" in text:
                bad.append(self._unreadable(line, "holds NUL bytes, so it is no text"))
                queue.popleft()
            elif not text.strip("\r\n"):
                queue.popleft()
            else:
                found = self._record(text, queue, at_end=at_end)
                if found is None:
                    self._open = list(queue)
                    break
                fields, reason, taken = found
                no_record = self._no_record(line, text, fields, reason)
                if no_record is not None:
                    bad.append(no_record)
                elif fields is not None:
                    self._accept(fields, rows)
                if self._is_refused:
                    return Chunk(unreadable=(*bad, missing_rest(self._name, NO_HEADER, line.content)))
                for _ in range(taken):
                    queue.popleft()
        return Chunk(text_table(self._names, rows) if rows else None, tuple(bad))

    def _no_record(self, line: Line, text: str, fields: list[str] | None, reason: str) -> Unreadable | None:
        if self._is_header_again(text, fields):
            return replace(self._unreadable(line, HEADER_AGAIN), is_no_loss=True)
        return self._unreadable(line, reason) if fields is None else None

    def _accept(self, fields: list[str], rows: list[list[str]]) -> None:
        if self._names:
            rows.append(fields)
            return
        if self._dialect.header_rows == 0:
            self._names = [f"c{position}" for position in range(1, len(fields) + 1)]
            rows.append(fields)
            return
        self._header.append([field.removeprefix(BYTE_ORDER_MARK) for field in fields[:1]] + fields[1:])
        if len(self._header) == self._dialect.header_rows:
            self._names = join_header(self._header)
            self._is_refused = not self._dialect.is_header_sure and is_surely_data(self._names)

    def _record(self, text: str, queue: deque[Line], *, at_end: bool) -> tuple[list[str] | None, str, int] | None:
        """Return the fields, why there are none, and how many lines they took; None when more lines must be seen."""
        fields, closed = self._split(text)
        if closed and fields is not None:
            return (fields, "", 1) if self._fits(fields) else (None, self._misfit(fields), 1)
        if not closed:
            over = self._record_over_lines(queue, at_end=at_end)
            if over is None:
                return None
            if over[0] is not None:
                return over
            return None, "a quote is opened and not closed", 1
        relaxed = self._split_relaxed(text)
        if relaxed is not None and self._fits(relaxed):
            return relaxed, "", 1
        return None, "a quote stands in the middle of a quoted value", 1

    def _split(self, text: str) -> tuple[list[str] | None, bool]:
        """Return the fields by the letter of RFC 4180 (None when they break it), and whether all quotes are closed."""
        reader = csv.reader([text], delimiter=self._dialect.delimiter, quotechar=self._dialect.quote, strict=True)
        try:
            return next(reader), True
        except csv.Error as error:
            return None, "unexpected end" not in str(error)
        except StopIteration:
            return None, True

    def _record_over_lines(self, queue: deque[Line], *, at_end: bool) -> tuple[list[str] | None, str, int] | None:
        """Return the record whose quoted value goes over several lines, if it closes in time and then fits."""
        texts: list[str] = []
        for line in itertools.islice(queue, LOOK_AHEAD_LINES):
            text = self._decode(line.content)
            if text is None or "\0" in text:
                at_end = True
                break
            texts.append(text + "\n")
        reader = csv.reader(texts, delimiter=self._dialect.delimiter, quotechar=self._dialect.quote, strict=True)
        try:
            fields = next(reader)
        except csv.Error as error:
            could_go_on = "unexpected end" in str(error) and len(texts) < LOOK_AHEAD_LINES
            return None if could_go_on and not at_end else (None, "", 0)
        if fields and fields[-1].endswith("\r"):
            fields[-1] = fields[-1].removesuffix("\r")
        return (fields, "", reader.line_num) if self._fits(fields) else (None, "", 0)

    def _split_relaxed(self, text: str) -> list[str] | None:
        """
        Return the fields of a line with quotes inside quoted values, if a quote beside a delimiter always closes.

        ``"OOO "Romashka"",5`` is what exports that do not double their quotes look like.
        """
        quote, delimiter = re.escape(self._dialect.quote), re.escape(self._dialect.delimiter)
        closing = rf"{quote}[ \t]*(?={delimiter}|$)"
        field = re.compile(
            rf"[ \t]*{quote}(?P<quoted>(?:[^{quote}]|{quote}(?![ \t]*(?:{delimiter}|$)))*){closing}"
            rf"|(?P<plain>[^{quote}{delimiter}]*)(?={delimiter}|$)"
        )
        text = text.rstrip("\r")
        fields: list[str] = []
        position = 0
        while True:
            match = field.match(text, position)
            if match is None:
                return None
            quoted, plain = match["quoted"], match["plain"]
            fields.append(plain if quoted is None else quoted.replace(self._dialect.quote * 2, self._dialect.quote))
            position = match.end()
            if position >= len(text):
                return fields
            position += 1

    def _fits(self, fields: Sequence[str]) -> bool:
        return not self._names or len(fields) == len(self._names)

    def _misfit(self, fields: Sequence[str]) -> str:
        return f"{len(fields)} values where the header has {len(self._names)}"

    def _decode(self, content: bytes) -> str | None:
        try:
            return content.decode(self._dialect.encoding)
        except UnicodeDecodeError:
            return None

    def _unreadable(self, line: Line, reason: str) -> Unreadable:
        return unreadable_piece(f"{self._name}, line {line.number}", reason, line.content)


def join_header(rows: Sequence[Sequence[str]]) -> list[str]:
    """
    Return one name per column from a header of several rows: its distinct non-blank cells, joined by a dot.

    >>> join_header([["person", "person", "id"], ["first", "last", ""]])
    ['person.first', 'person.last', 'id']
    """
    if len(rows) == 1:
        return unique_names(rows[0])
    width = max(len(row) for row in rows)
    padded = [[*row, *[""] * (width - len(row))] for row in rows]
    cells = [dict.fromkeys(cell.strip() for cell in column if cell.strip()) for column in zip(*padded, strict=True)]
    return unique_names([".".join(column) for column in cells])
