"""Killed in every stage, together with its database or not, a run that is started again ends as if nothing had happened."""

from __future__ import annotations

from pathlib import Path

import pytest
from benchmarks.kills import Ground, Tally, compare, run_undisturbed, run_with_kills
from tests.support.warehouse import SMALL_MODEL

from rddm.demo import invent_world

PLAN = [
    (1, "ingest", "run", 0.2),
    (1, "conform", "backend", 0.1),
    (1, "resolve", "server", 0.1),
    (1, "publish", "run", 0.0),
]


@pytest.mark.timeout(900)  # six runs, each in a process of its own
def test_a_run_killed_in_every_stage_ends_as_an_undisturbed_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("RDDM_DATABASE_URL", raising=False)
    ground, tally = Ground(tmp_path, invent_world(60), only=["camps"]), Tally()
    undisturbed, disturbed = ground.warehouse("undisturbed"), ground.warehouse("disturbed")
    for each in (undisturbed, disturbed):
        (each / "model.yaml").write_text(SMALL_MODEL, encoding="utf-8")
    with ground.day(1):
        run_undisturbed(ground, undisturbed, Tally())
        run_with_kills(ground, disturbed, PLAN, tally)
    compared = compare(undisturbed, disturbed, ground.environment)
    assert len(tally.kills) == len(PLAN)
    assert [each for each in compared if each.missing or each.extra] == []
    assert {"warehouse.person", "golden.person", "raw.camps__camper"} <= {each.table for each in compared if each.rows}
