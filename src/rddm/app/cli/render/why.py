"""Match weights as a waterfall: what each field adds to, or takes from, the odds that two are one."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.console import Group
from rich.text import Text

from rddm.app.cli.render.tables import dim, listing
from rddm.app.cli.render.words import moment, number, percent
from rddm.resolve.clusters import WEIGHT_LIMIT
from rddm.resolve.told import contradiction_in_words, odds_in_words, refusal_in_words
from rddm.serve.explaining import TELLING_WEIGHT

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rich.console import RenderableType
    from rich.table import Table

    from rddm.resolve.explain import Contribution, Explanation
    from rddm.serve.between import Inside
    from rddm.serve.explaining import GroupExplained, KeptApart, PairExplained, Step
    from rddm.serve.judging import Word

BAR_COLUMNS = 18
SHOWN_AGAINST = 4
"""Comparisons that are named of the two that speak loudest against joining two people."""


def draw_pair(pair: PairExplained) -> RenderableType:
    """Return the waterfall of two records."""
    explanation = pair.explanation
    steps = [("prior", "", "", "to begin with", explanation.prior)]
    steps += [
        (each.field, each.value_a or "", each.value_b or "", each.level, each.weight)
        for each in explanation.contributions
        if not _says_nothing(each)
    ]
    unsaid = [each.field for each in explanation.contributions if _says_nothing(each)]
    table = listing(
        "!field", _folded(pair.first.address), _folded(pair.second.address), "", "!>weight", "!one person is", "!so far",
        folded_to=8,
    )  # fmt: skip
    low, high = _range([step[4] for step in steps])
    running = 0.0
    for name, first, second, level, weight in steps:
        before, running = running, running + weight
        is_missing = level == "missing"
        style = "dim" if is_missing else ""
        table.add_row(
            Text(name, style="dim" if is_missing else "bold"), Text(first, style=style), Text(second, style=style),
            Text(level, style="dim"), dim("·") if is_missing else Text(f"{weight:+.1f}", style=_colour(weight)),
            dim("" if is_missing else odds_in_words(weight)), _bar(before, running, low, high),
        )  # fmt: skip
    table.add_section()
    table.add_row(
        Text("all together", style="bold"), "", "", "", Text(f"{running:+.1f}", style=_colour(running)),
        Text(odds_in_words(running), style="bold"), _bar(0.0, running, low, high),
    )  # fmt: skip
    said = [dim(f"Neither says: {', '.join(unsaid)}.")] if unsaid else []
    return Group(table, *said, *_verdict(pair))


def _says_nothing(each: Contribution) -> bool:
    return each.level == "missing" and each.value_a is None and each.value_b is None


def draw_waterfall(explanation: Explanation) -> Table:
    """Return what each field that could be compared adds to the odds, without any values."""
    steps = [("prior", "of all that share a key", explanation.prior)]
    steps += [(each.field, each.level, each.weight) for each in explanation.contributions if each.level != "missing"]
    table = listing("!field", "", "!>weight", "!so far")
    low, high = _range([weight for _, _, weight in steps])
    running = 0.0
    for name, level, weight in steps:
        before, running = running, running + weight
        table.add_row(
            Text(name, style="bold"), Text(level, style="dim"), Text(f"{weight:+.1f}", style=_colour(weight)),
            _bar(before, running, low, high),
        )  # fmt: skip
    return table


def draw_group(group: GroupExplained) -> RenderableType:
    """Return how each record came to its golden record; what hangs on a record stands below it, a step to the right."""
    table = listing("record", "!linked by", "to", "!>weight", "because")
    for each in group.records:
        step = each.link
        if step is None:
            table.add_row(Text(each.record, style="bold cyan"), "founded it", "", "", "")
            continue
        name = Text(f"{'  ' * (each.depth - 1)}{each.record}", style="cyan")
        weight = "" if step.weight is None else f"{step.weight:+.1f}"
        table.add_row(name, _linked(step), step.other, weight, _because(step))
    notes = [f"and {number(group.left_out)} more records"] if group.left_out else []
    notes.append("All the weights between two of them: rddm person why RECORD RECORD")
    return Group(table, *map(draw_inside, group.contradictions), *(dim(note) for note in notes))


def draw_inside(inside: Inside) -> Text:
    """Return a contradiction between records of one person."""
    more = f", and {number(inside.pairs - 1)} more pairs" if inside.pairs > 1 else ""
    what = f"{contradiction_in_words(inside.contradiction)}: {inside.first} and {inside.second}{more}"
    return Text.assemble(("its records contradict each other  ", "bold red"), what)


def _linked(step: Step) -> str:
    if step.how == "match" and step.probability is not None:
        return f"match {percent(step.probability)}"
    return "a steward said so" if step.how == "judgement" else "the same description"


def _folded(address: str) -> str:
    """An address over two lines, so that it is not torn apart where it does not fit."""
    place, _, key = address.rpartition("/")
    return f"{place}/\n{key}"


def _because(step: Step) -> Text:
    """Return what adds up to the step's weight, as it is shown; what weighs little is one figure, if there is any of it."""
    because = Text()
    if step.word is not None:
        because.append(f"{said(step.word)}\n")
    if step.weight is None:
        return because
    telling = [("prior", "", step.prior), *(each for each in step.reasons if abs(each[2]) >= TELLING_WEIGHT)]
    rest = round(sum(each[2] for each in step.reasons if abs(each[2]) < TELLING_WEIGHT), 1)
    figures = in_tenths([weight for _, _, weight in telling], round(step.weight, 1) - rest)
    shown = [(field, level, figure) for (field, level, _), figure in zip(telling, figures, strict=True)]
    for field, level, figure in [*shown, ("the rest", "", rest)] if rest else shown:
        because.append(f"{field} ", "default").append(f"{level} " if level else "", "dim")
        because.append(f"{figure:+.1f}  ", _colour(figure))
    return because


