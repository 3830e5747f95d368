"""
"Do we know this person?": how long it takes, and how often the answer is right.

    python -m benchmarks.lookup --records 1000000 [--asked 2000] [--folder /tmp/bench] [--there]

Invents a world of the demo's kind, keeps one person in twenty out of it, runs the rest through a warehouse of its own, and then
asks for people as a service's registration form would: with some of the fields of one of their records, and in half the cases
with a slip of the finger in one of them. Those kept out are strangers whom nobody may take for somebody else. Prints the times
of each question as the function `look_up` takes it, from typed texts to the answer, over one connection, and the sizes of what
was published for it. With *--there*, the warehouse that `benchmarks.scale` left in the folder is asked, which nobody was kept out
of, so there are no strangers.
"""

from __future__ import annotations

import argparse
import platform
import random
import shutil
import time
from collections import Counter, defaultdict
from collections.abc import Collection, Sequence
from contextlib import suppress
from datetime import date
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import psutil
from benchmarks import stages

from rddm.app.wire import open_warehouse
from rddm.contracts.tables import literal
from rddm.pipeline.ingesting import Ingested
from rddm.pipeline.run import Warehouse, run
from rddm.resolve.known import Verdict
from rddm.serve.known import open_known_people
from rddm.store.lake import CATALOG

PERSON = "person"
KEPT_OUT = 20
"""One person in so many is no part of the warehouse."""
SLIPPED = 0.5
FORMS = (
    ("last_name", "first_name", "birth_date", "phone"),
    ("last_name", "first_name", "middle_name", "birth_date"),
    ("last_name", "first_name", "middle_name", "birth_date", "phone", "email", "region"),
    ("last_name", "first_name", "birth_date", "email"),
    ("last_name", "first_name", "birth_date"),
    ("first_name", "phone"),
)
"""What registration forms ask for; of a record that lacks a field, it is left empty."""
SLIPPABLE = ("last_name", "first_name", "birth_date", "phone", "email")


