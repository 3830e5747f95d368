"""Links lead somewhere, and pages name no place that only one machine has."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

_FENCED = re.compile(r"^```.*?^```$", re.MULTILINE | re.DOTALL)
_LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)")
_HEADING = re.compile(r"^#+ (.+)$", re.MULTILINE)
_OF_A_MACHINE = re.compile(r"/(?:home|root|Users|work|tmp|var|mnt)/|[A-Z]:\\")


def _links(page: Path) -> Iterator[tuple[Path, str]]:
    for target in _LINK.findall(_FENCED.sub("", page.read_text(encoding="utf-8"))):
        if "://" not in target:
            path, _, anchor = target.partition("#")
            yield (page.parent / path).resolve() if path else page, anchor


def _anchors(page: Path) -> set[str]:
    """Anchors as code hosts make them of headings: lower case, spaces to hyphens, punctuation left out."""
    headings = _HEADING.findall(_FENCED.sub("", page.read_text(encoding="utf-8")))
    return {re.sub(r"[^\w\- ]", "", heading.lower()).strip().replace(" ", "-") for heading in headings}


def test_every_relative_link_leads_to_a_file_and_heading_that_are_there(pages: list[Path], root: Path) -> None:
    broken = [
        f"{page.relative_to(root)}: {target.name}#{anchor}"
        for page in pages
        for target, anchor in _links(page)
        if not target.exists() or (anchor and anchor not in _anchors(target))
    ]
    assert not broken


def test_every_page_is_reached_from_the_readme(pages: list[Path], root: Path) -> None:
    reached, waiting = set[Path](), [root / "README.md"]
    while waiting:
        page = waiting.pop()
        if page not in reached and page.suffix == ".md":
            reached.add(page)
            waiting += [target for target, _ in _links(page)]
    assert set(pages) <= reached


def test_pages_name_no_path_of_one_machine(pages: list[Path], root: Path) -> None:
    found = [
        f"{page.relative_to(root)}, line {number}"
        for page in pages
        for number, line in enumerate(page.read_text(encoding="utf-8").splitlines(), start=1)
        if _OF_A_MACHINE.search(line)
    ]
    assert not found


@pytest.mark.parametrize("text", ["[a](b.md)", "see [the a](b.md#c-d) and [e](f)"])
def test_links_are_found(text: str) -> None:
    assert _LINK.findall(text)
