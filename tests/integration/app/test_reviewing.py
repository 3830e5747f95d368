"""The steward's queue, and words that are given and taken back."""

from __future__ import annotations

from tests.integration.app.conftest import CAMPERS, Project, Ran

TWINS = """id,surname,given,born,phone,email
s2,Лисицына,Вера,2007-07-07,+79169990011,vera@pismo.alt
s3,Лисицына,Вика,2007-07-07,+79169990011,
s4,Щербакова,Алла,2009-05-14,,anna@pismo.alt
"""


def test_the_number_a_run_tells_is_the_number_of_pairs_that_wait_for_a_word(new_project: Project) -> None:
    (new_project.folder / "data" / "students.csv").write_text(TWINS, encoding="utf-8")
    assert new_project.rddm("run", "--json").json["to_review"] == 2
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


def test_two_whole_people_become_one_by_a_word_and_two_again_without_it(ran: Ran) -> None:
    alla = "7;Щербакова;Алла;Игоревна;14.05.2009;8 (916) 555-44-33;alla@pismo.alt;2026-01-10 10:00:00\n"
    students = """id,surname,given,born,phone,email
s1,Shcherbakova,Anna,2009-05-14,+79161234567,anna@pismo.alt
s4,Щербакова,Алла,2009-05-14,+79165554433,alla@pismo.alt
"""
    project = ran(campers=CAMPERS + alla, students=students)

    def people() -> list[str]:
        return project.people("camps/camper/1", "academy/student/s1", "camps/camper/7", "academy/student/s4")

    before = people()
    assert (before[0], before[2]) == (before[1], before[3])
    assert before[0] != before[2]
    anna, alla = before[0][:8], before[2][:8]
    same = project.rddm("person", "same", anna, alla, "--reason", "her second name", "--by", "ann", "--run")
    assert same.code == 0, same.err
    assert "Kept on 3 pairs of records" in same.out
    assert "They are one person now." in same.out
    assert len(set(people())) == 1
    merged = project.rddm("person", "history", anna, "--json").json["history"][-1]
    assert (merged["kind"], merged["reason"]) == ("merged", "judgement")
    assert merged["words"].endswith(": a steward said so")
    (word,) = project.rddm("person", "judgements", "--json").json["judgements"]
    assert (word["verdict"], word["pairs"], word["made_by"], word["state"]) == ("same", 3, "ann", "applied")
    unjudge = ["person", "unjudge", alla, anna, "--reason", "two sisters", "--by", "bob", "--run", "--json"]
    taken_back = project.rddm(*unjudge)
    assert taken_back.code == 0, taken_back.err
    assert taken_back.json["together"] is False
    after = people()
    assert after[:2] == before[:2]
    assert len(set(after)) == 2
    (word,) = project.rddm("person", "judgements", "--json").json["judgements"]
    assert (word["state"], word["made_by"]) == ("withdrawn", "ann")
    assert (word["withdrawal"]["by"], word["withdrawal"]["reason"]) == ("bob", "two sisters")
    assert word["withdrawal"]["at"] > word["made_at"]
    assert "by bob: two sisters" in " ".join(project.rddm("person", "judgements").out.split())
    released = project.rddm("person", "history", alla, "--json").json["history"][-1]
    assert (released["kind"], released["reason"]) == ("split", "judgement_withdrawn")
    assert released["words"].endswith(": a steward's word was taken back")
    nothing = project.rddm("person", "unjudge", "camps/camper/1", "camps/camper/7", "--reason", "x")
    assert nothing.code == 7
    assert "rddm person judgements" in nothing.err


def test_a_patch_that_is_withdrawn_is_taken_back(run_project: Project) -> None:
    fix = [
        "quarantine",
        "fix",
        "camps",
        "camper",
        "3",
        "--set",
        "dob=31.12.2004",
        "--reason",
        "asked",
        "--run",
        "--json",
    ]
    assert run_project.rddm(*fix).code == 0
    assert "camps camper 3" in run_project.rddm("quarantine", "patches").out
    refused = run_project.rddm("quarantine", "unfix", "camps", "camper", "3", "--column", "tel")
    assert refused.code == 7
    unfix = run_project.rddm("quarantine", "unfix", "camps", "camper", "3", "--column", "dob", "--run", "--json")
    assert unfix.json["withdrawn"] == ["dob"]
    assert run_project.rddm("quarantine", "show", "camps", "camper", "3", "--json").json["state"] == "quarantined"
    (listed,) = run_project.rddm("quarantine", "patches", "--json").json["patches"]
    assert listed["patch"]["state"] == "withdrawn"
