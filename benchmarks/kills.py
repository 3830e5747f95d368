"""
Kill runs at random moments and compare what they end in with a warehouse that nobody disturbed.

    python benchmarks/kills.py --kills 50 --people 1500

Both warehouses take in the same two days of the demo's nine services. In one of them each day's run is killed (SIGKILL) in
every stage, and sometimes its PostgreSQL is, whole or one process of it; each kill is followed by another run, until one
succeeds. Then every table is compared, and every source's counts must balance. Ends in 1 on any difference.
"""

from __future__ import annotations

import argparse
import itertools
import json
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import duckdb
import psutil

from rddm.app.wire import open_reading
from rddm.contracts.tables import quote
from rddm.demo import (
    REST_TOKEN,
    REST_TOKEN_VARIABLE,
    invent_world,
    load_postgres,
    serve_rest,
    write_project,
    write_services,
)
from rddm.demo.world import World
from rddm.pipeline.conservation import balances
from rddm.pipeline.engine import mapped_entities
from rddm.store.embedded import ensure_database, start_embedded

RDDM = [sys.executable, "-c", "from rddm.app.cli import main; main()"]
STAGES = ("start", "ingest", "conform", "resolve", "curate", "publish")
PER_DAY = ("start", *["ingest"] * 3, *["conform"] * 2, *["resolve"] * 3, *["curate"] * 2, *["publish"] * 2)
"""How kills are spread over the stages; repeated as often as needed."""
TARGETS = ("run", "run", "run", "server", "backend")
"""What is killed: mostly the run itself; sometimes PostgreSQL under it, or one of its processes."""
PATIENCE_SECONDS = 300

LEFT_OUT = {
    "raw": {"_received_at", "_batch", "_seq", "received_at", "batch", "run_id", "received", "duplicate"},
    "conformed": {"batch", "seq", "last_batch"},
    "quarantine": {"batch", "seq", "attempts", "first_seen", "last_seen"},
    "identity": {"run_id", "at"},
    "golden": set[str](),
    "warehouse": set[str](),
}
"""Columns that tell when and how often something was tried, which is all that a kill may change. Received and duplicate
are checked by the balance: what is read again after a kill is counted again."""


@dataclass
class Tally:
    """What happened to one warehouse."""

    kills: list[tuple[int, str, str, float]] = field(default_factory=list)
    """Day, stage in which, what, seconds after the stage began."""
    runs: int = 0
    exit_codes: Counter[int] = field(default_factory=Counter)
    surprises: list[str] = field(default_factory=list)
    """What runs said that ended neither well, nor killed, nor with the exit code for a lost database."""


@dataclass(frozen=True)
class Child:
    """A run in a process of its own; what it says goes to a file."""

    process: subprocess.Popen[bytes]
    said: Path

    def text(self) -> str:
        return self.said.read_text(encoding="utf-8", errors="replace")

    def stage(self) -> str:
        """The stage that its last line of progress tells of."""
        found = "start"
        for line in self.text().splitlines():
            word = (line.split(" s  ", 1)[1].split() or [""])[0] if " s  " in line else ""
            found = {"✓": "ingest", "✗": "ingest", "split": "conform"}.get(word, word if word in STAGES else found)
        return found

    def wait_for(self, stage: str) -> bool:
        """Wait until *stage*, or a later one, has begun; False when the process ended before."""
        while STAGES.index(self.stage()) < STAGES.index(stage):
            if self.process.poll() is not None:
                return False
            time.sleep(0.01)
        return True


