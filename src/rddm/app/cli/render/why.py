"""Match weights as a waterfall: what each field adds to, or takes from, the odds that two are one."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.console import Group
from rich.text import Text

from rddm.app.cli.render.tables import dim, listing
from rddm.app.cli.render.words import number, percent
from rddm.resolve.told import contradiction_in_words, odds_in_words

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rich.console import RenderableType
    from rich.table import Table

    from rddm.resolve.explain import Contribution, Explanation
    from rddm.serve.explaining import GroupExplained, PairExplained, Step

BAR_COLUMNS = 18
LINKS = {"alone": "alone", "description": "the same description", "match": "match", "judgement": "a steward said so"}


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
    """Return how each record came to its golden record."""
    table = listing("record", "!linked by", "to", "!>weight", "because")
    for each in group.records:
        if each.record == group.founder:
            table.add_row(Text(each.record, style="bold cyan"), "founded it", "", "", "")
        elif not each.steps:
            table.add_row(Text(each.record, style="cyan"), LINKS.get(each.how, each.how), group.founder, "", "")
        for place, step in enumerate(each.steps):
            linked = "a steward said so" if step.is_judged else f"match {percent(step.probability)}"
            name, other = _ends(each.record, place, each.steps)
            weight = f"{step.weight:+.1f}" if step.weight is not None else ""
            table.add_row(Text(name, style="cyan" if place == 0 else "dim"), linked, other, weight, _reasons(step))
    notes = [f"and {number(group.left_out)} more records"] if group.left_out else []
    notes.append("All the weights between two of them: rddm person why RECORD RECORD")
    return Group(table, *(dim(note) for note in notes))


def _folded(address: str) -> str:
    """An address over two lines, so that it is not torn apart where it does not fit."""
    place, _, key = address.rpartition("/")
    return f"{place}/\n{key}"


def _ends(record: str, place: int, steps: Sequence[Step]) -> tuple[str, str]:
    """Walk the chain: where a step starts is where the one before it ended."""
    start = record
    for step in steps[:place]:
        start = step.other if step.record == start else step.record
    step = steps[place]
    other = step.other if step.record == start else step.record
    return (start if place == 0 else f"  via {start}"), other


def _reasons(step: Step) -> Text:
    reasons = Text()
    for field, level, weight in step.reasons[:4]:
        reasons.append(f"{field} ", "default").append(f"{level} ", "dim").append(f"{weight:+.1f}  ", _colour(weight))
    return reasons


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
    if pair.judgement is not None:
        word = "the same" if pair.judgement == "same" else "different"
        lines.append(Text.assemble(("a steward said  ", "bold cyan"), f"these two are {word}"))
    if pair.together:
        lines.append(dim(f"Both belong to {pair.first.golden_id}."))
    else:
        lines.append(dim(f"They belong to {pair.first.golden_id} and {pair.second.golden_id}."))
    return lines


def _colour(weight: float) -> str:
    return "green" if weight > 0 else "red" if weight < 0 else "dim"
