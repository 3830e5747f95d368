"""Physical lines of a text file, in blocks, in bounded memory whatever a line's length."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from rddm.contracts.batches import Unreadable
from rddm.sources.files.bytestream import ByteStream, Excess

LINE_LIMIT_BYTES = 16 * 1024 * 1024


@dataclass(frozen=True)
class Block:
    """Whole lines, each with its line end (the file's last one may lack it). ``first_line`` counts from 1."""

    content: bytes
    first_line: int


def read_blocks(
    stream: ByteStream, name: str, newline: bytes = b"\n", limit_bytes: int = LINE_LIMIT_BYTES
) -> Iterator[Block | Unreadable]:
    """
    Yield blocks of whole lines; a line longer than *limit_bytes* comes as one `Unreadable` and is never held whole.

    The beginning of a line that a damaged stream breaks off is left in ``stream.remainder``.
    """
    open_line = _OpenLine(limit_bytes)
    line = 1
    for piece in stream:
        end = piece.find(newline) + len(newline)
        if end < len(newline):
            open_line.add(piece)
            continue
        begin = 0
        if open_line.excess is not None:
            open_line.add(piece[: end - len(newline)])
            yield _too_long(open_line.excess, name, line, limit_bytes)
            open_line, begin, line = _OpenLine(limit_bytes), end, line + 1
        last = piece.rfind(newline) + len(newline)
        if begin < last:
            content = open_line.content() + piece[begin:last]
            yield Block(content, line)
            line += content.count(newline)
        open_line = _OpenLine(limit_bytes)
        open_line.add(piece[last:])
    if open_line.excess is not None:
        yield _too_long(open_line.excess, name, line, limit_bytes)
    elif stream.damage is not None:
        stream.remainder = open_line.content()
    elif open_line.content():
        yield Block(open_line.content(), line)


class _OpenLine:
    """The beginning of a line whose end has not been seen; once it is too long only an `Excess` of it is held."""

    def __init__(self, limit_bytes: int) -> None:
        self._parts: list[bytes] = []
        self._limit_bytes, self._size_bytes = limit_bytes, 0
        self.excess: Excess | None = None

    def add(self, piece: bytes) -> None:
        if self.excess is not None:
            self.excess.add(piece)
            return
        self._parts.append(piece)
        self._size_bytes += len(piece)
        if self._size_bytes > self._limit_bytes:
            self.excess = Excess()
            for part in self._parts:
                self.excess.add(part)
            self._parts = []

    def content(self) -> bytes:
        return b"".join(self._parts)


def _too_long(excess: Excess, name: str, line: int, limit_bytes: int) -> Unreadable:
    reason = f"the line is longer than {limit_bytes} bytes ({excess}); only its beginning is kept"
    return Unreadable(f"{name}, line {line}", reason, excess.beginning)
