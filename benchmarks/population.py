"""Our own population as a data set to resolve: nine services' records, their truth, and a project that reads them."""

from __future__ import annotations

import shutil
from pathlib import Path

from benchmarks import stages

_SOURCE = """\
connector: {{type: file}}
entities:
  person:
    read: {{path: ../services/{name}.parquet}}
    key: key
    source_time: updated_at
    fields: {{{fields}}}
"""


def prepare(folder: Path, records: int) -> None:
    """Write to *folder* the services' Parquet files, ``truth.parquet`` (source, key, person) and ``project``; kept if there."""
    services = folder / "services"
    if not (services / "done").exists():
        shutil.rmtree(folder, ignore_errors=True)
        stages.invent(services, records)
        shutil.move(services / "truth.parquet", folder / "truth.parquet")
    sources = folder / "project" / "sources"
    shutil.rmtree(folder / "project", ignore_errors=True)
    sources.mkdir(parents=True)
    (folder / "project" / "rddm.yaml").write_text("name: bench\n", encoding="utf-8")
    for path in sorted(services.glob("*.parquet")):
        fields = ", ".join(f"{field}: {field}" for field in stages.fields_of(path))
        (sources / f"{path.stem}.yaml").write_text(_SOURCE.format(name=path.stem, fields=fields), encoding="utf-8")
