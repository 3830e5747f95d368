"""
The services' own shapes: one file per service or shape, each turning the world's rows into what that service hands out.

The mobile app's REST answers and the federation's PostgreSQL are `rddm.demo.rest` and `rddm.demo.postgres`.
"""

from __future__ import annotations

from pathlib import Path

import pyarrow.parquet as pq

from rddm.demo.services.academy import write_academy
from rddm.demo.services.app import write_app
from rddm.demo.services.camps import write_camps
from rddm.demo.services.contests import write_contests
from rddm.demo.services.grants import write_grants
from rddm.demo.services.register import write_register
from rddm.demo.services.tickets import write_tickets
from rddm.demo.services.volunteers import write_volunteers
from rddm.demo.world import World

__all__ = ["write_services"]

_WRITERS = (
    write_register,
    write_camps,
    write_contests,
    write_academy,
    write_tickets,
    write_volunteers,
    write_app,
    write_grants,
)


def write_services(world: World, folder: Path, day: int) -> None:
    """
    Write what the services hand out on *day* (1 or 2) below *folder*, a folder for each.

    Day 2 adds files with what is new and changed, and changes the SQLite database and the app's data in place; it needs
    what day 1 wrote. Beside *folder*, where no source looks, go ``truth.parquet`` and ``truth_early.parquet``, which are
    `World.truth` and `World.early` and tell of both days.
    """
    for write in _WRITERS:
        write(world, folder, day)
    pq.write_table(world.truth(), folder.parent / "truth.parquet")
    pq.write_table(world.early(), folder.parent / "truth_early.parquet")
