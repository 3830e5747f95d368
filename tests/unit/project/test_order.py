"""Parents come before children."""

from __future__ import annotations

from graphlib import CycleError
from pathlib import Path

import pytest
from tests.unit.project.writing import write_project

from rddm.project.load import load_project
from rddm.project.order import entities_in_parent_order, reference_cycle
from rddm.project.settings import Model


def model_of(**references: list[str]) -> Model:
    return Model.model_validate(
        {
            "entities": {
                name: {"fields": {f"f{i}": {"type": "reference", "references": p} for i, p in enumerate(parents)}}
                for name, parents in references.items()
            }
        }
    )


def test_the_default_model_starts_with_what_others_reference(tmp_path: Path) -> None:
    model = load_project(write_project(tmp_path), {}).model
    assert entities_in_parent_order(model) == ("organisation", "location", "event", "person", "participation")


def test_an_entity_comes_after_all_it_references_and_may_reference_itself() -> None:
    model = model_of(a=["c", "b"], b=["c", "b"], c=[], d=["a"])
    assert entities_in_parent_order(model) == ("c", "b", "a", "d")
    assert reference_cycle(model) == ()


def test_a_circle_is_named_in_the_direction_of_its_references() -> None:
    model = model_of(a=["b"], b=["c"], c=["a"])
    cycle = reference_cycle(model)
    assert cycle in {("a", "b", "c", "a"), ("b", "c", "a", "b"), ("c", "a", "b", "c")}
    with pytest.raises(CycleError):
        entities_in_parent_order(model)
