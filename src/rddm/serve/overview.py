"""The warehouse as a whole: its last runs, what is where, what is published, how much disk it takes."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from rddm.contracts.tables import quote
from rddm.project.settings import Model
from rddm.serve.asking import psql_command
from rddm.serve.reading import Reading
from rddm.store.control import RunRecord
from rddm.store.lake import CATALOG, Lake


@dataclass(frozen=True)
class RunLine:
    """A run. ``seconds`` is None while it goes on; ``received``: what it read from all sources."""

    run: int
    started_at: dt.datetime
    seconds: float | None
    status: str
    received: int
    landed: int
    problems: Sequence[str]


@dataclass(frozen=True)
class Status:
    """
    The warehouse as a whole. ``in_all``: where everything ever received is, by place; sizes in bytes; ``psql``: the command
    that reaches PostgreSQL while it runs, without a password.
    """

    name: str
    is_active: bool
    runs: Sequence[RunLine]
    in_all: Mapping[str, int]
    golden: Mapping[str, int]
    snapshot: int
    published_snapshot: int | None
    published_at: dt.datetime | None
    waiting_patches: int
    waiting_judgements: int
    size_bytes: Mapping[str, int]
    psql: str


def count_golden(lake: Lake, model: Model) -> dict[str, int]:
    """Return the number of golden rows of every entity of *model* that has been curated."""
    counts = {}
    for name in model.entities:
        if lake.has("golden", name):
            row = lake.connection.execute(f"SELECT count(*) FROM {CATALOG}.golden.{quote(name)}").fetchone()
            counts[name] = int(row[0]) if row else 0
    return counts


def status(reading: Reading, runs: int = 5) -> Status:
    """Return the warehouse's status with its last *runs*."""
    is_active = reading.database.is_being_written()
    published, published_at, patches, judgements = _control(reading)
    return Status(
        name=reading.settings.name,
        is_active=is_active,
        runs=[_run_line(each, is_active=is_active) for each in reading.control.runs(runs)],
        in_all=_in_all(reading),
        golden=count_golden(reading.lake, reading.settings.model),
        snapshot=reading.lake.current_snapshot(),
        published_snapshot=published,
        published_at=published_at,
        waiting_patches=patches,
        waiting_judgements=judgements,
        size_bytes=_sizes(reading),
        psql=psql_command(reading.database),
    )


def _run_line(run: RunRecord, *, is_active: bool) -> RunLine:
    counts = [each.get("run", {}) for each in run.counts.values()]
    seconds = (run.ended_at - run.started_at).total_seconds() if run.ended_at else None
    return RunLine(
        run.run_id, run.started_at, seconds,
        # A run that was killed says so itself only when the next one starts.
        "killed" if run.status == "running" and not is_active else run.status,
        sum(each.get("received", 0) for each in counts), sum(each.get("landed", 0) for each in counts), list(run.problems),
    )  # fmt: skip


def _in_all(reading: Reading) -> dict[str, int]:
    has_erased = "erased" in reading.lake.columns_of("raw", "batch")
    erased = ", coalesce(sum(erased), 0) AS erased" if has_erased else ""
    ledger = reading.rows(
        "SELECT coalesce(sum(received), 0) AS received, coalesce(sum(unreadable), 0) AS unreadable,"
        f" coalesce(sum(duplicate), 0) AS duplicate{erased} FROM {reading.table('raw', 'batch')}"
    )
    progress = reading.rows(f"SELECT coalesce(sum(superseded), 0) AS n FROM {reading.table('conformed', 'progress')}")
    gone = reading.rows(f"SELECT count(*) AS n FROM {reading.table('conformed', 'tombstone')}")
    kinds = reading.rows(
        f"SELECT kind, count(*) AS n FROM {reading.table('quarantine', 'record')} GROUP BY kind ORDER BY kind"
    )
    pending = reading.rows(
        f"SELECT coalesce(sum(landed), 0) AS n FROM {reading.table('raw', 'batch')} AS batch"
        f" LEFT JOIN {reading.table('conformed', 'progress')} AS progress USING (source, entity)"
        " WHERE batch.batch > coalesce(progress.last_batch, 0)"
    )
    conformed = 0
    for name in reading.conformed_entities():
        conformed += sum(
            row["n"] for row in reading.rows(f"SELECT count(*) AS n FROM {reading.table('conformed', name)}")
        )
    counts = {name: int(value) for name, value in (ledger[0] if ledger else {}).items()}
    counts |= {"superseded": int(progress[0]["n"]) if progress else 0, "deleted": int(gone[0]["n"]) if gone else 0}
    counts |= {f"quarantined_{row['kind']}": int(row["n"]) for row in kinds}
    return counts | {"conformed": conformed, "pending": int(pending[0]["n"]) if pending else 0}


def _control(reading: Reading) -> tuple[int | None, dt.datetime | None, int, int]:
    with reading.database.connect() as connection:
        counts = connection.execute(
            "SELECT (SELECT count(*) FROM control.patch WHERE applied_run IS NULL),"
            " (SELECT count(*) FROM control.judgement WHERE applied_run IS NULL), to_regclass('warehouse.publication')"
        ).fetchone() or (0, 0, None)
        published = None
        if counts[2] is not None:
            published = connection.execute(
                "SELECT lake_snapshot, published_at FROM warehouse.publication ORDER BY lake_snapshot DESC LIMIT 1"
            ).fetchone()
    snapshot, at = published or (None, None)
    return snapshot, at, int(counts[0]), int(counts[1])


def _sizes(reading: Reading) -> dict[str, int]:
    rows = reading.rows(
        f"SELECT coalesce(sum(file_size_bytes + delete_file_size_bytes), 0) AS n FROM ducklake_table_info('{CATALOG}')"
    )
    with reading.database.connect() as connection:
        row = connection.execute("SELECT pg_database_size(current_database())").fetchone()
    return {
        "lake_now": int(rows[0]["n"]) if rows else 0,
        "lake_with_history": _folder_size(reading.state_folder / reading.settings.storage.path),
        "database": int(row[0]) if row else 0,
    }


def _folder_size(folder: Path) -> int:
    """Zero for object storage, which no folder is."""
    return sum(each.stat().st_size for each in folder.rglob("*") if each.is_file()) if folder.is_dir() else 0
