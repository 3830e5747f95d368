"""
What erasing one person takes in a warehouse of many.

    python benchmarks/stages.py --records 200000 --folder /tmp/bench
    python benchmarks/erasing.py /tmp/bench/people-200000/warehouse --people 3

Erases some of the people with most records, one after the other, and prints per step wall and CPU seconds (this process's
own; PostgreSQL's come on top) and how many bytes were written anew. The warehouse is changed by it.
"""

from __future__ import annotations

import argparse
import os
import time
from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID

import psutil

from rddm.app.wire import open_warehouse
from rddm.pipeline.erasing import Wanted, erase, find
from rddm.pipeline.ingesting import Ingested
from rddm.pipeline.patching import Author
from rddm.pipeline.run import Warehouse


class Quiet:
    """A reporter that says nothing."""

    def reading(self, source: str, entity: str, pieces: int) -> None: ...

    def read(self, result: Ingested) -> None: ...

    def working(self, what: str) -> None: ...


class Steps:
    """Prints what each step took since the last one."""

    def __init__(self) -> None:
        self._times = self._now()

    def __call__(self, step: str) -> None:
        now = self._now()
        wall, cpu = (after - before for after, before in zip(now, self._times, strict=True))
        print(f"  {step:<10} {wall:7.2f} s wall {cpu:7.2f} s CPU", flush=True)
        self._times = now

    def _now(self) -> tuple[float, float]:
        times = psutil.Process().cpu_times()
        return time.monotonic(), times.user + times.system


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("project", type=Path)
    arguments.add_argument("--people", type=int, default=3)
    chosen = arguments.parse_args()
    with open_warehouse(chosen.project, os.environ) as warehouse:
        query = f"SELECT person_id FROM lake.golden.person ORDER BY records DESC, person_id LIMIT {chosen.people}"
        people = warehouse.lake.connection.execute(query).fetchall()
        for (person,) in people:
            _erase(warehouse, UUID(str(person)))


def _erase(warehouse: Warehouse, person: UUID) -> None:
    author = Author("bench", "measured", datetime.now(UTC))
    steps, started = Steps(), time.monotonic()
    wanted = Wanted("person", person)
    leaving = find(warehouse, wanted)
    print(f"{len(leaving.records)} records, {sum(each.versions for each in leaving.places)} versions")
    steps("found")
    proof = erase(warehouse, Quiet(), wanted, leaving, author, steps)
    lake, database = proof.work["lake"], proof.work["database"]
    print(
        f"  {time.monotonic() - started:.1f} s in all; lake: {lake['files_rewritten']} files with"
        f" {lake['size_bytes_rewritten'] / 2**20:.1f} of {lake['size_bytes_all'] / 2**20:.1f} MiB written anew,"
        f" {lake['files_deleted']} deleted; PostgreSQL: {database['tables_rewritten']} tables with"
        f" {database['size_bytes_rewritten'] / 2**20:.1f} MiB"
    )


if __name__ == "__main__":
    main()