class Ground:
    """The nine services, or *only* some that lie in files, and the warehouses that take them in."""

    def __init__(self, root: Path, world: World, only: Collection[str] = ()) -> None:
        self._root, self._world, self._only, self._environment = root, world, only, dict(os.environ)
        self._url = "" if only else ensure_database(start_embedded(root / "federation"), "federation")

    @contextmanager
    def day(self, day: int) -> Iterator[None]:
        """Let the services hold what they hold on *day*, as long as the block lasts."""
        services = self._root / "services"
        services.mkdir(exist_ok=True)
        write_services(self._world, services, day)
        if self._url:
            load_postgres(self._world, self._url, day)
        with serve_rest(services) as rest_url:
            self._environment |= {REST_TOKEN_VARIABLE: REST_TOKEN, "RDDM_DEMO_APP_URL": rest_url, "COLUMNS": "200"}
            self._environment.pop("RDDM_DATABASE_URL", None)
            yield

    def warehouse(self, name: str) -> Path:
        folder = self._root / name
        folder.mkdir()
        write_project(folder, self._root / "services", rest_url="${RDDM_DEMO_APP_URL}", postgres_url=self._url)
        for source in (folder / "sources").iterdir():
            if self._only and source.stem not in self._only:
                source.unlink()
        with (folder / "rddm.yaml").open("a") as settings:
            settings.write("\nengine: {memory_limit: 2GB, threads: 2}\n")
        return folder

    @property
    def environment(self) -> Mapping[str, str]:
        return self._environment

    def start_run(self, warehouse: Path, number: int) -> Child:
        said = warehouse / f"said-{number}.txt"
        with said.open("wb") as errors, (warehouse / f"out-{number}.json").open("wb") as out:
            command = [*RDDM, "run", "--json", "--project", str(warehouse)]
            process = subprocess.Popen(command, env=self._environment, stdout=out, stderr=errors)  # noqa: S603 - our own
            return Child(process, said)


def run_undisturbed(ground: Ground, warehouse: Path, tally: Tally) -> dict[str, float]:
    """Run once to the end; return how long each stage took, in seconds."""
    tally.runs += 1
    child = ground.start_run(warehouse, tally.runs)
    began, seconds, stage, last = time.monotonic(), dict.fromkeys(STAGES, 0.0), "start", time.monotonic()
    while child.process.poll() is None:
        time.sleep(0.01)
        now, found = time.monotonic(), child.stage()
        if found != stage:
            seconds[stage], stage, last = now - last, found, now
    seconds[stage] = time.monotonic() - last
    if child.process.returncode != 0:
        raise RuntimeError(f"an undisturbed run failed after {time.monotonic() - began:.0f} s: {child.text()}")
    return seconds


def run_with_kills(ground: Ground, warehouse: Path, plan: Sequence[tuple[int, str, str, float]], tally: Tally) -> None:
    """Kill as *plan* says (day, stage, target, seconds after the stage began), then run until it succeeds."""
    for day, stage, target, at_most in plan:
        for attempt in range(20):
            delay = at_most / 2**attempt  # after a failed attempt less is left to do
            if attempt > 1:
                stage = "ingest"  # noqa: PLW2901 - all that came later is done already
            tally.runs += 1
            child = ground.start_run(warehouse, tally.runs)
            hit = child.wait_for(stage) and _is_alive_after(child, delay) and _kill(child, warehouse, target)
            if hit:
                tally.kills.append((day, child.stage(), target, delay))
            _see_how_it_ended(child, tally)
            if hit:
                break
        else:
            raise RuntimeError(f"no run could be killed in stage {stage}: {child.text()}")
    for _ in range(10):
        tally.runs += 1
        child = ground.start_run(warehouse, tally.runs)
        _see_how_it_ended(child, tally)
        if child.process.returncode == 0:
            return
    raise RuntimeError(f"no run succeeds any more: {child.text()}")


def _is_alive_after(child: Child, delay: float) -> bool:
    try:
        child.process.wait(delay)
    except subprocess.TimeoutExpired:
        return True
    return False


def _kill(child: Child, warehouse: Path, target: str) -> bool:
    """Kill the run, the PostgreSQL that it works on, or one process of that; return whether there was one to kill."""
    if target == "run":
        child.process.kill()
        return True
    try:
        pid = int((warehouse / ".rddm" / "pg" / "postmaster.pid").read_text().split()[0])
        server = psutil.Process(pid)
        victims = [server] if target == "server" else [each for each in server.children() if _serves(each)]
        victims[0].send_signal(signal.SIGKILL)
    except (OSError, IndexError, psutil.Error):
        return False
    return True


