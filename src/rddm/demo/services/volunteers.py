"""The volunteer platform: a SQLite database, changed in place; people's regions by number."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

from rddm.demo.accounts import Row
from rddm.demo.services.rendering import phone, text
from rddm.demo.wordlists import regions
from rddm.demo.world import World

_TABLES = """
CREATE TABLE regions (id INTEGER PRIMARY KEY, title TEXT NOT NULL);
CREATE TABLE users (id INTEGER PRIMARY KEY, surname TEXT, firstname TEXT, secondname TEXT, born TEXT, sex INTEGER, mobile TEXT,
    mail TEXT, region_id INTEGER REFERENCES regions, updated_at TEXT NOT NULL, is_deleted INTEGER NOT NULL DEFAULT 0);
CREATE TABLE projects (id INTEGER PRIMARY KEY, title TEXT, begins TEXT, finishes TEXT, region_id INTEGER REFERENCES regions,
    updated_at TEXT NOT NULL);
CREATE TABLE shifts (id INTEGER PRIMARY KEY, user_id INTEGER, project_id INTEGER, role TEXT, joined_at TEXT, state TEXT,
    updated_at TEXT NOT NULL);
"""


def write_volunteers(world: World, folder: Path, day: int) -> None:
    """Make ``volunteers/volunteers.sqlite`` on day 1; insert, update and mark as deleted there on day 2."""
    path = folder / "volunteers" / "volunteers.sqlite"
    path.parent.mkdir(parents=True, exist_ok=True)
    if day == 1:
        path.unlink(missing_ok=True)
    with closing(sqlite3.connect(path)) as database, database:
        if day == 1:
            database.executescript(_TABLES)
            database.executemany("INSERT INTO regions VALUES (?, ?)", [(int(one.code), one.name) for one in regions()])
        codes = {one.name: int(one.code) for one in regions()}
        changed = "2026-06-02 03:00:00" if day == 2 else "2026-05-31 03:00:00"
        database.executemany(
            "INSERT OR REPLACE INTO users VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            [_user(row, codes) for row in world.rows_of("volunteers", day)],
        )
        database.executemany(
            "INSERT INTO projects VALUES (?, ?, ?, ?, ?, ?)",
            [
                (
                    int(one.key),
                    one.name,
                    one.event.starts_on.isoformat(),
                    one.event.ends_on.isoformat(),
                    codes[one.event.region.name],
                    changed,
                )
                for one in world.listings_of("volunteers", day)
            ],
        )
        database.executemany(
            "INSERT INTO shifts VALUES (?, ?, ?, ?, ?, ?, ?)",
            [
                (
                    int(one.key),
                    int(one.person.key),
                    int(one.event.key),
                    one.role,
                    f"{one.registered_at:%Y-%m-%d %H:%M:%S}",
                    one.status,
                    changed,
                )
                for one in world.participations_of("shift", day)
            ],
        )


def _user(row: Row, codes: dict[str, int]) -> tuple[str | int | None, ...]:
    values = row.values
    return (
        int(row.key),
        text(values["last_name"]) or None,
        text(values["first_name"]) or None,
        text(values["middle_name"]) or None,
        text(values["birth_date"]) or None,
        {"m": 1, "f": 2}.get(text(values["gender"])),
        phone(row) or None,
        text(values["email"]) or None,
        codes.get(text(values["region"])),
        f"{row.updated_at:%Y-%m-%d %H:%M:%S}",
        int(row.op == "delete"),
    )
