"""Physical lines of a text file, in blocks, in bounded memory whatever a line's length."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from rddm.contracts.batches import Unreadable
from rddm.sources.files.bytestream import ByteStream, Excess

if TYPE_CHECKING:
    from collections.abc import Iterator

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
    rest: list[bytes] = []
    rest_bytes, line = 0, 1
    excess: Excess | None = None
    for piece in stream:
        end = piece.find(newline) + 1
        if not end:
            rest.append(piece)
            rest_bytes += len(piece)
            if rest_bytes > limit_bytes:
                excess = excess or Excess()
                for part in rest:
                    excess.add(part)
                rest, rest_bytes = [], 0
                continue
        else:
            begin = 0
            if excess is not None:
                for part in (*rest, piece[: end - len(newline)]):
                    excess.add(part)
                yield _too_long(excess, name, line, limit_bytes)
                rest, rest_bytes, excess, begin, line = [], 0, None, end, line + 1
            last = piece.rfind(newline) + 1
            content = b"".join((*rest, piece[begin:last]))
            if content:
                yield Block(content, line)
                line += content.count(newline)
            rest, rest_bytes = [piece[last:]], len(piece) - last
    content = b"".join(rest)
    if excess is not None:
        excess.add(content)
        yield _too_long(excess, name, line, limit_bytes)
    elif stream.damage is not None:
        stream.remainder = content
    elif content:
        yield Block(content, line)


def _too_long(excess: Excess, name: str, line: int, limit_bytes: int) -> Unreadable:
    reason = f"the line is longer than {limit_bytes} bytes ({excess}); only its beginning is kept"
    return Unreadable(f"{name}, line {line}", reason, excess.beginning)
