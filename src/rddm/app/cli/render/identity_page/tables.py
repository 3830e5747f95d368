"""The report's tables as HTML. Every text that is not ours is escaped."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from html import escape
from typing import TYPE_CHECKING

from rddm.app.cli.render.words import number, percent
from rddm.resolve.told import CLASS_WORDS, contradiction_in_words, odds_in_words, round_odds

if TYPE_CHECKING:
    from rddm.resolve.told import FieldTold, LevelTold
    from rddm.serve.identity_report import (
        GroupLine,
        KeyLine,
        ModelTold,
        Overlap,
        Refused,
        SharedValue,
        SourceLine,
    )

PART_WORDS = {
    "last": "family name",
    "sound": "sounding family name",
    "given": "given name",
    "middle": "patronymic",
    "birth": "birth date",
    "day": "day and month of birth",
    "year": "year of birth",
    "mailbox": "mailbox name",
    "email": "e-mail",
    "snils": "SNILS",
    "document_number": "document number",
    "last_word": "sounding family name",
    "first_word": "sounding given name",
}
"""What the parts of match keys are called to a reader."""
RATE_SHOWN = 0.1
"""A bar of duplicates is full at this rate, or at the highest if that is more."""
BITS_SHOWN = 25.0
"""A bar of bits is full at this many."""
DEEP_SHARE = 0.85
"""From this share on a heat cell is so dark that its text is light."""


def table(header: Sequence[str], rows: Iterable[str], otherwise: str = "None.", kind: str = "full") -> str:
    """Return a table of *rows*, or the sentence *otherwise* if there are none. ``>`` before a header: a column of numbers."""
    drawn = "\n".join(rows)
    if not drawn:
        return f'<p class="none">{escape(otherwise)}</p>'
    head = "".join(
        f'<th class="n">{escape(each[1:])}</th>' if each.startswith(">") else f"<th>{escape(each)}</th>"
        for each in header
    )
    return f'<table class="{kind}">\n<thead><tr>{head}</tr></thead>\n<tbody>\n{drawn}\n</tbody>\n</table>'


def _row(*cells: str, kind: str = "") -> str:
    return f"<tr{f' class={kind!r}' if kind else ''}>{''.join(cells)}</tr>".replace("'", '"')


def _cell(text: object, kind: str = "") -> str:
    return f'<td class="{kind}">{escape(str(text))}</td>' if kind else f"<td>{escape(str(text))}</td>"


def _count(value: float) -> str:
    return _cell(number(round(value)), "n")


def _meter(share: float, *, bad: bool = False) -> str:
    kind = "meter bad" if bad else "meter"
    return f'<td class="s"><span class="{kind}"><i style="width:{min(1.0, share):.1%}"></i></span></td>'


def _command(text: str) -> str:
    return f"<td><code>{escape(text)}</code></td>"


# --- weights ----------------------------------------------------------------------------------------------------------


def class_table(model: ModelTold) -> str:
    """Return how many of the candidate pairs are of each kind, by the model."""
    rows = []
    for name, share in model.shares.items():
        if name in ("match", "family"):
            rows.append(_row(_cell(_sentence(CLASS_WORDS[name])), _cell(percent(share), "n"), _meter(share)))
    return table(("Kind of pair", ">of the candidate pairs", ""), rows, kind="some")


def field_table(fields: Sequence[FieldTold]) -> str:
    """Return every level of every field: how often each kind of pair has it, and what it weighs."""
    rows = []
    for field in fields:
        shown = [each for each in field.levels if any(each.shares.values())]
        for place, level in enumerate(shown):
            rows.append(_level_row(field.name if place == 0 else "", level, kind="first" if place == 0 else ""))
    header = (
        "Field", "Agreement", ">one person", ">a family", ">strangers", "Against strangers", ">bits", ">shipped", "in words",
        ">Against a family", ">shipped",
    )  # fmt: skip
    return table(header, rows)


def _level_row(name: str, level: LevelTold, kind: str) -> str:
    chance = level.bits["random"]
    return _row(
        _cell(_sentence(name), "s"),
        _cell(level.level),
        *(_cell(_share(level.shares[each]), "n") for each in ("match", "family", "random")),
        _scale(chance),
        _cell(_bits(chance), "n"),
        _cell(_bits(level.shipped_bits["random"]), "n dim"),
        _cell("never by chance" if chance is None else odds_in_words(chance), "s dim"),
        _cell(_bits(level.bits["family"]), "n"),
        _cell(_bits(level.shipped_bits["family"]), "n dim"),
        kind=kind,
    )


def _scale(bits: float | None) -> str:
    if bits is None:
        return "<td></td>"
    width = min(abs(bits), BITS_SHOWN) / BITS_SHOWN * 50
    kind = "for" if bits > 0 else "against"
    return f'<td class="s"><span class="scale"><i class="{kind}" style="width:{width:.1f}%"></i></span></td>'


def _bits(bits: float | None) -> str:
    """
    Return bits with their sign; 0 for next to none.

    >>> _bits(3.14), _bits(-0.02), _bits(None)
    ('+3.1', '0.0', '')
    """
    if bits is None:
        return ""
    return "0.0" if abs(bits) < 0.05 else f"{bits:+.1f}".replace("-", "−")


def _share(share: float) -> str:
    """
    Return a share with as many digits as say something.

    >>> _share(0.93), _share(0.00015), _share(9.6e-8), _share(0.99996)
    ('93 %', '0.015 %', '1 in 10 million', '>99.9 %')
    """
    if share == 0:
        return ""
    if share < 1e-5:
        return f"1 in {round_odds(1 / share)}"
    if share >= 0.9995:
        return ">99.9 %" if share < 1 else "100 %"
    return f"{share * 100:.3g} %" if share < 0.995 else f"{share * 100:.1f} %"


def _sentence(name: str) -> str:
    return {"snils": "SNILS", "email": "E-mail"}.get(name, name.replace("_", " ").capitalize())


# --- pairs and groups -------------------------------------------------------------------------------------------------


def refused_table(refused: Sequence[Refused], entity: str) -> str:
    rows = [
        _row(_cell(contradiction_in_words(each.contradiction).capitalize()), _count(each.pairs), _count(each.together),
             _command(f"rddm {entity} possible --refused"))
        for each in refused
    ]  # fmt: skip
    header = ("Why the two cannot be one", ">pairs kept apart", ">together all the same", "look at them")
    return table(header, rows, "No pair above the threshold contradicts itself.")


def group_table(groups: Sequence[GroupLine], entity: str, *, by_weakness: bool) -> str:
    names = any(each.name for each in groups)
    rows = []
    for each in groups:
        short = str(each.id)[:8]
        weakest = [
            _cell("" if each.weakest is None else f"{each.weakest:+.2f}", "n"),
            _cell(percent(each.probability) if each.probability else "", "n"),
        ]
        counts = [_count(each.records), _count(each.descriptions), _count(each.sources)]
        name = [_cell(each.name or "", "s")] if names else []
        figures = [*weakest, *counts] if by_weakness else [*counts, *weakest]
        rows.append(_row(_command(short), *name, *figures, _command(f"rddm {entity} why {short}")))
    counted = (">records", ">descriptions", ">sources")
    weak = (">weakest link, bits", ">probable")
    header = (
        entity,
        *(("name",) if names else ()),
        *((*weak, *counted) if by_weakness else (*counted, *weak)),
        "look at it",
    )
    return table(header, rows, "No group has two descriptions that were joined by their weight.")


# --- sources ----------------------------------------------------------------------------------------------------------


def source_table(sources: Sequence[SourceLine]) -> str:
    most = max([RATE_SHOWN, *(each.duplicate_rate for each in sources)])
    rows = [
        _row(
            _cell(f"{each.source}, vouches for its own" if each.vouched else each.source, "s"),
            _count(each.records), _count(each.people),
            _cell(f"{each.records / each.people:.2f}" if each.people else "", "n"),
            _cell(percent(each.duplicate_rate), "n"), _meter(each.duplicate_rate / most, bad=True),
            _count(each.doubled), _count(each.most), _count(each.only_here),
        )
        for each in sources
    ]  # fmt: skip
    header = (
        "Source", ">records", ">people", ">per person", ">one too many", "", ">people twice", ">most of one", ">only here"
    )  # fmt: skip
    return table(header, rows)


def overlap_table(overlap: Overlap) -> str:
    """Return the overlap as a table of shares; its colours say the same again."""
    if not overlap.sources:
        return '<p class="none">No source has a record.</p>'
    numbers = "".join(
        f'<th class="turn" title="{escape(each)}">{place}</th>' for place, each in enumerate(overlap.sources, 1)
    )
    rows = []
    for a, (name, shared) in enumerate(zip(overlap.sources, overlap.shared, strict=True)):
        cells = []
        for b, count in enumerate(shared):
            share = count / shared[a] if shared[a] else 0.0
            tip = f"{number(count)} people of {name} are in {overlap.sources[b]} too"
            deep = " deep" if share >= DEEP_SHARE else ""
            cells.append(
                f'<td class="heat own" title="{number(count)} people">·</td>'
                if a == b
                else f'<td class="heat{deep}" style="--share:{share:.3f}" title="{escape(tip)}">{share:.0%}</td>'
            )
        rows.append(f'<tr><td class="s"><span class="dim">{a + 1}</span> {escape(name)}</td>{"".join(cells)}</tr>')
    return f"<table><thead><tr><th></th>{numbers}</tr></thead><tbody>\n{chr(10).join(rows)}\n</tbody></table>"


# --- keys -------------------------------------------------------------------------------------------------------------


def key_table(keys: Sequence[KeyLine]) -> str:
    most = max((each.found.matches for each in keys if each.found), default=0.0) or 1.0
    rows = []
    for each in keys:
        if each.in_use and each.found is not None:
            found = [
                _count(each.found.matches),
                _meter(each.found.matches / most),
                _count(each.found.alone),
                _count(each.found.pairs),
            ]
        else:
            why = "counts how many share a value" if each.in_use else "not worth its pairs here"
            found = [f'<td colspan="4" class="dim">{why}</td>']
        rows.append(
            _row(
                _cell(key_in_words(each.fields), "s"), *found, _count(each.entries), _count(each.most),
                _count(each.too_common), _count(each.too_common_entries),
            )
        )  # fmt: skip
    header = (
        "Key", ">matches it finds", "", ">it alone", ">pairs it costs", ">entries", ">shared by at most", ">too common keys",
        ">entries of those",
    )  # fmt: skip
    return table(header, rows)


def key_in_words(parts: Sequence[str]) -> str:
    """
    Return what a match key is made of.

    >>> key_in_words(("phone", "given"))
    'Phone + given name'
    """
    words = " + ".join(PART_WORDS.get(part, part) for part in parts)
    return words[:1].upper() + words[1:]


def shared_table(values: Sequence[SharedValue]) -> str:
    known = any(each.value for each in values)
    rows = [
        _row(
            _cell(_sentence(each.field)), *([_cell(each.value or "", "s")] if known else []), _count(each.descriptions),
            _count(each.records), _count(each.people),
        )
        for each in values
    ]  # fmt: skip
    header = ("Field", *(("value",) if known else ()), ">descriptions", ">records", ">people")
    return table(header, rows, "No phone and no mailbox is shared by too many.")


def named(counts: Mapping[str, int], words: Mapping[str, str]) -> str:
    """
    Return counts in a sentence's words, those of nothing left out.

    >>> named({"match": 2, "alone": 0}, {"match": "by their weight", "alone": "alone"})
    '2 by their weight'
    """
    return ", ".join(f"{number(counts[name])} {said}" for name, said in words.items() if counts.get(name))
