"""The world at any size: its people, what services say of them, and that nothing depends on how the work is cut."""

from __future__ import annotations

import math
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import duckdb
import numpy as np
import pyarrow.parquet as pq
import pytest

from rddm.demo.dirt import CALL_CENTRE
from rddm.demo.multitude import Counts, write_multitude
from rddm.demo.multitude.chance import Chance
from rddm.demo.multitude.households import MOTHER, NEVER, People, Society, make_people
from rddm.demo.multitude.names import all_names, many_surnames
from rddm.demo.multitude.places import places_for
from rddm.demo.nine import SERVICES
from rddm.demo.rates import DIRT, LIFE, RECORDS

PEOPLE, SEED = 6_000, 7


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Counts]:
    folder = tmp_path_factory.mktemp("multitude")
    return folder, write_multitude(folder, PEOPLE, SEED)


@pytest.fixture(scope="module")
def people() -> People:
    """Return the people that `written` is about."""
    society = Society(Chance(str(SEED)), all_names(), places_for(PEOPLE))
    with ThreadPoolExecutor(2) as pool:
        return make_people(PEOPLE, society, pool)


@pytest.fixture
def base(written: tuple[Path, Counts], people: People) -> Iterator[duckdb.DuckDBPyConnection]:
    """Yield a database with a view per service and of the truth, and a table of people and their families."""
    with duckdb.connect() as connection:
        for path in written[0].glob("*.parquet"):
            connection.execute(f"CREATE VIEW {path.stem} AS FROM '{path}'")
        family = {"person": np.arange(len(people)), "family": people["family"].astype(np.int64)}
        connection.register("family", family)
        yield connection


def _close(found: int, of: int, share: float) -> bool:
    """Tell whether *found* is what one may find of so many, five standard deviations at most from the expectation."""
    return abs(found - of * share) <= 5 * math.sqrt(of * share * (1 - share)) + 1


def test_the_same_arguments_write_the_same_whatever_the_threads_and_the_pieces(tmp_path: Path) -> None:
    one, other = tmp_path / "one", tmp_path / "other"
    assert write_multitude(one, 400, 3, threads=1, at_a_time=61) == write_multitude(other, 400, 3, threads=3)
    names = sorted(path.name for path in one.iterdir())
    assert names == sorted([*(f"{service.name}.parquet" for service in SERVICES), "truth.parquet"])
    for name in names:
        assert pq.read_table(one / name).equals(pq.read_table(other / name)), name


def test_another_seed_writes_other_people(written: tuple[Path, Counts], tmp_path: Path) -> None:
    write_multitude(tmp_path, 400, SEED + 1)
    columns = ["last_name", "birth_date", "phone"]
    first = pq.read_table(written[0] / "grants.parquet", columns=columns).slice(0, 50)
    assert not first.equals(pq.read_table(tmp_path / "grants.parquet", columns=columns).slice(0, 50))


def test_one_person_is_a_multitude_too(tmp_path: Path) -> None:
    counts = write_multitude(tmp_path, 1, SEED)
    assert (counts.people, counts.families) == (1, 1)
    written = {service.name: pq.read_table(tmp_path / f"{service.name}.parquet").num_rows for service in SERVICES}
    assert written == counts.records
    assert pq.read_table(tmp_path / "truth.parquet").num_rows == sum(written.values()) > 0


def test_more_people_than_there_are_phones_for_are_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="from 1 to 15,000,000 can be invented"):
        write_multitude(tmp_path, 15_000_001, 1)


def test_every_record_has_a_key_of_its_own_and_a_person_in_the_truth(
    base: duckdb.DuckDBPyConnection, written: tuple[Path, Counts]
) -> None:
    for service in SERVICES:
        rows = base.execute(
            f"SELECT count(*), count(DISTINCT key), count(person) FROM {service.name}"
            f" LEFT JOIN (FROM truth WHERE source = '{service.name}') USING (key)"
        ).fetchone()
        assert rows == (written[1].records[service.name],) * 3
    assert base.execute("SELECT count(DISTINCT person), max(person) FROM truth").fetchone() == (PEOPLE, PEOPLE - 1)
    assert 3.8 < written[1].all_records / PEOPLE < 4.0


def test_services_have_the_fields_they_ask_for_as_often_as_they_are_filled_in(
    base: duckdb.DuckDBPyConnection, written: tuple[Path, Counts]
) -> None:
    for service in SERVICES:
        names = pq.read_schema(written[0] / f"{service.name}.parquet").names
        assert set(names) == {"key", "updated_at", *service.fields} - {"organisation"}
        for name in {"gender", "region", "city", "school", "birth_date", "snils"} & set(names):
            (filled,) = base.execute(f"SELECT count({name}) FROM {service.name}").fetchall()[0]
            assert _close(filled, written[1].records[service.name], service.fields[name]), (service.name, name)


@pytest.mark.parametrize(
    ("kind", "services"),
    [
        (
            "swapped_names",
            {"register", "camps", "contests", "academy", "tickets", "volunteers", "federation", "grants"},
        ),
        ("letter_case", {service.name for service in SERVICES}),
        ("stray_spaces", {service.name for service in SERVICES}),
        ("wrong_layout", {service.name for service in SERVICES if not service.latin}),
        ("no_name", {service.name for service in SERVICES} - {"app"}),
        ("no_contact", {"app"}),
    ],
)
def test_dirt_befalls_its_share_of_records(kind: str, services: set[str], written: tuple[Path, Counts]) -> None:
    counts = written[1]
    # Letters go wrong in one way at most, so that the later kinds find some records taken.
    left = 0.96 if kind in {"letter_case", "stray_spaces", "wrong_layout"} else 1
    assert _close(counts.dirt[kind], sum(counts.records[name] for name in services), DIRT[kind].share * left)


