"""The public sets become data to resolve, their truth, and a project that our settings accept."""

from __future__ import annotations

from pathlib import Path

import pyarrow.parquet as pq
import pytest
from benchmarks.public_sets import PUBLIC_SETS, PublicSet

from rddm.project.load import load_project

FEBRL = """\
rec_id, given_name, surname, street_number, address_1, address_2, suburb, postcode, state, date_of_birth, soc_sec_id
rec-12-org, mara, , 6, oak street, , st james, 4011, wa, 19081209, 6988048
rec-12-dup-0, marra, reed, 6, oak street, , st james, 4011, wa, 19081209, 6988048
"""
RLDATA = "fname_c1\tfname_c2\tlname_c1\tlname_c2\tby\tbm\tbd\nADA\tNA\tREED\tNA\t1949\t7\t22\nADA\tNA\tREET\tNA\t1949\t7\t2\n"


@pytest.fixture
def packages(tmp_path: Path) -> Path:
    """The files that the packages carry, with two records each."""
    for one in PUBLIC_SETS:
        for file in one.files.values():
            path = tmp_path / "packages" / file
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(RLDATA if one.kind == "rldata" else FEBRL, encoding="utf-8")
            if one.kind == "rldata":
                path.with_name(f"identity.{path.name}").write_text(f"identity.{path.stem}\n7\n7\n", encoding="utf-8")
    return tmp_path / "packages"


@pytest.mark.parametrize("one", PUBLIC_SETS, ids=[one.name for one in PUBLIC_SETS])
def test_a_set_becomes_records_their_truth_and_a_project(one: PublicSet, packages: Path, tmp_path: Path) -> None:
    folder = tmp_path / "set"
    one.prepare(packages, folder)
    cleaned, truth = (pq.read_table(folder / f"{name}.parquet").to_pylist() for name in ("cleaned", "truth"))
    assert [(row["source"], row["key"]) for row in cleaned] == [(row["source"], row["key"]) for row in truth]
    assert {row["person"] for row in truth} == {"7" if one.kind == "rldata" else "12"}
    assert "" not in {value for row in cleaned for value in row.values()}
    sources = load_project(folder / "project", {}).sources
    assert sources.keys() == one.files.keys()
    alone = {entity.one_record_per_person for source in sources.values() for entity in source.entities.values()}
    assert alone == {one.name == "FEBRL4"}


def test_nothing_of_the_truth_is_among_what_the_engines_read(packages: Path, tmp_path: Path) -> None:
    for one in PUBLIC_SETS:
        one.prepare(packages, tmp_path / one.name)
        cleaned = pq.read_table(tmp_path / one.name / "cleaned.parquet")
        assert cleaned["key"].to_pylist() == ["0", "1"] * len(one.files)
        assert not {"rec_id", "person", f"identity.{one.name}"} & set(cleaned.column_names)