def _serves(process: psutil.Process) -> bool:
    """Whether this process of PostgreSQL serves a connection."""
    return "[local]" in " ".join(process.cmdline())


def _see_how_it_ended(child: Child, tally: Tally) -> None:
    code = child.process.wait(PATIENCE_SECONDS)
    tally.exit_codes[code] += 1
    said = child.text()
    if code not in (0, 4, -signal.SIGKILL) or "Traceback" in said:
        tally.surprises.append(f"{child.said.name} ended in {code}: {said.strip().splitlines()[-1:]}")


# --- comparing --------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Compared:
    """One table: rows in the undisturbed warehouse, rows only there, rows only in the other."""

    table: str
    rows: int
    missing: int
    extra: int


def compare(undisturbed: Path, disturbed: Path, environment: Mapping[str, str]) -> list[Compared]:
    """Return every table of the two warehouses, compared row by row. Balances both; they raise when they do not."""
    with duckdb.connect() as judge:
        names = [_bring(judge, each, side, environment) for side, each in (("a", undisturbed), ("b", disturbed))]
        return [_compared(judge, name) for name in sorted(names[0] | names[1])]


def _bring(judge: duckdb.DuckDBPyConnection, warehouse: Path, side: str, environment: Mapping[str, str]) -> set[str]:
    judge.execute(f"CREATE SCHEMA {side}")
    names = set()
    with open_reading(warehouse, environment) as reading:
        places = {name: [(each.source, each.entity) for each in entities]
                  for name, entities in mapped_entities(reading.settings).items()}  # fmt: skip
        balances(reading.lake, places)
        lake = reading.lake.connection
        tables = lake.execute(
            "SELECT schema_name, table_name, list(column_name ORDER BY column_index) FROM duckdb_columns()"
            " WHERE database_name = 'lake' GROUP BY ALL"
        ).fetchall()
        for schema, name, columns in tables:
            kept = [column for column in columns if column not in LEFT_OUT[schema]]
            query = f"SELECT {', '.join(map(quote, kept))} FROM lake.{quote(schema)}.{quote(name)}"
            if (schema, name) == ("raw", "batch"):
                query = "SELECT source, entity, sum(unreadable), sum(landed) FROM lake.raw.batch GROUP BY ALL"
            names.add(_keep(judge, side, f"{schema}.{name}", lake.execute(query).to_arrow_table()))
        lake.execute(f"ATTACH '{reading.database.conninfo}' AS pg (TYPE postgres, READ_ONLY)")
        published = lake.execute(
            "SELECT table_name, list(column_name ORDER BY column_index) FROM duckdb_columns()"
            " WHERE database_name = 'pg' AND schema_name = 'warehouse' AND table_name <> 'publication' GROUP BY ALL"
        ).fetchall()
        for name, columns in published:
            query = f"SELECT {', '.join(map(quote, columns))} FROM pg.warehouse.{quote(name)}"
            names.add(_keep(judge, side, f"warehouse.{name}", lake.execute(query).to_arrow_table()))
    return names


def _keep(judge: duckdb.DuckDBPyConnection, side: str, name: str, rows: object) -> str:
    judge.register("incoming", rows)
    judge.execute(f"CREATE TABLE {side}.{quote(name)} AS SELECT * FROM incoming")
    judge.unregister("incoming")
    return name


def _compared(judge: duckdb.DuckDBPyConnection, name: str) -> Compared:
    def number(query: str) -> int:
        row = judge.execute(query).fetchone()
        return int(row[0]) if row else 0

    has = {side: number(f"SELECT count(*) FROM duckdb_tables() WHERE schema_name = '{side}' AND table_name = '{name}'")
           for side in "ab"}  # fmt: skip
    if not all(has.values()):
        return Compared(name, 0, missing=1 - has["b"], extra=1 - has["a"])
    a, b = f"SELECT * FROM a.{quote(name)}", f"SELECT * FROM b.{quote(name)}"
    return Compared(
        name,
        number(f"SELECT count(*) FROM ({a})"),
        number(f"SELECT count(*) FROM ({a} EXCEPT ALL {b})"),
        number(f"SELECT count(*) FROM ({b} EXCEPT ALL {a})"),
    )


