"""``rddm identity``, the queue by worth, splits and words that contradict each other, on real small warehouses."""

from __future__ import annotations

import os
import uuid
from pathlib import Path
from typing import Any

import pytest
from tests.integration.app.conftest import CAMPERS, Project, Ran
from tests.integration.app.test_reviewing import TWINS

from rddm.app import wire
from rddm.app.wire import open_warehouse
from rddm.contracts.errors import NotFound
from rddm.serve.identity_changes import identity_changes
from rddm.serve.identity_explain import model_in_use
from rddm.serve.reading import Reading
from rddm.store.lake import CATALOG

THREE_ANNAS = """id,surname,given,born,phone,email
s1,Shcherbakova,Anna,2009-05-14,+79161234567,anna@pismo.alt
s2,Лисицына,Вера,2007-07-07,+79169990011,vera@pismo.alt
s5,Щербакова,Аня,2009-05-14,+79161234567,anna@pismo.alt
"""
ANNA = "camps/camper/1"


def run(project: Project, students: str | None = None) -> None:
    if students is not None:
        (project.folder / "data" / "students.csv").write_text(students, encoding="utf-8")
    outcome = project.rddm("run", "--json")
    assert outcome.code == 0, outcome.err


# --- report -----------------------------------------------------------------------------------------------------------


def test_the_report_counts_what_the_lake_holds(project: Project) -> None:
    found = project.rddm("identity", "report", "--json").json
    summary = found["summary"]
    assert (summary["records"], summary["people"]) == (5, 4)
    assert sum(each["people"] for each in found["sizes"]) == 4
    assert sum(summary["joined_by"].values()) == 5
    assert summary["matched_pairs"] == 1
    assert 0.99 <= summary["precision"] < 1
    assert 0 < summary["recall"] <= 1
    assert found["sample_share"] == 1.0
    assert {each["source"]: each["records"] for each in found["sources"]} == {"academy/student": 2, "camps/camper": 3}
    assert found["overlap"]["shared"] == [[3, 1], [1, 2]]
    (largest,) = found["largest"]
    assert (largest["records"], largest["sources"], largest["name"]) == (2, 2, None)
    assert largest["weakest"] > found["model"]["match_weight"]
    assert found["doubtful"] == [largest]
    assert "too few to learn from" in " ".join(found["warnings"])


def test_the_curve_and_the_histogram_agree_with_the_summary(project: Project) -> None:
    found = project.rddm("identity", "report", "--json").json
    joined = [each for each in found["curve"] if each["threshold"] >= found["model"]["match_weight"]]
    assert joined[0]["pairs"] == found["summary"]["matched_pairs"]
    assert joined[0]["precision"] == pytest.approx(found["summary"]["precision"])
    assert joined[0]["recall"] == pytest.approx(found["summary"]["link_recall"])
    assert sum(each["pairs"] for each in found["histogram"]) == pytest.approx(found["curve"][0]["pairs"])


def test_a_pair_that_contradicts_itself_holds_no_group_together(run_project: Project) -> None:
    (before,) = run_project.rddm("identity", "report", "--json").json["largest"]
    assert before["weakest"] is not None
    with open_warehouse(run_project.folder, os.environ) as warehouse:
        number = warehouse.control.start_run(warehouse.now())
        with warehouse.lake.transaction(f"run {number}", {"run": number}) as connection:
            connection.execute(f"UPDATE {CATALOG}.identity.person__pair SET contradiction = 'twins'")
    found = run_project.rddm("identity", "report", "--json").json
    assert found["largest"] == [before | {"weakest": None, "probability": None}]
    assert found["doubtful"] == []


def test_the_page_shows_nobody_unless_names_are_asked_for(project: Project, tmp_path: Path) -> None:
    page = tmp_path / "page.html"
    outcome = project.rddm("identity", "report", "--out", str(page))
    assert outcome.code == 0, outcome.err
    assert str(page) in outcome.out.replace("\n", "")
    text = page.read_text(encoding="utf-8")
    (anna,) = project.people(ANNA)
    assert anna[:8] in text
    for private in ("Щербаков", "Анна", "9161234567", "pismo"):
        assert private not in text
    page.chmod(0o644)
    assert project.rddm("identity", "report", "--out", str(page), "--with-names").code == 0
    assert "Щербакова Анна" in page.read_text(encoding="utf-8")
    assert page.stat().st_mode & 0o777 == 0o600


