"""Human words on who is who: which records a new one is about, which there are, and which of them is taken back."""

from __future__ import annotations

import datetime as dt
import uuid
from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import groupby

from rddm.contracts.errors import NotFound
from rddm.resolve.judgements import Conflict, conflicts
from rddm.serve.addresses import RecordAddress, read_who
from rddm.serve.lookup import Identified, identify
from rddm.serve.reading import Reading
from rddm.store.control import Control, Judgement
from rddm.store.lake import Lake

JUDGED = "judged_now"
"""The view of `judged`."""
MOST_PAIRS = 10_000
"""Pairs of records that one word is kept on at most; a split of more is many people's records, and wants another remedy."""


@dataclass(frozen=True)
class ToJudge:
    """
    What a word is kept on. ``pairs``: of records, the two that were named (or founded what was named) first;
    ``instead_of``: numbers of the judgements that it overrules.
    """

    pairs: Sequence[tuple[uuid.UUID, uuid.UUID]]
    instead_of: Sequence[int] = ()


@dataclass(frozen=True)
class JudgedRecord:
    """A record that was judged; ``golden_id`` is None while it belongs to nobody."""

    record_id: uuid.UUID
    address: str
    golden_id: uuid.UUID | None


@dataclass(frozen=True)
class Withdrawal:
    """That a word was taken back, or replaced by another one; by whom and why is None where it was not noted."""

    at: dt.datetime
    by: str | None
    reason: str | None


@dataclass(frozen=True)
class Word:
    """
    One human's word as far as it was asked for: on ``pairs`` pairs of records, of which ``first`` and ``second`` are the first;
    it was given on ``whole`` pairs.

    ``state``: waits for the next run; applied; overruled, or overruled in part, by ``conflict``; applied, but a record is gone,
    one of the first pair; withdrawn; withdrawn from the next run on. ``conflict``: in words, which other word contradicts it and
    which of them stands; None where none does. ``withdrawal``: None while any of it holds.
    """

    verdict: str
    first: JudgedRecord
    second: JudgedRecord
    pairs: int
    whole: int
    reason: str
    made_by: str
    made_at: dt.datetime
    state: str
    conflict: str | None
    withdrawal: Withdrawal | None


@contextmanager
def judged(lake: Lake, control: Control) -> Iterator[None]:
    """For the length of the block, what people have said of records is a view of the connection: `Control.judgements`."""
    judgements, _ = control.judgements()
    lake.connection.register(JUDGED, judgements)
    try:
        yield
    finally:
        lake.connection.unregister(JUDGED)


def to_judge(reading: Reading, entity: str, verdict: str, first: str, second: str) -> ToJudge:
    """
    Return the records that a *verdict* (same, different) on *first* and *second* is kept on.

    "Same" of two ids is about all their records, or those that contradict each other would part again: each is judged the
    same as the founding record of the larger, and what told records of the two apart is overruled. Of a record it is about
    that, and about the founding one of an id. "Different" is about each record of the one and each of the other.

    Raises:
        NotFound: one of the two is nobody, both are the same already, no two records were named to tell one person apart, or the
            pairs are too many.
    """
    one, other = identify(reading, entity, first), identify(reading, entity, second)
    is_one = one.golden_id == other.golden_id
    if is_one and None in (one.record_id, other.record_id):
        short = str(one.golden_id)[:8]
        if verdict == "same":
            raise NotFound(f"Both are the same {entity} {one.golden_id} already.")
        raise NotFound(
            f"Both are the same {entity} {one.golden_id}. Name the two records to tell apart as SOURCE/ENTITY/KEY;"
            f" `rddm {entity} show {short}` lists them. What people have said of them: `rddm {entity} judgements`."
        )
    if one.record_id is not None and one.record_id == other.record_id:
        raise NotFound("Both are one and the same record. Name two.")
    members = [_records_of(reading, each) for each in (one, other)]
    if verdict == "same" and one.record_id is None and other.record_id is None:
        larger, smaller = sorted(members, key=len, reverse=True)
        star = [(larger[0], each) for each in (*smaller, *larger[1:])]
        return ToJudge(star, _told_apart(reading, entity, set(larger), set(smaller)))
    firsts, seconds = (
        [who.record_id] if who.record_id is not None else records
        for who, records in zip((one, other), members, strict=True)
    )
    if verdict == "same":
        return ToJudge([(firsts[0], seconds[0])])
    pairs = _each_with_each(entity, firsts, seconds, one)
    return ToJudge(pairs, _left_of_words(reading, entity, pairs, set(firsts), set(seconds)))


