"""
All stages on one machine: records of nine services from Parquet to published people.

    python benchmarks/stages.py --records 1000000 [--folder /tmp/bench]

Invents a world of the demo's kind (its people, families and dirt at any size; see docs/explanation/demo-world.md), writes each
service's user records as one Parquet file, runs them through a warehouse of its own and prints seconds, records per second and
peak memory per stage. Inventing is not measured; with --folder the files are kept and used again. CPU seconds are this
process's own; PostgreSQL's come on top.
"""

from __future__ import annotations

import argparse
import json
import platform
import resource
import shutil
import tempfile
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from multiprocessing import get_context
from pathlib import Path

import psutil
import pyarrow.parquet as pq

from rddm.demo.multitude import write_multitude

RECORDS_PER_PERSON = 3.91
SEED = 2026
SOURCE = """
connector: {{type: file}}
entities:
  person:
    read: {{path: "../{name}*.parquet"}}
    key: key
    source_time: updated_at
    fields: {{{fields}}}
"""


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--records", type=int, default=1_000_000)
    arguments.add_argument("--folder", type=Path, help="keep the invented files here and use them again")
    arguments.add_argument("--memory-limit", default="70%", help="the engine's memory limit, such as 4GB")
    arguments.add_argument("--json", type=Path, help="write what was measured to this file, too")
    chosen = arguments.parse_args()
    with folder_of(chosen.folder) as folder:
        data = folder / f"people-{chosen.records}"
        if not (data / "done").exists():
            invent(data, chosen.records)
        project = data / "warehouse"
        shutil.rmtree(project, ignore_errors=True)
        write_project(project, data, chosen.memory_limit)
        measured = measure(project)
    if chosen.json is not None:
        chosen.json.write_text(json.dumps(asdict(measured)), encoding="utf-8")
    _show(measured)


@contextmanager
def folder_of(given: Path | None) -> Iterator[Path]:
    if given is not None:
        given.mkdir(parents=True, exist_ok=True)
        yield given
        return
    with tempfile.TemporaryDirectory(prefix="rddm-bench-") as folder:
        yield Path(folder)


def invent(data: Path, records: int) -> None:
    """Write the nine services' Parquet files and the truth, in a process that ends and takes its memory with it."""
    started = time.monotonic()
    people = round(records / RECORDS_PER_PERSON)
    with ProcessPoolExecutor(1, get_context("spawn")) as pool:
        counts = pool.submit(write_multitude, data, people, SEED).result()
    (data / "done").touch()
    took = time.monotonic() - started
    print(
        f"invented {counts.all_records:,} records of {people:,} people in {took:.0f} s (not measured below)", flush=True
    )


def fields_of(file: Path) -> list[str]:
    """Return the model's fields that an invented file has: its columns behind the key and the time."""
    return list(pq.read_schema(file).names[2:])


def write_project(project: Path, data: Path, memory_limit: str) -> None:
    (project / "sources").mkdir(parents=True)
    (project / "rddm.yaml").write_text(f"name: bench\nengine: {{memory_limit: {memory_limit}}}\n", encoding="utf-8")
    for name in sorted({path.stem for path in data.glob("*.parquet")} - {"truth"}):
        fields = ", ".join(f"{field}: {field}" for field in fields_of(data / f"{name}.parquet"))
        text = SOURCE.format(name=name, fields=fields)
        (project / "sources" / f"{name}.yaml").write_text(text, encoding="utf-8")


def _cpu_seconds() -> float:
    times = psutil.Process().cpu_times()
    return times.user + times.system


class _Peaks:
    """Peak resident memory, in bytes, of this process and of the PostgreSQL it started, since the last `take`."""

    def __init__(self) -> None:
        self._peak = 0
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)
        self._thread.start()

    def take(self) -> int:
        peak, self._peak = self._peak, 0
        return peak

    def stop(self) -> None:
        self._stop.set()
        self._thread.join()

    def _watch(self) -> None:
        process = psutil.Process()
        while not self._stop.wait(0.1):
            self._peak = max(self._peak, process.memory_info().rss)


@dataclass(frozen=True)
class Stage:
    """``cpu`` and ``peak`` (bytes, resident) are the pipeline's own, without PostgreSQL's."""

    name: str
    seconds: float
    cpu: float
    peak: int


@dataclass(frozen=True)
class Measured:
    """One run from files to the shop window. ``peak``: of the pipeline alone; ``lake`` and ``database``: bytes on disk."""

    received: int
    people: int
    status: str
    seconds: float
    peak: int
    lake: int
    database: int
    stages: tuple[Stage, ...]


def measure(project: Path) -> Measured:
    from rddm.app.wire import open_warehouse  # noqa: PLC0415 - after the processes that invent
    from rddm.pipeline.ingesting import Ingested  # noqa: PLC0415
    from rddm.pipeline.run import run  # noqa: PLC0415

    peaks = _Peaks()
    stage_peaks: dict[str, int] = {}
    stage_cpu: dict[str, float] = {}

    class Watcher:
        stage = "ingest"
        cpu = _cpu_seconds()

        def reading(self, source: str, entity: str, pieces: int) -> None: ...

        def read(self, result: Ingested) -> None: ...

        def working(self, what: str) -> None:
            stage = what.split(maxsplit=1)[0].replace("split", "conform")
            if stage != self.stage:
                self.end_stage()
                self.stage = stage

        def end_stage(self) -> None:
            now = _cpu_seconds()
            stage_cpu[self.stage] = stage_cpu.get(self.stage, 0) + now - self.cpu
            stage_peaks[self.stage] = max(stage_peaks.get(self.stage, 0), peaks.take())
            self.cpu = now

    watcher = Watcher()
    with open_warehouse(project, {}) as warehouse:
        started = time.monotonic()
        report = run(warehouse, watcher)
        whole = time.monotonic() - started
        watcher.end_stage()
        peaks.stop()
        return Measured(
            received=sum(each.received for each in report.ingested),
            people=report.engine.resolutions["person"].living,
            status=report.status,
            seconds=whole,
            peak=resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024,
            lake=_bytes_in(project / ".rddm" / "lake"),
            database=_bytes_in(project / ".rddm" / "pg"),
            stages=tuple(
                Stage(name, seconds, stage_cpu.get(name, 0), stage_peaks.get(name, 0))
                for name, seconds in report.stage_seconds.items()
            ),
        )


def _bytes_in(folder: Path) -> int:
    size = 0
    for path in folder.rglob("*"):
        with suppress(FileNotFoundError):  # PostgreSQL works on
            size += path.stat().st_size if path.is_file() else 0
    return size


def _show(run: Measured) -> None:
    print(f"machine  {platform.machine()}, {psutil.cpu_count()} cores, {psutil.virtual_memory().total / 2**30:.0f} GiB")
    print(f"records  {run.received:,} received, {run.people:,} people, status {run.status}")
    print(f"{'stage':<10}{'seconds':>9}{'records/s':>12}{'CPU s':>8}{'peak MiB':>10}")
    whole = Stage("all", run.seconds, sum(stage.cpu for stage in run.stages), run.peak)
    for stage in (*run.stages, whole):
        rate = run.received / stage.seconds
        print(f"{stage.name:<10}{stage.seconds:>9.1f}{rate:>12,.0f}{stage.cpu:>8.1f}{stage.peak / 2**20:>10,.0f}")
    print(f"disk     {run.lake / 2**20:,.0f} MiB of lake, {run.database / 2**20:,.0f} MiB of PostgreSQL")


if __name__ == "__main__":
    main()