class Silent:
    def reading(self, source: str, entity: str, pieces: int) -> None: ...

    def read(self, result: Ingested) -> None: ...

    def working(self, what: str) -> None: ...


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--records", type=int, default=1_000_000)
    arguments.add_argument("--asked", type=int, default=2_000, help="people who are asked for; strangers come on top")
    arguments.add_argument("--folder", type=Path, help="keep the files and the warehouse here and use them again")
    arguments.add_argument("--there", action="store_true", help="ask the warehouse of benchmarks.scale in the folder")
    chosen = arguments.parse_args()
    with stages.folder_of(chosen.folder) as folder:
        data = folder / f"people-{chosen.records}"
        if not (data / "done").exists():
            stages.invent(data, chosen.records)
        if chosen.there:
            with open_warehouse(data / "warehouse", {}) as warehouse:
                _measure(warehouse, data, chosen.asked, 0)
            return
        kept = data / "kept"
        if not (kept / "done").exists():
            _keep_some_out(data, kept)
        with open_warehouse(kept / "warehouse", {}) as warehouse:
            run(warehouse, Silent())
            _measure(warehouse, data, chosen.asked, chosen.asked // 4)


def _keep_some_out(data: Path, kept: Path) -> None:
    """Write the services' files without the people who are kept out, and a project that reads them."""
    shutil.rmtree(kept, ignore_errors=True)
    kept.mkdir()
    for path in sorted(data.glob("*.parquet")):
        if path.stem != "truth":
            inside = (
                f"SELECT key FROM {literal(str(data / 'truth.parquet'))}"
                f" WHERE source = {literal(path.stem)} AND person % {KEPT_OUT} <> 0"
            )
            duckdb.execute(
                f"COPY (SELECT * FROM {literal(str(path))} WHERE key IN ({inside}))"
                f" TO {literal(str(kept / path.name))} (FORMAT parquet)"
            )
    stages.write_project(kept / "warehouse", kept, "70%")
    (kept / "done").touch()


def _measure(warehouse: Warehouse, data: Path, asked: int, strangers: int) -> None:
    chance = random.Random(7)  # noqa: S311 - invented people
    questions = _questions(data, asked, chance, "person % {0} <> 0") + _questions(
        data, strangers, chance, "person % {0} = 0"
    )
    owner = _owners(warehouse, data, {person for person, _ in questions})
    entity = warehouse.settings.model.entities[PERSON]
    with open_known_people(warehouse.database, PERSON, entity) as people:
        for _, texts in questions[:50]:  # the first questions make PostgreSQL plan and us compile
            people.look_up(texts, date(2026, 6, 1))
        took, outcomes, compared = [], Counter[str](), []
        cpu, scans = _cpu_seconds(warehouse), _scans(warehouse)
        missed: Counter[str] = Counter()
        for person, texts in questions:
            started = time.perf_counter()
            answer = people.look_up(texts, date(2026, 6, 1))
            took.append((time.perf_counter() - started) * 1000)
            compared.append(answer.compared)
            found = owner.get(str(answer.people[0].id)) if answer.people else None
            stranger = person % KEPT_OUT == 0
            outcomes[_outcome(answer.verdict, stranger=stranger, right=found == person)] += 1
            missed["asked"] += not stranger
            missed["first"] += not stranger and found == person
        cpu = _cpu_seconds(warehouse) - cpu
    _report(warehouse, took, outcomes, missed, compared)
    print(f"CPU      {cpu / len(questions) * 1000:.2f} ms a look-up, PostgreSQL's included")
    for name, times in sorted((_scans(warehouse) - scans).items()):
        print(f"  {name:<28}{times:>8,} times")


def _cpu_seconds(warehouse: Warehouse) -> float:
    """CPU seconds of this process and of the database's connections that are open."""
    with warehouse.database.connect() as connection:
        own = connection.info.backend_pid
        rows = connection.execute("SELECT pid FROM pg_stat_activity WHERE backend_type = 'client backend'").fetchall()
    whole = 0.0
    for process in [psutil.Process(), *(psutil.Process(pid) for (pid,) in rows if pid != own)]:
        with suppress(psutil.Error):
            times = process.cpu_times()
            whole += times.user + times.system
    return whole


def _scans(warehouse: Warehouse) -> Counter[str]:
    """How often each table for look-ups was read by an index and without one, as connections have told so far."""
    with warehouse.database.connect() as connection:
        rows = connection.execute(
            "SELECT relname, coalesce(idx_scan, 0), seq_scan FROM pg_stat_user_tables WHERE schemaname = 'matching'"
        ).fetchall()
    scans: Counter[str] = Counter()
    for name, by_index, whole in rows:
        scans[f"{name} by index"] = by_index
        scans[f"{name} end to end"] = whole
    return scans


def _outcome(verdict: Verdict, *, stranger: bool, right: bool) -> str:
    if verdict != "known":
        return f"{'stranger' if stranger else 'asked'}: {verdict}"
    return f"{'stranger' if stranger else 'asked'}: known, {'right' if right else 'wrong'}"


def _owners(warehouse: Warehouse, data: Path, asked: Collection[int]) -> dict[str, int]:
    """Return, for golden ids that have a record of the people *asked*, the invented person to whom most of its records belong."""
    links, records = f"{CATALOG}.identity.{PERSON}__link", f"{CATALOG}.conformed.{PERSON}"
    owned = f"{links} JOIN {records} USING (record_id) JOIN {literal(str(data / 'truth.parquet'))} USING (source, key)"
    numbers = f"SELECT unnest([{', '.join(map(str, sorted(asked)))}])"
    rows = warehouse.lake.connection.execute(
        f"SELECT golden_id::VARCHAR, mode(person) FROM {owned}"
        f" WHERE golden_id IN (SELECT golden_id FROM {owned} WHERE person IN ({numbers})) GROUP BY golden_id"
    ).fetchall()
    return dict(rows)


def _questions(data: Path, count: int, chance: random.Random, who: str) -> list[tuple[int, dict[str, str]]]:
    """Return people (their number) and what is typed of them."""
    chosen: list[tuple[int, dict[str, Any]]] = []
    files = [path for path in sorted(data.glob("*.parquet")) if path.stem != "truth"]
    for path in files:
        cursor = duckdb.execute(
            f"SELECT person, r.* FROM {literal(str(path))} r JOIN {literal(str(data / 'truth.parquet'))} t ON t.key = r.key"
            f" AND t.source = {literal(path.stem)} WHERE {who.format(KEPT_OUT)} ORDER BY md5(r.key) LIMIT {count}"
        )
        names = [column[0] for column in cursor.description or ()]
        chosen += [(row[0], dict(zip(names, row, strict=True))) for row in cursor.fetchall()]
    chance.shuffle(chosen)
    questions = []
    for person, record in chosen:
        form = chance.choice(FORMS)
        texts = {name: str(record[name]) for name in form if record.get(name) is not None}
        if len(texts) < 2:
            continue
        if chance.random() < SLIPPED:
            name = chance.choice([each for each in texts if each in SLIPPABLE])
            texts[name] = _slip(texts[name], chance)
        questions.append((person, texts))
        if len(questions) == count:
            break
    return questions


def _slip(text: str, chance: random.Random) -> str:
    """Return *text* with a letter left out, doubled, or exchanged with its neighbour."""
    if len(text) < 4:
        return text
    place = chance.randrange(1, len(text) - 1)
    kind = chance.randrange(3)
    if kind == 0:
        return text[:place] + text[place + 1 :]
    if kind == 1:
        return text[:place] + text[place] + text[place:]
    return text[: place - 1] + text[place] + text[place - 1] + text[place + 1 :]


def _report(
    warehouse: Warehouse, took: Sequence[float], outcomes: Counter[str], missed: Counter[str], compared: Sequence[int]
) -> None:
    people = warehouse.lake.number(f"SELECT count(DISTINCT golden_id) FROM {CATALOG}.identity.{PERSON}__link")
    records = warehouse.lake.number(f"SELECT count(*) FROM {CATALOG}.identity.{PERSON}__link")
    memory = psutil.virtual_memory().total / 2**30
    print(
        f"machine  {platform.machine()}, {psutil.cpu_count()} cores, {memory:.0f} GiB, load {psutil.getloadavg()[0]:.1f}"
    )
    print(f"records  {records:,} of {people:,} people found")
    p50, p95, p99 = np.percentile(took, [50, 95, 99])
    print(f"look-ups {len(took):,}: p50 {p50:.2f} ms, p95 {p95:.2f} ms, p99 {p99:.2f} ms, worst {max(took):.1f} ms")
    print(f"compared {np.mean(compared):.1f} people on average, at most {max(compared)}")
    print(f"rank 1   {missed['first'] / missed['asked']:.4f} of those who are there")
    totals: dict[str, int] = defaultdict(int)
    for name, count in outcomes.items():
        totals[name.split(":")[0]] += count
    for name, count in sorted(outcomes.items()):
        print(f"  {name:<24}{count:>7,}  {count / totals[name.split(':')[0]]:.4f}")
    whole = 0
    with warehouse.database.connect() as connection:
        entries = connection.execute(
            "SELECT sum(cardinality(entries))::bigint, count(*) FROM matching.person_drawer"
        ).fetchone()
        for name, table, index, rows in connection.execute(
            "SELECT relname, pg_table_size(oid), pg_indexes_size(oid), reltuples::bigint FROM pg_class"
            " WHERE relnamespace = 'matching'::regnamespace AND relkind = 'r' ORDER BY 2 DESC"
        ).fetchall():
            whole += table + index
            sizes = f"{table / 2**20:>9.1f} MiB, indexes {index / 2**20:>8.1f} MiB, {(table + index) / people:>7.1f} B a person"
            print(f"  {name:<16}{rows:>12,} rows {sizes}")
    keys, drawers = entries or (0, 1)
    print(f"keys     {keys:,} in {drawers:,} drawers, {keys / people:.1f} a person; {whole / 2**20:,.0f} MiB in all")


if __name__ == "__main__":
    main()
