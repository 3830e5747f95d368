"""The ticket office: Parquet with its own types; a name in Latin letters, an e-mail address and hardly more."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from rddm.demo.accounts import Row
from rddm.demo.services.rendering import day_name, text
from rddm.demo.world import World


def write_tickets(world: World, folder: Path, day: int) -> None:
    """Write ``customers``, ``events`` and ``tickets`` of *day* as Parquet."""
    here, stamp = folder / "tickets", day_name(day)
    here.mkdir(parents=True, exist_ok=True)
    rows = world.rows_of("tickets", day)
    customers = {
        "customer": pa.array([int(row.key) for row in rows], pa.int64()),
        "name": pa.array([_name(row) for row in rows], pa.string()),
        "email": pa.array([row.values["email"] for row in rows], pa.string()),
        "newsletter": pa.array([int(row.key) % 5 > 1 for row in rows], pa.bool_()),
        "changed": pa.array([row.updated_at for row in rows], pa.timestamp("us")),
    }
    listings = world.listings_of("tickets", day)
    events = {
        "event": pa.array([int(one.key) for one in listings], pa.int64()),
        "title": pa.array([one.name for one in listings], pa.string()),
        "first_day": pa.array([one.event.starts_on for one in listings], pa.date32()),
        "last_day": pa.array([one.event.ends_on for one in listings], pa.date32()),
        "region": pa.array([one.event.region.name for one in listings], pa.string()),
    }
    sold = world.participations_of("ticket", day)
    tickets = {
        "ticket": pa.array([int(one.key) for one in sold], pa.int64()),
        "customer": pa.array([int(one.person.key) for one in sold], pa.int64()),
        "event": pa.array([int(one.event.key) for one in sold], pa.int64()),
        "kind": pa.array([one.role for one in sold], pa.string()),
        "price": pa.array([(int(one.key) % 40) * 50 for one in sold], pa.int32()),
        "sold": pa.array([one.registered_at for one in sold], pa.timestamp("us")),
        "status": pa.array([one.status for one in sold], pa.string()),
    }
    for name, columns in (("customers", customers), ("events", events), ("tickets", tickets)):
        pq.write_table(pa.table(columns), here / f"{name}_{stamp}.parquet", compression="zstd")


def _name(row: Row) -> str | None:
    return " ".join(text(row.values[name]) for name in ("first_name", "last_name") if row.values[name]) or None
