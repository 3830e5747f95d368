"""
JSON documents: one value, or several in a row, walked while they are read, so that a huge list needs little memory.

The list of records is read element by element. What lies deeper than one element (``users[].roles``) is taken from the
element once it is decoded.
"""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterator
from dataclasses import dataclass

from rddm.contracts.batches import Unreadable
from rddm.sources.columns import records_table
from rddm.sources.files.bytestream import ByteStream
from rddm.sources.files.chunks import Chunk, unreadable_piece
from rddm.sources.files.json_lines import NO_OBJECT
from rddm.sources.files.selection import Selection
from rddm.sources.json_text import BrokenJson, FlatRecord, NoObject, Step, Value, decode_at, select_records

ELEMENT_LIMIT_CHARACTERS = 64 * 1024 * 1024
RECORDS_IN_CHUNK = 5_000
_TOKEN = re.compile(r'"(?:[^"\\]|\\.)*(?P<closed>")?|[\[\]{}]', re.DOTALL)
_BARE = re.compile(r'[^,\]\[{}"]+')
_BLANK = re.compile(r"[ \t\r\n]*")
_NEXT_OBJECT = re.compile(r"\}[ \t\r\n]*,[ \t\r\n]*(?=\{)")


@dataclass(frozen=True)
class _Broken:
    """A stretch of the text that is no JSON, by its first character's place in the file."""

    begin: int
    text: str
    reason: str


class _Text:
    """The text that is being walked: a window over the stream. ``position`` is where we are in the window."""

    def __init__(self, stream: ByteStream, encoding: str) -> None:
        self._pieces = iter(stream)
        self._stream = stream
        self._decoder = codecs.getincrementaldecoder(encoding)(errors="surrogateescape")
        self.window = ""
        self.position = self.start = 0
        self.undecodable = False
        self.before = 0  # characters of the file that have left the window
        self.ended = False

    @property
    def place(self) -> int:
        return self.before + self.position

    @property
    def damaged(self) -> bool:
        return self._stream.damage is not None

    def more(self) -> bool:
        """Widen the window; False at the end of the file."""
        if self.ended:
            return False
        wanted = max(len(self.window) - self.position, 1)  # doubling, so that retries cost no more than reading
        got = 0
        parts = [self.window[self.position :]]
        self.before += self.position
        self.position = 0
        while got < wanted:
            piece = next(self._pieces, None)
            self.ended = piece is None
            text = self._decoder.decode(piece or b"", final=self.ended)
            got += len(text)
            self.undecodable = self.undecodable or not _is_valid(text)
            parts.append(text)
            if self.ended:
                break
        self.window = "".join(parts)
        return got > 0

    def peek(self) -> str:
        """Skip blanks and return the character that comes next; empty at the end of the file."""
        while True:
            match = _BLANK.match(self.window, self.position)
            self.position = match.end() if match else self.position
            if self.position < len(self.window):
                return self.window[self.position]
            if not self.more():
                return ""

    def value(self) -> Value:
        """Decode the value that comes next and go past it; raise `BrokenJson` and stay where we are."""
        while True:
            try:
                value, end = decode_at(self.window, self.position)
            except BrokenJson as broken:
                near_the_end = broken.position >= len(self.window) - 16 or "unterminated" in str(broken).lower()
                small = len(self.window) - self.position < ELEMENT_LIMIT_CHARACTERS
                if near_the_end and small and self.more():
                    continue
                raise BrokenJson(str(broken), broken.position - self.position) from None
            if end == len(self.window) and not self.ended and self.more():
                continue  # a number might go on
            self.start, self.position = self.position, end
            return value

    def is_text(self) -> bool:
        """Whether every byte of the value just decoded was valid in the file's encoding."""
        return not self.undecodable or _is_valid(self.window[self.start : self.position])

    def skip(self, *, keep_characters: int) -> str | None:
        """
        Go past the object or list that comes next, by its brackets alone, and return its text.

        Longer than *keep_characters*, it is passed and nothing of it is kept (an empty text). None, and we stay where
        we are, when it is neither or its brackets do not close.
        """
        if self.peek() not in ("{", "["):
            return None
        depth, seen, dropped = 0, 0, False
        while True:
            at = self.position + seen
            for match in _TOKEN.finditer(self.window, at):
                if match[0][0] == '"' and not match["closed"]:
                    at = match.start()
                    break
                depth += (match[0] in "{[") - (match[0] in "}]")
                at = match.end()
                if depth == 0:
                    text = "" if dropped else self.window[self.position : at]
                    self.position = at
                    return text
            seen = at - self.position
            if seen > keep_characters:
                if keep_characters:
                    return None
                self.position, seen, dropped = at, 0, True
            if not self.more():
                return None

    def rest(self) -> str:
        """Return what is left, as much as is held of it, and go to the end."""
        parts, length = [self.window[self.position :]], 0
        self.position = len(self.window)
        while self.more():
            if length < ELEMENT_LIMIT_CHARACTERS:
                parts.append(self.window)
                length += len(self.window)
            self.position = len(self.window)
        return "".join(parts)