def in_tenths(parts: Sequence[float], whole: float) -> list[float]:
    """
    Return *parts* in tenths that add up to *whole*, which is what they add up to but for rounding.

    Each is rounded to the nearest tenth; what is missing then, or too much, is made up for by a tenth each of those parts from
    which rounding took most that way (the method of largest remainders). So a figure is less than a tenth off, as a rule less
    than half of one.

    >>> in_tenths([-8.37, 5.84, 4.53, 0.98], 3.0)
    [-8.4, 5.9, 4.5, 1.0]
    """
    tenths = [round(part * 10) for part in parts]
    missing = round(whole * 10) - sum(tenths)
    sign = 1 if missing > 0 else -1
    by_loss = sorted(range(len(parts)), key=lambda place: -sign * (parts[place] * 10 - tenths[place]))
    for place in by_loss[: abs(missing)]:
        tenths[place] += sign
    return [each / 10 for each in tenths]


def said(word: Word) -> str:
    """Return a human's word with its reason, by whom, when, and whether it holds."""
    return f"{word.reason} ({word.made_by}, {moment(word.made_at)}, {word.state})"


def _range(weights: Sequence[float]) -> tuple[float, float]:
    running, low, high = 0.0, 0.0, 0.0
    for weight in weights:
        running += weight
        low, high = min(low, running), max(high, running)
    return low, high if high > low else low + 1.0


def _bar(before: float, after: float, low: float, high: float) -> Text:
    scale = BAR_COLUMNS / (high - low)
    start, end = sorted((round((before - low) * scale), round((after - low) * scale)))
    zero = round((0 - low) * scale)
    cells = [" "] * (BAR_COLUMNS + 1)
    cells[zero] = "│"
    bar = Text()
    for place, cell in enumerate(cells):
        if start <= place < end:
            bar.append("█", _colour(after - before))
        elif start == end == place and after != before:
            bar.append("▏", _colour(after - before))
        else:
            bar.append(cell, "dim")
    return bar


def _verdict(pair: PairExplained) -> list[RenderableType]:
    total = pair.explanation.total
    outcome = "match" if total >= pair.threshold else "possible" if total >= pair.possible_threshold else "no match"
    style = {"match": "bold green", "possible": "bold yellow", "no match": "bold red"}[outcome]
    weight = f"weight {total:+.1f}, probability {percent(pair.explanation.probability)}"
    lines: list[RenderableType] = [
        Text.assemble(
            (f"{outcome}  ", style) if pair.is_candidate else ("no candidate pair  ", "bold yellow"),
            weight if pair.is_candidate else f"by what they say: {outcome}, {weight}",
            (f"   (match from {pair.threshold:+.1f}, possible from {pair.possible_threshold:+.1f})", "dim"),
        )
    ]
    if not pair.is_candidate:
        lines.append(
            dim(
                "No match key brings these two records together: a run compares them only where other records join them into"
                " one component."
            )
        )
    if pair.explanation.contradiction:
        words = contradiction_in_words(pair.explanation.contradiction)
        lines.append(Text.assemble(("they contradict each other  ", "bold red"), words))
    lines += [_word(word) for word in pair.words]
    if pair.kept_apart is not None:
        lines += _kept_apart(pair.kept_apart)
    if pair.together:
        lines.append(dim(f"Both belong to {pair.first.golden_id}."))
    else:
        lines.append(dim(f"They belong to {pair.first.golden_id} and {pair.second.golden_id}."))
    if pair.pairs is not None and pair.mean is not None:
        mean = f"of weight {pair.mean:+.1f} on average, each counted within ±{WEIGHT_LIMIT:.0f}"
        lines.append(dim(f"Pairs of what the records of the one and of the other say: {number(pair.pairs)}, {mean}."))
    return lines


def _word(word: Word) -> Text:
    verdict = "the same" if word.verdict == "same" else "different"
    more = f", and {number(word.pairs - 1)} more pairs" if word.pairs > 1 else ""
    part = f" (of two people, by {number(word.whole)} pairs of their records)" if word.whole > word.pairs else ""
    about = f"{word.first.address} and {word.second.address}{more} are {verdict}{part}"
    return Text.assemble(("a steward said  ", "bold cyan"), f"{about}: {said(word)}")


def _kept_apart(kept: KeptApart) -> list[RenderableType]:
    lines: list[RenderableType] = [Text.assemble(("kept apart  ", "bold red"), refusal_in_words(kept.refusal))]
    if kept.weight is not None:
        against = Text.assemble(
            ("most against it  ", "bold red"), f"{kept.first} and {kept.second}: {kept.weight:+.1f}"
        )
        if kept.contradiction is not None:
            against.append(f", {contradiction_in_words(kept.contradiction)}")
        for field, level, weight in kept.speaks_against[:SHOWN_AGAINST]:
            against.append(f"  {field} ").append(f"{level} ", "dim").append(f"{weight:+.1f}", _colour(weight))
        lines.append(against)
    return lines


def _colour(weight: float) -> str:
    return "green" if weight > 0 else "red" if weight < 0 else "dim"
