"""Whatever stands in a project's files: it loads, or a `ConfigurationError` says why, and no secret is in it."""

from __future__ import annotations

import tempfile
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from rddm.contracts.errors import ConfigurationError
from rddm.project.document import Node, parse_text, plain_scalar
from rddm.project.draft import yaml_text
from rddm.project.expressions import expression_fault
from rddm.project.load import load_project

CAMPS = """\
description: Summer camps
trust: 7
connector: {type: file, format: csv, encoding: cp1251}
entities:
  person:
    read: {path: data/camps/users_*.csv}
    mode: changes
    key: [id, no]
    source_time: updated_at
    source_time_format: "%Y"
    deleted: "gone = '1'"
    one_record_per_person: false
    fields:
      last_name: {column: fam, part: family}
      birth_date: {column: dob, format: "%d.%m.%Y"}
      phone: {sql: "coalesce(tel, tel2)"}
      organisation: {column: school, source: camps, entity: school}
  school: {model: organisation, read: {path: b.csv}, key: id, fields: {name: a}}
"""
MODEL = """\
entities:
  event:
    description: x
    fields:
      place: {type: reference, references: location, on_missing: keep, required: false}
    require_any: [[name, kind]]
    identity: {method: exact, fields: [name, kind]}
  person: {identity: {method: probabilistic, match_probability: 0.9}}
"""
RDDM = """\
name: youth
locale: en
storage: {path: lake, s3_region: a}
engine: {memory_limit: 70%, threads: 2}
"""
FILES = {"rddm.yaml": RDDM, "model.yaml": MODEL, "sources/camps.yaml": CAMPS}
FRAGMENTS = [
    b": ",
    b"\n",
    b"  ",
    b"\t",
    b"- ",
    b"[",
    b"]",
    b"{",
    b"}",
    b"'",
    b'"',
    b"|\n",
    b">",
    b"&a ",
    b"*a",
    b"<<: ",
]
FRAGMENTS += [
    b"!!int ",
    b"? ",
    b"%YAML 9\n",
    b"---\n",
    b"#",
    b"${",
    b"${A}",
    b"$${",
    b"null",
    b"~",
    b"1e999",
    b"-1",
    b"\\x",
]
FRAGMENTS += [
    b"\xff",
    b"\x00",
    b"\xef\xbb\xbf",
    "ё".encode(),
    b"\xe2\x80\xa8",
    b"person",
    b"type: ",
    b"entities:\n",
    b"\r",
]

SQL_WORDS = ["(", ")", "a", ",", "'", '"', "select", "from", "+", "::", "[", "]", "{", "}", ";", "->", "case", "1", "*"]

SECRET = "hunter2-canary"


def outcome(files: dict[str, bytes], environment: dict[str, str]) -> str:
    """Return the error's text, empty when it loads. Anything but a `ConfigurationError` is the caller's failure."""
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        (root / "sources").mkdir()
        for path, content in files.items():
            (root / path).write_bytes(content)
        error: ConfigurationError | None = None
        try:
            load_project(root, environment)
        except ConfigurationError as raised:
            error = raised
        if error is None:
            return ""
        assert error.problems
        assert error.__context__ is None
        return str(error)


@st.composite
def mutated(draw: st.DrawFn, text: str) -> bytes:
    content = text.encode()
    for _ in range(draw(st.integers(1, 4))):
        start = draw(st.integers(0, len(content)))
        end = min(len(content), start + draw(st.sampled_from([0, 0, 1, 2, 5, 40])))
        inserted = draw(st.sampled_from(FRAGMENTS) | st.binary(max_size=4))
        content = content[:start] + inserted + content[end:]
    return content


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(data=st.data(), file=st.sampled_from(sorted(FILES)))
def test_a_mutated_file_loads_or_is_explained(data: st.DataObject, file: str) -> None:
    content = data.draw(mutated(FILES[file]))
    outcome(
        {"rddm.yaml": RDDM.encode(), "model.yaml": MODEL.encode(), "sources/camps.yaml": CAMPS.encode(), file: content},
        {"A": "1"},
    )


@settings(max_examples=100, deadline=None)
@given(content=st.binary(max_size=60) | st.lists(st.sampled_from(FRAGMENTS), max_size=15).map(b"".join))
def test_garbage_loads_or_is_explained(content: bytes) -> None:
    outcome({"rddm.yaml": b"name: a", "sources/camps.yaml": content}, {})


def scalars(node: Node, path: tuple[str | int, ...] = ()) -> list[tuple[str | int, ...]]:
    if isinstance(node.value, tuple):
        return [p for i, item in enumerate(node.value) for p in scalars(item, (*path, i))]
    if node.entries:
        return [p for key, entry in node.entries.items() for p in scalars(entry, (*path, key))]
    return [path]


def flow(node: Node, replaced: tuple[str | int, ...], path: tuple[str | int, ...] = ()) -> str:
    """Return *node* as YAML with the value at *replaced* taken from the environment."""
    if path == replaced:
        return '"${CANARY}"'
    if isinstance(node.value, tuple):
        return "[" + ", ".join(flow(item, replaced, (*path, i)) for i, item in enumerate(node.value)) + "]"
    if node.entries:
        return "{" + ", ".join(f"{key}: {flow(e, replaced, (*path, key))}" for key, e in node.entries.items()) + "}"
    if isinstance(node.value, bool):
        return str(node.value).lower()
    return yaml_text(node.value) if isinstance(node.value, str) else str(node.value)


PLACES = [(file, path) for file, text in FILES.items() for path in scalars(parse_text(text, file))]


@pytest.mark.parametrize(("file", "path"), PLACES, ids=[f"{file}:{'.'.join(map(str, path))}" for file, path in PLACES])
def test_a_value_from_the_environment_is_in_no_message_wherever_it_stands(
    file: str, path: tuple[str | int, ...]
) -> None:
    files = {name: text.encode() for name, text in FILES.items()}
    files[file] = flow(parse_text(FILES[file], file), path).encode()
    said = outcome(files, {"CANARY": SECRET})
    assert "hunter2" not in said
    assert "HUNTER2" not in said.upper()


def test_the_files_themselves_are_right() -> None:
    assert not outcome({name: text.encode() for name, text in FILES.items()}, {})


@settings(max_examples=200, deadline=None)
@given(sql=st.text(max_size=30) | st.lists(st.sampled_from(SQL_WORDS)).map(" ".join))
def test_any_text_is_an_expression_or_has_a_fault(sql: str) -> None:
    fault = expression_fault(sql)
    assert fault is None or fault.endswith(".")


@settings(max_examples=300, deadline=None)
@given(text=st.text(st.characters(exclude_categories=["Cs"])))
def test_a_text_written_as_yaml_reads_back_as_it_was(text: str) -> None:
    for written in (f"a: {yaml_text(text)}\n", f"{{a: {yaml_text(text)}, b: [{yaml_text(text)}]}}"):
        assert parse_text(written, "x").entries["a"].value == text
    assert "\n" not in yaml_text(text)


@given(text=st.text(max_size=8))
def test_an_unquoted_scalar_is_always_something(text: str) -> None:
    assert plain_scalar(text) is None or isinstance(plain_scalar(text), bool | int | float | str)