def parse_json_document(stream: ByteStream, name: str, encoding: str, selection: Selection) -> Iterator[Chunk]:
    """Yield the records of the document; an element that is broken is `Unreadable`, and the list goes on after it."""
    text = _Text(stream, encoding)
    records: list[FlatRecord] = []
    bad: list[Unreadable] = []
    for found in _walk_all(text, selection):
        if isinstance(found, _Broken):
            content = found.text.encode(encoding, errors="surrogateescape")
            if text.damaged and text.ended and text.position == len(text.window):
                stream.remainder = content
            else:
                bad.append(unreadable_piece(f"{name}, character {found.begin + 1}", found.reason, content))
        elif isinstance(found, NoObject):
            content = found.text.encode(errors="surrogateescape")
            bad.append(unreadable_piece(f"{name}, before character {text.place + 1}", NO_OBJECT, content))
        else:
            records.append(found)
        if len(records) + len(bad) >= RECORDS_IN_CHUNK:
            yield Chunk(records_table(records) if records else None, tuple(bad))
            records, bad = [], []
    yield Chunk(records_table(records) if records else None, tuple(bad))


def _is_valid(text: str) -> bool:
    """Whether no byte was undecodable (those become lone surrogates)."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def _walk_all(text: _Text, selection: Selection) -> Iterator[FlatRecord | NoObject | _Broken]:
    while text.peek():
        yield from _walk(text, selection, selection.steps, ())
        if text.peek() == ",":  # between values in a row: some exports write "…},\n{…"
            text.position += 1


def _walk(
    text: _Text, selection: Selection, steps: tuple[Step, ...], above: tuple[Value, ...]
) -> Iterator[FlatRecord | NoObject | _Broken]:
    """Walk the value that comes next along *steps* to the first list on the way, and yield what lies in it."""
    opening = text.peek()
    if opening == "[":
        yield from _elements(text, selection, steps, above)
    elif opening == "{" and steps:
        yield from _members(text, selection, steps, above)
    else:
        begin = text.place
        try:
            value = text.value()
        except BrokenJson as broken:
            yield _Broken(begin, text.rest(), str(broken))
        else:
            yield from _select(text, value, begin, selection, steps, above)


def _select(
    text: _Text, value: Value, begin: int, selection: Selection, steps: tuple[Step, ...], above: tuple[Value, ...]
) -> Iterator[FlatRecord | NoObject | _Broken]:
    if text.is_text():
        yield from select_records(value, steps, selection.carry, above)
    else:
        yield _Broken(begin, text.window[text.start : text.position], "holds bytes that are not valid in its encoding")


def _members(
    text: _Text, selection: Selection, steps: tuple[Step, ...], above: tuple[Value, ...]
) -> Iterator[FlatRecord | NoObject | _Broken]:
    """Walk an object to the member that the first step names; small members before it can be carried."""
    seen: dict[str, Value] = {}
    begin = text.place
    text.position += 1
    try:
        while text.peek() != "}":
            member = text.value()
            if text.peek() != ":" or not isinstance(member, str):
                raise BrokenJson("broken JSON (a name and a colon are expected)", text.position)  # noqa: TRY301
            text.position += 1
            if member == steps[0].name:
                yield from _walk(text, selection, steps[1:], (*above, seen))
            elif text.peek() == "[":
                if text.skip(keep_characters=0) is None:
                    raise BrokenJson("broken JSON (a list does not end)", text.position)  # noqa: TRY301
            else:
                seen[member] = text.value()
            if text.peek() == ",":
                text.position += 1
            elif text.peek() != "}":
                raise BrokenJson("broken JSON (a comma or the end of the object is expected)", text.position)  # noqa: TRY301
        text.position += 1
    except BrokenJson as broken:
        yield _Broken(begin, text.rest(), str(broken))


def _elements(
    text: _Text, selection: Selection, steps: tuple[Step, ...], above: tuple[Value, ...]
) -> Iterator[FlatRecord | NoObject | _Broken]:
    """Yield what lies in the elements of a list, one decoded at a time."""
    text.position += 1
    first_member: str | None = None
    while (opening := text.peek()) != "]":
        begin = text.place
        if not opening:
            yield _Broken(begin, "", "the list does not end: the file is truncated")
            return
        try:
            value = text.value()
        except BrokenJson as broken:
            yield _Broken(begin, _skip_broken(text, first_member), str(broken))
            if not text.peek():
                return
        else:
            first_member = next(iter(value), None) if isinstance(value, dict) else first_member
            yield from _select(text, value, begin, selection, steps, above)
        if text.peek() == ",":
            text.position += 1
    text.position += 1


def _skip_broken(text: _Text, first_member: str | None) -> str:
    """
    Go past a broken element to where the next one begins, and return its text; all the rest when none is found.

    By its brackets when they are balanced; else to the next object that begins with the same member as the last good
    one did, so that an object inside the broken element is not taken for an element.
    """
    skipped = text.skip(keep_characters=ELEMENT_LIMIT_CHARACTERS)
    if skipped is not None:
        return skipped
    bare = _BARE.match(text.window, text.position)
    if bare is not None:
        text.position = bare.end()
        return bare[0]
    beginning = re.compile(r'\{[ \t\r\n]*"' + (re.escape(first_member) + '"' if first_member else ""))
    seen = 0
    while True:
        for match in _NEXT_OBJECT.finditer(text.window, text.position + seen):
            if beginning.match(text.window, match.end()):
                broken = text.window[text.position : match.start() + 1]
                text.position = match.end()
                return broken
        seen = max(len(text.window) - text.position - 4096, 0)
        if len(text.window) - text.position > ELEMENT_LIMIT_CHARACTERS or not text.more():
            return text.rest()
