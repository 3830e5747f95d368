"""What people write, read into values."""

from __future__ import annotations

import datetime as dt

import pytest

from rddm.contracts.errors import Malformed
from rddm.serve.addresses import RecordAddress, read_record_words, read_state, read_who
from rddm.serve.reading import kept_in_words
from rddm.store.lake import Snapshot

NOON = dt.datetime(2026, 3, 1, 12, tzinfo=dt.UTC)


def test_a_day_means_its_end_in_utc() -> None:
    assert read_state("2026-03-01") == dt.datetime(2026, 3, 1, 23, 59, 59, 999_999, dt.UTC)
    assert read_state("2026-W09-7") == read_state("2026-03-01")


@pytest.mark.parametrize(
    "text", ["2026-03-01T12:00", "2026-03-01 12:00", "2026-03-01T12:00Z", "2026-03-01T15:00+03:00"]
)
def test_a_time_is_in_utc_unless_it_says_otherwise(text: str) -> None:
    assert read_state(text) == NOON


def test_a_key_may_hold_slashes() -> None:
    assert read_who("camps/camper/11/78", "person") == RecordAddress("camps", "camper", "11/78")
    assert read_record_words(["camps/camper/11/78"]) == read_record_words(["camps", "camper", "11/78"])


@pytest.mark.parametrize(
    "text", ["nonsense", "Иванов", "489", "489d3d54-8abe-266c-b8d6-e7fbe532ff1b0", "camps/1", "", "/"]
)
def test_what_is_no_id_and_no_address_is_refused_with_the_form_it_needs(text: str) -> None:
    with pytest.raises(Malformed, match="SOURCE/ENTITY/KEY"):
        read_who(text, "person")


@pytest.mark.parametrize("words", [["camps", "camper"], [], ["489d3d54"], ["camps//1"], ["a", "b", "c", "d"]])
def test_words_that_name_no_record_are_refused(words: list[str]) -> None:
    with pytest.raises(Malformed, match="SOURCE/ENTITY/KEY"):
        read_record_words(words)


def test_only_snapshots_that_are_kept_are_offered() -> None:
    snapshots = [Snapshot(number, NOON + dt.timedelta(hours=number), None, {}) for number in (3, 4, 5, 9, 12, 13)]
    said = kept_in_words(snapshots)
    assert said.startswith("Kept: 3 to 5, 9, 12 to 13, committed 2026-03-01 15:00 to 2026-03-02 01:00 UTC.")
    assert kept_in_words([]) == "The lake has no snapshots."


def test_of_many_spans_of_snapshots_the_newest_are_named() -> None:
    said = kept_in_words([Snapshot(number, NOON, None, {}) for number in range(0, 60, 2)])
    assert "Kept: 40, 42," in said
    assert "58 and 20 earlier spans" in said
