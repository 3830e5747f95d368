"""A format of a date is what DuckDB can read, and nothing else."""

from __future__ import annotations

import string

import duckdb
import pytest

from rddm.project.date_formats import date_format_fault


def duckdb_reads(written: str) -> bool:
    with duckdb.connect() as connection:
        try:
            connection.execute(f"SELECT try_strptime('x', '{written.replace(chr(39), chr(39) * 2)}')")
        except duckdb.InvalidInputException:
            return False
    return True


@pytest.mark.parametrize("dash", ["", "-"])
def test_every_specifier_is_judged_as_duckdb_judges_it(dash: str) -> None:
    written = [f"%{dash}{each}" for each in string.printable]
    assert {each for each in written if date_format_fault(each) is None} == {
        each for each in written if duckdb_reads(each)
    }


@pytest.mark.parametrize("written", ["%d.%m.%Y", "%Y-%m-%dT%H:%M:%S.%f", "%%%d", "%", "%d%", "%-", "%d %-", ""])
def test_a_whole_format_is_judged_as_duckdb_judges_it(written: str) -> None:
    assert (date_format_fault(written) is None) == duckdb_reads(written)


def test_a_letter_that_duckdb_cannot_even_name_is_refused() -> None:
    assert date_format_fault("%ю") == "`%ю` stands for no part of a date."
