"""Somebody is erased: nothing of them is anywhere, everybody else is as before, and they do not come back."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID

import pyarrow.parquet as pq
import pytest
from tests.support.warehouse import PEOPLE_ALONE, SMALL_MODEL, MadeOnce, Quiet, TinyWarehouse, copy_database

from rddm.app.wire import open_reading
from rddm.contracts.batches import Unreadable
from rddm.contracts.errors import NotFound, RunInProgress, SourceError, StoreError
from rddm.pipeline import erasing
from rddm.pipeline.erasing import Wanted, allow_again, erase, find, finish_erasures
from rddm.pipeline.erasing_find import Leaving
from rddm.pipeline.ingesting import Ingested
from rddm.pipeline.landing import Place
from rddm.pipeline.maintaining import maintain_warehouse
from rddm.pipeline.patching import Author, patch_record
from rddm.pipeline.run import RunReport
from rddm.store import scrubbing
from rddm.store.database import Database
from rddm.store.erasures import Erasure, digest, digest_parameters, digest_sql

CAMPS = """
connector: {type: file}
entities:
  camper:
    model: person
    read: {path: unused.csv}
    key: id
    source_time: changed
    deleted: "gone = 'yes'"
    fields: {last_name: last, first_name: first, birth_date: born, phone: phone, email: email}
  shift:
    model: event
    read: {path: unused.csv}
    key: id
    fields: {name: title}
  booking:
    model: participation
    read: {path: unused.csv}
    key: id
    source_time: changed
    fields:
      person: {column: camper, entity: camper}
      event: {column: shift, entity: shift}
      role: role
"""
ACADEMY = """
connector: {type: file}
entities:
  person:
    read: {path: unused.csv}
    key: id
    fields: {last_name: last, first_name: first, birth_date: born, phone: phone, email: email}
