"""How values look once written: dates, regions, names of one column, broken lines."""

from __future__ import annotations

import csv
import io
from codecs import BOM_UTF8
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from random import Random
from zlib import crc32

from rddm.demo.accounts import Row
from rddm.demo.dirt import Value
from rddm.demo.population import FIRST_DAY
from rddm.demo.rates import RECORDS
from rddm.demo.spelling import phone_text
from rddm.demo.world import World


def day_name(day: int) -> str:
    """
    Return the calendar day of the demo's *day*.

    >>> day_name(2)
    '2026-06-02'
    """
    return (FIRST_DAY + timedelta(days=day - 1)).isoformat()


def text(value: Value) -> str:
    """Return *value* as text; nothing as nothing."""
    return "" if value is None else str(value)


def day_first(value: Value) -> str:
    """
    Return a date with the day first, as in Russia; a date that no calendar has just as well.

    >>> day_first("2009-03-05"), day_first("2009-02-31"), day_first(None)
    ('05.03.2009', '31.02.2009', '')
    """
    return ".".join(reversed(text(value).split("-")))


def phone(row: Row) -> str:
    """Return the row's phone, in a notation that differs from row to row."""
    return phone_text(text(row.values.get("phone")), crc32(row.key.encode()))


def snils_text(value: Value, *, dashes: bool) -> str:
    """
    Return an insurance number with or without its dashes.

    >>> snils_text("11223344595", dashes=True)
    '112-233-445 95'
    """
    digits = text(value)
    return f"{digits[:3]}-{digits[3:6]}-{digits[6:9]} {digits[9:]}" if dashes and digits else digits


def short_region(name: Value) -> str:
    """
    Return a region's name as forms shorten it.

    >>> short_region("Самарская область"), short_region("Республика Татарстан")
    ('Самарская обл.', 'Респ. Татарстан')
    """
    return text(name).replace("область", "обл.").replace("Республика", "Респ.")


def full_name(row: Row) -> str:
    """Return last, first and middle name in one column."""
    parts = (text(row.values.get(name)) for name in ("last_name", "first_name", "middle_name"))
    return " ".join(part for part in parts if part)


@dataclass(frozen=True)
class CsvStyle:
    """``mark``: a byte order mark at the beginning."""

    delimiter: str
    encoding: str
    mark: bool = False


def write_csv(
    path: Path, style: CsvStyle, header: Sequence[str], lines: Iterable[Sequence[str]], damage: World | None = None
) -> None:
    """Write CSV (RFC 4180) to *path*; with *damage*, broken lines are strewn in, drawn from that world's seed."""
    buffer = io.StringIO()
    writer = csv.writer(buffer, delimiter=style.delimiter, lineterminator="\n")
    writer.writerow(header)
    writer.writerows(lines)
    rows = [line.encode(style.encoding) for line in buffer.getvalue().split("\n")[:-1]]
    if damage is not None:
        rows = with_broken_lines(rows, style.delimiter, Random(f"{damage.seed}:broken:{path.name}"))
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes((BOM_UTF8 if style.mark else b"") + b"\r\n".join(rows) + b"\r\n")


def with_broken_lines(rows: list[bytes], delimiter: str, rng: Random) -> list[bytes]:
    """
    Return *rows* (header first) with extra lines that cannot be read, and a few without their key.

    Every kind occurs at least once: too many fields, too few, a quote that never closes, bytes of no encoding.
    """
    breaks = (_too_many, _too_few, _unbalanced, _undecodable)
    count = max(len(breaks), round(len(rows) * RECORDS["broken_line"].share))
    sound = rows[1:]
    if not sound:
        return rows
    mark = delimiter.encode()
    extra = [breaks[number % len(breaks)](rng.choice(sound), mark) for number in range(count)]
    keyless = max(1, round(len(rows) * RECORDS["no_key"].share))
    extra += [
        _without_key(rng.choice([row for row in sound if b'"' not in row] or sound), mark) for _ in range(keyless)
    ]
    result = list(rows)
    for line in extra:
        result.insert(rng.randint(1, len(result)), line)
    return result


def _too_many(line: bytes, mark: bytes) -> bytes:
    return line + mark + b"2026" + mark + b"?"


def _too_few(line: bytes, mark: bytes) -> bytes:
    return mark.join(line.split(mark)[:3])


def _unbalanced(line: bytes, mark: bytes) -> bytes:
    fields = line.replace(b'"', b"").split(mark)
    return mark.join((fields[0], b'"' + fields[1], *fields[2:]))


def _undecodable(line: bytes, mark: bytes) -> bytes:
    # 0x98 has no letter in cp1251, and is no start of one in UTF-8.
    fields = line.split(mark)
    return mark.join((fields[0], b"\x98\x98" + fields[1], *fields[2:]))


def _without_key(line: bytes, mark: bytes) -> bytes:
    return mark + line.partition(mark)[2]
