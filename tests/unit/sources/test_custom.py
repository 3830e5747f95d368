from __future__ import annotations

from pathlib import Path

import pytest

from rddm.contracts.errors import SourceError
from rddm.project.settings import CustomConnector
from rddm.sources import Source, open_source


def opened(folder: Path, code: str, **options: str) -> Source:
    (folder / "mine.py").write_text(code)
    connector = CustomConnector.model_validate({"file": "mine.py", "name": "Mine", "options": options})
    return open_source(folder, "camps", "person", connector)


METHODS = "    def read(self, cursor): yield 1\n    def probe(self): pass\n    def sample(self, rows): return None\n"


@pytest.mark.parametrize(
    ("code", "words"),
    [
        ("class Other: pass", "there is no class Mine in it"),
        ("class Mine:\n    def read(self, cursor): pass", "class Mine has no method probe, sample"),
        ("class Mine(\n", r"SyntaxError \(during import\)"),
        ("import nosuchmodule\n", r"ModuleNotFoundError in line 1 \(during import\)"),
        (f"class Mine:\n    def __init__(self, path): pass\n{METHODS}", r"TypeError .*\(during options\)"),
        (f"class Mine:\n{METHODS}", "`read` yields int"),
        (f"class Mine:\n{METHODS}".replace("yield 1", "yield 1 / 0"), r"ZeroDivisionError in line 2 \(during read\)"),
        (f"class Mine:\n{METHODS}".replace("yield 1", "raise SystemExit(0)"), r"SystemExit in line 2 \(during read\)"),
        (f"class Mine:\n{METHODS}".replace("yield 1", "return 7"), r"TypeError \(during read\)"),
    ],
)
def test_what_is_wrong_with_the_class_is_named(tmp_path: Path, code: str, words: str) -> None:
    with pytest.raises(SourceError, match=words) as caught:
        list(opened(tmp_path, code).read(None))
    assert 'source "camps", entity person: mine.py: ' in str(caught.value)


@pytest.mark.parametrize(
    ("batch", "words"),
    [
        ("Batch(None, 'o', {})", "records are NoneType"),
        ("Batch({'id': ['1']}, 'o', {})", "records are dict"),
        ("Batch(T, 7, {})", "origin is no text"),
        ("Batch(T, 'o\\udcff', {})", "origin is no text"),
        ("Batch(T, 'o', None)", "cursor is no mapping"),
        ("Batch(T, 'o', 'x')", "cursor is no mapping"),
        ("Batch(T, 'o', {'a': {1, 2}})", "cursor is no mapping that can be written as JSON"),
        ("Batch(T, 'o', {'a': float('nan')})", "cursor is no mapping that can be written as JSON"),
        ("Batch(T, 'o', {}, None)", "unreadable is no tuple of Unreadable"),
        ("Batch(T, 'o', {}, ('bad',))", "unreadable is no tuple of Unreadable"),
        ("Batch(T, 'o', {}, (Unreadable('p', 'r', 'text'),))", "unreadable is no tuple of Unreadable"),
    ],
)
def test_a_batch_of_other_types_is_the_sources_error(tmp_path: Path, batch: str, words: str) -> None:
    head = "import pyarrow as pa\nfrom rddm.contracts.batches import Batch, Unreadable\nT = pa.table({'id': ['1']})\n"
    good, bad = (METHODS.replace("yield 1", f"yield {each}") for each in ("Batch(T, 'o', {})", batch))
    assert [each.origin for each in opened(tmp_path, f"{head}class Mine:\n{good}").read(None)] == ["o"]
    (tmp_path / "bad").mkdir()
    with pytest.raises(SourceError, match=f"`read` yields a Batch whose {words}"):
        list(opened(tmp_path / "bad", f"{head}class Mine:\n{bad}").read(None))


def test_a_message_that_could_not_be_kept_is_written_in_escapes(tmp_path: Path) -> None:
    code = "from rddm.contracts.errors import SourceError\nclass Mine:\n" + METHODS.replace(
        "yield 1", "raise SourceError('camps', '', 'no \\udcff\\0.')"
    )
    with pytest.raises(SourceError) as caught:
        opened(tmp_path, code).read(None).__next__()
    assert str(caught.value) == r'source "camps": no \udcff\x00.'


def test_an_interrupt_in_the_users_code_stays_one(tmp_path: Path) -> None:
    source = opened(tmp_path, f"class Mine:\n{METHODS}".replace("yield 1", "raise KeyboardInterrupt"))
    with pytest.raises(KeyboardInterrupt):
        list(source.read(None))


def test_what_the_users_code_prints_is_no_part_of_the_answer(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    opened(tmp_path, f"print('hello')\nclass Mine:\n{METHODS}".replace("pass", "print('here')")).probe()
    assert capsys.readouterr() == ("", "hello\nhere\n")


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    connector = CustomConnector.model_validate({"file": "mine.py", "name": "Mine"})
    with pytest.raises(SourceError, match=r"mine\.py: there is no such file"):
        open_source(tmp_path, "camps", "person", connector).probe()


def test_what_the_users_code_says_is_not_shown(tmp_path: Path) -> None:
    code = f"class Mine:\n{METHODS}".replace("yield 1", "raise ValueError('Ivanov, +79161234567')")
    with pytest.raises(SourceError) as caught:
        list(opened(tmp_path, code).read(None))
    assert "Ivanov" not in str(caught.value)


def test_options_are_given_by_their_names(tmp_path: Path) -> None:
    code = f"class Mine:\n    def __init__(self, path): self.path = path\n{METHODS}".replace(
        "pass", "assert self.path == 'x'"
    )
    opened(tmp_path, code, path="x").probe()
    with pytest.raises(SourceError, match="AssertionError"):
        opened(tmp_path, code, path="y").probe()
