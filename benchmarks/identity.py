"""
Who is the same person: our default, Splink and goldenmatch, on one machine, in one go.

    python -m benchmarks.identity [--sets FEBRL3 RLdata500 10000] [--engines rddm splink] [--folder /tmp/bench]

Public sets (FEBRL 1-4, RLdata500 and RLdata10000, from the packages that carry them) and our own invented population at three
sizes. Each engine has an environment of its own, made here from benchmarks/rivals/*.txt. Counted are pairs of records in final
groups. Every engine starts from the same file of records; on our population that is what our conform stage made of them. There
the others run twice: with the names as they are, in two scripts, and with the names in the forms that we compare ("our forms":
one script, diminutives spelt out, surnames without gender), which spares them the part that they cannot do.

Seconds are from reading that file (ours: from the conformed table in the lake) to groups, learning included: starting Python,
importing and writing the result are not. Ours include writing fingerprints, keys, pairs, links and events to the lake, which the
others do not have. Memory is the highest resident size in that time, summed over the engine's processes; ours with PostgreSQL,
and with what ingest and conform left behind, which is told apart ("before").
The truth is in the scoring alone.
"""

from __future__ import annotations

import argparse
import platform
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import duckdb
import psutil
from benchmarks import population
from benchmarks.measuring import ProcessTree
from benchmarks.public_sets import PUBLIC_SETS
from benchmarks.reporting import ROOT, provenance
from benchmarks.rivals.job import Answer, Job
from benchmarks.scoring import Agreement, agreement
from rich.console import Console
from rich.table import Table

RIVALS = Path(__file__).parent / "rivals"
ENGINES = {
    "rddm": "benchmarks.ours",
    "splink": "benchmarks.rivals.splink",
    "goldenmatch": "benchmarks.rivals.goldenmatch",
}
SETS = (*(one.name for one in PUBLIC_SETS), "10000", "100000", "1000000")
PATIENCE_SECONDS = 1200
COLUMNS = (
    "data",
    "records",
    "engine",
    "threshold",
    "precision",
    "recall",
    "F1",
    "ceiling",
    "seconds",
    "peak MiB",
    "MiB before",
    "remarks",
)


Row = tuple[str, ...]


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument(
        "--sets", nargs="+", default=SETS, help="public sets by name, our population by its number of records"
    )
    arguments.add_argument("--engines", nargs="+", default=list(ENGINES), choices=list(ENGINES))
    arguments.add_argument("--folder", type=Path, help="keep environments and data here and use them again")
    arguments.add_argument(
        "--most-memory", type=float, default=0.8, help="of the machine's; an engine that wants more is stopped"
    )
    arguments.add_argument("--markdown", type=Path, help="write the table to this file, too")
    chosen = arguments.parse_args()
    rows: list[Row] = []
    versions: dict[str, str] = {}
    with _folder(chosen.folder) as folder:
        for name in chosen.sets:
            kind, data = _prepare(folder, name)
            for job in _jobs(kind, data, chosen.engines):
                rows += _rows(name, job, _measure(job, _python(folder, job.engine), chosen.most_memory), versions)
    text = _markdown(rows, versions)
    if chosen.markdown:
        chosen.markdown.write_text(text, encoding="utf-8")
    _show(rows)


@contextmanager
def _folder(given: Path | None) -> Iterator[Path]:
    if given is not None:
        given.mkdir(parents=True, exist_ok=True)
        yield given.resolve()
        return
    with tempfile.TemporaryDirectory(prefix="rddm-bench-") as folder:
        yield Path(folder)


def _prepare(folder: Path, name: str) -> tuple[str, Path]:
    """Return kind and folder of data set *name*, made if it is not there."""
    data = folder / name
    public = {one.name: one for one in PUBLIC_SETS}.get(name)
    if public is None:
        population.prepare(data, int(name))
        return "population", data
    shutil.rmtree(data, ignore_errors=True)
    data.mkdir()
    packages = subprocess.run(  # noqa: S603 - our own Python
        [_environment(folder, "data"), "-c", "import sysconfig; print(sysconfig.get_path('purelib'))"],
        check=True,
        capture_output=True,
        text=True,
    ).stdout.strip()
    public.prepare(Path(packages), data)
    return public.kind, data


def _jobs(kind: str, data: Path, engines: Collection[str]) -> list[Job]:
    """Return what to run on a data set; ours first, because it makes what the others read of our population."""
    inputs = (False, True) if kind == "population" else (False,)
    found = [Job(engine, kind, data, forms) for engine in ENGINES for forms in inputs if engine in engines]
    return [job for job in found if not (job.forms and job.engine == "rddm")]


def _python(folder: Path, engine: str) -> Path:
    return Path(sys.executable) if engine == "rddm" else _environment(folder, engine)


def _environment(folder: Path, name: str) -> Path:
    """Return the Python of the environment with what ``rivals/<name>.txt`` pins, made if it is not there or is another."""
    environment, pins = folder / "environments" / name, RIVALS / f"{name}.txt"
    python, made_of = environment / "bin" / "python", environment / "made-of.txt"
    if not made_of.exists() or made_of.read_text(encoding="utf-8") != pins.read_text(encoding="utf-8"):
        print(f"setting up {name} ...", flush=True)
        subprocess.run([sys.executable, "-m", "venv", "--clear", environment], check=True)  # noqa: S603 - our own Python
        pip = [str(python), "-m", "pip", "--disable-pip-version-check", "--quiet", "install"]
        subprocess.run([*pip, "--require-hashes", "--no-deps", "--requirement", str(pins)], check=True)  # noqa: S603 - our own Python
        shutil.copy(pins, made_of)
    return python


