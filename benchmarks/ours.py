"""
Our engine over one data set: reads, conforms and resolves as any run does; nothing is published.

What is measured is the resolve stage: from the conformed records in the lake to fingerprints, keys, pairs, links and events
written to it, learning included. The truth is looked at when all is done, to tell what perfect judgement of the candidate
pairs would have found.
"""

from __future__ import annotations

import dataclasses
import time
from importlib.metadata import version

import duckdb
from benchmarks.rivals.job import Answer, Job, job_of_command_line

from rddm.app.wire import open_warehouse
from rddm.contracts.tables import literal
from rddm.pipeline.ingesting import Ingested
from rddm.pipeline.run import RunReport, run
from rddm.project.settings import ProbabilisticIdentity
from rddm.serve.identity_explain import candidate_ceiling
from rddm.store.lake import CATALOG

PERSON = "person"


class _Watcher:
    """Notes when the engine begins to resolve and when it goes on to curate."""

    def __init__(self) -> None:
        self.stage = ""
        self.began: dict[str, float] = {}

    def reading(self, source: str, entity: str, pieces: int) -> None: ...

    def read(self, result: Ingested) -> None: ...

    def working(self, what: str) -> None:
        self.stage = what.split(maxsplit=1)[0]
        self.began.setdefault(self.stage, time.monotonic())


def main() -> None:
    job = job_of_command_line()
    watcher = _Watcher()
    with open_warehouse(job.folder / "project", {}) as warehouse:
        unpublished = dataclasses.replace(warehouse, publish=lambda _at, _progress: {})
        report = run(unpublished, watcher)
        for problem in report.problems:
            raise problem
        identity = warehouse.settings.model.entities[PERSON].identity
        if not isinstance(identity, ProbabilisticIdentity):
            raise TypeError("people are not matched by weights in this project")
        answer = Answer(
            started=watcher.began["resolve"],
            ended=watcher.began["curate"],
            thresholds={"default": report.engine.resolutions[PERSON].match_probability},
            versions={name: version(name) for name in ("rddm-warehouse", "duckdb")},
            note=_note(report),
        )
        connection = warehouse.lake.connection
        _export(connection, job)
        answer.ceiling = _ceiling(connection, job, identity)
    job.write(answer)


def _note(report: RunReport) -> str:
    resolution = report.engine.resolutions[PERSON]
    waiting = sum(each.received for each in report.ingested) - resolution.records
    learnt = "learnt" if resolution.model_learnt else "shipped weights"
    quarantined = f", {waiting:,} records not conformed" if waiting else ""
    return f"{resolution.candidate_pairs:,} candidate pairs, {learnt}{quarantined}"


def _export(connection: duckdb.DuckDBPyConnection, job: Job) -> None:
    """Write our groups and, where the rivals are to get what our resolve stage got, the conformed records."""
    connection.execute(
        f'COPY (SELECT source, key, dense_rank() OVER (ORDER BY golden_id) AS "default" FROM {CATALOG}.conformed.{PERSON}'
        f" JOIN {CATALOG}.identity.{PERSON}__link USING (record_id)) TO {literal(str(job.labels))} (FORMAT parquet)"
    )
    if job.kind == "population":
        # The others can do nothing with dates that cannot be.
        columns = "* EXCLUDE (record_id, entity, source_time, batch, seq, repairs, birth_date__told)"
        conformed = f"(SELECT * FROM {CATALOG}.conformed.{PERSON})"
        connection.execute(
            f"COPY (SELECT {columns} FROM {conformed} ORDER BY record_id) TO {literal(str(job.cleaned))} (FORMAT parquet)"
        )
        forms = dataclasses.replace(job, forms=True).cleaned
        connection.execute(
            f"COPY (SELECT {columns} REPLACE (last_root AS last_name, split_part(first_root, '|', 1) AS first_name,"
            f" middle_root AS middle_name) FROM {conformed} JOIN (SELECT record_id, last_root, first_root, middle_root"
            f" FROM {CATALOG}.identity.{PERSON}__link JOIN {CATALOG}.identity.{PERSON}__fingerprint USING (fingerprint_id))"
            f" USING (record_id) ORDER BY record_id) TO {literal(str(forms))} (FORMAT parquet)"
        )


def _ceiling(connection: duckdb.DuckDBPyConnection, job: Job, identity: ProbabilisticIdentity) -> float:
    """Return the recall that perfect judgement of our candidate pairs would give, over all records that the rivals get."""
    connection.execute(
        "CREATE OR REPLACE TEMP TABLE bench_truth AS"
        f" SELECT source, {literal(PERSON)} AS entity, key, person AS person_no FROM {literal(str(job.folder / 'truth.parquet'))}"
        f" SEMI JOIN {literal(str(job.cleaned))} USING (source, key)"
    )
    conformed = f"bench_truth SEMI JOIN {CATALOG}.conformed.{PERSON} USING (source, key)"
    whole, reached = (
        connection.execute(
            f"SELECT sum(n * (n - 1) // 2)::DOUBLE FROM (SELECT count(*) AS n FROM {records} GROUP BY person_no)"
        ).fetchall()[0][0]
        for records in ("bench_truth", conformed)
    )
    ceiling = candidate_ceiling(connection, lake=CATALOG, entity=PERSON, identity=identity, truth="bench_truth")
    return float(ceiling * reached / whole)


if __name__ == "__main__":
    main()
