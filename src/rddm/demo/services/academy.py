"""The online academy: nested JSON lines, gzip; a third of its students never gave their birth date."""

from __future__ import annotations

import gzip
import json
from collections.abc import Sequence
from pathlib import Path
from random import Random

from rddm.demo.accounts import Row
from rddm.demo.participations import Listing, Participation
from rddm.demo.rates import RECORDS
from rddm.demo.services.rendering import day_name, phone, text
from rddm.demo.world import World


def write_academy(world: World, folder: Path, day: int) -> None:
    """Write ``students``, ``courses`` and ``enrolments`` of *day* as ``.jsonl.gz``."""
    here, stamp = folder / "academy", day_name(day)
    here.mkdir(parents=True, exist_ok=True)
    students = [_line(_student(row)) for row in world.rows_of("academy", day)]
    if day == 1:
        students = _with_broken_lines(students, Random(f"{world.seed}:broken:academy"))
    _write(here / f"students_{stamp}.jsonl.gz", students)
    _write(here / f"courses_{stamp}.jsonl.gz", [_line(_course(one)) for one in world.listings_of("academy", day)])
    enrolments = [_line(_enrolment(one)) for one in world.participations_of("enrolment", day)]
    _write(here / f"enrolments_{stamp}.jsonl.gz", enrolments)


def _line(value: object) -> bytes:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()


def _write(path: Path, lines: Sequence[bytes]) -> None:
    # Without a name and a time in its header the archive is the same each time.
    path.write_bytes(gzip.compress(b"".join(line + b"\n" for line in lines), compresslevel=4, mtime=0))


def _student(row: Row) -> dict[str, object]:
    values = row.values
    name = {"first": values["first_name"], "last": values["last_name"]}
    if values["middle_name"]:
        name["middle"] = values["middle_name"]
    contacts: dict[str, object] = {"email": values["email"]}
    if values["phone"]:
        contacts["phone"] = phone(row)
    student: dict[str, object] = {"id": row.key, "name": name, "contacts": contacts}
    if values["birth_date"] or values["gender"]:
        gender = {"m": "male", "f": "female"}.get(text(values["gender"]))
        student["profile"] = {"birth_date": text(values["birth_date"]) or None, "gender": gender}
    student["created_at"] = f"{row.registered_at:%Y-%m-%dT%H:%M:%SZ}"
    student["updated_at"] = f"{row.updated_at:%Y-%m-%dT%H:%M:%SZ}"
    student["deleted"] = row.op == "delete"
    return student


def _course(listing: Listing) -> dict[str, object]:
    event = listing.event
    period = {"from": event.starts_on.isoformat(), "to": event.ends_on.isoformat()}
    return {"id": listing.key, "title": listing.name, "period": period, "tags": [event.kind, event.region.name]}


def _enrolment(one: Participation) -> dict[str, object]:
    return {
        "id": one.key,
        "student": {"id": one.person.key},
        "course": {"id": one.event.key, "role": one.role},
        "at": f"{one.registered_at:%Y-%m-%dT%H:%M:%SZ}",
        "state": one.status,
    }


def _with_broken_lines(lines: list[bytes], rng: Random) -> list[bytes]:
    """Return *lines* with extra ones: cut off, a bracket too few, foreign bytes, no JSON at all."""
    whole = list(lines)
    for number in range(max(4, round(len(lines) * RECORDS["broken_line"].share))):
        line = rng.choice(lines)
        broken = (
            line[: len(line) // 2],
            line.replace(b"}", b"", 1),
            line.replace(b'"first":"', b'"first":"\xff\xfe', 1),
            b"<html><body>502 Bad Gateway</body></html>",
        )[number % 4]
        whole.insert(rng.randint(0, len(whole)), broken)
    return whole
