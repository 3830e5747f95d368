"""
From landed files to the shop window at several sizes: seconds per stage, memory, disk, cost per record, how right it is.

    python -m benchmarks.scale --records 1000000 5000000 20000000 --folder /var/tmp/bench --markdown build/scale.md

Each size is invented once (not measured; see docs/explanation/demo-world.md), then run by `benchmarks.stages` in a process of
its own: nine services' Parquet files through landing, conforming, matching and golden records to committed tables, and those
into PostgreSQL.

*Golden* is the time until golden records are committed, *publish* what the shop window takes on top. Memory is the highest sum
of resident memory of the pipeline and of PostgreSQL; what processes share counts for each. *Cost* is the time to golden per
record against the first size. Precision and recall are of pairs of records on final groups, against the invented truth.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil
from benchmarks.measuring import ProcessTree
from benchmarks.reporting import provenance
from benchmarks.scoring import Agreement
from benchmarks.stages import folder_of, invent

from rddm.app.wire import open_reading
from rddm.contracts.tables import literal
from rddm.store.lake import CATALOG

STAGES = ("ingest", "conform", "resolve", "curate", "publish")
COLUMNS = ("records", "people", *STAGES, "golden", "records/s", "cost", "memory GiB", "lake GiB", "PostgreSQL GiB", "precision",
           "recall")  # fmt: skip


@dataclass(frozen=True)
class Size:
    """What a run of one size gave: as `benchmarks.stages.Measured`, with all memory, in bytes, and how right it is."""

    measured: dict[str, Any]
    memory: int
    agreement: Agreement

    @property
    def seconds(self) -> dict[str, float]:
        return {stage["name"]: stage["seconds"] for stage in self.measured["stages"]}

    @property
    def golden(self) -> float:
        """Seconds from files to committed golden records, the counting of all rows included."""
        return float(self.measured["seconds"]) - self.seconds["publish"]

    def row(self, first: Size) -> list[str]:
        received = self.measured["received"]
        cost = (self.golden / received) / (first.golden / first.measured["received"])
        sizes = (self.memory, self.measured["lake"], self.measured["database"])
        return [
            f"{received:,}",
            f"{self.measured['people']:,}",
            *(f"{self.seconds.get(stage, 0):.1f}" for stage in STAGES),
            f"{self.golden:.1f}",
            f"{received / self.golden:,.0f}",
            f"{cost:.2f}",
            *(f"{size / 2**30:.1f}" for size in sizes),
            f"{self.agreement.precision:.4f}",
            f"{self.agreement.recall:.4f}",
        ]


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--records", type=int, nargs="+", default=[1_000_000, 5_000_000, 20_000_000, 51_000_000])
    arguments.add_argument(
        "--folder", type=Path, help="keep the invented files and the warehouses here; use the files again"
    )
    arguments.add_argument("--memory-limit", default="70%", help="the engine's memory limit, such as 4GB")
    arguments.add_argument("--markdown", type=Path, help="write the table to this file, too")
    chosen = arguments.parse_args()
    sizes: list[Size] = []
    with folder_of(chosen.folder) as folder:
        for records in chosen.records:
            sizes.append(_run(folder, records, chosen.memory_limit))
            table = _table(sizes)
            print(table, flush=True)
            if chosen.markdown is not None:
                chosen.markdown.write_text(_page(table), encoding="utf-8")


def _run(folder: Path, records: int, memory_limit: str) -> Size:
    data = folder / f"people-{records}"
    if not (data / "done").exists():
        invent(data, records)
    found = folder / f"measured-{records}.json"
    command = [sys.executable, "-m", "benchmarks.stages", "--records", str(records), "--folder", str(folder)]
    process = subprocess.Popen([*command, "--memory-limit", memory_limit, "--json", str(found)])  # noqa: S603 - ourselves
    server = data / "warehouse" / ".rddm" / "pg" / "postmaster.pid"
    with process, ProcessTree(process.pid, server, psutil.virtual_memory().total) as tree:
        process.wait()
    if process.returncode != 0:
        why = "it was stopped, as it wanted all memory" if tree.exceeded else f"it ended with {process.returncode}"
        raise SystemExit(f"{records:,} records: {why}")
    measured = json.loads(found.read_text(encoding="utf-8"))
    if measured["status"] != "succeeded":
        raise SystemExit(f"{records:,} records: the run {measured['status']}")
    return Size(measured, tree.peak(), _score(data))


def _score(data: Path) -> Agreement:
    """Return how the final groups agree with the truth, counted by the engine: at this size no list of records fits Python."""
    with open_reading(data / "warehouse", {}) as reading:
        connection = reading.lake.connection
        connection.execute(
            "CREATE TEMP TABLE placed AS SELECT person, golden_id"
            f" FROM {CATALOG}.conformed.person JOIN {CATALOG}.identity.person__link USING (record_id)"
            f" JOIN {literal(str(data / 'truth.parquet'))} USING (source, key)"
        )
        pairs = [
            reading.lake.number(
                f"SELECT coalesce(sum(n * (n - 1) // 2), 0)::BIGINT FROM (SELECT count(*) AS n FROM placed GROUP BY {columns})"
            )
            for columns in ("person", "golden_id", "person, golden_id")
        ]
    return Agreement(*pairs)


def _table(sizes: Sequence[Size]) -> str:
    rows = [COLUMNS, ["--:"] * len(COLUMNS), *(size.row(sizes[0]) for size in sizes)]
    return "\n".join(f"| {' | '.join(row)} |" for row in rows)


def _page(table: str) -> str:
    lines = [
        "# From files to the shop window, by size",
        "",
        *provenance("benchmarks.scale"),
        "",
        table,
        "",
        "\n\n".join((__doc__ or "").strip().split("\n\n")[2:]),
        "",
    ]
    return "\n".join(lines)


if __name__ == "__main__":
    main()