def _left_of_words(
    reading: Reading,
    entity: str,
    pairs: Sequence[tuple[uuid.UUID, uuid.UUID]],
    first: set[uuid.UUID],
    second: set[uuid.UUID],
) -> list[int]:
    """
    Return what would be left of words that *first* and *second* are the same, which "different" on *pairs* replaces: what they
    say of records of the one alone, so that these stay together.
    """
    holding = [each for each in reading.control.judgements_made(entity) if each.withdrawn_at is None]
    replaced = {frozenset(pair) for pair in pairs}
    left = []
    for word in _words(holding):
        rest = [each for each in word if frozenset((each.record_a, each.record_b)) not in replaced]
        is_inside = all(
            {each.record_a, each.record_b} <= (first if each.record_a in first else second) for each in rest
        )
        if word[0].verdict == "same" and 0 < len(rest) < len(word) and is_inside:
            left += [each.judgement_id for each in rest]
    return left


def to_split(reading: Reading, entity: str, who: str, taken: Sequence[str]) -> ToJudge:
    """
    Return the pairs of records that must be told apart so that the records *taken* leave *who*, and stay out.

    That is each of those taken and each of those that are left: a single pair told apart would not keep a third record from
    following. Those taken are not held together; what their records say decides that.

    Raises:
        NotFound: somebody named is nobody, a record is not one of *who*'s, none would be left, or the pairs are too many.
    """
    person = identify(reading, entity, who)
    members = _records_of(reading, person)
    out: dict[uuid.UUID, None] = {}
    for text in taken:
        found = identify(reading, entity, text)
        if found.record_id is None or found.golden_id != person.golden_id:
            raise NotFound(
                f"{text} is no record of {entity} {str(person.golden_id)[:8]}. Name records as SOURCE/ENTITY/KEY;"
                f" `rddm {entity} show {str(person.golden_id)[:8]}` lists them."
            )
        out[found.record_id] = None
    left = [each for each in members if each not in out]
    if not left:
        raise NotFound(
            f"All records of {entity} {str(person.golden_id)[:8]} were named, so nothing would be parted. Name some."
        )
    pairs = _each_with_each(entity, [*out], left, person)
    return ToJudge(pairs, _left_of_words(reading, entity, pairs, set(out), set(left)))


def _each_with_each(
    entity: str, firsts: Sequence[uuid.UUID], seconds: Sequence[uuid.UUID], of: Identified
) -> list[tuple[uuid.UUID, uuid.UUID]]:
    count = len(firsts) * len(seconds)
    if count > MOST_PAIRS:
        raise NotFound(
            f"That would tell {count:,} pairs of records apart, and a word is kept on {MOST_PAIRS:,} at most."
            f" Look at what holds the records together first: `rddm {entity} why {str(of.golden_id)[:8]}`."
        )
    return [(a, b) for a in firsts for b in seconds]


def words_given(reading: Reading, entity: str) -> list[Word]:
    """Return every word ever given on records of *entity*, newest first, withdrawn ones too."""
    return _told(reading, entity, _words(reading.control.judgements_made(entity)))


def words_on(reading: Reading, entity: str, records: Collection[uuid.UUID]) -> list[Word]:
    """Return every word ever given on any of *records*, newest first, withdrawn ones too."""
    wanted = set(records)
    words = _words(reading.control.judgements_made(entity))
    return _told(
        reading, entity, [word for word in words if any(wanted & {each.record_a, each.record_b} for each in word)]
    )


def words_between(
    reading: Reading, entity: str, first: Collection[uuid.UUID], second: Collection[uuid.UUID]
) -> list[Word]:
    """
    Return every word on one of the records *first* and one of *second*, newest first, as far as it is on these; not those that
    were taken back and let go by a run.
    """
    ends = set(first), set(second)
    return _told(reading, entity, _words([each for each in _standing(reading, entity) if _joins(each, *ends)]))


def words_by_pair(
    reading: Reading, entity: str, pairs: Collection[tuple[uuid.UUID, uuid.UUID]]
) -> dict[frozenset[uuid.UUID], Word]:
    """Return by two records, of *pairs*, what was said of exactly these two and is not taken back."""
    wanted = {frozenset(each) for each in pairs}
    judgements = [
        each
        for each in (_standing(reading, entity) if wanted else [])
        if each.withdrawn_at is None and frozenset((each.record_a, each.record_b)) in wanted
    ]
    words = _told(reading, entity, [[each] for each in judgements])
    return {frozenset((each.record_a, each.record_b)): word for each, word in zip(judgements, words, strict=True)}


def _standing(reading: Reading, entity: str) -> list[Judgement]:
    """Return the judgements that hold, or that no run has let go yet."""
    made = reading.control.judgements_made(entity)
    return [each for each in made if each.withdrawn_at is None or each.applied_run is None]