"""
New = Callable[..., TinyWarehouse]
Copied = Callable[[Callable[[Path, str], TinyWarehouse]], TinyWarehouse]
NAMED = "person: {column: camper, entity: camper}"
NAMED_BY_NOTHING_KNOWN = "person: {sql: 'no_such_function(camper)', entity: camper}"
VALUES = (
    "Щербубельская",
    "Shcherbubelskaya",
    "903171717",
    "171-71-7",
    "herbubel",
    "1987-03-29",
    "date(1987, 3, 29)",
    "29.03.1987",
    "31.12.2104",
)
"""What nobody but the erased person has: as delivered, as conformed, and as compared."""
HER = {
    "last": "Щербубельская", "first": "Ефросинья", "born": "29.03.1987", "phone": "+7 (903) 171-71-71",
    "email": "Shcherbubelskaya@pismo.alt",
}  # fmt: skip
NAMES = ("Белова", "Орлова", "Зимина", "Кротова", "Лаптева", "Мохова", "Рябова", "Сизова", "Туманова", "Юдина")
OTHERS = [
    {"id": f"o{n}", "last": last, "first": "Анна", "born": f"{1970 + 2 * n}-{n + 1:02}-{28 - 2 * n}",
     "phone": f"+7916{(n + 1) * 876543 % 10**7:07}", "email": f"a{n}{n}{n}@post{n}.alt", "changed": "2024-01-01"}
    for n, last in enumerate(NAMES)
]  # fmt: skip
AUTHOR = Author("ann", "asked for it, letter 17", datetime(2026, 2, 1, tzinfo=UTC))


def with_her(root: Path, database_url: str) -> TinyWarehouse:
    """A person known to two services, with versions, duplicates, a quarantined version, participations."""
    made = TinyWarehouse(root, database_url, {"camps": CAMPS, "academy": ACADEMY}, model=SMALL_MODEL)
    deliver_all(made)
    made.run()
    deliver_later(made)
    made.run()
    return made


def without_her(root: Path, database_url: str) -> TinyWarehouse:
    """The same after she was erased."""
    made = with_her(root, database_url)
    erase_her(made)
    return made


@pytest.fixture
def warehouse(copied: Copied) -> TinyWarehouse:
    return copied(with_her)


@pytest.fixture
def after_erasing(copied: Copied) -> TinyWarehouse:
    return copied(without_her)


@dataclass(frozen=True)
class Erased:
    """A warehouse before and after; tests only read it."""

    warehouse: TinyWarehouse
    proof: Erasure
    wanted: Wanted
    leaving: Leaving
    places_before: list[str]
    others_before: dict[str, list[object]]
    received_before: dict[tuple[str, str], int]
    report: RunReport


@pytest.fixture(scope="module")
def erased(made_once: MadeOnce, tmp_path_factory: pytest.TempPathFactory, postgresql_server: str) -> Iterator[Erased]:
    before, database = made_once.get(with_her, with_her)
    before.close()
    database_url = copy_database(postgresql_server, "erased", copy_of=database)
    made = before.copied(tmp_path_factory.mktemp("erased") / "w", database_url)
    places, others, wanted = places_of(made), everybody_else(made), her(made)
    received = {(each.source, each.entity): each.received for each in made.run().engine.balances}
    leaving = find(made.warehouse, wanted)
    proof = erase_her(made)
    yield Erased(made, proof, wanted, leaving, places, others, received, made.run())
    made.close()


def deliver_all(made: TinyWarehouse) -> None:
    made.deliver("camps/camper", *OTHERS, {"id": "h1", "changed": "2024-01-01", **HER})
    made.deliver("camps/camper", {"id": "h1", "changed": "2024-01-01", **HER})
    made.deliver("academy/person", {"id": "h2", **HER}, {**OTHERS[0], "id": "o0"})
    made.deliver("camps/shift", {"id": "s1", "title": "Смена «Север»"}, {"id": "s2", "title": "Смена «Юг»"})
    made.deliver(
        "camps/booking",
        {"id": "b1", "camper": "h1", "shift": "s1", "role": "гость", "changed": "2024-01-01"},
        {"id": "b2", "camper": "h1", "shift": "s9", "role": "гость", "changed": "2024-01-01"},
        {"id": "b3", "camper": "h1", "shift": "s2", "role": "гость", "changed": "2024-01-01"},
        {"id": "b4", "camper": "o1", "shift": "s2", "role": "гость", "changed": "2024-01-01"},
    )
    made.deliver(
        "camps/camper", Unreadable("campers.csv, line 40", "too many fields", b"h1;SHCHERBUBELSKAYA@pismo.alt;;;;")
    )


def deliver_later(made: TinyWarehouse) -> None:
    made.deliver("camps/camper", {"id": "h1", "changed": "2024-02-01", **HER, "phone": "+7 (903) 171-71-72"})
    made.deliver("camps/camper", {"id": "h1", "changed": "2024-03-01", **HER, "born": "31.12.2104"})
    made.deliver("camps/booking", {"id": "b3", "camper": "o2", "shift": "s2", "role": "гость", "changed": "2024-02-01"})


def map_camps(made: TinyWarehouse, source: str) -> None:
    made.write_source("camps", source)
    made.reopen()


def her(made: TinyWarehouse, entity: str = "person") -> Wanted:
    (found,) = made.query(
        f"SELECT {entity}_id FROM lake.golden.{entity} WHERE last_name LIKE 'Щерб%' OR last_name LIKE 'Shch%'"
    )
    return Wanted(entity, UUID(str(found)))


def erase_her(made: TinyWarehouse, after: Callable[[str], None] = lambda step: None) -> Erasure:
    wanted = her(made)
    return erase(made.warehouse, Quiet(), wanted, find(made.warehouse, wanted), AUTHOR, after)


def places_of(made: TinyWarehouse, values: tuple[str, ...] = VALUES) -> list[str]:
    """
    Every file of the lake, table of PostgreSQL and file of its data folder in which one of *values* stands. The files of
    other databases of the server are of other warehouses.
    """
    found = []
    for file in (made.root / ".rddm").rglob("*"):
        if file.is_file() and file.suffix == ".parquet":
            text = str(pq.read_table(file).to_pylist()).lower()
            found += [f"{file.name}: {value}" for value in values if value.lower() in text]
            found += [f"{file.name} (bytes): {value}" for value in values if value.encode() in file.read_bytes()]
    with made.warehouse.database.connect(autocommit=True) as connection:
        tables = connection.execute(
            "SELECT schemaname, tablename FROM pg_tables WHERE schemaname <> 'information_schema'"
        ).fetchall()
        for schema, name in tables:
            rows = connection.execute(f'SELECT t::text FROM "{schema}"."{name}" AS t'.encode()).fetchall()
            for (row,) in rows:
                text = row.lower() + _hex_as_text(row)
                found += [f"{schema}.{name}: {value}" for value in values if value.lower() in text]
        connection.execute("CHECKPOINT")
        found_at = (
            "SELECT current_setting('data_directory'), oid::text FROM pg_database WHERE datname = current_database()"
        )
        folder, own = connection.execute(found_at).fetchone() or ("", "")
    for file in Path(folder).rglob("*"):
        if file.is_file() and (file.parent.parent.name != "base" or file.parent.name == own):
            content = file.read_bytes()
            found += [f"{file}: {value}" for value in values if value.encode() in content]
    return sorted(set(found))


def _hex_as_text(row: str) -> str:
    """Inlined values of the lake are kept as bytes, which PostgreSQL shows in hexadecimal digits."""
    return " ".join(
        bytes.fromhex(part.split('"')[0].split(",")[0]).decode("utf-8", "replace").lower()
        for part in row.replace("\\\\x", "\\x").split("\\x")[1:]
        if all(sign in "0123456789abcdef" for sign in part.split('"')[0].split(",")[0].rstrip(")"))
        and len(part.split('"')[0].split(",")[0]) % 2 == 0
    )


def everybody_else(made: TinyWarehouse) -> dict[str, list[object]]:
    return {
        "person": made.query("SELECT * FROM lake.golden.person WHERE last_name LIKE 'Бел%' ORDER BY ALL"),
        "shown": made.published(
            "SELECT person_id, last_name, records FROM warehouse.person WHERE last_name LIKE 'Бел%' ORDER BY 1"
        ),
        "raw": made.query("SELECT * FROM lake.raw.camps__camper WHERE _key LIKE 'o%' ORDER BY ALL"),
    }


def test_nothing_of_her_is_anywhere(erased: Erased) -> None:
    assert len({place.partition(":")[0] for place in erased.places_before}) > 10
    assert places_of(erased.warehouse) == []
    assert everybody_else(erased.warehouse) == erased.others_before
    assert (erased.proof.state, erased.proof.unfinished) == ("done", None)
    assert erased.proof.work["database"]["is_log_cleared"]


def test_what_she_took_part_in_goes_and_what_others_did_stays(erased: Erased) -> None:
    made = erased.warehouse
    assert made.query("SELECT _key FROM lake.raw.camps__booking ORDER BY 1") == ["b3", "b4"]
    assert made.published("SELECT count(*) FROM warehouse.participation") == [2]
    assert made.query("SELECT count(*) FROM lake.quarantine.record") == [0]
    counts = {(each["source"], each["entity"]): (each["records"], each["versions"]) for each in erased.proof.places}
    assert counts == {("academy", "person"): (1, 1), ("camps", "booking"): (2, 3), ("camps", "camper"): (1, 3)}


def test_every_record_is_accounted_for(erased: Erased) -> None:
    balances = {(each.source, each.entity): each for each in erased.report.engine.balances}
    assert {place: each.received for place, each in balances.items()} == erased.received_before
    assert all(each.balances for each in balances.values())
    camper = balances["camps", "camper"]
    assert (camper.erased, camper.duplicate, camper.unreadable, camper.superseded, camper.conformed) == (3, 1, 1, 0, 10)
    assert (balances["camps", "booking"].erased, balances["camps", "booking"].conformed) == (3, 2)


def test_the_proof_knows_her_records_and_tells_nothing(erased: Erased) -> None:
    records = [each.record_id for each in erased.leaving.records]
    erasures = erased.warehouse.warehouse.erasures
    key = erasures.secret()
    assert erasures.digests(erased.proof.erasure_id) == sorted(digest(key, each) for each in records)
    assert erased.wanted.golden_id is not None
    assert erasures.of(erased.wanted.golden_id) == erased.proof
    assert erasures.of(records[0]) == erased.proof
    text = str(erased.proof) + str(erased.warehouse.published("SELECT t::text FROM control.suppression t"))
    assert not [each for each in (*VALUES, "h1", "h2", *map(str, records)) if each in text]


def test_sql_and_python_hash_alike(erased: Erased) -> None:
    record = UUID("489d3d54-8abe-266c-b8d6-e7fbe532ff1b")
    for secret in (b"short", b"x" * 200):
        found = erased.warehouse.warehouse.lake.connection.execute(
            f"SELECT {digest_sql('$record::UUID')}", {**digest_parameters(secret), "record": str(record)}
        ).fetchone()
        assert found == (digest(secret, record),)


def test_nothing_was_erased_twice(erased: Erased) -> None:
    with pytest.raises(NotFound, match="nothing to erase"):
        find(erased.warehouse.warehouse, erased.wanted)


def test_she_does_not_come_back(after_erasing: TinyWarehouse) -> None:
    warehouse = after_erasing
    others = everybody_else(warehouse)
    warehouse.deliveries.clear()
    warehouse.query("UPDATE lake.raw.cursor SET reading = ''")
    deliver_all(warehouse)
    deliver_later(warehouse)
    warehouse.deliver("camps/camper", {"id": "h1", "changed": "2025-01-01", **HER, "last": "Щербубельская-Новая"})
    warehouse.deliver(
        "camps/booking", {"id": "b9", "camper": "h1", "shift": "s1", "role": "гость", "changed": "2025-01-01"}
    )
    report = warehouse.run()
    assert report.status == "succeeded"
    assert places_of(warehouse, VALUES[:6]) == []
    erased = {(each.source, each.entity): each.erased for each in report.ingested}
    assert erased == {("camps", "camper"): 5, ("camps", "shift"): 0, ("camps", "booking"): 4, ("academy", "person"): 1}
    assert all(
        each.received == each.landed + each.duplicate + each.unreadable + each.erased for each in report.ingested
    )
    assert everybody_else(warehouse) == others
    assert warehouse.query(f"SELECT count(*) FROM lake.golden.person WHERE last_name NOT IN {NAMES}") == [0]
    assert warehouse.query("SELECT count(*) FROM lake.quarantine.record") == [0]


def test_nothing_of_her_is_kept_when_her_record_comes_with_too_many_columns(after_erasing: TinyWarehouse) -> None:
    warehouse = after_erasing
    warehouse.deliveries.clear()
    warehouse.query("UPDATE lake.raw.cursor SET reading = ''")
    more = {f"x{number}": "1" for number in range(1_600)}
    warehouse.deliver("camps/camper", {"id": "h1", "changed": "2025-01-01", **HER, **more})
    report = warehouse.run()
    (camper,) = (each for each in report.ingested if each.entity == "camper")
    assert (camper.received, camper.erased, camper.unreadable) == (1, 1, 0)
    assert places_of(warehouse, VALUES[:6]) == []


def test_no_fact_that_names_her_comes_in_by_a_mapping_that_cannot_be_evaluated(after_erasing: TinyWarehouse) -> None:
    warehouse = after_erasing

    def deliver(*bookings: dict[str, str]) -> tuple[Ingested, list[object]]:
        booking = {"camper": "h1", "shift": "s1", "role": "гость", "changed": "2025-01-01"}
        warehouse.deliver("camps/booking", *(booking | each for each in bookings))
        (read,) = (each for each in warehouse.run().ingested if each.entity == "booking")
        return read, warehouse.query("SELECT _key FROM lake.raw.camps__booking WHERE _key IN ('b7', 'b8', 'b9')")

    map_camps(warehouse, CAMPS.replace("role: role", "role: {sql: 'no_such_function(role)'}"))
    read, landed = deliver({"id": "b9"}, {"id": "b8", "camper": "o3"})
    assert (read.error, read.erased, landed) == (None, 1, ["b8"])

    map_camps(warehouse, CAMPS.replace(NAMED, NAMED_BY_NOTHING_KNOWN))
    read, landed = deliver({"id": "b7"})
    assert "its mapping of person cannot be evaluated" in str(read.error)
    assert landed == ["b8"]
    map_camps(warehouse, CAMPS)
    read, landed = deliver({"id": "b7"})
    assert (read.error, read.erased, landed) == (None, 2, ["b8"])


def test_under_a_new_key_she_is_somebody_new(after_erasing: TinyWarehouse) -> None:
    after_erasing.deliver("camps/camper", {"id": "h7", "changed": "2026-01-01", **HER})
    after_erasing.run()
    new = her(after_erasing).golden_id
    assert new is not None
    assert after_erasing.warehouse.erasures.of(new) is None


def test_she_may_be_let_in_again(after_erasing: TinyWarehouse) -> None:
    warehouse = after_erasing
    erasures = warehouse.warehouse.erasures
    (proof,) = erasures.made()
    lifted = allow_again(erasures, proof.erasure_id, Author("bob", "signed up anew", AUTHOR.at))
    assert erasures.get(proof.erasure_id) == lifted
    warehouse.deliver("camps/camper", {"id": "h1", "changed": "2026-02-02", **HER})
    report = warehouse.run()
    assert report.engine.balances[0].balances
    assert str(her(warehouse).golden_id) in {
        str(each) for each in warehouse.published("SELECT person_id FROM warehouse.person")
    }
    with pytest.raises(NotFound, match="lifted already, by bob"):
        allow_again(erasures, proof.erasure_id, AUTHOR)


STEPS = ("begun", "engine", "published", "rewritten", "removed", "cleared", "done")


def die_after(killed: str) -> Callable[[str], None]:
    def told(step: str) -> None:
        if step == killed:
            raise KeyboardInterrupt

    return told


def test_killed_after_one_step_and_the_next_it_comes_to_its_end(warehouse: TinyWarehouse) -> None:
    wanted, others = her(warehouse), everybody_else(warehouse)
    shown = find(warehouse.warehouse, wanted)
    with pytest.raises(KeyboardInterrupt):
        erase(warehouse.warehouse, Quiet(), wanted, shown, AUTHOR, die_after(STEPS[0]))
    for step in STEPS[1:-1]:
        warehouse.reopen()
        with pytest.raises(KeyboardInterrupt), warehouse.warehouse.database.writer_lock():
            finish_erasures(warehouse.warehouse, Quiet(), die_after(step))
    warehouse.reopen()
    (proof,) = warehouse.warehouse.erasures.made()
    assert proof.state == "removed"
    assert warehouse.run().status == "succeeded"
    assert places_of(warehouse) == []
    (proof,) = warehouse.warehouse.erasures.made()
    assert (proof.state, proof.counts["raw"]) == ("done", 7)
    assert everybody_else(warehouse) == others


def test_the_proof_says_how_many_ids_of_others_merged_through_it_also_when_it_was_killed(
    warehouse: TinyWarehouse,
) -> None:
    """A record without a birth date fits a father and his son; when the father goes, it is the son's."""
    both = {
        "last": "Осокин",
        "first": "Глеб",
        "phone": "+79163332211",
        "email": "gleb@pismo.alt",
        "changed": "2024-01-01",
    }
    warehouse.deliver(
        "camps/camper",
        {"id": "f", **both, "born": "12.05.1970"}, {"id": "u", **both}, {"id": "s", **both, "born": "12.05.1990"},
    )  # fmt: skip
    warehouse.run()
    of = "SELECT golden_id FROM lake.identity.person__link WHERE record_id IN (SELECT record_id FROM lake.conformed.person"
    father, undated, son = (str(warehouse.query(f"{of} WHERE key = '{key}')")[0]) for key in "fus")
    assert len({father, undated, son}) == 3
    wanted = Wanted("person", UUID(father))
    with pytest.raises(KeyboardInterrupt):
        erase(warehouse.warehouse, Quiet(), wanted, find(warehouse.warehouse, wanted), AUTHOR, die_after("engine"))
    warehouse.reopen()
    (proof,) = warehouse.warehouse.erasures.made()
    assert proof.state == "begun"
    merging = warehouse.warehouse.control.runs(1)[0].run_id
    assert warehouse.run().status == "succeeded"
    (proof,) = warehouse.warehouse.erasures.made()
    assert proof.work["ids"] == [{"run": merging, "merged": 1, "split": 0, "moved": 0}]
    assert len({str(warehouse.query(f"{of} WHERE key = '{key}')")[0]) for key in "us"}) == 1


