"""
Splink on DuckDB as its documentation does it, with a model written for each kind of data. Runs in an environment of its own.

For FEBRL the model of its own example for FEBRL 4 (docs/demos/examples/duckdb/febrl4), with the blocking rules of both its
FEBRL examples. For the others the recipe of its tutorial: ready-made comparisons for names, birth dates and e-mails with
term frequencies; narrow blocking rules of two or three fields each; the prior from deterministic rules, u by random
sampling, m by EM in two blocks that share no field, so that every comparison is trained.
"""

from __future__ import annotations

import logging
import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from importlib.metadata import version
from typing import Any

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import splink.comparison_library as cl
from benchmarks.rivals.job import Answer, Job, job_of_command_line, measured
from splink import DuckDBAPI, Linker, SettingsCreator, block_on

Rules = Sequence[Any]

THRESHOLD = 0.95
"""Splink has no default. This is what the quick start in its README and its largest example cluster at."""
LEAST_PROBABILITY = 0.01
"""Pairs below are not kept: enough to see every threshold that anybody would choose."""
SWEEP = (0.05, 0.2, 0.5, 0.8, 0.9, 0.99, 0.999, 0.9999, 0.99999, 0.9999999)


@dataclass(frozen=True)
class Model:
    """``recall`` is the guess that Splink asks for: of all matches, how many the ``deterministic`` rules find."""

    comparisons: Sequence[Any]
    blocking: Rules
    deterministic: Rules
    recall: float
    training: Rules
    random_pairs: float
    derived: str = ""
    link: bool = False
    """The sources are free of duplicates, so only pairs across them are compared."""


def febrl(*, link: bool) -> Model:
    return Model(
        comparisons=[
            cl.NameComparison("given_name").configure(term_frequency_adjustments=True),
            cl.NameComparison("surname").configure(term_frequency_adjustments=True),
            cl.DateOfBirthComparison(
                "date_of_birth", input_is_string=True, datetime_format="%Y%m%d", invalid_dates_as_null=True
            ),
            cl.DamerauLevenshteinAtThresholds("soc_sec_id", [1, 2]),
            cl.ExactMatch("street_number").configure(term_frequency_adjustments=True),
            cl.DamerauLevenshteinAtThresholds("postcode", [1, 2]).configure(term_frequency_adjustments=True),
        ],
        blocking=[
            block_on("given_name", "surname"),
            "l.given_name = r.surname and l.surname = r.given_name",
            block_on("given_name"),
            block_on("surname"),
            block_on("date_of_birth"),
            block_on("soc_sec_id"),
            block_on("state", "address_1"),
            block_on("street_number", "address_1"),
            block_on("postcode"),
        ],
        deterministic=[
            block_on("soc_sec_id"),
            block_on("given_name", "surname", "date_of_birth"),
            "l.given_name = r.surname and l.surname = r.given_name and l.date_of_birth = r.date_of_birth",
        ],
        recall=0.9,
        training=[block_on("date_of_birth"), block_on("postcode")],
        random_pairs=1e7,
        link=link,
    )


def names_and_birth_date() -> Model:
    """RLdata: a name of up to two parts and a birth date, every duplicate with one mistake in it."""
    return Model(
        comparisons=[
            cl.NameComparison("fname_c1"),
            cl.NameComparison("lname_c1"),
            cl.DamerauLevenshteinAtThresholds("birth_date", [1, 2]),
        ],
        blocking=[
            block_on("fname_c1", "lname_c1"),
            block_on("birth_date", "substr(lname_c1, 1, 1)"),
            block_on("birth_date", "substr(fname_c1, 1, 1)"),
            block_on("fname_c1", "by", "bm"),
            block_on("fname_c1", "by", "bd"),
            block_on("fname_c1", "bm", "bd"),
            block_on("lname_c1", "by", "bm"),
            block_on("lname_c1", "by", "bd"),
            block_on("lname_c1", "bm", "bd"),
        ],
        deterministic=[
            block_on("fname_c1", "birth_date"),
            block_on("lname_c1", "birth_date"),
            block_on("fname_c1", "lname_c1", "by", "bm"),
            block_on("fname_c1", "lname_c1", "by", "bd"),
            block_on("fname_c1", "lname_c1", "bm", "bd"),
        ],
        recall=0.9,
        training=[block_on("fname_c1", "lname_c1"), block_on("birth_date")],
        random_pairs=1e7,
        derived="printf('%04d-%02d-%02d', \"by\"::INT, bm::INT, bd::INT) AS birth_date",
    )


