"""
Changes to a large warehouse: seconds until golden records are committed, and until they are published.

    python -m benchmarks.incremental --records 1000000 --changes 1 1000 100000 --batches 20 --folder /var/tmp/bench

Runs the invented records (see docs/explanation/demo-world.md) through a warehouse once, then delivers changes: so many
records of all services with a new e-mail address and a later time, as one more Parquet file each. After *batches* batches of
ten changes, one change is measured again, and once more after maintenance: look-ups must not have become slower by what many
small commits leave behind. *Golden* is the time until golden records are committed, the four stages and the counting of all
rows; opening the warehouse is not measured. With *--there*, the warehouse that an earlier call, or `benchmarks.scale`, left in
the folder is changed on; *--first* must be another number then each time, as changes are told apart by it.
"""

from __future__ import annotations

import argparse
import itertools
import platform
import shutil
import time
from collections.abc import Sequence
from datetime import UTC
from pathlib import Path

import duckdb
import psutil
from benchmarks.stages import folder_of, invent, write_project

from rddm.app.wire import open_warehouse
from rddm.contracts.tables import literal
from rddm.pipeline.ingesting import Ingested
from rddm.pipeline.maintaining import maintain_warehouse
from rddm.pipeline.run import run

BATCH_CHANGES = 10


class Quiet:
    """A run that tells nobody how far it is."""

    def reading(self, source: str, entity: str, pieces: int) -> None: ...

    def read(self, result: Ingested) -> None: ...

    def working(self, what: str) -> None: ...


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--records", type=int, default=1_000_000)
    arguments.add_argument("--changes", type=int, nargs="+", default=[1, 1_000, 100_000])
    arguments.add_argument(
        "--batches", type=int, default=0, help=f"of {BATCH_CHANGES} changes, before one is measured again"
    )
    arguments.add_argument("--folder", type=Path, help="keep the invented files here and use them again")
    arguments.add_argument("--there", action="store_true", help="change the warehouse that is in the folder already")
    arguments.add_argument(
        "--first", type=int, default=1, help="number of the first change: days after the first delivery"
    )
    chosen = arguments.parse_args()
    with folder_of(chosen.folder) as folder:
        data = folder / f"people-{chosen.records}"
        if not (data / "done").exists():
            invent(data, chosen.records)
        project = data / "warehouse"
        if not chosen.there:
            shutil.rmtree(project, ignore_errors=True)
            write_project(project, data, "70%")
        sources = sorted(path.stem for path in data.glob("*.parquet") if path.stem != "truth")
        print(
            f"machine  {platform.machine()}, {psutil.cpu_count()} cores, {psutil.virtual_memory().total / 2**30:.0f} GiB"
        )
        try:
            if not chosen.there:
                _run(project)
            _measure(project, data, sources, chosen.changes, chosen.batches, chosen.first)
        finally:
            for change in data.glob("*-change-*.parquet"):
                change.unlink()


def _measure(
    project: Path, data: Path, sources: Sequence[str], changes: Sequence[int], batches: int, first: int
) -> None:
    print(
        f"{'changes':<24}{'received':>9}{'golden s':>10}{'ingest':>9}{'conform':>9}{'resolve':>9}{'curate':>9}{'publish':>9}"
    )
    numbers = itertools.count(first)
    for count in changes:
        _deliver(data, sources, count, next(numbers))
        _show(f"{count:,}", _run(project))
    if not batches:
        return
    started = time.monotonic()
    for _ in range(batches):
        _deliver(data, sources, BATCH_CHANGES, next(numbers))
        _run(project)
    print(f"{batches:,} batches of {BATCH_CHANGES} changes: {(time.monotonic() - started) / batches:.1f} s each")
    _deliver(data, sources, 1, next(numbers))
    _show(f"1, after {batches:,} batches", _run(project))
    with open_warehouse(project, {}) as warehouse:
        started = time.monotonic()
        done = maintain_warehouse(warehouse, expire_before=warehouse.now().replace(tzinfo=UTC))
    print(f"maintenance: {time.monotonic() - started:.1f} s, {done.files_before:,} files to {done.files_after:,}")
    _deliver(data, sources, 1, next(numbers))
    _show("1, after maintenance", _run(project))


def _deliver(data: Path, sources: Sequence[str], count: int, number: int) -> None:
    """Write *count* changed records, spread over all *sources* as far as they go round."""
    share = -(-count // len(sources))
    for place, name in enumerate(sources):
        mine = min(share, count - place * share)
        if mine <= 0:
            return
        file, change = (
            literal(str(data / each)) for each in (f"{name}.parquet", f"{name}-change-{number:05d}.parquet")
        )
        email = (
            f", 'new' || {number} || '-' || key || '@post.example' AS email"
            if _has_email(data / f"{name}.parquet")
            else ""
        )
        duckdb.execute(
            f"COPY (SELECT * REPLACE ((updated_at::TIMESTAMP + INTERVAL {number} DAY)::VARCHAR AS updated_at{email}) FROM {file}"
            f" USING SAMPLE reservoir({mine} ROWS) REPEATABLE ({number})) TO {change} (FORMAT parquet)"
        )


def _has_email(file: Path) -> bool:
    return any(name == "email" for name, *_ in duckdb.execute(f"DESCRIBE FROM {literal(str(file))}").fetchall())


def _run(project: Path) -> tuple[int, dict[str, float]]:
    """Run what was delivered; return how many records came, and the seconds of each stage and until golden records."""
    with open_warehouse(project, {}) as warehouse:
        started = time.monotonic()
        report = run(warehouse, Quiet())
        whole = time.monotonic() - started
    golden = whole - report.stage_seconds["publish"]
    return sum(each.received for each in report.ingested), {**report.stage_seconds, "golden": golden}


def _show(what: str, done: tuple[int, dict[str, float]]) -> None:
    received, seconds = done
    stages = "".join(
        f"{seconds.get(stage, 0):>9.2f}" for stage in ("ingest", "conform", "resolve", "curate", "publish")
    )
    print(f"{what:<24}{received:>9,}{seconds['golden']:>10.2f}{stages}", flush=True)


if __name__ == "__main__":
    main()
