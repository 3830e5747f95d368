"""A file's content as a stream of pieces: read once, and honest about where it broke."""

from __future__ import annotations

import codecs
import hashlib
import io
from collections.abc import Iterable, Iterator

from rddm.contracts.batches import UNREADABLE_TEXT_LIMIT_BYTES

PIECE_BYTES = 512 * 1024


class ByteStream:
    """
    Iterates over the unpacked content.

    When the content breaks off before its end (truncated or damaged packing), the iteration ends there and ``damage``
    says why; whoever was in the middle of a record leaves its beginning in ``remainder``.
    """

    def __init__(self, pieces: Iterable[bytes]) -> None:
        self._pieces = pieces
        self.damage: str | None = None
        self.remainder = b""
        self.position = 0

    def __iter__(self) -> Iterator[bytes]:
        try:
            for piece in self._pieces:
                self.position += len(piece)
                yield piece
        except Damage as damage:
            self.damage = str(damage)


class Damage(Exception):
    """Raised inside a stream's pieces where the content cannot be unpacked any further; the text says why."""


def as_utf8(content: Iterable[bytes], encoding: str) -> Iterator[bytes]:
    """
    Yield *content*, which is in UTF-16 or UTF-32, in UTF-8.

    What cannot be decoded comes out as bytes that are no UTF-8 either, so that only its own line is unreadable.
    """
    decoder = codecs.getincrementaldecoder(encoding)(errors="surrogatepass")
    for piece in content:
        yield decoder.decode(piece).encode("utf-8", errors="surrogatepass")
    try:
        yield decoder.decode(b"", final=True).encode("utf-8", errors="surrogatepass")
    except UnicodeDecodeError:
        yield b"\xff"


class PieceReader(io.RawIOBase):
    """A file object over a stream, for parsers that want to ``read``."""

    def __init__(self, stream: Iterable[bytes]) -> None:
        self._pieces = iter(stream)
        self._rest = b""

    def readable(self) -> bool:
        return True

    def read(self, size: int = -1) -> bytes:
        while not self._rest:
            piece = next(self._pieces, None)
            if piece is None:
                return b""
            self._rest = piece
        if size < 0:
            content, self._rest = self._rest + b"".join(self._pieces), b""
            return content
        content, self._rest = self._rest[:size], self._rest[size:]
        return content


class Excess:
    """Something too long to hold: its beginning, its size and its sha256, gathered piece by piece."""

    def __init__(self) -> None:
        self.beginning = b""
        self.size_bytes = 0
        self._digest = hashlib.sha256()

    def add(self, piece: bytes | memoryview) -> None:
        if len(self.beginning) < UNREADABLE_TEXT_LIMIT_BYTES:
            self.beginning += bytes(piece[: UNREADABLE_TEXT_LIMIT_BYTES - len(self.beginning)])
        self.size_bytes += len(piece)
        self._digest.update(piece)

    def __str__(self) -> str:
        return f"{self.size_bytes} bytes, sha256 {self._digest.hexdigest()}"


def cut(content: bytes, reason: str) -> tuple[bytes, str]:
    """Return *content* and *reason* for an `Unreadable`: cut when too long, with size and sha256 in the reason then."""
    if len(content) <= UNREADABLE_TEXT_LIMIT_BYTES:
        return content, reason
    excess = Excess()
    excess.add(content)
    return excess.beginning, f"{reason} ({excess}; only its beginning is kept)"
