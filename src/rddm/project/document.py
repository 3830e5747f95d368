"""
YAML text -> a tree in which every value knows its file, line and key path.

We read the parser's events ourselves, because the tree keeps what an error message needs (also after one tree is laid
over another), and because depth and the growth by aliases are then bounded before anything is built.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TypeAlias

from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.events import (
    AliasEvent,
    DocumentStartEvent,
    Event,
    MappingEndEvent,
    MappingStartEvent,
    ScalarEvent,
    SequenceEndEvent,
    SequenceStartEvent,
)

from rddm.contracts.errors import ConfigurationProblem

DEPTH_LIMIT = 32
"""Levels of nesting; the deepest setting we know lies at 7."""
NODE_LIMIT = 100_000
"""Values in one file once its aliases are written out."""
SIZE_LIMIT_BYTES = 2_000_000

Scalar: TypeAlias = "bool | int | float | str | None"
Plain: TypeAlias = "Scalar | list[Plain] | dict[str, Plain]"


@dataclass(frozen=True)
class Node:
    """
    A value with its place. ``line``: where its key (or, in a list, the item) stands; ``key``: its path as written.

    ``from_environment``: its text came from ``${NAME}`` and must never be shown. ``unknown``: ``${NAME}`` is not set,
    which was reported already, so nothing else should be said about the value.
    """

    value: Scalar | tuple[Node, ...] | Mapping[str, Node]
    file: str
    line: int
    key: str = ""
    from_environment: bool = False
    unknown: bool = False

    @property
    def entries(self) -> Mapping[str, Node]:
        """The entries of a mapping; none when this is something else."""
        return self.value if isinstance(self.value, Mapping) else {}

    @property
    def items(self) -> tuple[Node, ...]:
        """The items of a list; none when this is something else."""
        return self.value if isinstance(self.value, tuple) else ()

    def shown(self) -> str:
        """Return the value for a message: never one that came from the environment, nor a long one whole."""
        if self.from_environment or isinstance(self.value, Mapping | tuple):
            return "of that name"
        return str(self.value)[:60]

    def plain(self) -> Plain:
        """Return the bare data."""
        if isinstance(self.value, Mapping):
            return {key: entry.plain() for key, entry in self.value.items()}
        if isinstance(self.value, tuple):
            return [item.plain() for item in self.value]
        return self.value

    def walk(self) -> Iterator[Node]:
        """Yield this node and all below it."""
        yield self
        for below in (*self.items, *self.entries.values()):
            yield from below.walk()

    def problem(self, message: str, fix: str = "", key: str = "") -> ConfigurationProblem:
        """Return the problem at this place; *key* names one below it that is not there."""
        path = ".".join(part for part in (self.key, key) if part)
        return ConfigurationProblem(self.file, self.line, path, message, fix)


def laid_over(below: Node, above: Node, *, kind_keys: tuple[str, ...] = ("type", "method")) -> Node:
    """
    Return *above* laid over *below*: mappings are joined key by key, anything else is replaced, null takes out.

    Where both name a kind (``type``, ``method``) and the kinds differ, nothing of *below* is kept.
    Every value keeps the place it was written at.
    """
    if not isinstance(below.value, Mapping) or not isinstance(above.value, Mapping):
        return above
    for kind in kind_keys:
        if kind in below.value and kind in above.value and below.value[kind].value != above.value[kind].value:
            return above
    joined = dict(below.value)
    for key, entry in above.value.items():
        if entry.value is None:
            joined.pop(key, None)
        else:
            joined[key] = laid_over(joined[key], entry, kind_keys=kind_keys) if key in joined else entry
    return replace(above, value=joined)


def without_nulls(node: Node) -> Node:
    """Return *node* without the keys that say nothing (``database:`` with only comments under it)."""
    if not isinstance(node.value, Mapping):
        return node
    return replace(node, value={key: without_nulls(e) for key, e in node.value.items() if e.value is not None})


class Unreadable(Exception):
    def __init__(self, problem: ConfigurationProblem) -> None:
        self.problem = problem
        super().__init__(str(problem))


def read_document(
    path: Path, file: str, environment: Mapping[str, str]
) -> tuple[Node | None, list[ConfigurationProblem]]:
    """
    Return the tree in the file at *path* and the problems met; no tree when the file is empty or cannot be read at all.

    *file* is what messages call it. ``${NAME}`` and ``${NAME:-default}`` in values are replaced from *environment*.
    """
    problems: list[ConfigurationProblem] = []
    try:
        text = _read_text(path, file)
        node = _Builder(file, environment, problems).build(text)
    except Unreadable as unreadable:
        return None, [*problems, unreadable.problem]
    return node, problems


def parse_text(text: str, file: str) -> Node:
    """Return the tree of a text of our own (the default model): it has no problems."""
    node = _Builder(file, {}, []).build(text)
    if node is None:
        raise ValueError(f"{file} is empty")
    return node


def _read_text(path: Path, file: str) -> str:
    try:
        if path.stat().st_size > SIZE_LIMIT_BYTES:
            raise Unreadable(ConfigurationProblem(file, 0, "", f"the file is larger than {SIZE_LIMIT_BYTES:,} bytes."))
        content = path.read_bytes()
    except OSError as error:
        reason = error.strerror or "it cannot be opened"
        raise Unreadable(ConfigurationProblem(file, 0, "", f"the file cannot be read: {reason}.")) from None
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
    raise Unreadable(ConfigurationProblem(file, line, "", "the text is not UTF-8.", "Save the file as UTF-8."))


# --- events -> nodes --------------------------------------------------------------------------------------------------

INTEGER = re.compile(r"[-+]?[0-9]{1,18}")
FLOAT = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]{1,3})?")
VARIABLE = re.compile(r"\$?\$\{([^}]*)(\}?)")
VARIABLE_NAME = re.compile(r"([A-Za-z_][A-Za-z0-9_]*)(?::-(.*))?", re.DOTALL)
TOO_DEEP = f"values are nested more than {DEPTH_LIMIT} levels deep."
ENVIRONMENT_FIX = "Write `${NAME}` or `${NAME:-default}`, or `$${` for the characters themselves."


def plain_scalar(text: str) -> Scalar:
    """
    Return what an unquoted YAML scalar means (the core schema of YAML 1.2 §10.3.2: ``yes`` and dates are text).

    >>> plain_scalar("07"), plain_scalar("yes"), plain_scalar("1e3"), plain_scalar("~")
    (7, 'yes', 1000.0, None)
    """
    if text in {"", "~", "null", "Null", "NULL"}:
        return None
    if text in {"true", "True", "TRUE"}:
        return True
    if text in {"false", "False", "FALSE"}:
        return False
    if INTEGER.fullmatch(text):
        return int(text)
    return float(text) if FLOAT.fullmatch(text) else text


@dataclass
class _Builder:
    file: str
    environment: Mapping[str, str]
    problems: list[ConfigurationProblem]
    events: Iterator[Event] = field(default_factory=lambda: iter(()))
    anchors: dict[str, tuple[Node, int]] = field(default_factory=dict)
    built: int = 0

    def build(self, text: str) -> Node | None:
        self.events = YAML(typ="safe", pure=True).parse(text)
        documents: list[Node] = []
        while (event := self.next_event()) is not None:
            if isinstance(event, DocumentStartEvent):
                if documents:
                    raise self.unreadable(_line(event), "the file holds a second document.", "Take out the `---`.")
                documents.append(self.node(self.expect_event(), (), _line(event), 0))
        if not documents or documents[0].value is None:
            return None
        return documents[0]

    def next_event(self) -> Event | None:
        try:
            return next(self.events, None)
        except MarkedYAMLError as error:
            mark = error.problem_mark or error.context_mark
            problem, fix = _explain_syntax(error)
            line = mark.line + 1 if mark else 0
        except YAMLError as error:
            # A character that YAML forbids; the reader's error has no line, and its text may hold what was read.
            line, problem, fix = 0, "the text holds a control character, which YAML does not allow.", ""
            if isinstance(getattr(error, "position", None), int):
                fix = f"It is character {getattr(error, 'position', 0) + 1} of the file."
        except (ValueError, OverflowError, AssertionError, IndexError, KeyError, TypeError, AttributeError):
            # The parser trips over some malformed escapes and directives instead of reporting them.
            line, problem, fix = 0, "this is not valid YAML.", "Look for an unfinished escape or `%` directive."
        raise self.unreadable(line, problem, fix)

    def expect_event(self) -> Event:
        event = self.next_event()
        if event is None:
            raise self.unreadable(0, "the file ends too early.", "")
        return event

    def unreadable(self, line: int, message: str, fix: str, key: str = "") -> Unreadable:
        return Unreadable(ConfigurationProblem(self.file, line, key, message, fix))

    def count(self, nodes: int, line: int) -> None:
        self.built += nodes
        if self.built > NODE_LIMIT:
            raise self.unreadable(
                line, f"the file holds more than {NODE_LIMIT:,} values once aliases are written out.", ""
            )

    def node(self, event: Event, path: tuple[str, ...], line: int, depth: int) -> Node:
        if depth > DEPTH_LIMIT:
            raise self.unreadable(line, TOO_DEEP, "")
        if isinstance(event, AliasEvent):
            if event.anchor not in self.anchors:
                raise self.unreadable(_line(event), f"`*{event.anchor}` points at no anchor above it.", "", _join(path))
            node, size = self.anchors[event.anchor]
            self.count(size, line)
            if depth + _height(node) > DEPTH_LIMIT:
                raise self.unreadable(line, TOO_DEEP, "", _join(path))
            return node
        start = self.built
        self.count(1, line)
        node = self.new_node(event, path, line, depth)
        if anchor := getattr(event, "anchor", None):
            self.anchors[anchor] = (node, self.built - start)
        return node

    def new_node(self, event: Event, path: tuple[str, ...], line: int, depth: int) -> Node:
        tag = getattr(event, "tag", None)
        if tag is not None and str(tag) not in {"!", "!!str", "tag:yaml.org,2002:str"}:
            self.problems.append(
                ConfigurationProblem(
                    self.file, line, _join(path), "YAML tags (`!…`) are not used here.", "Take it out."
                )
            )
        if isinstance(event, ScalarEvent):
            return self.scalar(event, Node(None, self.file, line, _join(path)), quoted=tag is not None)
        if isinstance(event, SequenceStartEvent):
            items: list[Node] = []
            while not isinstance(item := self.expect_event(), SequenceEndEvent):
                items.append(self.node(item, (*path, str(len(items) + 1)), _line(item), depth + 1))
            return Node(tuple(items), self.file, line, _join(path))
        if isinstance(event, MappingStartEvent):
            return Node(self.mapping(path, depth), self.file, line, _join(path))
        raise self.unreadable(line, "this is not valid YAML.", "", _join(path))

    def mapping(self, path: tuple[str, ...], depth: int) -> dict[str, Node]:
        entries: dict[str, Node] = {}
        inherited: list[Node] = []
        while not isinstance(event := self.expect_event(), MappingEndEvent):
            if not isinstance(event, ScalarEvent):
                raise self.unreadable(_line(event), "a key must be plain text.", "", _join(path))
            key, line = event.value, _line(event)
            entry = self.node(self.expect_event(), (*path, key), line, depth + 1)
            if key == "<<" and not event.style:
                inherited.extend(entry.items or (entry,))
            elif key in entries:
                self.problems.append(
                    ConfigurationProblem(
                        self.file,
                        line,
                        _join((*path, key)),
                        f"the key stands here a second time (first in line {entries[key].line}).",
                        "Keep one of them.",
                    )
                )
            else:
                entries[key] = entry
        for below in inherited:
            if not isinstance(below.value, Mapping):
                self.problems.append(
                    below.problem("`<<` takes over the entries of a mapping.", "Point at one: `<<: *name`.")
                )
            entries = {**below.entries, **entries}
        return entries

    def scalar(self, event: ScalarEvent, place: Node, *, quoted: bool) -> Node:
        text: str = event.value
        if "${" in text:
            return self.replace_variables(text, place)
        return replace(place, value=text if quoted or event.style else plain_scalar(text))

    def replace_variables(self, text: str, place: Node) -> Node:
        missing: list[str] = []
        replaced = False

        def value_of(match: re.Match[str]) -> str:
            nonlocal replaced
            if match[0].startswith("$$"):
                return match[0][1:]
            name = VARIABLE_NAME.fullmatch(match[1])
            if name is None or not match[2]:
                missing.append("")
                self.problems.append(
                    place.problem("`${` does not start a reference to the environment.", ENVIRONMENT_FIX)
                )
                return ""
            replaced = True
            given = self.environment.get(name[1])
            if given is None and name[2] is None:
                missing.append(name[1])
                self.problems.append(
                    place.problem(
                        f"the environment has no {name[1]}.",
                        f"Set it, or give a default: `${{{name[1]}:-…}}`.",
                    )
                )
            return (given or name[2] or "") if name[2] is not None else (given or "")

        value = VARIABLE.sub(value_of, text)
        return replace(place, value=value, from_environment=replaced, unknown=bool(missing))


def _height(node: Node) -> int:
    return max((1 + _height(below) for below in (*node.items, *node.entries.values())), default=0)


def _line(event: Event) -> int:
    return int(event.start_mark.line) + 1


def _join(path: tuple[str, ...]) -> str:
    return ".".join(path)


def _explain_syntax(error: MarkedYAMLError) -> tuple[str, str]:
    said = f"{error.problem or ''} {error.context or ''}"
    explanations = {
        "'\\t'": ("a tab stands where only spaces may.", "Indent with spaces."),
        "\t": ("a tab stands where only spaces may.", "Indent with spaces."),
        "mapping values are not allowed": (
            "there is a second `:` in this line, or the indentation is off.",
            'Put text with a colon in quotes: "…: …".',
        ),
        "could not find expected ':'": ("this line has no `:` after its key.", "Write `key: value`."),
        "unexpected end of stream": ("a quote is opened and never closed.", "Close it."),
        "flow": ("a `[` or `{` is opened and never closed.", "Close it, with commas between the items."),
        "block": ("the indentation does not fit the lines above.", "Indent keys of one mapping by the same spaces."),
        "cannot start any token": (
            "this text begins with a character that YAML keeps for itself.",
            "Put the text in quotes.",
        ),
    }
    for part, explanation in explanations.items():
        if part in said:
            return explanation
    return "this is not valid YAML.", "Check quotes, brackets and indentation here."
