"""Packed files (gzip, zip) unpacked while they are read, within bounds, with all that comes before any damage."""

from __future__ import annotations

import io
import zipfile
import zlib
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import IO

from rddm.sources.files.bytestream import PIECE_BYTES, Damage


@dataclass(frozen=True)
class UnpackLimits:
    """
    What a packed file may become. Text packs 3 to 30 times; DEFLATE's own limit is 1032 times.

    ``ratio`` counts only beyond ``free_bytes``, so that a small file of blanks is no bomb.
    """

    ratio: int = 250
    free_bytes: int = 256 * 1024 * 1024
    size_bytes: int = 200 * 1024 * 1024 * 1024


def unpack_gzip(packed: Iterable[bytes], limits: UnpackLimits) -> Iterator[bytes]:
    """
    Yield the content of gzip members (RFC 1952) one after the other; raise `Damage` where it breaks off.

    Zeros after the last member are padding, as gzip itself has it.
    """
    member = zlib.decompressobj(wbits=31)
    begun, taken, given = False, 0, 0
    for piece in packed:
        taken += len(piece)
        rest = piece
        while rest:
            if not begun:
                rest = rest.lstrip(b"\0") if given else rest
                member, begun = zlib.decompressobj(wbits=31), bool(rest)
            for content in _inflate(member, rest):
                given += len(content)
                _check_ratio(taken, given, limits)
                yield content
            rest, begun = member.unused_data, begun and not member.eof
    if begun:
        raise Damage("the gzip packing breaks off: the file is truncated")


def _inflate(member: zlib._Decompress, packed: bytes) -> Iterator[bytes]:
    """Yield all that *packed* gives, in pieces; where it is damaged, still everything before the damage."""
    rest = packed
    while True:
        before = member.copy()
        try:
            content = member.decompress(rest, PIECE_BYTES)
        except zlib.error as error:
            yield _salvage(before, rest)
            raise Damage("the packing is damaged") from error
        if content:
            yield content
        rest = member.unconsumed_tail
        if member.eof or (not rest and len(content) < PIECE_BYTES):
            return


def _salvage(member: zlib._Decompress, packed: bytes) -> bytes:
    """Return what *packed* gives before it becomes undecodable; byte by byte, since zlib drops the rest of a call."""
    content = bytearray()
    for position in range(len(packed)):
        try:
            content += member.decompress(packed[position : position + 1])
        except zlib.error:
            break
    return bytes(content)


def unpack_member(open_archive: Callable[[], IO[bytes]], member: zipfile.ZipInfo) -> Iterator[bytes]:
    """
    Yield the content of a zip archive's member; raise `Damage` where it breaks off, after all that came before.

    `zipfile` would withhold what it has read when the checksum at the end is wrong.
    """
    if member.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        yield from _unpack_rare_member(open_archive, member)
        return
    checksum = 0
    with open_archive() as archive:
        packed = _packed(archive, member)
        stored = member.compress_type == zipfile.ZIP_STORED
        for content in packed if stored else _inflate_raw(packed):
            checksum = zlib.crc32(content, checksum)
            yield content
    if checksum != member.CRC:
        raise Damage("this member of the archive is damaged: its checksum is wrong")


def _packed(archive: IO[bytes], member: zipfile.ZipInfo) -> Iterator[bytes]:
    """Yield a member's bytes as they lie in the archive, after its local header (APPNOTE.TXT §4.3.7)."""
    archive.seek(member.header_offset)
    header = archive.read(30)
    if len(header) < 30 or not header.startswith(b"PK\x03\x04"):
        raise Damage("this member of the archive is damaged: it does not begin where it should")
    archive.seek(int.from_bytes(header[26:28], "little") + int.from_bytes(header[28:30], "little"), io.SEEK_CUR)
    left = member.compress_size
    while left and (piece := archive.read(min(PIECE_BYTES, left))):
        left -= len(piece)
        yield piece


def _inflate_raw(packed: Iterable[bytes]) -> Iterator[bytes]:
    inflater = zlib.decompressobj(wbits=-15)
    for piece in packed:
        yield from _inflate(inflater, piece)


def _unpack_rare_member(open_archive: Callable[[], IO[bytes]], member: zipfile.ZipInfo) -> Iterator[bytes]:
    try:
        with open_archive() as opened, zipfile.ZipFile(opened) as archive, archive.open(member) as content:
            while piece := content.read(PIECE_BYTES):
                yield piece
    except (zipfile.BadZipFile, EOFError, NotImplementedError, OSError, ValueError) as error:
        raise Damage(f"this member of the archive is damaged ({type(error).__name__})") from error


def bounded(content: Iterable[bytes], packed_bytes: int, limits: UnpackLimits) -> Iterator[bytes]:
    """Yield *content*, unpacked from *packed_bytes*, and raise `Damage` once it is larger than can be true."""
    given = 0
    for piece in content:
        given += len(piece)
        _check_ratio(packed_bytes, given, limits)
        yield piece


def _check_ratio(packed_bytes: int, unpacked_bytes: int, limits: UnpackLimits) -> None:
    if unpacked_bytes > limits.size_bytes or (
        unpacked_bytes > limits.free_bytes and unpacked_bytes > packed_bytes * limits.ratio
    ):
        raise Damage(
            f"unpacking stopped after {unpacked_bytes} bytes from {packed_bytes}: no real data packs this well "
            "(a zip bomb?)"
        )