@dataclass(frozen=True)
class Measured:
    """``answer`` is None for an engine that failed; ``trouble`` says how. ``before_bytes``: there when what is measured began."""

    answer: Answer | None
    peak_bytes: int
    before_bytes: int = 0
    trouble: str = ""


def _measure(job: Job, python: Path, most_memory: float) -> Measured:
    """Run the engine of *job*, with at most *most_memory* of the machine's."""
    print(f"{job.folder.name}: {job.shown} ...", flush=True)
    for left in (job.answer, job.labels):
        left.unlink(missing_ok=True)
    if job.engine == "rddm":
        shutil.rmtree(job.folder / "project" / ".rddm", ignore_errors=True)
    most_bytes = round(most_memory * psutil.virtual_memory().total)
    with job.log.open("w", encoding="utf-8") as output:
        process = subprocess.Popen(  # noqa: S603 - one of `ENGINES`
            [python, "-m", ENGINES[job.engine], *job.arguments], cwd=ROOT, stdout=output, stderr=output
        )
        with ProcessTree(process.pid, job.folder / "project" / ".rddm" / "pg" / "postmaster.pid", most_bytes) as tree:
            try:
                process.wait(PATIENCE_SECONDS)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
                return Measured(None, tree.peak(), trouble=f"stopped after {PATIENCE_SECONDS} s")
    if tree.exceeded:
        return Measured(None, tree.peak(), trouble=f"stopped at {most_bytes / 2**30:.0f} GiB")
    if process.returncode or not job.answer.exists():
        print(f"{job.folder.name}: {job.shown} failed ({process.returncode}), see {job.log}", flush=True)
        return Measured(None, tree.peak(), trouble="failed")
    answer = job.read()
    return Measured(answer, tree.peak(answer.started, answer.ended), tree.peak(answer.started, answer.started))


def _rows(name: str, job: Job, measured: Measured, versions: dict[str, str]) -> list[Row]:
    """Return the table's rows: the engine at its default and, where it made groups at more thresholds, at the best of them."""
    data = f"population {int(name):,}" if job.kind == "population" else name
    answer = measured.answer
    peak, before = (f"{size / 2**20:,.0f}" for size in (measured.peak_bytes, measured.before_bytes))
    if answer is None:
        return [(data, "", job.shown, *[""] * 6, peak, "", measured.trouble)]
    versions |= {f"{each} ({job.engine})" if each == "duckdb" else each: v for each, v in answer.versions.items()}
    records = duckdb.sql(f"SELECT count(*) FROM '{job.cleaned}'").fetchall()[0][0]
    scores = {column: _score(job, column) for column in answer.thresholds}

    def row(column: str, cost: tuple[str, str, str], remark: str) -> Row:
        threshold, score = answer.thresholds[column], scores[column]
        shown = "automatic" if threshold is None else f"{threshold:.10g}"
        right = tuple(f"{value:.4f}" for value in (score.precision, score.recall, score.f1))
        ceiling = "" if answer.ceiling is None else f"{answer.ceiling:.4f}"
        return (data, f"{records:,}", job.shown, shown, *right, ceiling, *cost, remark)

    default, *others = scores
    rows = [row(default, (f"{answer.ended - answer.started:,.1f}", peak, before), answer.note)]
    if others:
        best = max(scores, key=lambda column: scores[column].f1)
        rows.append(row(best, ("", "", ""), "for reference: its best threshold, chosen with the true answers"))
    return rows


def _score(job: Job, column: str) -> Agreement:
    """Score the groups in *column*; a record that the engine left out stands alone."""
    found = duckdb.sql(
        f"""
        SELECT dense_rank() OVER (ORDER BY person) AS truth, coalesce(l."{column}", -1)::BIGINT AS found
        FROM '{job.folder / "truth.parquet"}' t
        SEMI JOIN '{job.cleaned}' c ON c.source = t.source AND c.key = t.key
        LEFT JOIN '{job.labels}' l ON l.source = t.source AND l.key = t.key"""
    ).fetchnumpy()
    return agreement(found["truth"], found["found"])


def _markdown(rows: Sequence[Row], versions: dict[str, str]) -> str:
    lines = [
        "# Identity: our default beside Splink and goldenmatch",
        "",
        *provenance("benchmarks.identity"),
        f"Versions: Python {platform.python_version()}, {', '.join(f'{name} {v}' for name, v in sorted(versions.items()))}.",
        "",
        "| " + " | ".join(COLUMNS) + " |",
        "|" + "|".join("---" if name in ("data", "engine", "remarks") else "--:" for name in COLUMNS) + "|",
        *("| " + " | ".join(row) + " |" for row in rows),
        "",
        *(__doc__ or "").strip().split("\n\n")[2:],
        "",
    ]
    return "\n".join(lines)


def _show(rows: Sequence[Row]) -> None:
    table = Table(*COLUMNS)
    for row in rows:
        table.add_row(*row)
    Console(width=220).print(table)


if __name__ == "__main__":
    main()
