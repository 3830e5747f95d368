"""The page: sentences around charts and tables, put into ``page.html``."""

from __future__ import annotations

from html import escape
from importlib.resources import files
from string import Template
from typing import TYPE_CHECKING

from rddm.app.cli.render.identity_page import charts, tables
from rddm.app.cli.render.words import golden_words, moment, number, percent

if TYPE_CHECKING:
    from rddm.resolve.estimates import CurvePoint
    from rddm.serve.identity_report import IdentityReport

HOW = {
    "match": "records joined by weight",
    "description": "said the same as another",
    "judgement": "by a steward's word",
    "alone": "alone",
}
ELSEWHERE_BITS = 4.0
"""How far from the threshold the two others lie that are told in words."""


def identity_page(report: IdentityReport) -> str:
    """Return *report* as one page of HTML that needs nothing else."""
    folder = files("rddm.app.cli.render.identity_page")
    page = Template((folder / "page.html").read_text(encoding="utf-8"))
    model, entity = report.model, report.entity
    return page.substitute(
        title=escape(f"Identity report: {report.name}"),
        style=(folder / "style.css").read_text(encoding="utf-8"),
        name=escape(report.name),
        lead=escape(_lead(report)),
        made=escape(_made(report)),
        cards=_cards(report),
        warnings=_warnings(report),
        sure=escape(_sure(report)),
        histogram=charts.weight_histogram(report.histogram, model),
        sampled=escape(_sampled(report)),
        curve_said=escape(_curve_said(report)),
        curve=charts.threshold_lines(report.curve, model),
        refused=tables.refused_table(report.refused, entity),
        weights_said=escape(_weights_said(report)),
        classes=tables.class_table(model),
        fields=tables.field_table(report.fields),
        groups_said=escape(_groups_said(report)),
        sizes=charts.size_bars(report.sizes),
        doubtful=tables.group_table(report.doubtful, entity, by_weakness=True),
        largest=tables.group_table(report.largest, entity, by_weakness=False),
        sources=tables.source_table(report.sources),
        overlap=tables.overlap_table(report.overlap),
        keys_said=escape(_keys_said(report)),
        keys=tables.key_table(report.keys),
        missed=escape(missed_in_words(report)),
        shared=tables.shared_table(report.shared_values),
        privacy=_privacy(report),
    )


def _lead(report: IdentityReport) -> str:
    found = report.summary
    return f"{number(found.records)} {report.entity} records are {number(found.people)} different {golden_words(report.entity)}."


def _made(report: IdentityReport) -> str:
    model = report.model
    learnt = f"learnt in run {model.run} from {number(model.pairs)} candidate pairs" if model.learnt else "as shipped"
    return f"{moment(report.at)} UTC · model version {model.version}, {learnt}"


def _cards(report: IdentityReport) -> str:
    found = report.summary
    cards = [
        (number(found.records), "records", f"of {number(found.descriptions)} different descriptions"),
        (number(found.people), golden_words(report.entity), tables.named(found.joined_by, HOW)),
        (percent_of(found.precision), "expected precision", _wrong(report)),
        (percent_of(found.recall), "expected recall", "of the matches among candidate pairs"),
        (number(found.waiting), "pairs wait for a word", f"rddm {report.entity} possible"),
    ]
    return "\n".join(
        f'<div class="card"><b>{escape(figure)}</b><em>{escape(what)}</em><span>{escape(more)}</span></div>'
        for figure, what, more in cards
    )


def percent_of(share: float | None) -> str:
    """
    Return an expected share in per cent, never rounded up to all; a dash for none.

    >>> percent_of(0.99981), percent_of(0.999999), percent_of(None)
    ('99.98 %', '>99.99 %', '–')
    """
    if share is None:
        return "–"
    return ">99.99 %" if 0.99995 <= share < 1 else f"{share:.2%}".replace("%", " %")


def _wrong(report: IdentityReport) -> str:
    found = report.summary
    return (
        f"of {number(found.matched_pairs)} pairs; the model expects {number(round(found.expected_wrong))} to be wrong"
    )