def test_with_json_a_page_is_written_where_out_names_it(
    project: Project, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    found = project.rddm("identity", "report", "--out", "page.html", "--json").json
    assert found["page"] == str(tmp_path / "page.html")
    (anna,) = project.people(ANNA)
    assert anna[:8] in (tmp_path / "page.html").read_text(encoding="utf-8")
    assert found["summary"]["records"] == 5
    nowhere = project.rddm("identity", "report", "--out", str(tmp_path / "no" / "page.html"), "--json")
    assert (nowhere.code, nowhere.out) == (2, "")
    assert project.rddm("identity", "report", "--json").json["page"] is None
    assert [each.name for each in tmp_path.iterdir()] == ["page.html"]


def test_what_cannot_be_reported_is_refused_in_words(project: Project, tmp_path: Path) -> None:
    unknown = project.rddm("identity", "report", "--entity", "animal")
    assert (unknown.code, "Entity animal is not in the model" in unknown.err) == (7, True)
    exact = project.rddm("identity", "report", "--entity", "event")
    assert (exact.code, "not matched by weights" in exact.err) == (7, True)
    nowhere = project.rddm("identity", "report", "--out", str(tmp_path / "no" / "page.html"))
    assert (nowhere.code, "cannot be written" in nowhere.err) == (2, True)


def test_a_warehouse_without_people_has_nothing_to_report(new_project: Project) -> None:
    nothing_run = new_project.rddm("identity", "report")
    assert (nothing_run.code, "rddm run" in nothing_run.err) == (7, True)
    (new_project.folder / "data" / "campers.csv").write_text("id;fam;name;otch;dob;tel;mail;upd\n", encoding="utf-8")
    run(new_project, "id,surname,given,born,phone,email\n")
    for command in (["report"], ["changes"], ["learn"]):
        refused = new_project.rddm("identity", *command)
        assert refused.code == 7, command
        assert "rddm run" in refused.err
    assert new_project.rddm("person", "possible", "--json").json == {"pairs": [], "total": 0}


def test_bad_input_is_a_word_in_the_report(new_project: Project) -> None:
    """One phone on everybody, no e-mail on anybody, one description again and again."""
    rows = [f"s{number},Сидоров,Пётр,2001-01-01,+79164823715," for number in range(3)]
    for number in range(220):
        surname = f"{'АБВГДЕЖЗИК'[number % 10]}ов{'о' * (number // 10)}"
        rows.append(f"t{number},{surname},Олег,200{number % 10}-0{number % 9 + 1}-11,+79164823715,")
    (new_project.folder / "data" / "campers.csv").write_text("id;fam;name;otch;dob;tel;mail;upd\n", encoding="utf-8")
    run(new_project, "\n".join(["id,surname,given,born,phone,email", *rows]) + "\n")
    found = new_project.rddm("identity", "report", "--json").json
    said = "\n".join(found["warnings"])
    (fields,) = [each for each in found["warnings"] if "No record has" in each]
    assert fields == (
        "No record has these fields, so they decide nothing: middle name, e-mail, SNILS, document number, address, region, city,"
        " postcode, school. Are they mapped, and does their cleaning drop them?"
    )
    assert "Phone: one value is on 223 of the 223 records" in said
    assert "These data do not show families" in said
    assert "match keys" not in said  # all of those that nobody has are made of these fields
    (shared,) = found["shared_values"]
    assert (shared["field"], shared["records"], shared["value"]) == ("phone", 223, None)
    assert "9164823715" not in said


# --- changes ----------------------------------------------------------------------------------------------------------


def test_a_runs_changes_are_a_table_of_ids_before_and_after(run_project: Project) -> None:
    first = run_project.rddm("identity", "changes", "--json").json
    assert (first["run"], first["counts"]["created"], first["total"]) == (1, 4, 4)
    assert all(each["before"] is None and each["after"] for each in first["changes"])
    assert first["proof"] == {
        "people_before": 0, "people_after": 4, "changed_records": 0, "relabels": 0, "unexplained": 0,
    }  # fmt: skip
    ids = set(run_project.people("camps/camper/2", "academy/student/s2"))
    same = ["person", "same", "camps/camper/2", "academy/student/s2", "--reason", "x", "--run", "--json"]
    assert run_project.rddm(*same).code == 0
    second = run_project.rddm("identity", "changes", "--json").json
    (merged,) = second["changes"]
    assert (merged["kind"], merged["reason"], {merged["before"], merged["after"]}) == ("merged", "judgement", ids)
    assert (second["proof"]["relabels"], second["proof"]["unexplained"]) == (0, 0)
    assert (second["proof"]["people_before"], second["proof"]["people_after"]) == (4, 3)
    drawn = run_project.rddm("identity", "changes", "--run", "2").out
    assert "pure relabels: 0" in drawn
    assert merged["before"] in drawn
    assert run_project.rddm("identity", "changes", "--run", "2", "--kind", "split", "--json").json["changes"] == []


def test_what_merged_and_split_comes_first_among_a_runs_changes(run_project: Project) -> None:
    kinds = ("ended", "split", "merged")
    with (
        open_warehouse(run_project.folder, os.environ) as warehouse,
        warehouse.lake.transaction("events") as connection,
    ):
        connection.executemany(
            f'INSERT INTO {CATALOG}.identity.event (entity, golden_id, kind, run_id, "at")'
            " VALUES ('person', ?, ?, 1, TIMESTAMP '2026-03-01')",
            [[uuid.uuid4(), kind] for kind in kinds],
        )
    found = run_project.rddm("identity", "changes", "--run", "1", "--json").json["changes"]
    assert [each["kind"] for each in found] == ["merged", "split", "ended", *["created"] * 4]


def test_runs_and_kinds_that_are_not_there_are_refused(project: Project) -> None:
    unknown = project.rddm("identity", "changes", "--run", "99")
    assert (unknown.code, "There is no run 99" in unknown.err) == (7, True)
    assert project.rddm("identity", "changes", "--kind", "renamed").code == 2


def test_a_pure_relabel_would_be_found(run_project: Project) -> None:
    """The proof is computed: links that were tampered with fail it."""
    (anna,) = run_project.people(ANNA)
    links = f"{CATALOG}.identity.person__link"
    with open_warehouse(run_project.folder, os.environ) as warehouse:
        number = warehouse.control.start_run(warehouse.now())
        with warehouse.lake.transaction(f"run {number}", {"run": number}) as connection:
            connection.execute(f"UPDATE {links} SET golden_id = ? WHERE golden_id = ?", [uuid.uuid4(), uuid.UUID(anna)])
    proof = run_project.rddm("identity", "changes", "--run", str(number), "--json").json["proof"]
    assert (proof["relabels"], proof["unexplained"], proof["changed_records"]) == (1, 2, 2)


def test_without_snapshots_nothing_is_claimed(run_project: Project) -> None:
    assert run_project.rddm("lake", "maintain", "--keep-days", "0").code == 0
    assert run_project.rddm("identity", "changes", "--json").json["proof"] is None


# --- learning ---------------------------------------------------------------------------------------------------------


def test_learning_anew_changes_nothing_until_it_is_applied(run_project: Project) -> None:
    def state() -> tuple[Any, ...]:
        with wire.open_reading(run_project.folder, os.environ) as reading:
            links = reading.rows(f"SELECT * FROM {reading.table('identity', 'person__link')} ORDER BY record_id")
            models = reading.rows(f"SELECT * FROM {reading.table('identity', 'model')} ORDER BY ALL")
            return links, models, reading.lake.current_snapshot(), len(reading.control.runs())

    before = state()
    told = run_project.rddm("identity", "learn", "--json")
    assert told.code == 0, told.err
    assert state() == before
    would = told.json
    assert (would["applied"], would["run"], would["version_before"], would["version_now"]) == (False, None, 1, 2)
    assert would["people_before"] == would["people_now"] == 4
    assert would["crossing"] == {"match": {"match": 1}}
    assert would["is_learnt"] is False
    did = run_project.rddm("identity", "learn", "--apply", "--json")
    assert did.code == 0, did.err
    assert (did.json["applied"], did.json["run"], did.json["version_now"]) == (True, 2, 2)
    after = state()
    assert after[0] == before[0]
    assert [model["version"] for model in after[1] if model["entity"] == "person"] == [1, 2]
    assert after[3] == 2
    assert "too little to learn from" in run_project.rddm("identity", "learn").out


def test_a_model_is_asked_for_only_where_there_is_one(project: Project) -> None:
    with (
        wire.open_reading(project.folder, os.environ) as reading,
        pytest.raises(NotFound, match="nothing was matched by weights yet"),
    ):
        model_in_use(reading.lake.connection, CATALOG, "animal")


# --- the queue --------------------------------------------------------------------------------------------------------


def test_the_queue_is_ordered_by_what_a_word_is_worth_and_says_why(ran: Ran) -> None:
    project = ran(students=TWINS)
    everything = project.rddm("person", "possible", "--json").json
    worth = [each["pair"]["worth"] for each in everything["pairs"]]
    assert worth == sorted(worth, reverse=True)
    for each in everything["pairs"]:
        pair = each["pair"]
        assert pair["worth"] == pytest.approx(pair["chance"] * (pair["records"] + pair["facts"]))
        assert pair["chance"] <= 0.5  # both pairs are refused as twins
    pages = [project.rddm("person", "possible", "-n", "1", "--page", page, "--json").json for page in ("1", "2", "3")]
    assert [page["total"] for page in pages] == [2, 2, 2]
    assert [page["pairs"] for page in pages] == [everything["pairs"][:1], everything["pairs"][1:], []]
    of_camps = project.rddm("person", "possible", "--source", "camps", "--json").json
    assert of_camps["total"] == 1
    assert "Щербакова" in of_camps["pairs"][0]["pair"]["first"]["name"]
    assert project.rddm("person", "possible", "--refused", "--json").json["total"] == 2
    assert project.rddm("person", "possible", "--min-probability", "1", "--json").json["total"] == 0
    unknown = project.rddm("person", "possible", "--source", "circus")
    assert (unknown.code, "There are: academy, camps" in unknown.err) == (7, True)


def test_facts_of_the_smaller_count_for_what_a_word_is_worth(new_project: Project) -> None:
    campers = new_project.folder / "data" / "campers.csv"
    twins = (
        "7;Лисицына;Вика;;07.07.2007;8 (916) 999-00-11;;2026-01-10 10:00:00\n"
        "8;Лисицына;Вера;;07.07.2007;8 (916) 999-00-11;vera@pismo.alt;2026-01-10 10:00:00\n"
    )
    campers.write_text(campers.read_text(encoding="utf-8") + twins, encoding="utf-8")
    bookings = "id;camper;shift;role\nb1;7;e1;участник\nb2;8;e1;участник\nb3;8;e1;гость\n"
    (new_project.folder / "data" / "bookings.csv").write_text(bookings, encoding="utf-8")
    run(new_project)
    (each,) = new_project.rddm("person", "possible", "--json").json["pairs"]
    assert (each["pair"]["records"], each["pair"]["facts"]) == (1, 1)  # Вика's, not Вера's two records and two facts
    assert each["pair"]["worth"] == pytest.approx(2 * each["pair"]["chance"])


# --- words ------------------------------------------------------------------------------------------------------------


def test_records_are_taken_out_of_a_person_and_come_back_when_that_is_taken_back(ran: Ran) -> None:
    project = ran(students=THREE_ANNAS)
    records = [ANNA, "academy/student/s1", "academy/student/s5"]
    whole = set(project.people(*records))
    assert len(whole) == 1
    anna = whole.pop()[:8]
    split = ["person", "split", anna, "academy/student/s5", "--reason", "her cousin's", "--by", "ann", "--run"]
    outcome = project.rddm(*split)
    assert outcome.code == 0, outcome.err
    assert "Kept on 2 pairs of records" in outcome.out
    assert "They are two people now." in outcome.out
    first, second, cousin = project.people(*records)
    assert first == second != cousin
    (word,) = project.rddm("person", "judgements", "--json").json["judgements"]
    assert (word["verdict"], word["pairs"], word["reason"], word["made_by"], word["state"], word["conflict"]) == (
        "different", 2, "her cousin's", "ann", "applied", None,
    )  # fmt: skip
    unjudge = ["person", "unjudge", "academy/student/s5", ANNA, "--reason", "she is Anna", "--run", "--json"]
    assert project.rddm(*unjudge).json["together"] is True
    told = project.rddm("person", "history", anna, "--json").json["history"]
    assert [(each["kind"], each["run"] is None, each["reason"]) for each in told][-4:] == [
        ("different", True, None), ("split", False, "judgement"),
        ("withdrawn", True, None), ("merged", False, "judgement_withdrawn"),
    ]  # fmt: skip
    given = "camps/camper/1 and academy/student/s5 are not the same, and so of 2 pairs of records"
    assert told[-4]["words"] == f"ann said: {given} (her cousin's)"
    assert told[-2]["words"].endswith(f" took back: {given} (she is Anna)")
    assert "her cousin's" in project.rddm("person", "history", anna).out.replace("\n", "")
    assert len(set(project.people(*records))) == 1


def test_a_split_that_parts_nothing_is_refused(ran: Ran) -> None:
    project = ran(students=THREE_ANNAS)
    anna = project.people(ANNA)[0][:8]
    records = [ANNA, "academy/student/s1", "academy/student/s5"]
    for taken, said in (
        (records, "All records"),
        (["academy/student/s2"], "is no record of person"),
        ([anna], "is no record of person"),
        (["academy/student/s77"], "There is no person record"),
    ):
        refused = project.rddm("person", "split", anna, *taken, "--reason", "x")
        assert refused.code == 7, taken
        assert said in refused.err
    assert project.rddm("person", "judgements", "--json").json["total"] == 0


def test_different_takes_the_whole_word_back_that_two_people_were_the_same(run_project: Project) -> None:
    ids = [each[:8] for each in run_project.people(ANNA, "camps/camper/2")]
    assert run_project.rddm("person", "same", *ids, "--reason", "one").code == 0
    assert run_project.rddm("person", "different", *ids, "--reason", "two").code == 0
    told = run_project.rddm("person", "judgements", "--json").json["judgements"]
    assert [(each["verdict"], each["state"], each["whole"]) for each in told] == [
        ("different", "waits for the next run", 2),
        ("same", "withdrawn from the next run on", 2),
    ]


def test_words_that_contradict_each_other_say_which_of_them_stands(run_project: Project) -> None:
    a, b, c = "camps/camper/2", "academy/student/s2", "camps/camper/4"
    assert run_project.rddm("person", "same", a, b, "--reason", "1").code == 0
    assert run_project.rddm("person", "same", b, c, "--reason", "2").code == 0
    last = run_project.rddm("person", "different", a, c, "--reason", "3")
    assert last.code == 0
    assert "contradiction with another word: stands against" in last.out
    told = run_project.rddm("person", "judgements", "--json").json["judgements"]
    assert [each["verdict"] for each in told] == ["different", "same", "same"]
    assert told[0]["conflict"].startswith("stands against: ")
    assert all("which stands" in each["conflict"] for each in told[1:])
    assert "stands against" in run_project.rddm("person", "judgements").out.replace("\n", " ")
    run(run_project)
    first, third = run_project.people(a, c)
    assert first != third
    warned = run_project.rddm("identity", "report", "--json").json["warnings"]
    assert any("1 human words contradict each other" in each for each in warned)


# --- why --------------------------------------------------------------------------------------------------------------


def test_the_waterfall_sums_to_the_total_and_is_told_in_words(project: Project) -> None:
    pair = ["person", "why", ANNA, "academy/student/s1"]
    explanation = project.rddm(*pair, "--json").json["explanation"]
    weights = [each["weight"] for each in explanation["contributions"]]
    assert explanation["prior"] + sum(weights) == pytest.approx(explanation["total"])
    assert explanation["probability"] == pytest.approx(1 / (1 + 2 ** -explanation["total"]))
    drawn = project.rddm(*pair).out
    assert "times likelier" in drawn
    assert "all together" in drawn


def test_changes_can_be_read_as_a_function_too(project: Project) -> None:
    with wire.open_reading(project.folder, os.environ) as reading:
        assert isinstance(reading, Reading)
        assert identity_changes(reading, "person", 1, 2, kinds=("created",)).total == 4


IVANTSOVS = """11;Иванцов;Пётр;Назарович;01.02.2008;8 (916) 111-11-11;a.ivan@pismo.alt;2026-01-10 10:00:00
12;Иванцов;Пётр;Назарович;01.02.2008;;a.ivan@pismo.alt;2026-01-10 10:00:00
13;Иванцов;Пётр;;01.02.2008;8 (916) 222-11-22;top@pismo.alt;2026-01-10 10:00:00
14;Иванцов;Пётр;Дмитриевич;15.02.2008;8 (916) 222-11-22;top@pismo.alt;2026-01-10 10:00:00
15;Иванцов;Пётр;Дмитриевич;15.02.2008;8 (916) 333-11-33;;2026-01-10 10:00:00
"""
OSOKINS = """31;Осокин;Глеб;Павлович;12.05.1970;8 (916) 333-22-11;gleb@pismo.alt;2026-01-10 10:00:00
32;Осокин;Глеб;Павлович;;8 (916) 333-22-11;gleb@pismo.alt;2026-01-10 10:00:00
33;Осокин;Глеб;Павлович;12.05.1990;;gleb@pismo.alt;2026-01-10 10:00:00
"""


def campers(project: Project, *keys: int) -> list[str]:
    return project.people(*(f"camps/camper/{key}" for key in keys))


def test_two_people_that_match_say_why_they_are_two(ran: Ran) -> None:
    project = ran(campers=CAMPERS + IVANTSOVS)
    first, of_first, second, of_second = (each[:8] for each in campers(project, 11, 13, 14, 15))
    assert (first, second) == (of_first, of_second)
    found = project.rddm("person", "why", first, second, "--json").json
    assert (found["first"]["address"], found["second"]["address"]) == ("camps/camper/13", "camps/camper/14")
    assert found["explanation"]["total"] >= found["threshold"]
    assert (found["pairs"], found["mean"] < 0) == (6, True)
    refusal = found["kept_apart"]["refusal"]
    assert (refusal["code"], refusal["pairs"], refusal["contradiction"]) == ("outweighed", 6, None)
    assert refusal["evidence"] == pytest.approx(6 * found["mean"])
    assert found["kept_apart"]["weight"] < 0
    assert "middle_name" in [field for field, _, _ in found["kept_apart"]["speaks_against"]]
    drawn = " ".join(project.rddm("person", "why", first, second).out.split())
    assert f"kept apart taken together, the 6 pairs between them stand at {refusal['evidence']:+.1f}" in drawn
    assert "most against it camps/camper/" in drawn
    (pair,) = project.rddm("person", "possible", "--json").json["pairs"]
    assert pair["refusal"] == refusal
    assert f"all 6 pairs: {refusal['evidence']:+.1f}" in " ".join(project.rddm("person", "possible").out.split())
    told = "`rddm person possible` has the pairs between their parts, and why they are apart."
    assert (
        f"The last run took 1 groups apart whose records do not fit together. {told}"
        in (project.rddm("identity", "report", "--json").json["warnings"])
    )
    # Of one record and a person, the pair that is most alike is of that record.
    one = project.rddm("person", "why", "camps/camper/15", first, "--json").json
    assert one["first"]["address"] == "camps/camper/15"
    assert one["explanation"]["total"] < found["explanation"]["total"]


def test_after_an_older_version_the_queue_asks_for_a_run_and_has_the_same_pairs_then(ran: Ran) -> None:
    project = ran(campers=CAMPERS + IVANTSOVS)
    pairs = project.rddm("person", "possible", "--json").json
    with open_warehouse(project.folder, os.environ) as warehouse:
        apart = warehouse.lake.connection.execute("FROM lake.identity.person__apart ORDER BY ALL").fetchall()
        assert len(apart) > 0
        warehouse.lake.connection.execute("DROP TABLE lake.identity.person__apart")
    asked = project.rddm("person", "possible")
    assert (asked.code, "Run it first: rddm run" in asked.err) == (7, True)
    assert project.rddm("run", "--json").json["to_review"] == pairs["total"]
    with open_warehouse(project.folder, os.environ) as warehouse:
        assert warehouse.lake.connection.execute("FROM lake.identity.person__apart ORDER BY ALL").fetchall() == apart


def test_after_an_older_version_that_described_people_by_less_a_run_is_asked_for_and_learning_can_be_tried(
    ran: Ran,
) -> None:
    project = ran(campers=CAMPERS + IVANTSOVS)
    person = campers(project, 11)[0][:8]
    with open_warehouse(project.folder, os.environ) as warehouse:
        warehouse.lake.connection.execute("ALTER TABLE lake.identity.person__fingerprint DROP COLUMN birth_told")
        warehouse.lake.connection.execute("ALTER TABLE lake.conformed.person DROP COLUMN birth_date__told")
    for asked in (["person", "why", person], ["person", "show", person], ["identity", "report"]):
        told = project.rddm(*asked)
        assert (told.code, "Run the pipeline with this one: `rddm run`." in told.err) == (4, True)
    assert project.rddm("identity", "learn").code == 0
    assert project.rddm("run").code == 0
    assert project.rddm("person", "why", person).code == 0


def test_a_father_and_a_son_whose_birth_dates_are_one_digit_apart_are_told_to_be_born_a_generation_apart(
    ran: Ran,
) -> None:
    project = ran(campers=CAMPERS + OSOKINS)
    word = ["person", "same", "camps/camper/31", "camps/camper/32", "--reason", "asked them", "--by", "ann", "--run"]
    assert project.rddm(*word).code == 0
    father, undated, son = (each[:8] for each in campers(project, 31, 32, 33))
    assert father == undated != son
    refusal = project.rddm("person", "why", father, son, "--json").json["kept_apart"]["refusal"]
    assert (refusal["code"], refusal["contradiction"], refusal["pairs"]) == ("apart", "born_a_generation_apart", 1)


def test_two_people_tell_every_word_that_stands_between_them(ran: Ran) -> None:
    project = ran(campers=CAMPERS + IVANTSOVS)
    first, second = (each[:8] for each in campers(project, 11, 14))
    word = ["person", "different", "camps/camper/11", "camps/camper/15", "--reason", "cousins", "--by", "ann"]
    assert project.rddm(*word).code == 0
    why = ["person", "why", first, second]
    (told,) = project.rddm(*why, "--json").json["words"]
    assert (told["verdict"], told["reason"], told["made_by"], told["state"]) == (
        "different", "cousins", "ann", "waits for the next run",
    )  # fmt: skip
    assert "are different: cousins (ann, " in " ".join(project.rddm(*why).out.split())
    run(project)
    found = project.rddm(*why, "--json").json
    assert [each["state"] for each in found["words"]] == ["applied"]
    assert found["kept_apart"]["refusal"]["code"] == "told_apart"


def test_a_record_that_would_be_there_anyway_is_not_told_as_held_by_a_word(run_project: Project) -> None:
    same = ["person", "same", ANNA, "academy/student/s1", "--reason", "asked", "--by", "ann", "--run"]
    assert run_project.rddm(*same).code == 0
    _, other = run_project.rddm("person", "why", ANNA, "--json").json["records"]
    assert (other["link"]["how"], other["link"]["word"]) == ("match", None)


def test_a_record_whose_match_would_be_refused_without_a_word_is_told_as_held_by_it(ran: Ran) -> None:
    project = ran(campers=CAMPERS + IVANTSOVS)
    people = [project.rddm("person", "show", f"camps/camper/{key}", "--json").json for key in (11, 14)]
    founders = [each for one in people for each in one["records"] if each["record_id"] == one["id"]]
    first, second = (one["id"][:8] for one in people)
    same = ["person", "same", first, second, "--reason", "asked", "--by", "ann", "--run"]
    assert project.rddm(*same).code == 0
    both = [f"{each['source']}/{each['entity']}/{each['key']}" for each in founders]
    [word] = project.rddm("person", "why", *both, "--json").json["words"]
    assert (word["pairs"], word["whole"]) == (1, 4)
    told = " ".join(project.rddm("person", "why", *both).out.split())
    assert "are the same (of two people, by 4 pairs of their records): asked (ann, " in told
    records = project.rddm("person", "why", "camps/camper/11", "--json").json["records"]
    assert records[0]["link"] is None
    links = {each["record"]: each["link"] for each in records[1:]}
    assert len(links) == 4
    assert sorted(each["how"] for each in links.values()) == ["judgement", "match", "match", "match"]
    for each in links.values():
        assert (each["how"] == "judgement") == (each["word"] is not None)
        reasons = sum(weight for _, _, weight in each["reasons"])
        assert each["prior"] + reasons == pytest.approx(each["weight"])


def test_a_record_that_a_word_alone_holds_says_who_gave_it_and_what_the_records_weigh(run_project: Project) -> None:
    a, b = "camps/camper/2", "camps/camper/4"
    assert run_project.rddm("person", "same", a, b, "--reason", "asked", "--by", "ann").code == 0
    run(run_project)
    [founder, other] = run_project.rddm("person", "why", a, "--json").json["records"]
    assert {founder["record"], other["record"]} == {a, b}
    link = other["link"]
    assert (link["how"], link["other"], link["probability"]) == ("judgement", founder["record"], None)
    assert (link["word"]["reason"], link["word"]["made_by"], link["word"]["state"]) == ("asked", "ann", "applied")
    assert link["weight"] < 0
    drawn = " ".join(run_project.rddm("person", "why", a).out.split())
    assert "a steward said so" in drawn
    assert "asked (ann, " in drawn
    assert "prior -15.6" in drawn


def test_a_person_whose_records_contradict_each_other_says_so(ran: Ran) -> None:
    project = ran(students=TWINS)
    vera, vika = "academy/student/s2", "academy/student/s3"
    assert project.rddm("person", "show", vera, "--json").json["contradictions"] == []
    assert project.rddm("person", "same", vera, vika, "--reason", "one girl", "--run").code == 0
    expected = {"contradiction": "twins", "pairs": 1, "first": vera, "second": vika}
    for command in (["person", "show"], ["person", "why"]):
        [found] = project.rddm(*command, vera, "--json").json["contradictions"]
        assert {found["first"], found["second"]} == {vera, vika}
        assert (found["contradiction"], found["pairs"]) == (expected["contradiction"], expected["pairs"])
        drawn = " ".join(project.rddm(*command, vera).out.replace("│", " ").split())
        assert "its records contradict each other twins: academy/student/s" in drawn
    assert project.rddm("person", "show", vera, "--as-of", "2999-01-01", "--json").json["contradictions"] == []


def test_two_whom_the_cut_of_a_giant_parted_are_told_so(new_project: Project) -> None:
    """A chain of one name: the first shares a phone with the second, who shares a mailbox with the third, and so on."""
    model = (new_project.folder / "model.yaml").read_text(encoding="utf-8")
    likely = model.replace("  person:\n", "  person:\n    identity: {match_probability: 0.9}\n")
    (new_project.folder / "model.yaml").write_text(likely, encoding="utf-8")
    born = {0: "1980-05-05", 203: "2001-05-05"}
    chain = [
        f"s{n},Щербаков,Александр,{born.get(n, '')},+7916{1234567 + 7919 * (n // 2)},{1234 + 7919 * ((n + 1) // 2)}@pismo.alt"
        for n in range(204)
    ]
    run(new_project, "\n".join(["id,surname,given,born,phone,email", *chain, ""]))
    for second, code in (("s99", "cut"), ("s101", "cut"), ("s103", None)):
        found = new_project.rddm("person", "why", "academy/student/s100", f"academy/student/{second}", "--json").json
        assert found["together"] is False
        assert (found["kept_apart"] and found["kept_apart"]["refusal"]["code"]) == code


def test_a_word_is_taken_back_by_ids_whose_founding_record_went_elsewhere(ran: Ran) -> None:
    project = ran(students=THREE_ANNAS)
    anna = project.rddm("person", "show", ANNA, "--json").json
    [founder] = [
        f"{each['source']}/{each['entity']}/{each['key']}"
        for each in anna["records"]
        if each["record_id"] == anna["id"]
    ]
    why = ["--reason", "asked them", "--by", "ann"]
    assert project.rddm("person", "split", anna["id"], founder, *why, "--run").code == 0
    (other,) = project.people(founder)
    assert other != anna["id"]
    assert project.rddm("person", "same", anna["id"], other, *why, "--run").code == 0
    assert project.people(founder) == [anna["id"]]
    taken = project.rddm("person", "unjudge", anna["id"], other, "--reason", "a mistake", "--json")
    assert taken.code == 0, taken.err
    states = {
        each["verdict"]: each["state"] for each in project.rddm("person", "judgements", "--json").json["judgements"]
    }
    assert states == {"same": "withdrawn from the next run on", "different": "withdrawn"}


def test_a_word_on_ids_whose_founding_records_came_together_only_by_it_is_taken_back_if_no_other_may_be_meant(
    ran: Ran,
) -> None:
    project = ran(students=THREE_ANNAS)
    anna, vera = project.people(ANNA, "academy/student/s2")
    became_vera = "1;Лисицына;Вера;;07.07.2007;8 (916) 999-00-11;vera@pismo.alt;2026-02-01 10:00:00\n"
    (project.folder / "data" / "campers.csv").write_text(CAMPERS + became_vera, encoding="utf-8")
    run(project)
    assert project.people(ANNA, "academy/student/s1") == [vera, anna]
    why = ["--reason", "asked them", "--by", "ann"]
    another = ["camps/camper/2", "academy/student/s2"]
    assert project.rddm("person", "same", *another, *why).code == 0
    assert project.rddm("person", "same", anna, vera, *why, "--run").code == 0
    unjudge = ["person", "unjudge", anna, vera, "--reason", "a mistake", "--json"]
    refused = project.rddm(*unjudge)
    assert (refused.code, "2 words hold on records of it" in refused.err) == (7, True)
    assert project.rddm("person", "unjudge", *another, "--reason", "a mistake").code == 0
    taken = project.rddm(*unjudge)
    assert taken.code == 0, taken.err
    words = project.rddm("person", "judgements", "--json").json["judgements"]
    assert [(each["pairs"], each["state"]) for each in words] == [
        (3, "withdrawn from the next run on"),
        (1, "withdrawn from the next run on"),
    ]


def test_a_word_that_is_run_is_told_though_a_source_has_a_problem(run_project: Project) -> None:
    academy = run_project.folder / "sources" / "academy.yaml"
    academy.write_text(
        academy.read_text(encoding="utf-8").replace("phone: phone", "phone: {sql: 'nothing_such(phone)'}"),
        encoding="utf-8",
    )
    words = ["person", "same", "camps/camper/1", "camps/camper/2", "--reason", "asked them", "--by", "ann"]
    told = run_project.rddm(*words, "--run", "--json")
    assert (told.code, told.json["applied"], told.json["together"]) == (3, True, True)
    [problem] = told.json["problems"]
    assert problem.startswith('source "academy", entity student: ')
    unjudge = ["person", "unjudge", *words[2:4], "--reason", "a mistake", "--run"]
    taken = run_project.rddm(*unjudge)
    assert (taken.code, "They are two people now." in taken.out) == (3, True)


def test_a_word_on_a_record_that_is_gone_says_so_and_can_be_taken_back(new_project: Project) -> None:
    academy = new_project.folder / "sources" / "academy.yaml"
    mapping = academy.read_text(encoding="utf-8")
    academy.write_text(mapping.replace("    key: id\n", "    key: id\n    mode: snapshot\n"), encoding="utf-8")
    run(new_project, THREE_ANNAS)
    why = ["--reason", "asked them", "--by", "ann"]
    same = ["person", "same", "academy/student/s2", "academy/student/s5", *why]
    assert new_project.rddm(*same, "--run").code == 0
    run(new_project, "\n".join(line for line in THREE_ANNAS.splitlines() if not line.startswith("s5,")) + "\n")
    [word] = new_project.rddm("person", "judgements", "--json").json["judgements"]
    assert word["state"] == "applied, but a record is gone"
    taken = new_project.rddm("person", "unjudge", "academy/student/s5", "academy/student/s2", "--reason", "a mistake")
    assert taken.code == 0, taken.err
    run(new_project, THREE_ANNAS)
    gone_once, other = new_project.people("academy/student/s5", "academy/student/s2")
    assert gone_once != other
    nobody = new_project.rddm("person", "unjudge", "academy/student/s77", "academy/student/s2", "--reason", "x")
    assert (nobody.code, "There is no person record" in nobody.err) == (7, True)


def test_two_who_are_told_apart_are_so_by_all_their_records(ran: Ran) -> None:
    project = ran(students=THREE_ANNAS)
    anna, why = project.people(ANNA)[0][:8], ["--reason", "asked them", "--by", "ann"]
    split = ["person", "split", anna, "academy/student/s5", *why, "--run"]
    assert project.rddm(*split).code == 0
    (cousin,) = project.people("academy/student/s5")
    assert project.rddm("person", "unjudge", "academy/student/s5", ANNA, "--reason", "x").code == 0
    told = project.rddm("person", "different", anna, cousin, *why, "--run", "--json")
    assert told.code == 0, told.err
    word = project.rddm("person", "judgements", "--json").json["judgements"][0]
    assert (word["verdict"], word["pairs"], word["state"]) == ("different", 2, "applied")
    first, second, third = project.people(ANNA, "academy/student/s1", "academy/student/s5")
    assert first == second != third == cousin


def test_a_word_that_another_one_overrules_is_not_called_applied(ran: Ran) -> None:
    project = ran(students=THREE_ANNAS)
    vera, peter = "academy/student/s2", "camps/camper/2"
    why = ["--reason", "asked them", "--by", "ann"]
    assert project.rddm("person", "same", ANNA, vera, *why).code == 0
    assert project.rddm("person", "different", ANNA, peter, *why).code == 0
    assert project.rddm("person", "same", peter, vera, *why, "--run").code == 0
    words = project.rddm("person", "judgements", "--json").json["judgements"]
    of_anna, of_vera, of_peter = project.people(ANNA, vera, peter)
    together = of_vera == of_peter
    assert [(each["verdict"], each["state"]) for each in words] == [
        ("same", "applied" if together else "overruled"),
        ("different", "applied"),
        ("same", "overruled" if together else "applied"),
    ]
    assert of_anna != of_peter


def test_two_of_different_insurance_numbers_come_late_in_the_queue(new_project: Project) -> None:
    academy = new_project.folder / "sources" / "academy.yaml"
    mapping = academy.read_text(encoding="utf-8")
    academy.write_text(mapping.replace("email: email}", "email: email, snils: snils}"), encoding="utf-8")
    person = "Лисицына,Вера,2007-07-07,+79169990011,vera@pismo.alt"
    run(
        new_project,
        f"id,surname,given,born,phone,email,snils\ns1,{person},112-233-445 95\ns2,{person},087-654-303 00\n",
    )
    [each] = new_project.rddm("person", "possible", "--json").json["pairs"]
    pair = each["pair"]
    assert (pair["contradiction"], pair["probability"] > 0.99, pair["chance"]) == ("two_documents", True, 0.05)
