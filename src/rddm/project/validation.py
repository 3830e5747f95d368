"""A tree of values -> typed settings, or problems at the places where the values were written."""

from __future__ import annotations

import re
import types
from collections.abc import Iterable, Mapping, Sequence
from enum import Enum
from typing import Annotated, Any, TypeVar, Union, get_args, get_origin

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from rddm.contracts.errors import ConfigurationProblem
from rddm.project.document import Node
from rddm.project.suggestions import did_you_mean, did_you_mean_instead, listed

S = TypeVar("S", bound=BaseModel)
Annotation = Any

IDENTIFIER = re.compile(r"[a-z][a-z0-9_]{0,48}")
IDENTIFIER_RULE = "a name here has only a-z, 0-9 and _, begins with a letter and takes at most 49 characters."


def validated(
    settings: type[S],
    node: Node,
    given: Mapping[str, object] | None = None,
    *,
    written_keys: Iterable[str] | None = None,
) -> tuple[S | None, list[ConfigurationProblem]]:
    """
    Return *node* as *settings*, or None and what is wrong with it.

    *given* are the settings that no file writes (``root``, ``name``); *written_keys* is what may be written at the top,
    when that is not what the class has. Values that came from the environment are never repeated in a problem.
    """
    if not isinstance(node.value, Mapping):
        return None, [node.problem(f"{_article(node)} stands where `key: value` lines belong.")]
    data = {key: entry.plain() for key, entry in node.entries.items()} | dict(given or {})
    failure: list[ErrorDetails] = []
    try:
        return settings.model_validate(data), []
    except ValidationError as error:
        # Without input, url and context, so that nothing here can carry a value into a message or a traceback.
        failure = error.errors(include_url=False, include_input=False)
    keys = set(settings.model_fields) - set(given or {}) if written_keys is None else set(written_keys)
    problems = [_explained(details, settings, node, keys) for details in failure]
    return None, [problem for problem in problems if problem is not None]


def _explained(
    details: ErrorDetails, settings: type[BaseModel], root: Node, keys: set[str]
) -> ConfigurationProblem | None:
    place = _Place(settings, root, keys)
    for step in details["loc"]:
        place.descend(step)
    node = place.node
    if node.unknown:
        return None
    if place.key_itself:
        return node.problem(IDENTIFIER_RULE, identifier_fix(node.key.rsplit(".", 1)[-1]))
    missing = place.missing
    if details["type"] == "missing":
        return node.problem("this key is missing.", place.description(), missing)
    if details["type"] == "extra_forbidden":
        written = node.key.rsplit(".", 1)[-1]
        return node.problem("there is no such key.", did_you_mean(written, place.siblings))
    if details["type"] == "union_tag_not_found":
        return node.problem("this key is missing.", f"Say one of: {listed(place.tags())}.", place.discriminator())
    message, fix = _explained_value(details, place)
    return node.problem(message, fix, missing)


def _explained_value(details: ErrorDetails, place: _Place) -> tuple[str, str]:
    kind, context = details["type"], details.get("ctx", {})
    node = place.node
    if kind in {"literal_error", "enum", "union_tag_invalid"}:
        known = place.tags() if kind == "union_tag_invalid" else place.choices()
        if kind == "union_tag_invalid":
            node = node.entries.get(place.discriminator(), node)
        where = place.discriminator() if kind == "union_tag_invalid" else "this key"
        return f"{where} cannot be {_shown(node)}.", did_you_mean_instead(node, known)
    expected = _EXPECTED.get(kind)
    if expected is not None:
        needs, fix = expected
        if node.from_environment:
            return f"{needs} belongs here.", "The value comes from the environment."
        return f"{needs} belongs here, not {_article(node)}.", fix
    bounds = {"greater_than": "more than", "greater_than_equal": "at least", "less_than": "less than"}
    bounds |= {"less_than_equal": "at most"}
    if kind in bounds:
        limit = next(iter(context.values()), "")
        return f"the number must be {bounds[kind]} {limit}.", ""
    if kind == "string_pattern_mismatch":
        return IDENTIFIER_RULE, "" if node.from_environment else identifier_fix(str(node.value))
    return "this value does not fit here.", place.description()


_EXPECTED: dict[str, tuple[str, str]] = {
    "string_type": ("text", "Put it in quotes."),
    "int_type": ("a whole number", ""),
    "int_parsing": ("a whole number", ""),
    "int_parsing_size": ("a whole number", ""),
    "int_from_float": ("a whole number", ""),
    "float_type": ("a number", ""),
    "float_parsing": ("a number", ""),
    "finite_number": ("a finite number", ""),
    "bool_type": ("true or false", ""),
    "bool_parsing": ("true or false", ""),
    "path_type": ("a file name", ""),
    "tuple_type": ("a list", "Write it as `[one, two]`."),
    "dict_type": ("a mapping of `key: value` lines", ""),
    "model_type": ("a mapping of `key: value` lines", ""),
    "model_attributes_type": ("a mapping of `key: value` lines", ""),
}


