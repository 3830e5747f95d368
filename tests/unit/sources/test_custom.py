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
    ],
)
def test_what_is_wrong_with_the_class_is_named(tmp_path: Path, code: str, words: str) -> None:
    with pytest.raises(SourceError, match=words) as caught:
        list(opened(tmp_path, code).read(None))
    assert 'source "camps", entity person: mine.py: ' in str(caught.value)


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