# --- the benchmark ----------------------------------------------------------------------------------------------------


def plan_kills(
    kills: int, day: int, seconds: Mapping[str, float], chance: random.Random
) -> list[tuple[int, str, str, float]]:
    """Return *kills* kills of *day*, from the first stage to the last, each at a moment within its stage."""
    stages = sorted(itertools.islice(itertools.cycle(PER_DAY), kills), key=STAGES.index)
    # The engine's stages are one transaction: the order in which they are hit does not matter, so let it be any.
    engine = [place for place, stage in enumerate(stages) if stage in ("conform", "resolve", "curate")]
    shuffled = [stages[place] for place in engine]
    chance.shuffle(shuffled)
    for place, stage in zip(engine, shuffled, strict=True):
        stages[place] = stage
    return [
        (day, stage, "run" if stage == "start" else chance.choice(TARGETS), chance.uniform(0, seconds[stage]))
        for stage in stages
    ]


def show(compared: Sequence[Compared], tally: Tally) -> None:
    where = Counter((stage, target) for _, stage, target, _ in tally.kills)
    print(f"\n{'killed in':12}" + "".join(f"{target:>10}" for target in dict.fromkeys(TARGETS)))
    for stage in STAGES:
        print(f"{stage:12}" + "".join(f"{where[stage, target]:>10}" for target in dict.fromkeys(TARGETS)))
    ended = ", ".join(f"{count} in {code}" for code, count in sorted(tally.exit_codes.items()))
    print(f"{len(tally.kills)} kills, {tally.runs} runs; ended: {ended}\n")
    for surprise in tally.surprises:
        print(f"surprise: {surprise}")
    print(f"{'table':40}{'rows':>10}{'missing':>10}{'extra':>10}")
    for each in compared:
        mark = "" if not each.missing and not each.extra else "   <- differs"
        print(f"{each.table:40}{each.rows:>10,}{each.missing:>10,}{each.extra:>10,}{mark}")
    wrong = sum(1 for each in compared if each.missing or each.extra)
    print(f"\n{len(compared)} tables, {wrong} differ; every source of both warehouses balances to the row")


def main() -> int:
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--kills", type=int, default=50)
    arguments.add_argument("--people", type=int, default=1500)
    arguments.add_argument("--seed", type=int, default=2026)
    arguments.add_argument(
        "--folder", type=Path, help="Where to work; a temporary folder that is kept on a difference."
    )
    given = arguments.parse_args()
    root = given.folder or Path(tempfile.mkdtemp(prefix="rddm-kills-"))
    chance = random.Random(given.seed)  # noqa: S311 - a reproducible plan is wanted
    ground = Ground(root, invent_world(given.people, given.seed))
    undisturbed, disturbed = ground.warehouse("undisturbed"), ground.warehouse("disturbed")
    calm, tally = Tally(), Tally()
    for day in (1, 2):
        with ground.day(day):
            seconds = run_undisturbed(ground, undisturbed, calm)
            print(f"day {day} undisturbed: " + ", ".join(f"{stage} {took:.1f} s" for stage, took in seconds.items()))
            plan = plan_kills(given.kills // 2 + (given.kills % 2) * (day == 1), day, seconds, chance)
            run_with_kills(ground, disturbed, plan, tally)
            print(f"day {day}: {len(tally.kills)} kills so far, {tally.runs} runs", flush=True)
    compared = compare(undisturbed, disturbed, ground.environment)
    show(compared, tally)
    (root / "kills.json").write_text(json.dumps(tally.kills))
    if tally.surprises or any(each.missing or each.extra for each in compared):
        print(f"the two warehouses are in {root}")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