def _article(node: Node) -> str:
    value = node.value
    if isinstance(value, Mapping):
        return "a mapping"
    if isinstance(value, tuple):
        return "a list"
    names = {bool: "true or false", int: "a number", float: "a number", str: "text"}
    return names.get(type(value), "nothing")


def _shown(node: Node) -> str:
    return f"`{node.shown()}`" if isinstance(node.value, str) and not node.from_environment else "that"


def identifier_from(written: str) -> str:
    """
    Return the name (`IDENTIFIER_RULE`) that comes nearest to *written*; empty when nothing of it can stay.

    >>> identifier_from("2. My-Warehouse")
    'my_warehouse'
    """
    return re.sub(r"[^a-z0-9]+", "_", written.lower()).lstrip("_0123456789")[:49].rstrip("_")


def identifier_fix(written: str, ending: str = "") -> str:
    """Return the sentence that helps someone who wrote *written* where a name belongs."""
    name = identifier_from(written)
    return f"Write {name}{ending}, say." if name else ""


class _Place:
    """Walks a location as pydantic gives it down the tree of values and the settings' types at once."""

    def __init__(self, settings: type[BaseModel], node: Node, keys: set[str]) -> None:
        self.node = node
        self.missing = ""
        self.key_itself = False
        self.siblings: set[str] = keys
        self._annotation: Annotation = settings
        self._discriminator: str | None = None
        self._doc = ""
        self._top = True

    def descend(self, step: str | int) -> None:
        if step == "[key]":
            self.key_itself = True
            return
        annotation = _unwrapped(self._annotation)
        if tags := _tagged(annotation):
            if step in tags:
                self._annotation = tags[str(step)]
                return
            annotation = self._annotation = Any
        if isinstance(annotation, type) and issubclass(annotation, BaseModel):
            self._descend_into_class(annotation, str(step))
        else:
            arguments = get_args(annotation)
            origin: object = get_origin(annotation)
            self._annotation = (arguments[1] if origin is dict else arguments[0]) if arguments else Any
        self._descend_tree(step)

    def _descend_into_class(self, settings: type[BaseModel], key: str) -> None:
        if not self._top:
            self.siblings = set(settings.model_fields)
        self._top = False
        info = settings.model_fields.get(key)
        self._doc = (info.description or "") if info else ""
        annotation: Annotation = info.annotation if info else Any
        if info is not None and isinstance(info.discriminator, str):
            annotation = Annotated[annotation, info]
        self._annotation = annotation

    def _descend_tree(self, step: str | int) -> None:
        if isinstance(step, int) and step < len(self.node.items):
            self.node = self.node.items[step]
        elif isinstance(step, str) and step in self.node.entries:
            self.node = self.node.entries[step]
        else:
            self.missing = str(step)

    def discriminator(self) -> str:
        return _discriminator(_unwrapped(self._annotation)) or ""

    def tags(self) -> Sequence[str]:
        return sorted(_tagged(_unwrapped(self._annotation)))

    def choices(self) -> Sequence[str]:
        annotation = _unwrapped(self._annotation)
        if isinstance(annotation, type) and issubclass(annotation, Enum):
            return [str(member.value) for member in annotation]
        return [str(choice) for choice in get_args(annotation)]

    def description(self) -> str:
        sentences = self._doc.split(". ")
        return sentences[0].rstrip(".").replace("``", "`") + "." if self._doc else ""


def _unwrapped(annotation: Annotation) -> Annotation:
    """Return *annotation* without ``| None`` and without metadata other than a discriminator."""
    if get_origin(annotation) in {Union, types.UnionType}:
        arguments = [argument for argument in get_args(annotation) if argument is not type(None)]
        if len(arguments) == 1:
            return _unwrapped(arguments[0])
    origin: object = get_origin(annotation)
    if origin is Annotated and _discriminator(annotation) is None:
        return _unwrapped(get_args(annotation)[0])
    return annotation


def _discriminator(annotation: Annotation) -> str | None:
    origin: object = get_origin(annotation)
    if origin is not Annotated:
        return None
    tells_apart = (getattr(info, "discriminator", None) for info in get_args(annotation)[1:])
    return next((key for key in tells_apart if isinstance(key, str)), None)


def _tagged(annotation: Annotation) -> dict[str, type[BaseModel]]:
    """Return tag: class of a union that is told apart by one key; empty for anything else."""
    key = _discriminator(annotation)
    if key is None:
        return {}
    classes = get_args(get_args(annotation)[0])
    return {str(tag): cls for cls in classes for tag in get_args(cls.model_fields[key].annotation)}
