"""The report's page, from a report that is written here."""

from __future__ import annotations

import datetime as dt
import re
import uuid
from dataclasses import replace
from html.parser import HTMLParser
from typing import Any

import pytest

from rddm.app.cli.render.identity_page import identity_page
from rddm.resolve.estimates import CurvePoint, KeyRecall, KindFindings
from rddm.resolve.told import tell_fields
from rddm.resolve.weights import probability_of, shipped_mixture, weight_of
from rddm.serve.identity_report import (
    GroupLine,
    IdentityReport,
    KeyLine,
    ModelTold,
    Overlap,
    Refused,
    SharedValue,
    SizeClass,
    SourceLine,
    Summary,
    WeightBin,
)

VOID = {"meta", "link", "br"}
ID = uuid.UUID("489d3d54-8abe-266c-b8d6-e7fbe532ff1b")


class Balanced(HTMLParser):
    """Fails on a tag that is not closed, or closed out of order; collects texts and addresses."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.ids: set[str] = set()
        self.addresses: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        known = dict(attrs)
        self.ids.add(known.get("id") or "")
        self.addresses += [value for name, value in attrs if name in ("href", "src") and value]
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None: ...

    def handle_endtag(self, tag: str) -> None:
        assert self.open
        assert self.open.pop() == tag


def report(**changed: Any) -> IdentityReport:
    group = GroupLine(ID, 3, 2, 2, 6.7, probability_of(6.7), None)
    match, possible = 0.99, 0.6
    whole = IdentityReport(
        name="<camps & co>",
        entity="person",
        at=dt.datetime(2026, 3, 1, 12, 0, tzinfo=dt.UTC),
        summary=Summary(1200, 400, 1100, {"match": 900, "alone": 300}, 700, 0.4, 0.9994, 0.9, 0.96, 40, 17),
        model=ModelTold(
            2, True, 5_000, 3, dt.datetime(2026, 3, 1, 11, 0, tzinfo=dt.UTC), {"match": 0.5, "family": 0.1}, match,  # noqa: FBT003
            weight_of(match), possible, weight_of(possible), 60,
        ),
        fields=tell_fields(shipped_mixture(), shipped_mixture()),
        histogram=[WeightBin(-4, 80.5, 0, True), WeightBin(3, 40, 5, False), WeightBin(9, 700, 0, False)],  # noqa: FBT003
        curve=[CurvePoint(-4, 820, 0.85, 1.0), CurvePoint(3, 740, 0.95, 0.99), CurvePoint(9, 700, 0.9994, 0.9)],
        sample_share=0.25,
        sizes=[SizeClass(1, 1, 300, 300), SizeClass(2, 2, 90, 180), SizeClass(41, 80, 1, 60)],
        largest=[group],
        doubtful=[group],
        refused=[Refused("two_documents", 4, 1)],
        sources=[SourceLine("camps/camper", 800, 350, 120, 9, 200, True), SourceLine("app/user", 400, 200, 90, 4, 50, False)],  # noqa: FBT003
        overlap=Overlap(["camps/camper", "app/user"], [[350, 150], [150, 200]]),
        keys=[
            KeyLine("phone_given", ("phone", "given"), True, 60, 900, 2, 150, KindFindings("phone_given", 500, 60, 510)),  # noqa: FBT003
            KeyLine("snils", ("snils",), False, 60, 0, 0, 0, None),  # noqa: FBT003
        ],
        key_recall=KeyRecall(("phone_given",), ("sound_birth",), 500, 480, 450, 0.98, 0.6),
        shared_values=[SharedValue("phone", 243, 250, 240, None)],
        warnings=["Phone: no record has it & so on."],
    )  # fmt: skip
    return replace(whole, **changed)


def test_the_page_is_whole_and_needs_nothing_from_anywhere() -> None:
    page = identity_page(report())
    reader = Balanced()
    reader.feed(page)
    assert reader.open == []
    assert all(each.startswith("#") and each[1:] in reader.ids for each in reader.addresses)
    assert not re.search(r"https?://|url\(|@import|<script", page)
    assert "$" not in page
    assert "prefers-color-scheme: dark" in page


def test_what_is_not_ours_is_escaped() -> None:
    page = identity_page(report())
    assert "<camps" not in page
    assert "&lt;camps &amp; co&gt;" in page


def test_the_page_says_the_figures_and_the_commands() -> None:
    page = identity_page(report())
    for said in (
        "1,200",
        "96.00 %",
        "rddm person why 489d3d54",
        "Two insurance numbers",
        "Phone + given name",
        "98.0 %",
        "60.0 %",
    ):
        assert said in page
    assert "reckoned from 25.0 % of the descriptions" in page
    assert page.count('class="bar') >= 6


@pytest.mark.parametrize("changed", [{"curve": []}, {"histogram": [], "sizes": [], "largest": [], "doubtful": []}])
def test_nothing_to_draw_is_no_failure(changed: dict[str, Any]) -> None:
    reader = Balanced()
    reader.feed(identity_page(report(**changed)))
    assert reader.open == []


def test_what_keys_miss_is_left_out_where_it_cannot_be_reckoned() -> None:
    assert "Not reckoned" in identity_page(report(key_recall=None))


def test_names_are_on_the_page_only_when_the_report_has_them() -> None:
    assert "nobody's data" in identity_page(report())
    named = identity_page(report(largest=[replace(report().largest[0], name="Щербакова Анна")]))
    assert "Щербакова Анна" in named
    assert "holds people's names" in named