def test_what_people_said_of_her_goes_too(warehouse: TinyWarehouse) -> None:
    control = warehouse.warehouse.control
    place = Place("camps", "camper", warehouse.warehouse.settings.sources["camps"].entities["camper"])
    patch_record(warehouse.warehouse.lake, control, place, "h1", {"first": "Щербубельская"}, AUTHOR)
    patch_record(warehouse.warehouse.lake, control, place, "o1", {"first": "Инна"}, AUTHOR)
    records = {each.key: each.record_id for each in find(warehouse.warehouse, her(warehouse)).records}
    control.add_judgements("person", [(records["h1"], records["h2"])], "same", "she is Щербубельская", "ann", AUTHOR.at)
    warehouse.run()
    shown = find(warehouse.warehouse, her(warehouse))
    with pytest.raises(KeyboardInterrupt):
        erase_her(warehouse, die_after("begun"))
    proof = erase_her(warehouse)
    assert proof.counts == shown.counts
    assert [proof] == warehouse.warehouse.erasures.made()
    assert (proof.counts["control.patch"], proof.counts["control.judgement"]) == (1, 1)
    assert [each.patch.key for each in control.patches_made()] == ["o1"]
    assert places_of(warehouse) == []


def test_the_proof_counts_the_events_that_go_those_of_records_that_moved_away_too(warehouse: TinyWarehouse) -> None:
    events = "SELECT count(*) FROM lake.identity.event"
    record = find(warehouse.warehouse, her(warehouse)).records[0].record_id
    (somebody,) = warehouse.query(f"SELECT person_id FROM lake.golden.person WHERE last_name = '{NAMES[0]}'")
    own = f"golden_id = '{her(warehouse).golden_id}'"
    (hers,) = warehouse.query(f"{events} WHERE {own}")
    moved = f"SELECT * REPLACE ('moved' AS kind, '{somebody}'::UUID AS golden_id"
    an_event = f"FROM lake.identity.event WHERE {own} LIMIT 1"
    warehouse.query(
        "INSERT INTO lake.identity.event"
        f" ({moved}, NULL AS other_id, '{record}'::UUID AS record_id) {an_event})"
        f" UNION ALL ({moved}, golden_id AS other_id, NULL AS record_id) {an_event})"
    )
    (before,) = warehouse.query(events)
    proof = erase_her(warehouse)
    assert warehouse.query(events) == [before - hers - 2]
    assert proof.counts["identity.event"] == hers + 2