def _told(reading: Reading, entity: str, words: Sequence[Sequence[Judgement]]) -> list[Word]:
    """Return *words*, each the judgements it is kept as, with the records of the first."""
    if not words:
        return []
    told = _conflicts_in_words(reading, entity)
    whole = Counter(map(_given, reading.control.judgements_made(entity)))
    contradicted = [[each for each in word if each.judgement_id in told] for word in words]
    shown = [each for word, pairs in zip(words, contradicted, strict=True) for each in (word[0], *pairs)]
    records = _judged_records(
        reading, entity, list(dict.fromkeys(end for each in shown for end in (each.record_a, each.record_b)))
    )
    return [
        Word(
            first.verdict, records[first.record_a], records[first.record_b], len(word), whole[_given(first)],
            first.reason, first.made_by, first.made_at, _state(word, pairs, records),
            told[pairs[0].judgement_id] if pairs else None, _withdrawal(word),
        )
        for word, pairs in zip(words, contradicted, strict=True)
        for first in word[:1]
    ]  # fmt: skip


def contradicting_words(reading: Reading, entity: str) -> list[Conflict]:
    """Return where words that hold contradict each other: "different" against a chain of "same"; ids of records as text."""
    holding = [each for each in reading.control.judgements_made(entity) if each.withdrawn_at is None]
    pairs = {
        verdict: [(str(each.record_a), str(each.record_b)) for each in reversed(holding) if each.verdict == verdict]
        for verdict in ("same", "different")
    }
    return conflicts(pairs["same"], pairs["different"])


def _conflicts_in_words(reading: Reading, entity: str) -> dict[int, str]:
    """Return for each judgement that is part of a contradiction which other word it is with, and which of the two stands."""
    found = contradicting_words(reading, entity)
    if not found:
        return {}
    ends = sorted({uuid.UUID(each) for one in found for pair in (one.different, *one.chain) for each in pair})
    names = {str(each): record.address for each, record in _judged_records(reading, entity, ends).items()}
    words: dict[tuple[str, str, str], str] = {}
    for one in found:
        a, b = (names[each] for each in one.different)
        chain = ", ".join(f"{names[x]} = {names[y]}" for x, y in one.chain)
        words["different", *one.different] = f"stands against: {chain}"
        for pair in one.chain:
            low, high = sorted(pair)
            words["same", low, high] = f"contradicts that {a} is not {b}, which stands"
    return {
        each.judgement_id: words[key]
        for each in reading.control.judgements_made(entity)
        if each.withdrawn_at is None and (key := (each.verdict, str(each.record_a), str(each.record_b))) in words
    }


def are_one(reading: Reading, entity: str, first: uuid.UUID, second: uuid.UUID) -> bool:
    """Return whether two records belong to one golden record now."""
    rows = reading.rows(
        f"SELECT count(*) AS records, count(DISTINCT golden_id) AS ids FROM {reading.table('identity', entity + '__link')}"
        " WHERE record_id IN (?, ?)",
        [first, second],
    )
    return bool(rows) and rows[0]["records"] == 2 and rows[0]["ids"] == 1


def words_to_withdraw(reading: Reading, entity: str, first: str, second: str) -> list[Judgement]:
    """
    Return the judgements to take back: every word that holds on a record of *first* and one of *second*, whole.

    Where both are one by now, an id stands for the record that founded it. That one may have been elsewhere when the word was
    given; so if nothing is found, or it is not theirs, an id stands for any record of theirs, as long as one word alone is found.

    Raises:
        NotFound: one of the two is nobody, no word holds on the two, or several may be meant.
    """
    holding = [each for each in reading.control.judgements_made(entity) if each.withdrawn_at is None]
    judged = {end for each in holding for end in (each.record_a, each.record_b)}
    one, other = (_living_or_judged(reading, entity, each, judged) for each in (first, second))
    is_one = one.golden_id == other.golden_id
    words = _words(holding)
    for founders_only in (True, False) if is_one else (False,):
        ends = [_meant(reading, each, founders_only=founders_only) for each in (one, other)]
        found = [word for word in words if any(_joins(each, *ends) for each in word)]
        if found:
            break
    if not found:
        raise NotFound(
            f"No word holds on {first} and {second}. `rddm {entity} judgements` lists what people have said, by records."
        )
    if is_one and len(found) > 1 and any(len(end) > 1 for end in ends):
        raise NotFound(
            f"{first} and {second} are one {entity} by now, and {len(found):,} words hold on records of it. Name the two records"
            f" that the word was given on, as SOURCE/ENTITY/KEY; `rddm {entity} judgements` lists them."
        )
    return [each for word in found for each in word]


