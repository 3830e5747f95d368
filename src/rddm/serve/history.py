"""What happened to a golden id: founded, merged, split, which ids it took over, and what people said of its records."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Iterator
from dataclasses import dataclass

from rddm.serve.judging import Word, words_on
from rddm.serve.reading import Reading, Row

REASONS = {
    "new_records": "",
    "records_no_longer_match": "their records match no more",
    "records_match": "their records match",
    "matches_better": "it matches better here",
    "judgement": "a steward said so",
    "judgement_withdrawn": "a steward's word was taken back",
    "no_records": "no record is left",
    "not_matched": "while nothing was matched",
}
ERASED = "somebody who was erased"
"""Who stands in words for the other id, which an erasure takes out of what happened to those who stay."""


@dataclass(frozen=True)
class Happening:
    """
    One thing that happened to a golden id, in words. ``at`` is naive UTC; ``run``: None of what a person said; ``other``: the
    other id that was part in it, None where there is none or it was erased.
    """

    at: dt.datetime
    run: int | None
    kind: str
    id: uuid.UUID
    other: uuid.UUID | None
    record: uuid.UUID | None
    reason: str | None
    words: str


def history(reading: Reading, entity: str, golden_id: uuid.UUID) -> list[Happening]:
    """
    Return what happened to *golden_id* and to the ids that were merged into it, oldest first; unless of a past state, with what
    people said of the records that are its own now.
    """
    rows = reading.rows(
        f"""
        WITH RECURSIVE redirect AS (SELECT * FROM {reading.table("identity", "redirect")} WHERE entity = ?),
        own(id) AS (
            SELECT ?::UUID
            UNION
            SELECT redirect.old_id FROM redirect JOIN own ON redirect.golden_id = own.id
        )
        SELECT event.* FROM {reading.table("identity", "event")} AS event
        WHERE event.entity = ? AND (event.golden_id IN (SELECT id FROM own) OR event.other_id = ?)
        ORDER BY event.at, event.run_id, event.kind, event.golden_id""",
        [entity, golden_id, entity, golden_id],
    )
    if reading.snapshot is not None:
        return [_happening(row, golden_id) for row in rows]  # what people say is kept as it is now
    links = reading.of_ids("identity", f"{entity}__link", "golden_id", [golden_id])
    records = {row["record_id"] for row in reading.rows(f"SELECT record_id FROM {links} AS link")}
    said = [each for word in words_on(reading, entity, records) for each in _said(word, golden_id)]
    return sorted([*(_happening(row, golden_id) for row in rows), *said], key=lambda each: each.at)


def _happening(row: Row, golden_id: uuid.UUID) -> Happening:
    kind, who = str(row["kind"]), _short(row["golden_id"])
    other = _short(row["other_id"]) if row["other_id"] else ERASED
    is_own = row["golden_id"] == golden_id
    words = {
        "created": "founded" if is_own else f"{who} founded",
        "merged": f"{who} merged into {other}",
        "split": f"split off from {other}" if is_own else f"{who} split off",
        "moved": f"a record moved here from {other}" if is_own else f"a record moved from here to {who}",
        "ended": "ended" if is_own else f"{who} ended",
    }.get(kind, kind)
    reason: str = REASONS.get(row["reason"] or "", str(row["reason"] or "").replace("_", " "))
    return Happening(
        row["at"], row["run_id"], kind, row["golden_id"], row["other_id"], row["record_id"], row["reason"],
        f"{words}: {reason}" if reason else words,
    )  # fmt: skip


def _said(word: Word, golden_id: uuid.UUID) -> Iterator[Happening]:
    """Yield that *word* was given, and that it was taken back."""
    are = "are the same" if word.verdict == "same" else "are not the same"
    more = f", and so of {word.pairs:,} pairs of records" if word.pairs > 1 else ""
    given = f"{word.first.address} and {word.second.address} {are}{more}"
    yield _of_a_person(word.made_at, word.verdict, golden_id, f"{word.made_by} said: {given}", word.reason)
    if word.withdrawal is not None:
        by = word.withdrawal.by or "a steward"
        yield _of_a_person(
            word.withdrawal.at, "withdrawn", golden_id, f"{by} took back: {given}", word.withdrawal.reason
        )


def _of_a_person(at: dt.datetime, kind: str, golden_id: uuid.UUID, words: str, reason: str | None) -> Happening:
    naive = at.astimezone(dt.UTC).replace(tzinfo=None)
    return Happening(naive, None, kind, golden_id, None, None, None, f"{words} ({reason})" if reason else words)


def _short(golden_id: uuid.UUID) -> str:
    return str(golden_id)[:8]