def test_a_record_that_its_source_had_deleted_goes_too(warehouse: TinyWarehouse) -> None:
    wanted = her(warehouse)
    warehouse.deliver("camps/camper", {"id": "h1", "changed": "2024-05-01", "gone": "yes"})
    warehouse.run()
    assert warehouse.query("SELECT key FROM lake.conformed.tombstone") == ["h1"]
    erase(warehouse.warehouse, Quiet(), wanted, find(warehouse.warehouse, wanted), AUTHOR)
    assert places_of(warehouse) == []
    assert warehouse.run().engine.balances[0].balances


def test_a_deleted_record_goes_with_whom_it_belonged_to_last_whatever_maintenance_wrote_anew(
    new_warehouse: New,
) -> None:
    warehouse = new_warehouse(camps=CAMPS, model=SMALL_MODEL)
    vera = {
        "last": "Громова",
        "first": "Вера",
        "born": "1993-05-11",
        "phone": "+79165550011",
        "email": "vera@pismo.alt",
    }
    nora = {"last": "Ли", "first": "Нора", "born": "1977-11-12", "phone": "+79163334455", "email": "nora@pismo.alt"}
    others = [{**OTHERS[n % 10], "id": f"o{n}", "born": f"{1940 + n}-01-09", "email": f"o{n}@p.alt"} for n in range(60)]
    warehouse.deliver("camps/camper", *({"id": each, "changed": "2024-01-01", **vera} for each in ("r", "s")))
    warehouse.deliver("camps/camper", {"id": "y", "changed": "2024-01-01", **nora}, *others)
    warehouse.run()
    warehouse.deliver("camps/camper", {"id": "r", "changed": "2024-02-01", **nora})
    warehouse.run()
    warehouse.deliver("camps/camper", *({**each, "changed": "2024-02-01", "gone": "yes"} for each in others))
    run = warehouse.run().run_id
    warehouse.deliver("camps/camper", {"id": "r", "changed": "2024-03-01", "gone": "yes"})
    warehouse.run()
    maintain_warehouse(warehouse.warehouse, expire_before=datetime(2000, 1, 1, tzinfo=UTC))
    warehouse.run()
    (at,) = [each.at for each in warehouse.warehouse.lake.snapshots() if each.message == f"run {run}"]
    maintain_warehouse(warehouse.warehouse, expire_before=at)
    people = dict(warehouse.query("SELECT last_name, person_id FROM lake.golden.person"))
    for name, keys in (("Громова", {"s"}), ("Ли", {"y", "r"})):
        assert {each.key for each in find(warehouse.warehouse, Wanted("person", people[name])).records} == keys