def population() -> Model:
    """
    Our population: nine services' records. Families share phone, surname, patronymic and town, so no rule blocks on
    phone and surname, and of region, town and school, which say much the same, only two are compared.
    """
    return Model(
        comparisons=[
            cl.NameComparison("first_name").configure(term_frequency_adjustments=True),
            cl.NameComparison("last_name").configure(term_frequency_adjustments=True),
            cl.NameComparison("middle_name").configure(term_frequency_adjustments=True),
            cl.DateOfBirthComparison("birth_date", input_is_string=False),
            cl.ExactMatch("gender"),
            cl.DamerauLevenshteinAtThresholds("phone", [1]),
            cl.EmailComparison("email"),
            cl.ExactMatch("snils"),
            cl.ExactMatch("city").configure(term_frequency_adjustments=True),
            cl.ExactMatch("school").configure(term_frequency_adjustments=True),
        ],
        blocking=[
            block_on("snils"),
            block_on("email", "first_name"),
            block_on("phone", "first_name"),
            block_on("phone", "birth_date"),
            block_on("email", "birth_date"),
            block_on("last_name", "birth_date"),
            block_on("first_name", "middle_name", "birth_date"),
            block_on("first_name", "birth_date", "region"),
            block_on("last_name", "first_name", "middle_name"),
            block_on("last_name", "first_name", "city"),
            block_on("last_name", "first_name", "school"),
        ],
        deterministic=[
            block_on("snils"),
            block_on("first_name", "last_name", "birth_date"),
            block_on("first_name", "phone", "birth_date"),
            block_on("first_name", "email", "birth_date"),
        ],
        recall=0.7,
        training=[block_on("last_name", "birth_date"), block_on("first_name", "phone")],
        random_pairs=1e7,
    )


MODELS: dict[str, Callable[[], Model]] = {
    "febrl": lambda: febrl(link=False),
    "febrl4": lambda: febrl(link=True),
    "rldata": names_and_birth_date,
    "population": population,
}


def main() -> None:
    logging.disable(logging.WARNING)
    warnings.simplefilter("ignore")
    job = job_of_command_line()
    answer = Answer(versions={name: version(name) for name in ("splink", "duckdb")})
    model = MODELS[job.kind]()
    connection = duckdb.connect()
    connection.execute(f"SET temp_directory = '{job.folder / 'splink-spill'}'")
    with measured(answer):
        linker = _trained(job, model, connection)
        pairs = linker.inference.predict(threshold_match_probability=LEAST_PROBABILITY)
        labels = {"default": _labels(linker, pairs, THRESHOLD)}
    answer.thresholds["default"] = THRESHOLD
    for threshold in SWEEP:
        answer.thresholds[f"p{threshold!r}"] = threshold
        labels[f"p{threshold!r}"] = _labels(linker, pairs, threshold)
    ids = pq.read_table(job.cleaned, columns=["source", "key"])
    for name, found in labels.items():
        ids = ids.append_column(name, found)
    pq.write_table(ids, job.labels)
    job.write(answer)


def _trained(job: Job, model: Model, connection: duckdb.DuckDBPyConnection) -> Any:  # noqa: ANN401 - Splink has no types
    api = DuckDBAPI(connection=connection)
    derived = f", {model.derived}" if model.derived else ""
    read = f"SELECT *, file_row_number AS n{derived} FROM read_parquet('{job.cleaned}', file_row_number = true)"
    tables = [connection.sql(f"SELECT * EXCLUDE (source, file_row_number) FROM ({read})")]
    if model.link:
        sources = [row[0] for row in connection.execute(f"SELECT DISTINCT source FROM ({read}) ORDER BY 1").fetchall()]
        tables = [
            connection.sql(f"SELECT * EXCLUDE (source, file_row_number) FROM ({read}) WHERE source = '{source}'")
            for source in sources
        ]
    settings = SettingsCreator(
        link_type="link_only" if model.link else "dedupe_only",
        unique_id_column_name="n",
        comparisons=model.comparisons,
        blocking_rules_to_generate_predictions=model.blocking,
    )
    linker = Linker([api.register(table) for table in tables] if model.link else api.register(tables[0]), settings)
    training = linker.training
    training.estimate_probability_two_random_records_match(model.deterministic, recall=model.recall)
    training.estimate_u_using_random_sampling(max_pairs=model.random_pairs, seed=1)
    for rule in model.training:
        training.estimate_parameters_using_expectation_maximisation(rule, estimate_without_term_frequencies=True)
    return linker


def _labels(linker: Any, pairs: Any, threshold: float) -> pa.ChunkedArray:  # noqa: ANN401 - Splink has no types
    """Return a number per record, in the order of ``cleaned.parquet``."""
    clusters = linker.clustering.cluster_pairwise_predictions_at_threshold(pairs, threshold_match_probability=threshold)
    relation = clusters.as_duckdbpyrelation()
    return relation.query(
        "clusters", "SELECT dense_rank() OVER (ORDER BY cluster_id) AS label FROM clusters ORDER BY n"
    ).to_arrow_table()["label"]


if __name__ == "__main__":
    main()
