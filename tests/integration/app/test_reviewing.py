"""The steward's queue, and words that are given and taken back."""

from __future__ import annotations

from typing import Any

from tests.integration.app.conftest import Project

TWINS = """id,surname,given,born,phone,email
s2,Лисицына,Вера,2007-07-07,+79169990011,vera@pismo.alt
s3,Лисицына,Вика,2007-07-07,+79169990011,
s4,Щербакова,Алла,2009-05-14,,anna@pismo.alt
"""


def run_with_twins(project: Project) -> Any:
    (project.folder / "data" / "students.csv").write_text(TWINS, encoding="utf-8")
    outcome = project.rddm("run", "--json")
    assert outcome.code == 0, outcome.err
    return outcome.json


def test_the_number_a_run_tells_is_the_number_of_pairs_that_wait_for_a_word(new_project: Project) -> None:
    assert run_with_twins(new_project)["to_review"] == 2
    queue = new_project.rddm("person", "possible", "--limit", "1", "--json").json
    assert queue["total"] == 2
    (first,) = queue["pairs"]
    assert {first["pair"]["first"]["name"], first["pair"]["second"]["name"]} == {
        "Щербакова Анна Игоревна",
        "Щербакова Алла",
    }
    assert first["pair"]["contradiction"] == "twins"
    assert first["speaks_for"][0][0] == "birth_date"
    assert "first_name" in [field for field, _, _ in first["speaks_against"]]
    drawn = new_project.rddm("person", "possible").out
    assert drawn.index("Щербакова") < drawn.index("Лисицына")
    assert f"rddm person same {first['pair']['first']['id'][:8]}" in drawn
    different = ["person", "different", "academy/student/s2", "academy/student/s3", "--reason", "twins"]
    assert new_project.rddm(*different).code == 0
    left = new_project.rddm("person", "possible", "--json").json
    assert (left["total"], len(left["pairs"])) == (1, 1)