def test_her_phone_is_no_longer_among_the_keys_that_were_common_when_the_model_was_learnt(
    warehouse: TinyWarehouse,
) -> None:
    keys = (
        "SELECT DISTINCT key FROM lake.identity.person__key JOIN lake.identity.person__link USING (fingerprint_id)"
        " WHERE (key & 31) = 1 AND golden_id"
    )
    hers = warehouse.query(f"{keys} = '{her(warehouse).golden_id}'")
    others = warehouse.query(f"{keys} <> '{her(warehouse).golden_id}'")
    assert len(hers) == 1
    warehouse.query(f"UPDATE lake.identity.model SET common = {hers + others}::BIGINT[] WHERE entity = 'person'")
    erase_her(warehouse)
    assert warehouse.query("SELECT common FROM lake.identity.model WHERE entity = 'person'") == [others]


def test_nobody_is_erased_who_changed_since_they_were_shown_or_while_somebody_writes(warehouse: TinyWarehouse) -> None:
    wanted = her(warehouse)
    shown = find(warehouse.warehouse, wanted)
    stale = Leaving(shown.entity, shown.golden_ids, shown.records[:-1], (), ())
    with pytest.raises(NotFound, match="have changed since they were shown"):
        erase(warehouse.warehouse, Quiet(), wanted, stale, AUTHOR)
    with warehouse.warehouse.database.writer_lock(), pytest.raises(RunInProgress):
        erase(warehouse.warehouse, Quiet(), wanted, shown, AUTHOR)
    assert warehouse.warehouse.erasures.made() == []
    assert her(warehouse) == wanted


