"""Charts as SVG: bars over match weights, lines over thresholds, bars of sizes. Colours are classes of the style sheet."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from html import escape
from typing import TYPE_CHECKING

from rddm.app.cli.render.words import number, percent
from rddm.resolve.weights import probability_of

if TYPE_CHECKING:
    from rddm.resolve.estimates import CurvePoint
    from rddm.serve.identity_report import ModelTold, SizeClass, WeightBin

WIDTH, HEIGHT = 880, 300
LEFT, RIGHT, TOP, BOTTOM = 64, 20, 40, 44
CURVE_FROM, CURVE_TO = -6.0, 16.0
"""The thresholds of the curve, in bits: from 2 % to 99.998 %. Beyond lies nothing that anybody would choose."""


@dataclass(frozen=True)
class _Scale:
    """From values to places: *low* to *high* of values lie between *start* and *end*, in pixels."""

    low: float
    high: float
    start: float
    end: float

    def __call__(self, value: float) -> float:
        span = self.high - self.low or 1.0
        return round(self.start + (value - self.low) / span * (self.end - self.start), 1)


def _x_scale(low: float, high: float) -> _Scale:
    return _Scale(low, high, LEFT, WIDTH - RIGHT)


def _y_scale(low: float, high: float) -> _Scale:
    return _Scale(low, high, HEIGHT - BOTTOM, TOP)


def _svg(parts: Iterable[str], label: str, height: int = HEIGHT) -> str:
    inside = "\n".join(parts)
    return f'<svg viewBox="0 0 {WIDTH} {height}" role="img" aria-label="{escape(label)}">\n{inside}\n</svg>'


def _text(x: float, y: float, text: str, kind: str = "tick", anchor: str = "middle") -> str:
    return f'<text x="{x}" y="{y}" class="{kind}" text-anchor="{anchor}">{escape(text)}</text>'


def _line(x1: float, y1: float, x2: float, y2: float, kind: str) -> str:
    return f'<line x1="{x1}" y1="{y1}" x2="{x2}" y2="{y2}" class="{kind}"/>'


def _bar(x: float, y: float, width: float, kind: str, tip: str) -> str:
    height = max(0.0, HEIGHT - BOTTOM - y)
    return (
        f'<rect x="{x:.1f}" y="{y:.1f}" width="{max(width, 1):.1f}" height="{height:.1f}" class="{kind}">'
        f"<title>{escape(tip)}</title></rect>"
    )


def _log_axis(most: float) -> tuple[Callable[[float], float], list[str]]:
    """Return the scale of counts by powers of ten, and its lines and labels. A count of 1 is seen."""
    top = max(1.0, math.ceil(math.log10(max(most, 2.0)) * 4) / 4)
    scale = _y_scale(-0.15, top)
    drawn = []
    for power in range(math.floor(top) + 1):
        y = scale(power)
        drawn += [_line(LEFT, y, WIDTH - RIGHT, y, "grid"), _text(LEFT - 8, y + 4, _short(10**power), anchor="end")]
    return (lambda count: scale(math.log10(max(count, 0.75)))), drawn


def _short(count: float) -> str:
    """
    Return a large number as an axis says it.

    >>> _short(1), _short(20_000), _short(3_000_000)
    ('1', '20k', '3M')
    """
    for unit, name in ((1e9, "bn"), (1e6, "M"), (1e3, "k")):
        if count >= unit:
            return f"{count / unit:g}{name}"
    return f"{count:g}"


def weight_histogram(bins: Sequence[WeightBin], model: ModelTold) -> str:
    """Return candidate pairs by match weight, coloured by what becomes of them; the count is logarithmic."""
    if not bins:
        return ""
    low, high = math.floor(bins[0].weight), math.ceil(bins[-1].weight) + 1
    x = _x_scale(min(low, -2), max(high, model.match_weight + 4))
    y, parts = _log_axis(max(each.pairs for each in bins))
    width = x(1) - x(0)
    for each in bins:
        if each.pairs <= 0:
            continue
        kind = _outcome(each.weight, model)
        about = "about " if each.is_estimate else ""
        tip = f"{each.weight:+.0f} to {each.weight + 1:+.0f} bits: {about}{number(round(each.pairs))} pairs"
        parts.append(_bar(x(each.weight) + 0.5, y(each.pairs), width - 1, f"bar {kind}", tip))
        if each.refused:
            told = f"{number(each.refused)} of them contradict each other and stay apart"
            parts.append(_bar(x(each.weight) + width * 0.3, y(each.refused), width * 0.4, "bar refused", told))
    parts += _weight_axis(x)
    parts += _threshold(x(model.match_weight), f"match from {percent(model.match_probability)}", "start")
    parts += _threshold(x(model.possible_weight), f"possible from {percent(model.possible_probability)}", "end")
    parts.append(_text(LEFT, 12, "pairs of descriptions (logarithmic)", "axis", "start"))
    return _svg(parts, "Candidate pairs by match weight")


def _outcome(weight: float, model: ModelTold) -> str:
    if weight + 1 > model.match_weight:
        return "match" if weight >= model.match_weight - 0.7 else "possible"
    return "possible" if weight + 1 > model.possible_weight else "below"


def _threshold(x: float, words: str, anchor: str) -> list[str]:
    shift = 5 if anchor == "start" else -5
    return [_line(x, TOP - 22, x, HEIGHT - BOTTOM, "threshold"), _text(x + shift, TOP - 12, words, "note", anchor)]


def _weight_axis(x: _Scale) -> list[str]:
    parts = [_line(LEFT, HEIGHT - BOTTOM, WIDTH - RIGHT, HEIGHT - BOTTOM, "base")]
    step = 5 if x.high - x.low <= 60 else 10
    for weight in range(math.ceil(x.low / step) * step, math.floor(x.high) + 1, step):
        parts.append(_line(x(weight), HEIGHT - BOTTOM, x(weight), HEIGHT - BOTTOM + 4, "base"))
        parts.append(_text(x(weight), HEIGHT - BOTTOM + 18, f"{weight:+d}".replace("-", "−") if weight else "0"))
    parts.append(_text(WIDTH - RIGHT, HEIGHT - 6, "match weight, bits", "axis", "end"))
    return parts


def threshold_lines(curve: Sequence[CurvePoint], model: ModelTold) -> str:
    """Return expected precision and recall of the links as the threshold moves."""
    shown = [
        each
        for each in curve
        if CURVE_FROM <= each.threshold <= CURVE_TO and each.precision is not None and each.recall is not None
    ]
    if len(shown) < 2:
        return ""
    values = [value for each in shown for value in (each.precision, each.recall) if value is not None]
    low = max(0.0, math.floor(min(values) * 10) / 10)
    x, y = _x_scale(shown[0].threshold, shown[-1].threshold), _y_scale(low, 1.0)
    parts = []
    for tenth in range(round(low * 10), 11):
        parts.append(_line(LEFT, y(tenth / 10), WIDTH - RIGHT, y(tenth / 10), "grid"))
        parts.append(_text(LEFT - 8, y(tenth / 10) + 4, f"{tenth * 10} %", anchor="end"))
    parts += _threshold(x(model.match_weight), f"match from {percent(model.match_probability)}", "start")
    for kind, name in (("precision", "precision"), ("recall", "recall")):
        points = [(x(each.threshold), y(getattr(each, kind)), each) for each in shown]
        drawn = " ".join(f"{px},{py}" for px, py, _ in points)
        parts.append(f'<polyline points="{drawn}" class="curve {kind}"/>')
        parts += [
            f'<circle cx="{px}" cy="{py}" r="7" class="spot"><title>{escape(_tip(each))}</title></circle>'
            for px, py, each in points
        ]
        below = kind == "recall"
        place = points[-max(2, len(points) // 6)] if below else points[len(points) // 8]
        x_label, y_label = (place[0] - 12, place[1] + 14) if below else (place[0], place[1] - 14)
        parts.append(_text(round(x_label, 1), round(y_label, 1), name, f"label {kind}", "end" if below else "middle"))
    parts += _weight_axis(x)
    parts.append(_text(LEFT, 12, "expected share", "axis", "start"))
    return _svg(parts, "Expected precision and recall by threshold")


def _tip(point: CurvePoint) -> str:
    precision, recall = (f"{each or 0.0:.2%}" for each in (point.precision, point.recall))
    return (
        f"threshold {point.threshold:+.0f} bits ({percent(probability_of(point.threshold))}): {number(round(point.pairs))} pairs"
        f" joined, precision {precision}, recall {recall}"
    )


def size_bars(sizes: Sequence[SizeClass]) -> str:
    """Return how many people have how many records."""
    if not sizes:
        return ""
    y, parts = _log_axis(max(each.people for each in sizes))
    width = (WIDTH - LEFT - RIGHT) / max(len(sizes), 8)
    for place, each in enumerate(sizes):
        x = LEFT + place * width
        span = f"{each.least}" if each.least == each.most else f"{number(each.least)}-{number(each.most)}"
        tip = f"{number(each.people)} people with {span} records, {number(each.records)} records in all"
        parts.append(_bar(x + width * 0.12, y(each.people), width * 0.76, "bar match", tip))
        parts.append(_text(round(x + width / 2, 1), y(each.people) - 5, _short_count(each.people), "value"))
        parts.append(_text(round(x + width / 2, 1), HEIGHT - BOTTOM + 18, span))
    parts.append(_line(LEFT, HEIGHT - BOTTOM, WIDTH - RIGHT, HEIGHT - BOTTOM, "base"))
    parts.append(_text(LEFT, 12, "people (logarithmic)", "axis", "start"))
    parts.append(_text(WIDTH - RIGHT, HEIGHT - 6, "records of one person", "axis", "end"))
    return _svg(parts, "People by their number of records")


def _short_count(count: int) -> str:
    """
    Return a count as short as three digits make it.

    >>> _short_count(468), _short_count(46_812), _short_count(13_120_000)
    ('468', '46.8k', '13.1M')
    """
    return _short(float(f"{count:.3g}"))
