from __future__ import annotations

import ast
from importlib import resources
from pathlib import Path

import pytest

from rddm.conform.split import KINDS
from rddm.conform.words import KIND_MEANINGS, REJECTIONS, reason_in_words, release_in_words, repair_in_words


def rejection_codes() -> set[str]:
    """Every code that a normaliser rejects a text with, from the code itself."""
    codes = set()
    folder = Path(str(resources.files("rddm.conform.values")))
    for path in folder.glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "Rejected":
                codes |= {
                    each.value for each in node.args if isinstance(each, ast.Constant) and isinstance(each.value, str)
                }
    return codes


def test_every_rejection_has_words() -> None:
    assert rejection_codes() - {"never_clean"} <= REJECTIONS.keys()


def test_every_kind_of_quarantine_has_a_meaning() -> None:
    assert set(KINDS) == KIND_MEANINGS.keys()


@pytest.mark.parametrize(
    ("rule", "reason", "release"),
    [
        ("technical:key:missing", "the source gave no key", "rddm quarantine dismiss"),
        ("invalid:birth_date:impossible_date", "birth_date: there is no such day", "the source delivers birth_date"),
        (
            "incomplete:last_name|first_name:missing",
            "none of last_name, first_name is there",
            "one of last_name, first_name",
        ),
        ("incomplete:name:missing", "name is missing", "the source delivers name"),
        ("missing_parent:person:not_here", "its person has not come yet", "its person arrives"),
    ],
)
def test_a_rule_says_why_and_what_releases(rule: str, reason: str, release: str) -> None:
    assert reason_in_words(rule).startswith(reason)
    assert release in release_in_words(rule)


def test_a_repair_that_nobody_wrote_words_for_reads_as_its_code() -> None:
    assert repair_in_words("phone:some_new_rule") == "some new rule"
