"""The command line's way to erase somebody: shown, asked, done, proven."""

from __future__ import annotations

from tests.integration.app.conftest import Project

REASON = ("--reason", "letter 17", "--by", "ann")


def test_somebody_is_erased_and_it_is_proven(run_project: Project) -> None:
    (anna,) = run_project.people("camps/camper/1")
    refused = run_project.rddm("person", "erase", anna, *REASON)
    assert refused.code == 2
    assert "--yes" in refused.err
    assert "Щербакова" not in refused.err
    assert run_project.rddm("person", "show", anna).code == 0
    done = run_project.rddm("person", "erase", "camps/camper/1", *REASON, "--yes", "--json")
    assert done.code == 0, done.err
    assert done.json["state"] == "done"
    assert {(each["source"], each["entity"]): each["versions"] for each in done.json["places"]} == {
        ("academy", "student"): 1,
        ("camps", "booking"): 1,
        ("camps", "camper"): 2,
    }
    assert "erb" not in done.out + done.err
    assert "unfinished" not in done.json
    listed = run_project.rddm("person", "erasures", "--json").json
    assert [each["reason"] for each in listed["erasures"]] == ["letter 17"]
    in_full = run_project.rddm("person", "erasures", "--proof", "1", "--json").json
    assert len(in_full["records"]) == 3
    assert "letter 17" in run_project.rddm("person", "erasures", "--proof", "1").out
    status = run_project.rddm("status", "--json").json["in_all"]
    assert status["erased"] == 4
    assert status["received"] == sum(status.values()) - status["received"]

    for gone in (anna, "camps/camper/1"):
        again = run_project.rddm("person", "erase", gone, *REASON, "--yes")
        assert again.code == 7
        assert "Erased already" in again.err
    assert run_project.rddm("run", "--json").json["balances"] is True
    earlier = run_project.rddm("person", "show", "camps/camper/2", "--as-of", "2020-01-01")
    assert "Nothing is kept" in earlier.err

    allowed = run_project.rddm("person", "allow-again", "1", "--reason", "signed up anew", "--by", "bob", "--json")
    assert (allowed.code, allowed.json["lifted_by"]) == (0, "bob")
    assert run_project.rddm("person", "allow-again", "1", "--reason", "x").code == 7
    assert run_project.rddm("person", "allow-again", "9", "--reason", "x").code == 7


def test_before_the_first_run_nobody_was_erased(new_project: Project) -> None:
    assert new_project.rddm("person", "erasures").code == 7


def test_who_is_meant_is_told_in_words_or_not_at_all(run_project: Project) -> None:
    assert "Nobody was erased here." in run_project.rddm("person", "erasures").out
    erase = ("person", "erase")
    unknown = run_project.rddm(*erase, "00000000-0000-0000-0000-000000000000", *REASON, "--yes")
    assert (unknown.code, "There is no person" in unknown.err) == (7, True)
    booking = run_project.rddm(*erase, "camps/booking/b1", *REASON, "--yes")
    assert (booking.code, "only a person can be erased" in booking.err) == (7, True)
    waiting = run_project.rddm(*erase, "camps/camper/3", *REASON, "--yes", "--json")
    assert waiting.code == 0, waiting.err
    assert waiting.json["places"][0]["records"] == 1
    assert run_project.rddm("quarantine", "show", "camps", "camper", "3").code == 7


def test_others_who_may_be_the_same_are_named_before_somebody_is_erased(run_project: Project) -> None:
    academy, model = run_project.folder / "data/students.csv", run_project.folder / "sources/academy.yaml"
    model.write_text(model.read_text("utf-8").replace("email: email", "email: email, snils: number"), encoding="utf-8")
    academy.write_text(
        "id,surname,given,born,phone,email,number\n"
        "s1,Shcherbakova,Anna,2009-05-14,+79161234567,anna@pismo.alt,\n"
        "s2,Лисицына,Вера,2007-07-07,+79169990011,vera@pismo.alt,112-233-445 95\n"
        "s3,Орлов,Павел,1961-01-30,,,112-233-445 95\n"
        "s4,Рысь,Яна,1983-12-01,,,\n",
        encoding="utf-8",
    )
    assert run_project.rddm("run", "--json").code == 0
    vera, pavel, yana = run_project.people(*(f"academy/student/{key}" for key in ("s2", "s3", "s4")))
    shown = run_project.rddm("person", "erase", vera, *REASON)
    assert shown.code == 2
    assert pavel in shown.err
    assert "same insurance number" in shown.err
    assert yana not in shown.err
    assert "Орлов" not in shown.err
    assert run_project.rddm("person", "different", vera, pavel, "--reason", "x", "--json").code == 0
    assert pavel not in run_project.rddm("person", "erase", vera, *REASON).err
    assert run_project.rddm("person", "unjudge", vera, pavel, "--reason", "x", "--json").code == 0
    done = run_project.rddm("person", "erase", vera, *REASON, "--yes", "--json")
    assert done.code == 0, done.err
    assert [(each["id"], each["same"]) for each in done.json["may_be_same"]] == [(pavel, ["snils"])]


def test_an_id_that_was_merged_leads_to_who_is_erased(run_project: Project) -> None:
    both = ("camps/camper/2", "academy/student/s2")
    ids = set(run_project.people(*both))
    assert run_project.rddm("person", "same", *both, "--reason", "x", "--run", "--json").code == 0
    (merged,) = ids - set(run_project.people(both[0]))
    done = run_project.rddm("person", "erase", merged, *REASON, "--yes", "--json")
    assert done.code == 0, done.err
    assert f"{merged} was merged into it" in done.err
    assert sum(each["records"] for each in done.json["places"]) == 2
    assert done.json["counts"]["identity.redirect"] == 1
    assert run_project.rddm("person", "history", merged).code == 7


def test_what_happened_with_somebody_who_was_erased_is_told_without_them(run_project: Project) -> None:
    both = ("camps/camper/2", "academy/student/s2")
    first, second = run_project.people(*both)
    assert run_project.rddm("person", "same", *both, "--reason", "x", "--run", "--json").code == 0
    (erased,) = run_project.people(both[0])
    (stays,) = {first, second} - {erased}
    assert run_project.rddm("person", "unjudge", *both, "--reason", "y", "--run", "--json").code == 0
    done = run_project.rddm("person", "erase", erased, *REASON, "--yes", "--json")
    assert done.code == 0, done.err
    assert done.json["counts"]["control.judgement"] == 1
    assert "1 control.judgement" in " ".join(done.err.split())
    told = run_project.rddm("person", "history", stays, "--json").json["history"]
    assert [each["words"] for each in told] == [
        "founded",
        f"{stays[:8]} merged into somebody who was erased: a steward said so",
        "split off from somebody who was erased: a steward's word was taken back",
    ]
    for run, kind, before, after in (("2", "merged", stays, None), ("3", "split", None, stays)):
        changes = run_project.rddm("identity", "changes", "--run", run)
        (change,) = run_project.rddm("identity", "changes", "--run", run, "--json").json["changes"]
        assert (change["kind"], change["before"], change["after"]) == (kind, before, after)
        assert changes.out.count("erased") == 1