def _living_or_judged(reading: Reading, entity: str, text: str, judged: Collection[uuid.UUID]) -> Identified:
    """Return whom *text* means; of a record that belongs to nobody any more, that one, if it was *judged*."""
    try:
        return identify(reading, entity, text)
    except NotFound:
        who = read_who(text, entity)
        low, high = (who.record_id, who.record_id) if isinstance(who, RecordAddress) else (who.low, who.high)
        found = [each for each in judged if low <= each <= high]
        if len(found) != 1:
            raise
        return Identified(entity, found[0], record_id=found[0])


def _words(judgements: Sequence[Judgement]) -> list[list[Judgement]]:
    """Return judgements as they were given, a list per word; in each the first judgement first."""
    ordered = sorted(judgements, key=lambda each: (_given(each), each.judgement_id))
    return [list(word) for _, word in groupby(ordered, _given)][::-1]


def _given(judgement: Judgement) -> tuple[dt.datetime, str, str, str]:
    """What the judgements of one word have in common."""
    return judgement.made_at, judgement.made_by, judgement.verdict, judgement.reason


def _state(
    word: Sequence[Judgement], contradicted: Sequence[Judgement], records: Mapping[uuid.UUID, JudgedRecord]
) -> str:
    holding = [each for each in word if each.withdrawn_at is None]
    is_applied = all(each.applied_run is not None for each in (holding or word))
    if not holding:
        return "withdrawn" if is_applied else "withdrawn from the next run on"
    if not is_applied:
        return "waits for the next run"
    first, second = (records[end].golden_id for end in (word[0].record_a, word[0].record_b))
    if first is None or second is None:
        return "applied, but a record is gone"
    overruled = [each for each in contradicted if each.verdict == "same" and not _is_one(each, records)]
    if overruled:
        return "overruled" if len(overruled) == len(holding) else "overruled in part"
    return "applied"


def _is_one(judgement: Judgement, records: Mapping[uuid.UUID, JudgedRecord]) -> bool:
    return records[judgement.record_a].golden_id == records[judgement.record_b].golden_id


def _withdrawal(word: Sequence[Judgement]) -> Withdrawal | None:
    """Return when the last of *word* was taken back."""
    if any(each.withdrawn_at is None for each in word):
        return None
    last = max(word, key=lambda each: (each.withdrawn_at, each.judgement_id))
    return Withdrawal(last.withdrawn_at, last.withdrawn_by, last.withdrawn_reason) if last.withdrawn_at else None


def _joins(judgement: Judgement, first: set[uuid.UUID], second: set[uuid.UUID]) -> bool:
    a, b = judgement.record_a, judgement.record_b
    return (a in first and b in second) or (b in first and a in second)


def _told_apart(reading: Reading, entity: str, first: set[uuid.UUID], second: set[uuid.UUID]) -> list[int]:
    return [
        each.judgement_id
        for each in reading.control.judgements_made(entity)
        if each.withdrawn_at is None and each.verdict == "different" and _joins(each, first, second)
    ]


def _meant(reading: Reading, who: Identified, *, founders_only: bool) -> set[uuid.UUID]:
    """Return the records that a word on *who* may be on: with *founders_only* the one that founded the id, if it is theirs."""
    if who.record_id is not None:
        return {who.record_id}
    records = set(_records_of(reading, who))
    founder = who.redirected[0] if who.redirected else who.golden_id
    return {founder} if founders_only and founder in records else records


def _records_of(reading: Reading, who: Identified) -> list[uuid.UUID]:
    """Return the records of *who*, the founding one first, or the lowest when that one has gone elsewhere."""
    links = reading.of_ids("identity", f"{who.entity}__link", "golden_id", [who.golden_id])
    rows = reading.rows(f"SELECT record_id FROM {links} ORDER BY record_id <> golden_id, record_id")
    if not rows:
        raise NotFound(f"The {who.entity} {who.golden_id} has no records.")
    return [row["record_id"] for row in rows]


def _judged_records(reading: Reading, entity: str, ids: Sequence[uuid.UUID]) -> dict[uuid.UUID, JudgedRecord]:
    record = reading.of_ids("conformed", entity, "record_id", ids)
    link = reading.of_ids("identity", f"{entity}__link", "record_id", ids)
    rows = reading.rows(
        "SELECT record.record_id, source || '/' || record.entity || '/' || key AS address, link.golden_id"
        f" FROM {record} AS record LEFT JOIN {link} AS link USING (record_id)"
    )
    found = {row["record_id"]: JudgedRecord(row["record_id"], row["address"], row["golden_id"]) for row in rows}
    return {each: found.get(each) or JudgedRecord(each, str(each), None) for each in ids}