@pytest.mark.parametrize(
    ("written", "broken", "entity"),
    [(NAMED, NAMED_BY_NOTHING_KNOWN, "booking"), ("phone: phone", "phone: {sql: 'no_such_function(phone)'}", "camper")],
)
def test_a_mapping_by_which_nobody_can_say_what_goes_is_told_as_its_sources_trouble(
    warehouse: TinyWarehouse, written: str, broken: str, entity: str
) -> None:
    wanted = her(warehouse)
    map_camps(warehouse, CAMPS.replace(written, broken))
    with pytest.raises(SourceError, match=f'source "camps", entity {entity}: its mapping cannot be evaluated'):
        find(warehouse.warehouse, wanted)


def test_nobody_is_erased_while_no_file_says_whom_facts_name(warehouse: TinyWarehouse) -> None:
    wanted = her(warehouse)
    # What does not stand, and what is of an entity that is gone, too.
    for model, said, fix in (
        (SMALL_MODEL, "whom 2 versions of its records name", "Put it back into sources/camps.yaml; then erase again."),
        (
            SMALL_MODEL + "  participation: null\n",
            "whom 5 versions of its records name",
            "Put it back into sources/camps.yaml, and its entity participation into model.yaml; then erase again.",
        ),
    ):
        (warehouse.root / "model.yaml").write_text(model, encoding="utf-8")
        map_camps(warehouse, CAMPS.partition("  shift:")[0])
        with pytest.raises(SourceError, match='"camps", entity booking: no file of the project names it') as refused:
            find(warehouse.warehouse, wanted)
        assert said in refused.value.message
        assert refused.value.fix == fix
    (warehouse.root / "model.yaml").write_text(SMALL_MODEL, encoding="utf-8")
    map_camps(warehouse, CAMPS)
    erase_her(warehouse)
    assert warehouse.query("SELECT id FROM lake.raw.camps__booking ORDER BY id") == ["b3", "b4"]


def test_of_sources_that_no_file_names_goes_what_stands(warehouse: TinyWarehouse) -> None:
    booking = CAMPS.partition("  booking:")[2].replace("entity: ", "source: camps, entity: ")
    warehouse.write_source("trips", f"connector: {{type: file}}\nentities:\n  booking:{booking}")
    warehouse.reopen()
    trip = {"shift": "s1", "role": "гость", "changed": "2024-01-01"}
    warehouse.deliver("trips/booking", {"id": "t1", "camper": "h1", **trip}, {"id": "t2", "camper": "o1", **trip})
    warehouse.run()
    for source in ("trips", "academy"):
        (warehouse.root / "sources" / f"{source}.yaml").unlink()
    warehouse.reopen()
    erase_her(warehouse)
    assert warehouse.query("SELECT id FROM lake.raw.trips__booking") == ["t2"]
    assert places_of(warehouse) == []


def test_another_secret_lets_nobody_in_unnoticed(after_erasing: TinyWarehouse) -> None:
    warehouse = after_erasing
    warehouse.environment["RDDM_ERASURE_SECRET"] = "another"
    warehouse.reopen()
    with pytest.raises(StoreError, match="under another secret"):
        warehouse.run()