def _warnings(report: IdentityReport) -> str:
    if not report.warnings:
        return ""
    said = "\n".join(f"<li>{escape(each)}</li>" for each in report.warnings)
    return f'<section class="warnings"><h2>Worth a look</h2><ul>\n{said}\n</ul></section>'


def _sure(report: IdentityReport) -> str:
    model = report.model
    return (
        f"Each pair of descriptions that shares a match key is weighed. From {model.match_weight:+.1f} bits on"
        f" ({percent(model.match_probability)} probable) two are one; from {model.possible_weight:+.1f} bits on"
        f" ({percent(model.possible_probability)}) they may be, and a person decides. A good picture has two hills with a valley"
        " between them, and the threshold in the valley."
    )


def _sampled(report: IdentityReport) -> str:
    if report.sample_share >= 1:
        return "All pairs are counted."
    return f"Pairs that stay apart are not kept; they are reckoned from {percent(report.sample_share)} of the descriptions."


def _curve_said(report: IdentityReport) -> str:
    threshold = report.model.match_weight
    told = []
    for place in (threshold - ELSEWHERE_BITS, threshold + ELSEWHERE_BITS):
        point = _nearest(report, place)
        if point is not None and point.precision is not None and point.recall is not None:
            precision, recall = percent_of(point.precision), percent_of(point.recall)
            told.append(f"at {point.threshold:+.0f} bits precision would be {precision} and recall {recall}")
    now = f"Now the pairs have an expected precision of {percent_of(report.summary.precision)} and a recall of"
    return (
        f"{now} {percent_of(report.summary.link_recall)}; {' and '.join(told)}."
        if told
        else "There are no pairs to tell by."
    )


def _nearest(report: IdentityReport, threshold: float) -> CurvePoint | None:
    return min(report.curve, key=lambda each: abs(each.threshold - threshold), default=None)


def _weights_said(report: IdentityReport) -> str:
    how = (
        "were learnt from the pairs themselves"
        if report.model.learnt
        else "are those shipped, as there was too little to learn from"
    )
    return (
        f"The shares {how}. A weight is the base-2 logarithm of how much oftener one person's records agree so than those of"
        " strangers, or of a family: +3 makes one person eight times likelier. A common name weighs up to 6 bits less and a rare"
        " one up to 6 more; that comes on top, pair by pair."
    )


def _groups_said(report: IdentityReport) -> str:
    found = report.summary
    lonely = found.joined_by.get("alone", 0)
    each = f"{found.records / found.people:.2f}" if found.people else "no"
    return f"A {report.entity} has {each} records on average; {number(lonely)} records stand alone."


def _keys_said(report: IdentityReport) -> str:
    common = sum(each.too_common for each in report.keys)
    said = (
        f"A key that more than {report.model.key_limit} descriptions share, or fewer where so many prove little here, is too"
        " common to find anybody"
    )
    scaled = "" if report.sample_share >= 1 else " What is found is reckoned from the sample."
    return f"{said}; {number(common)} are.{scaled}"


def missed_in_words(report: IdentityReport) -> str:
    """Return what match keys miss, or why that is not said."""
    found = report.key_recall
    if found is None:
        return (
            "Not reckoned: there are no two sets of keys that share no field and find enough of the same matches. How many"
            " matches no key leads to is not known."
        )
    parts = {each.kind: tables.key_in_words(each.fields).lower() for each in report.keys}
    first, second = ("; ".join(f"({parts.get(name, name)})" for name in side) for side in (found.first, found.second))
    one, other, both = (number(round(each)) for each in (found.first_found, found.second_found, found.both_found))
    return (
        f"Of the matches that have the fields for both, the keys {first} find about {one}, the keys {second} about {other}, and"
        f" both find {both} of them. If the two fail independently, all keys together find about {percent(found.recall)} of such"
        f" matches. That is said of {percent(found.covered)} of the matches found; who has fewer fields is harder to find, and"
        " how many of those are missed cannot be reckoned."
    )


def _privacy(report: IdentityReport) -> str:
    if any(each.name for each in (*report.largest, *report.doubtful)):
        return "holds people's names: keep it as you keep those"
    return "ids and counts, nobody's data"
