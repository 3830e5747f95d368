"""What types alone cannot say about a connector, and that no secret is written in a file."""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

from pydantic import BaseModel, SecretStr

from rddm.contracts.errors import ConfigurationProblem
from rddm.project.document import Node
from rddm.project.settings import CustomConnector, FileConnector, RestConnector, SourceEntity, SqlConnector

DATABASES = ("postgresql", "postgres", "mysql", "mariadb", "sqlite")
TABS = ("\\t", "tab")
SECRET_PARAMETER = re.compile(
    r"(?i)(?:.*[_-])?(?:token|secret|password|passwd|pwd|auth|authorization|signature|sig|credentials?|api[_-]?key)"
    r"|(?:access|secret|private)[_-]?key|key"
)
SECRET_HEADER = re.compile(r"(?i).*(auth|token|secret|key|cookie|password).*")


def connector_problems(entity: SourceEntity, place: Node, root: Path) -> Iterator[ConfigurationProblem]:
    """Yield what is wrong with the connector of *entity*, which was read from *place*."""
    connector, node = entity.connector, place.entries["connector"]
    match connector:
        case FileConnector():
            if not connector.path:
                yield place.problem("it is not said which files to read.", "Write `read: {path: …}`.")
            yield from _text_problems(connector, node)
        case SqlConnector():
            yield from _sql_problems(connector, node, place)
        case RestConnector():
            yield from _rest_problems(connector, node)
        case CustomConnector():
            yield from _custom_problems(connector, node, root)
    cursor_column = getattr(connector, "cursor_column", None)
    if entity.mode == "snapshot" and cursor_column is not None:
        yield node.entries["cursor_column"].problem(
            "a snapshot delivers everything that exists, and a cursor only what is new.",
            "Take one out, or all that did not change would count as deleted.",
        )
    yield from written_secrets(connector, node)


def _text_problems(connector: FileConnector, node: Node) -> Iterator[ConfigurationProblem]:
    if connector.encoding and not _is_encoding(connector.encoding):
        yield node.entries["encoding"].problem(
            "there is no such encoding.", "Usual ones are utf-8, cp1251 and utf-16; left out, it is detected."
        )
    delimiter = connector.delimiter
    if delimiter is not None and delimiter not in TABS and not _separates(delimiter):
        yield node.entries["delimiter"].problem(
            "a delimiter is one character, and no line end.", "Write `tab` for a tabulator; left out, it is detected."
        )
    if not _separates(connector.quote) or connector.quote == delimiter:
        yield node.entries["quote"].problem("a quote is one character, and not the delimiter.", "")


def _separates(text: str) -> bool:
    return len(text) == 1 and text not in "\0\n\r"


def _is_encoding(name: str) -> bool:
    try:
        return codecs.lookup(name)._is_text_encoding  # noqa: SLF001 - nothing public tells base64 from an encoding
    except (LookupError, ValueError):
        return False


def _sql_problems(connector: SqlConnector, node: Node, place: Node) -> Iterator[ConfigurationProblem]:
    if (connector.table is None) == (connector.query is None):
        said = "both table and query are given." if connector.table else "it is not said what to read."
        yield place.problem(said, "Write `read: {table: …}` or `read: {query: …}`.")
    url = node.entries["url"]
    if not url.unknown and connector.url.get_secret_value().partition("://")[0] not in DATABASES:
        yield url.problem("this is no database we know.", "It begins with postgresql://, mysql:// or sqlite:///.")


def _rest_problems(connector: RestConnector, node: Node) -> Iterator[ConfigurationProblem]:
    url = node.entries["url"]
    if not url.unknown and not connector.url.startswith(("http://", "https://")):
        yield url.problem("this is no address of a service.", "It begins with https://.")
    # A service's address is shown, so it is no secret as a whole, and nothing in it may be one.
    if not url.from_environment and _holds_secret(connector.url):
        yield _written_secret(url)
    path = node.entries.get("path")
    if path is not None and not path.from_environment and _holds_secret(connector.path):
        yield _written_secret(path)
    for name, parameter in node.entries["parameters"].entries.items() if connector.parameters else ():
        if SECRET_PARAMETER.fullmatch(name) and not parameter.from_environment:
            yield _written_secret(parameter)
    if connector.pagination == "cursor" and connector.next_cursor is None:
        yield node.entries["pagination"].problem(
            "it is not said where the next cursor lies.", "Give its dotted path under `next_cursor`."
        )
    if connector.since_parameter is not None and connector.cursor_column is None:
        yield node.entries["since_parameter"].problem(
            "it is not said which column's highest value it takes.", "Name it under `cursor_column`."
        )


def _custom_problems(connector: CustomConnector, node: Node, root: Path) -> Iterator[ConfigurationProblem]:
    file = node.entries["file"]
    if file.unknown:
        return
    path = (root / connector.file).resolve()
    if not path.is_relative_to(root.resolve()):
        yield file.problem("the file lies outside the project.", "Put it into the project's folder.")
    elif not path.is_file():
        yield file.problem("there is no such file in the project.", "Write it, or correct the name.")
    if not connector.name.isidentifier():
        yield node.entries["name"].problem("this is no name of a Python class.", "")


def written_secrets(settings: BaseModel, node: Node) -> Iterator[ConfigurationProblem]:
    """Yield the secrets of *settings* and below that stand in the file itself; of addresses, those with a password."""
    for name in type(settings).model_fields:
        written, value = node.entries.get(name), getattr(settings, name)
        if written is None:
            continue
        if isinstance(value, BaseModel):
            yield from written_secrets(value, written)
        elif isinstance(value, SecretStr):
            if _is_secret(name, value) and not written.from_environment:
                yield _written_secret(written)
        elif isinstance(value, dict):
            for key, entry in value.items():
                is_secret = isinstance(entry, SecretStr) and SECRET_HEADER.fullmatch(str(key))
                if is_secret and not written.entries[key].from_environment:
                    yield _written_secret(written.entries[key])


def _is_secret(name: str, value: SecretStr) -> bool:
    return name != "url" or _holds_secret(value.get_secret_value())


def _holds_secret(url: str) -> bool:
    try:
        address = urlsplit(url)
        return bool(address.password) or any(SECRET_PARAMETER.fullmatch(name) for name in parse_qs(address.query))
    except ValueError:
        return True  # an address that cannot be taken apart may hold one


def _written_secret(node: Node) -> ConfigurationProblem:
    return node.problem("a secret stands in the file.", "Write `${NAME}` and set NAME in the environment.")