def test_a_table_that_somebody_reads_is_cleared_by_a_later_run(
    warehouse: TinyWarehouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(scrubbing, "LOCK_PATIENCE_SECONDS", 1)
    with warehouse.warehouse.database.connect() as reader:
        reader.execute("SELECT count(*) FROM warehouse.redirect")
        proof = erase_her(warehouse)
        assert (proof.state, proof.unfinished) == ("removed", None)
        assert warehouse.published("SELECT count(*) FROM warehouse.person WHERE last_name LIKE 'Щ%'") == [0]
    assert warehouse.run().status == "succeeded"
    assert warehouse.warehouse.erasures.get(proof.erasure_id).state == "done"
    assert places_of(warehouse) == []


def test_how_the_server_was_set_is_known_after_a_kill(
    warehouse: TinyWarehouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    def killed(database: Database, *_: object) -> None:
        with database.connect(autocommit=True) as connection:
            scrubbing.set_recycling(connection, scrubbing.Recycling(is_on=False, altered="off"))
        raise KeyboardInterrupt

    database = warehouse.warehouse.database
    before = scrubbing.recycling_of(database)
    with monkeypatch.context() as patched:
        patched.setattr(erasing, "clear_database", killed)
        with pytest.raises(KeyboardInterrupt):
            erase_her(warehouse)
    assert scrubbing.recycling_of(database) != before
    assert warehouse.run().status == "succeeded"
    assert scrubbing.recycling_of(database) == before
    (proof,) = warehouse.warehouse.erasures.made()
    assert (proof.state, sorted(proof.work)) == ("done", ["database", "ids", "lake"])


def test_what_a_killed_reading_left_goes_and_one_that_goes_on_is_waited_for(
    warehouse: TinyWarehouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    left = warehouse.warehouse.lake.spill.parent / "of-a-killed-reading"
    left.mkdir()
    (left / "duckdb_temp_storage_DEFAULT-0.tmp").write_text(VALUES[0], encoding="utf-8")
    monkeypatch.setattr(scrubbing, "LOCK_PATIENCE_SECONDS", 1)
    with open_reading(warehouse.root, warehouse.environment) as reading:
        proof = erase_her(warehouse)
        assert (proof.state, proof.unfinished) == ("removed", None)
        assert not left.exists()
        assert reading.lake.spill.exists()
        assert warehouse.run().status == "succeeded"
        assert warehouse.warehouse.erasures.get(proof.erasure_id).state == "removed"
    warehouse.reopen()
    assert warehouse.run().status == "succeeded"
    assert warehouse.warehouse.erasures.get(proof.erasure_id).state == "done"


def test_what_is_somebody_elses_by_now_waits_for_them_and_comes(warehouse: TinyWarehouse) -> None:
    booking = {"id": "b9", "shift": "s1", "role": "cook"}
    warehouse.deliver("camps/booking", {**booking, "camper": "h1", "changed": "2024-01-01"})
    warehouse.deliver("camps/booking", {**booking, "camper": "late", "changed": "2024-02-01"})
    warehouse.run()
    assert warehouse.query("SELECT key FROM lake.conformed.participation WHERE key = 'b9'") == ["b9"]

    erase_her(warehouse)
    assert warehouse.query("SELECT _key FROM lake.raw.camps__booking WHERE _key = 'b9'") == ["b9"]
    assert warehouse.query("SELECT key FROM lake.conformed.participation WHERE key = 'b9'") == []
    warehouse.deliver("camps/camper", {**OTHERS[1], "id": "late", "last": "Поздняя", "phone": None, "email": None})
    report = warehouse.run()
    assert warehouse.published("SELECT count(*) FROM warehouse.participation_record WHERE key = 'b9'") == [1]
    assert all(each.balances for each in report.engine.balances)


def test_a_value_that_was_common_goes_from_what_looking_up_needs_too(warehouse: TinyWarehouse) -> None:
    phones = warehouse.query("SELECT DISTINCT phone FROM lake.identity.person__fingerprint WHERE phone IS NOT NULL")
    # So many descriptions as make a value common would take long to match.
    with warehouse.warehouse.database.connect() as connection:
        for phone in phones:
            warehouse.query(f"INSERT INTO lake.identity.term VALUES ('person', 1, 'phone', '{phone}', 1.5)")
            connection.execute("INSERT INTO matching.term VALUES ('person', 'phone', %s, 1.5)", (phone,))
    warehouse.warehouse.note_published(datetime(2026, 2, 1, tzinfo=UTC))
    erase_her(warehouse)
    others = sorted(each for each in phones if "903171717" not in each)
    assert len(others) < len(phones)
    assert warehouse.query("SELECT value FROM lake.identity.term ORDER BY value") == others
    assert warehouse.published("SELECT value FROM matching.term ORDER BY value") == others


def test_nothing_of_who_is_the_last_of_all_is_in_what_the_lake_knows_of_its_columns(warehouse: TinyWarehouse) -> None:
    values = ("Яяшурова", "+79999999998", "2011-12-13")
    last = {"id": "z9", "first": "Яна", **dict(zip(("last", "phone", "born"), values, strict=True))}
    # A file for her alone, which goes as a whole.
    warehouse.deliver("camps/camper", *({**last, "changed": f"2024-05-{day}"} for day in range(10, 30)))
    warehouse.run()
    (found,) = warehouse.query(f"SELECT person_id FROM lake.golden.person WHERE last_name = '{values[0]}'")
    wanted = Wanted("person", UUID(str(found)))
    erase(warehouse.warehouse, Quiet(), wanted, find(warehouse.warehouse, wanted), AUTHOR)
    assert places_of(warehouse, values) == []
    assert NAMES[-1] in warehouse.published("SELECT max_value FROM lake.ducklake_table_column_stats")
    warehouse.deliver("camps/camper", {**OTHERS[1], "id": "o99"})
    warehouse.run()
    assert places_of(warehouse, values) == []


def test_nothing_of_who_was_alone_is_in_what_postgresql_knows_of_its_columns(new_warehouse: New) -> None:
    warehouse = new_warehouse(camps=CAMPS, academy=ACADEMY, model=SMALL_MODEL)
    warehouse.deliver("camps/camper", {**HER, "id": f"{HER['last']}-1", "changed": "2024-01-01"})
    warehouse.deliver("academy/person", {**HER, "id": f"{HER['last']}-2"})
    warehouse.run()
    with warehouse.warehouse.database.connect() as connection:
        connection.execute("ANALYZE")
    assert [each for each in places_of(warehouse) if each.startswith("pg_catalog.pg_statistic")]
    erase_her(warehouse)
    assert places_of(warehouse) == []
    assert warehouse.published("SELECT count(*) FROM warehouse.person_record") == [0]


@pytest.mark.parametrize("identity", ["{method: exact, fields: [last_name, first_name]}", "null"])
def test_who_is_not_matched_by_weights_goes_too(new_warehouse: New, identity: str) -> None:
    warehouse = new_warehouse(
        academy=ACADEMY, model=PEOPLE_ALONE.replace("person: {", f"person: {{identity: {identity}, ")
    )
    warehouse.deliver("academy/person", OTHERS[0], {**HER, "id": "h1"})
    warehouse.run()
    assert erase_her(warehouse).state == "done"
    assert places_of(warehouse) == []
    assert warehouse.published("SELECT last_name FROM warehouse.person") == [OTHERS[0]["last"]]


def _pieces(lines: list[bytes], first: int) -> list[Unreadable]:
    return [
        Unreadable(f"broken.csv, line {place}", "too many fields", line)
        for place, line in enumerate(lines, start=first)
    ]


def _kept_pieces(warehouse: TinyWarehouse) -> list[object]:
    """Where the pieces stand that `_pieces` made and that still have their content."""
    return warehouse.query(
        "SELECT place FROM lake.raw.unreadable WHERE octet_length(content) > 0 AND starts_with(place, 'broken.csv')"
        " ORDER BY place"
    )


OLDER = (
    {"phone": "8 903 765-43-21 доб. 12", "email": "ann.o'neil@post.alt"},
    {"phone": "9037654322 #12", "email": "Ann.O'Neil+Camp@post.alt"},
    {"phone": "8 903 765-43-23, 8 905 111-22-33"},
    {"phone": "7,9037654324E+10"},
    {"phone": "89037654325.0"},
)
"""What she gave before, beside something else or in another form."""
WITH_HERS = (
    *(f"broken;8903765432{last};".encode() for last in range(1, 6)),
    b"broken;89051112233;",
    b"broken;8.903.765.43.21;",
    "broken;8 (903) 765–43–21;".encode(),
    "broken;8\xa0903\xa0765\xa043\xa021;".encode("cp1251"),
    "broken;8 903 765–43–21;".encode("utf-16-le"),
    rb'"8\u00a0903\u2013765\u201343\t21"',
    rb"b'8\\xa0903\xa0765\xa043\xa021'",
    b"phone=%2B7%20903%20765-43%E2%80%9321",
    b"<phone>8&nbsp;903&#8211;765&#x2013;43-21</phone>",
    b"progress=50%9037654321",
    b"broken;ann.o'neil@post.alt;",
    "broken;Ann.O'Neil@post.alt;".encode("utf-16-le"),
    rb'"Ann.O\u0027Neil\u002BCamp\u0040post.alt"',
    b"mail=Ann.O%27Neil%2bcamp%40post.alt",
    b"<mail>ann.o&apos;neil&#43;camp&#x40;post.alt</mail>",
)
OF_OTHERS = (
    b"broken;of another;",
    b"broken;89037654326;",
    "broken;8 903 765–43–29;".encode(),
    rb'"8\u00a0903\u2013765\u201343\t29"',
    b"mail=ann.o%27neil+club%40post.alt",
    b"mail=ann.oneil+camp@post.alt",
)


def test_pieces_with_what_older_versions_said_go_and_stay_away_wherever_they_stand_and_however_it_is_written(
    warehouse: TinyWarehouse,
) -> None:
    def deliver_pieces(first: int) -> list[str]:
        """Deliver pieces at so many places from *first* on; return the places of those that are not hers."""
        pieces = _pieces([*WITH_HERS, *OF_OTHERS], first)
        warehouse.deliver("camps/camper", *pieces)
        return [each.place for each in pieces[len(WITH_HERS) :]]

    versions = ({**HER, **older, "id": "h1", "changed": f"2023-01-0{day}"} for day, older in enumerate(OLDER, start=1))
    warehouse.deliver("camps/camper", *versions)
    of_others = deliver_pieces(first=101)
    warehouse.run()
    erase_her(warehouse)
    assert _kept_pieces(warehouse) == of_others

    of_others += deliver_pieces(first=201)
    report = warehouse.run()
    assert _kept_pieces(warehouse) == of_others
    assert all(each.balances for each in report.engine.balances)


TWO_PHONES = PEOPLE_ALONE.replace(
    "person: {fields: {", "person: {fields: {phone: null, mobile: {type: phone}, mother_phone: {type: phone}, "
)


def test_identifiers_are_looked_for_in_every_field_of_their_type(new_warehouse: New) -> None:
    phones = ACADEMY.replace("phone: phone", "mobile: phone, mother_phone: mother")
    warehouse = new_warehouse(academy=phones, model=TWO_PHONES)
    warehouse.deliver("academy/person", {**HER, "phone": "+7 903 765-43-21", "mother": "+7 903 765-43-22", "id": "h1"})
    lines = [b"broken;89037654321;", b"broken;89037654322;", b"broken;89037654323;"]
    warehouse.deliver("academy/person", *_pieces(lines, first=3))
    warehouse.run()
    erase_her(warehouse)
    assert _kept_pieces(warehouse) == ["broken.csv, line 5"]


CLIENTS = """
entities:
  organisation: null
  location: null
  event: {fields: {organisation: null}}
  person: null
  client:
    fields:
      last_name: {type: family_name, survivorship: most_frequent}
      first_name: {type: given_name, survivorship: most_frequent}
      birth_date: {type: birth_date, survivorship: most_frequent}
      phone: {type: phone}
      email: {type: email}
    identity: {method: probabilistic}
  participation: {fields: {person: {references: client}}}
"""
COMMON_PHONE = "SELECT 'person', 1, 'phone', '+79031717171', -3.0"


def test_nothing_is_left_of_whom_the_model_called_something_else_when_she_came(warehouse: TinyWarehouse) -> None:
    warehouse.query(f"INSERT INTO lake.identity.term {COMMON_PHONE}")
    (warehouse.root / "model.yaml").write_text(CLIENTS, encoding="utf-8")
    warehouse.write_source("academy", ACADEMY.replace("person:\n", "person:\n    model: client\n"))
    map_camps(warehouse, CAMPS.replace("model: person", "model: client"))
    warehouse.run()
    wanted = her(warehouse, "client")
    for layer in ("golden", "identity"):
        for table in warehouse.warehouse.lake.columns(layer):
            if table.startswith("person"):
                assert warehouse.query(f"SELECT count(*) FROM lake.{layer}.{table}") == [0], table
    for table in ("event", "redirect", "term"):
        assert warehouse.query(f"SELECT count(*) FROM lake.identity.{table} WHERE entity = 'person'") == [0], table
    assert warehouse.published("SELECT schemaname, tablename FROM pg_tables WHERE tablename LIKE 'person%'") == []
    erase(warehouse.warehouse, Quiet(), wanted, find(warehouse.warehouse, wanted), AUTHOR)
    assert places_of(warehouse) == []
