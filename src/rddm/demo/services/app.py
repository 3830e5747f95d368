"""The mobile app's data, kept as JSON that `rddm.demo.rest` answers from: a first name, mostly a short one, and a phone."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from rddm.demo.accounts import Row
from rddm.demo.participations import Participation
from rddm.demo.services.rendering import text
from rddm.demo.world import World

USERS, CHECKINS = "users.json", "checkins.json"
"""Each a list of answers' items, ordered by ``updated_at`` and id."""


def write_app(world: World, folder: Path, day: int) -> None:
    """Write ``app/users.json`` and ``app/checkins.json``; day 2 changes what day 1 wrote."""
    here = folder / "app"
    here.mkdir(parents=True, exist_ok=True)
    for name, changed in (
        (USERS, [_user(row) for row in world.rows_of("app", day)]),
        (CHECKINS, [_checkin(one) for one in world.participations_of("checkin", day)]),
    ):
        path = here / name
        items = {} if day == 1 else {item["id"]: item for item in json.loads(path.read_text(encoding="utf-8"))}
        items.update({item["id"]: item for item in changed})
        ordered = sorted(items.values(), key=lambda item: (item["updated_at"], item["id"]))
        path.write_text(json.dumps(ordered, ensure_ascii=False), encoding="utf-8")


def _user(row: Row) -> dict[str, Any]:
    digits = text(row.values["phone"])
    return {
        "id": row.key,
        "profile": {"name": row.values["first_name"], "surname": row.values["last_name"]},
        "phone": f"+7{digits}" if len(digits) == 10 and digits.isdigit() else digits or None,
        "created_at": f"{row.registered_at:%Y-%m-%dT%H:%M:%SZ}",
        "updated_at": f"{row.updated_at:%Y-%m-%dT%H:%M:%SZ}",
        "deleted": row.op == "delete",
    }


def _checkin(one: Participation) -> dict[str, Any]:
    return {
        "id": one.key,
        "user": {"id": one.person.key},
        "competition_id": one.event.key,
        "as": one.role,
        "state": one.status,
        "updated_at": f"{one.registered_at:%Y-%m-%dT%H:%M:%SZ}",
    }
