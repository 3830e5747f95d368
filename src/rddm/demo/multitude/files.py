"""The multitude as files: one of Parquet per service, and the truth about who is who."""

from __future__ import annotations

from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from rddm.demo.multitude.addresses import MOST_PEOPLE, deal_addresses
from rddm.demo.multitude.chance import Chance
from rddm.demo.multitude.households import People, Society, make_people
from rddm.demo.multitude.membership import Accounts, accounts_of, memberships
from rddm.demo.multitude.names import all_names
from rddm.demo.multitude.places import places_for
from rddm.demo.multitude.records import Texts, keys, tell, texts_for
from rddm.demo.multitude.telling import Piece
from rddm.demo.nine import SERVICES, Service

RECORDS_AT_A_TIME = 1 << 17
"""Also the rows of a Parquet row group; what is written does not depend on it."""
_REPEATING = ["last_name", "first_name", "middle_name", "birth_date", "gender", "region", "city", "school"]


@dataclass(frozen=True)
class Counts:
    """What was written. ``records``: by service; ``dirt``: records that each kind of `rates` befell, of all services."""

    people: int
    families: int
    records: dict[str, int]
    dirt: dict[str, int]

    @property
    def all_records(self) -> int:
        return sum(self.records.values())


def write_multitude(
    folder: Path, people: int, seed: int, *, threads: int = 2, at_a_time: int = RECORDS_AT_A_TIME
) -> Counts:
    """
    Write the records that nine services have of *people* people into *folder*, and return how many there are.

    ``<service>.parquet``: one row per record; ``key`` (text, once per file), ``updated_at`` (text: date and time, UTC), then
    those of the model's fields that the service asks for, as delivered: text, null where empty. ``truth.parquet``: one row
    per record, ordered by service as in `SERVICES` and then as in its file; ``source``, ``key`` (text), ``person`` (from 0).
    Equal for equal arguments, whatever *threads* (services at a time) and *at_a_time* (records) are.

    Raises ValueError for more people than there are phones for.
    """
    if not 0 < people <= MOST_PEOPLE:
        raise ValueError(f"{people:,} people: from 1 to {MOST_PEOPLE:,} can be invented")
    chance, names, places = Chance(str(seed)), all_names(), places_for(people)
    texts = texts_for(names, places, chance)
    folder.mkdir(parents=True, exist_ok=True)
    with ThreadPoolExecutor(threads) as pool:
        everybody = make_people(people, Society(chance, names, places), pool)
        deal_addresses(everybody, names, chance, pool)
        member_of = memberships(everybody, chance, pool)

        def write(service: Service) -> tuple[Accounts, Counter[str]]:
            accounts = accounts_of(service, everybody, member_of, chance)
            return accounts, _write_service(folder, accounts, everybody, texts, chance.of(service.name), at_a_time)

        dirt: Counter[str] = Counter()
        records: dict[str, int] = {}
        with pq.ParquetWriter(folder / "truth.parquet", _TRUTH, compression="zstd") as truth:
            for accounts, done in pool.map(write, SERVICES):
                records[accounts.service.name] = len(accounts)
                dirt += done
                _write_truth(truth, accounts)
    return Counts(people, int(everybody["family"][-1]) + 1, records, dict(dirt))


def _write_service(
    folder: Path, accounts: Accounts, people: People, texts: Texts, chance: Chance, at_a_time: int
) -> Counter[str]:
    lexicon, tally = texts.lexicon.copy(), Counter[str]()
    fields = [name for name in accounts.service.fields if name != "organisation"]
    schema = pa.schema([(name, pa.string()) for name in ("key", "updated_at", *fields)])
    path = folder / f"{accounts.service.name}.parquet"
    repeating = [name for name in _REPEATING if name in fields]
    with pq.ParquetWriter(path, schema, compression="zstd", compression_level=1, use_dictionary=repeating) as writer:
        for first in range(0, len(accounts), at_a_time):
            last = min(first + at_a_time, len(accounts))
            person = accounts.person[first:last].astype(np.int64)
            piece = Piece(
                service=accounts.service, chance=chance, person=person, number=person * 2 + accounts.again[first:last],
                moment=accounts.updated[first:last].astype(np.int64), people=people[person], tally=tally,
            )  # fmt: skip
            tally["duplicate"] += int(np.count_nonzero(accounts.again[first:last]))
            columns = {"key": keys(accounts, first, last), **tell(piece, texts, lexicon)}
            writer.write_table(
                pa.table([columns[name] for name in schema.names], schema), row_group_size=RECORDS_AT_A_TIME
            )
    return tally


_TRUTH = pa.schema([("source", pa.string()), ("key", pa.string()), ("person", pa.int64())])


def _write_truth(writer: pq.ParquetWriter, accounts: Accounts) -> None:
    for first in range(0, len(accounts), RECORDS_AT_A_TIME):
        last = min(first + RECORDS_AT_A_TIME, len(accounts))
        source = pa.repeat(accounts.service.name, last - first)
        person = pa.array(accounts.person[first:last].astype(np.int64))
        writer.write_table(pa.table([source, keys(accounts, first, last), person], _TRUTH))