def test_every_kind_of_dirt_on_people_occurs(written: tuple[Path, Counts]) -> None:
    assert set(written[1].dirt) == {*DIRT, "duplicate"}
    accounts = written[1].all_records - written[1].dirt["duplicate"]
    assert _close(written[1].dirt["duplicate"], accounts, RECORDS["duplicate"].share)


@pytest.mark.parametrize(
    ("column", "services", "placeholders"),
    [
        ("email", "academy grants volunteers tickets", ".*(test|no|net)@.*|нет|-"),
        ("phone", "app academy grants volunteers", ".*(9999999|999-99-99|999 99 99|0000000|000-00-00|000 00 00).*|нет"),
    ],
)
def test_an_address_and_a_phone_belong_to_one_family(
    base: duckdb.DuckDBPyConnection, column: str, services: str, placeholders: str
) -> None:
    each = " UNION ALL ".join(f"SELECT {column}, key, '{name}' AS source FROM {name}" for name in services.split())
    value = "right(regexp_replace(phone, '[^0-9]', '', 'g'), 10)" if column == "phone" else "email"
    rows = base.execute(
        "SELECT count(*), count(*) FILTER (families > 1), count(*) FILTER (people > 1) FROM ("
        f" SELECT {value} AS value, count(DISTINCT family) AS families, count(DISTINCT person) AS people FROM ({each})"
        f" JOIN truth USING (source, key) JOIN family USING (person) WHERE {column} NOT SIMILAR TO '{placeholders}'"
        " GROUP BY value)"
    ).fetchone()
    assert rows is not None
    assert rows[0] > PEOPLE * 0.6
    assert rows[1] == 0
    assert rows[2] > 10, "children on the mother's"


def test_one_number_stands_on_what_an_office_typed(
    base: duckdb.DuckDBPyConnection, written: tuple[Path, Counts]
) -> None:
    number = CALL_CENTRE["register"]
    (found,) = base.execute(
        f"SELECT count(*) FROM register WHERE right(regexp_replace(phone, '[^0-9]', '', 'g'), 10) = '{number}'"
    ).fetchall()[0]
    assert found > 0.4 * written[1].records["register"] * 0.85 * DIRT["call_centre_phone"].share


def test_a_schools_address_stands_on_its_pupils(base: duckdb.DuckDBPyConnection) -> None:
    rows = base.execute(
        "SELECT count(*), count(*) FILTER (regexp_extract(email, 'school([0-9]+)', 1) <> regexp_extract(school, '[0-9]+'))"
        " FROM contests WHERE email LIKE 'school%@obrazovanie.alt' AND school IS NOT NULL"
    ).fetchone()
    assert rows is not None
    assert rows[0] > 50
    assert rows[1] == 0


def test_a_record_has_the_surname_of_its_time(base: duckdb.DuckDBPyConnection, people: People) -> None:
    forms = all_names().forms
    wives = np.flatnonzero(people["married_on"] != NEVER)
    base.register(
        "wives",
        {
            "person": wives,
            "maiden": np.array([forms[2 * number + 1] for number in people["surname"][wives].tolist()]),
            "name": np.array([forms[2 * number + 1] for number in people["married"][wives].tolist()]),
            "day": people["married_on"][wives].astype(np.int64),
        },
    )
    for when, name, other in (("<", "maiden", "name"), (">=", "name", "maiden")):
        rows = base.execute(
            f"SELECT count(*), count(*) FILTER (last_name = {name}), count(*) FILTER (last_name = {other}) FROM register"
            " JOIN (FROM truth WHERE source = 'register') USING (key) JOIN wives USING (person)"
            f" WHERE epoch(updated_at::TIMESTAMP) // 86400 {when} day AND maiden <> name"
        ).fetchone()
        assert rows is not None
        assert rows[0] > 20
        assert rows[1] > 0.75 * rows[0]  # the others are spoilt
        assert rows[2] == 0


def test_families_share_what_families_share(people: People) -> None:
    children = people[people["place"] < MOTHER]
    changed = np.flatnonzero(children["family"][1:] == children["family"][:-1])
    elder, younger = children[changed], children[changed + 1]
    for name in ("household", "mother", "town"):
        assert (elder[name] == younger[name]).all()
    assert (elder["father"] == younger["father"]).mean() > 0.98, "all but forced namesakes"
    assert (elder["given"] != younger["given"]).mean() > 0.99
    parents = int(np.count_nonzero(people["place"] >= MOTHER))
    assert _close(parents, 2 * len(np.unique(people["family"])), LIFE["grown_up_member"].share)
    twins = int(np.count_nonzero(elder["born"] == younger["born"]))
    assert _close(twins, len(np.unique(elder["family"])), LIFE["twins"].share)


def test_surnames_are_many_and_fall_off_slowly() -> None:
    names, weights = many_surnames()
    assert len(names) == len(set(names)) > 40_000
    assert all(name.istitle() and not name.isascii() for name in names)
    assert 0.008 < weights[0] / sum(weights) < 0.012
    assert 0.2 < sum(weights[:100]) / sum(weights) < 0.3
