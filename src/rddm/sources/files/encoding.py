"""Which encoding a text is in: measured on a bounded sample, with Russia's old 8-bit encodings known best."""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterable

from charset_normalizer import from_bytes

SAMPLE_BYTES = 256 * 1024
SEARCH_BYTES = 64 * 1024 * 1024
CYRILLIC_ENCODINGS = ("cp1251", "cp866", "koi8_r")

_BYTE_ORDER_MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
# Letters of Russian by how often they stand in a text, in per mille.
_FREQUENCY = dict(
    zip(
        "оеаинтсрвлкмдпуяызьбгчйхжшюцщэфъё",
        (
            110,
            85,
            80,
            74,
            67,
            63,
            55,
            47,
            45,
            44,
            35,
            32,
            30,
            28,
            26,
            20,
            19,
            17,
            17,
            16,
            17,
            15,
            12,
            10,
            9,
            7,
            6,
            5,
            4,
            3,
            3,
            1,
            1,
        ),
        strict=True,
    )
)
# Accented letters of Western Europe, without those that stand where Czech and Polish have their most frequent ones.
_WESTERN = frozenset("éèêëàâäüûöôïîçñßœáíóúãõå’«»–—€\xa0")
_CASE_BREAK = re.compile(r"[а-яё][А-ЯЁ]")


def sample_of(pieces: Iterable[bytes]) -> bytes:
    """
    Return the beginning of a text and, when that is plain ASCII, the first stretch further on that is not.

    Looks at no more than `SEARCH_BYTES`, and keeps at most twice `SAMPLE_BYTES`.
    """
    sample, seen = b"", 0
    for piece in pieces:
        seen += len(piece)
        if len(sample) < SAMPLE_BYTES:
            sample += piece[: SAMPLE_BYTES - len(sample)]
        if not piece.isascii():
            first = next(position for position, byte in enumerate(piece) if byte > 127)
            if sample.isascii():
                begin = piece.rfind(b"\n", 0, first) + 1
                sample += b"\n" + piece[begin : begin + SAMPLE_BYTES]
            return sample
        if seen >= SEARCH_BYTES:
            break
    return sample


def detect_encoding(sample: bytes) -> str:
    """
    Return the codec's name for a text that begins like *sample*.

    A byte order mark decides; then UTF-8 if nearly all lines with other than ASCII are valid in it (the few that are not
    are damaged lines of a UTF-8 file); then the Cyrillic encoding whose letters look most like Russian, if any does; then
    what charset-normalizer finds.

    >>> detect_encoding("Привет, мир".encode("koi8-r"))
    'koi8_r'
    """
    for mark, encoding in _BYTE_ORDER_MARKS:
        if sample.startswith(mark):
            return encoding
    wide = _wide_without_mark(sample)
    if wide:
        return wide
    lines = [line for line in sample.split(b"\n") if not line.isascii()]
    if not lines or _share_of_utf8(lines) >= 0.5:
        return "utf-8"
    foreign = b"\n".join(lines)[:SAMPLE_BYTES]
    return _cyrillic(foreign) or _other(foreign)


def _wide_without_mark(sample: bytes) -> str | None:
    """Return UTF-16's byte order when every other byte of most of the text is zero, as in Latin letters and digits."""
    head = sample[:4096]
    if len(head) < 4:
        return None
    even, odd = head[0::2].count(0) / len(head[0::2]), head[1::2].count(0) / len(head[1::2])
    if odd > 0.3 and even < 0.05:
        return "utf-16-le"
    return "utf-16-be" if even > 0.3 and odd < 0.05 else None


def _share_of_utf8(lines: list[bytes]) -> float:
    complete = lines[:-1] or lines  # the sample may end in the middle of a letter
    return sum(_is_utf8(line) for line in complete) / len(complete)


def _is_utf8(line: bytes) -> bool:
    decoder = codecs.getincrementaldecoder("utf-8")()
    try:
        decoder.decode(line, final=False)
    except UnicodeDecodeError:
        return False
    return True


def _cyrillic(text: bytes) -> str | None:
    scores = {encoding: _russian_score(text.decode(encoding, errors="replace")) for encoding in CYRILLIC_ENCODINGS}
    best = max(scores, key=lambda encoding: scores[encoding])
    return best if scores[best] > 0 else None


def _russian_score(text: str) -> float:
    """Return how much like Russian the non-ASCII characters are: above 0 when they probably are."""
    foreign = [character for character in text if character > "\x7f"]
    letters = sum(character.lower() in _FREQUENCY for character in foreign)
    if not foreign or letters / len(foreign) < 0.8 or _stands_among_latin(text):
        return 0
    frequency = sum(_FREQUENCY.get(character.lower(), -100) for character in foreign) / len(foreign)
    breaks = len(_CASE_BREAK.findall(text)) / len(foreign)
    capitals = sum(character.isupper() for character in foreign) / len(foreign)
    return max(frequency - 200 * breaks - (10 * capitals if capitals < 0.9 else 0), 0)


def _stands_among_latin(text: str) -> bool:
    """Whether most of the non-ASCII letters touch an ASCII letter, as accented letters in Western names do."""
    touching = len(re.findall(r"(?<=[A-Za-z])[^\x00-\x7f]|[^\x00-\x7f](?=[A-Za-z])", text))
    return touching > 0.4 * sum(character > "\x7f" for character in text)


def _other(text: bytes) -> str:
    western = [character for character in text.decode("cp1252", errors="replace") if character > "\x7f"]
    if sum(character.lower() in _WESTERN for character in western) >= 0.95 * len(western):
        return "cp1252"
    best = from_bytes(text[: 64 * 1024]).best()
    return best.encoding if best is not None else "utf-8"
