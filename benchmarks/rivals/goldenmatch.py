"""goldenmatch with nothing said: its automatic configuration, its thresholds. Runs in an environment of its own."""

from __future__ import annotations

import logging
import os
from importlib.metadata import version

from benchmarks.rivals.job import Answer, job_of_command_line, measured

os.environ["GOLDENMATCH_AUTOCONFIG_MEMORY"] = "0"  # or it would start from what it chose for the data set before

import goldenmatch
import pyarrow as pa
import pyarrow.parquet as pq
from goldenmatch.core.autoconfig_controller import ControllerNotConfidentError


def main() -> None:
    logging.disable(logging.WARNING)
    job = job_of_command_line()
    answer = Answer(versions={"goldenmatch": version("goldenmatch")})
    with measured(answer):
        table = pq.read_table(job.cleaned)
        texts = pa.table({name: table[name].cast(pa.string()) for name in table.column_names})
        try:
            result = goldenmatch.dedupe_df(texts, exclude_columns=["source", "key"])
        except ControllerNotConfidentError:
            # From 100,000 records on it refuses where it is not sure of itself; this is the way on that it names.
            answer.note = "refused, not confident in its own configuration; run again with allow_red_config=True"
            result = goldenmatch.dedupe_df(texts, exclude_columns=["source", "key"], allow_red_config=True)
        labels = list(range(table.num_rows))
        for cluster in result.clusters.values():
            first = min(cluster["members"])
            for member in cluster["members"]:
                labels[member] = first
    answer.thresholds = {"automatic": None}
    found = table.select(["source", "key"]).append_column("automatic", pa.array(labels, pa.int64()))
    pq.write_table(found, job.labels)
    job.write(answer)


if __name__ == "__main__":
    main()
