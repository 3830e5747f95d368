"""JSON read to the letter: numbers keep their digits, objects are flattened to dotted names, lists stay JSON text."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias

FlatRecord: TypeAlias = dict[str, str | None]


class Number(str):
    """A JSON number as it was written."""

    __slots__ = ()


Value: TypeAlias = "bool | str | list[Value] | dict[str, Value] | None"
"""A decoded JSON value; a number is a `Number`."""

_DECODER = json.JSONDecoder(parse_int=Number, parse_float=Number, parse_constant=Number)


class BrokenJson(ValueError):
    """The text is no JSON; ``position`` says where it stops being so. Its message shows nothing of the content."""

    def __init__(self, reason: str, position: int) -> None:
        self.position = position
        super().__init__(reason)


def decode(text: str) -> Value:
    """Return the value that *text* holds; raise `BrokenJson`."""
    begin = len(text) - len(text.lstrip())
    value, end = decode_at(text, begin)
    if text[end:].strip():
        raise BrokenJson("something follows the end of the JSON value", end)
    return value


def decode_at(text: str, position: int) -> tuple[Value, int]:
    """Return the value that begins at *position* and where it ends; raise `BrokenJson`."""
    try:
        value, end = _DECODER.raw_decode(text, position)
    except json.JSONDecodeError as error:
        raise BrokenJson(f"broken JSON ({error.msg[:1].lower()}{error.msg[1:]})", error.pos) from None
    except RecursionError:
        raise BrokenJson("the JSON is nested too deeply", position) from None
    return value, end


def as_text(value: Value) -> str | None:
    """
    Return *value* as the text of a column.

    >>> as_text([Number("1.50"), "ё", None])
    '[1.50, "ё", null]'
    """
    if value is None or isinstance(value, str):
        return value
    return _written(value)


def _written(value: Value) -> str:
    """Without recursion: the decoder takes values that are nested more deeply than Python's own stack."""
    parts: list[str] = []
    left: list[tuple[Value, str]] = [
        (value, "")
    ]  # what is still to be written, the next one last, and what stands before it
    while left:
        item, before = left.pop()
        parts.append(before)
        match item:
            case _Ending():
                pass
            case None:
                parts.append("null")
            case bool():
                parts.append("true" if item else "false")
            case Number():
                parts.append(str(item))
            case str():
                parts.append(json.dumps(item, ensure_ascii=False))
            case list():
                parts.append("[")
                left.append((_ENDING, "]"))
                left += [(element, ", " if place else "") for place, element in enumerate(item)][::-1]
            case dict():
                parts.append("{")
                left.append((_ENDING, "}"))
                named = ((json.dumps(name, ensure_ascii=False) + ": ", element) for name, element in item.items())
                left += [(element, (", " if place else "") + name) for place, (name, element) in enumerate(named)][::-1]
    return "".join(parts)


class _Ending(str):
    """Stands for no value, where only a bracket is left to be written."""

    __slots__ = ()


_ENDING = _Ending()


def flatten(record: Mapping[str, Value]) -> FlatRecord:
    """
    Return *record* with one text per column.

    >>> flatten({"name": {"first": "Ada"}, "tags": ["a"], "active": True, "left": None})
    {'name.first': 'Ada', 'tags': '["a"]', 'active': 'true', 'left': None}
    """
    flat: FlatRecord = {}
    open_objects: list[tuple[str, Iterator[tuple[str, Value]]]] = [("", iter(record.items()))]
    while open_objects:
        prefix, members = open_objects[-1]
        for member, value in members:
            name = prefix + member
            if isinstance(value, dict) and value:
                open_objects.append((name + ".", iter(value.items())))
                break
            number = 1
            while name in flat:
                number += 1
                name = f"{prefix}{member}_{number}"
            flat[name] = value if value is None or type(value) is str else as_text(value)
        else:
            open_objects.pop()
    return flat


@dataclass(frozen=True)
class NoObject:
    """A value where a record was expected; ``text`` is its JSON."""

    text: str


@dataclass(frozen=True)
class Step:
    """One name on the way to the records; ``each``: it holds a list, and the way goes on in each element."""

    name: str
    each: bool


def parse_path(path: str | None) -> tuple[Step, ...]:
    """
    Return the steps of a dotted path (``/`` is as good as a dot).

    >>> parse_path("data.users[].roles")
    (Step(name='data', each=False), Step(name='users', each=True), Step(name='roles', each=False))
    """
    if not path:
        return ()
    names = [name for name in path.replace("/", ".").split(".") if name]
    return tuple(Step(name.removesuffix("[]"), name.endswith("[]")) for name in names)


def look_up(value: Value, path: str) -> Value:
    """Return what lies at the dotted *path* in *value*; a member whose own name has dots is found too; else None."""
    if not isinstance(value, dict):
        return None
    if path in value:
        return value[path]
    name, _, rest = path.partition(".")
    return look_up(value.get(name), rest) if rest else None


def select_records(
    value: Value, steps: Sequence[Step], carry: Mapping[str, str], above: tuple[Value, ...] = ()
) -> Iterator[FlatRecord | NoObject]:
    """
    Yield the records that *steps* reach from *value*, flattened, with what they *carry* from the records above them.

    *above* is outermost first; the nearest that has the field gives it.
    """
    if steps:
        step, *rest = steps
        inner = value.get(step.name) if isinstance(value, dict) else None
        if inner is None:
            return
        if step.each and rest:
            for element in inner if isinstance(inner, list) else [inner]:
                yield from select_records(element, rest, carry, (*above, value))
        else:
            yield from select_records(inner, rest, carry, (*above, value))
        return
    for element in value if isinstance(value, list) else [value]:
        if not isinstance(element, dict):
            yield NoObject(_written(element))
            continue
        flat = flatten(element)
        flat.update({name: _carried(above, field) for name, field in carry.items()})
        yield flat


def _carried(above: tuple[Value, ...], field: str) -> str | None:
    for value in reversed(above):
        found = look_up(value, field)
        if found is not None:
            return as_text(found)
    return None
