"""Which format a file is in and how its text is written: by its name, then by how it begins."""

from __future__ import annotations

import csv
import re

from rddm.project.settings import Connector, FileConnector, SqlConnector
from rddm.sources.files.delimited import Dialect
from rddm.sources.json_text import BrokenJson, decode_at

SUFFIXES = {
    "csv": "csv", "tsv": "tsv", "tab": "tsv", "json": "json", "geojson": "json", "jsonl": "jsonl", "ndjson": "jsonl",
    "xml": "xml", "xlsx": "xlsx", "xlsm": "xlsx", "xlsb": "xlsx", "xls": "xlsx", "ods": "xlsx",
    "parquet": "parquet", "pq": "parquet",
}  # fmt: skip
TABLES = frozenset({"csv", "tsv", "xlsx", "parquet"})
"""Formats that name their columns whatever the records hold."""
DELIMITERS = ",;\t|"
SNIFFED_LINES = 100


def suffix_of(name: str) -> str:
    """Return the last suffix that says something of the content, in lower case, without a ``.gz``."""
    return name.lower().removesuffix(".gz").rpartition("/")[2].rpartition(".")[2]


def format_by_name(name: str) -> str | None:
    """Return the format that the name tells, if it does."""
    return SUFFIXES.get(suffix_of(name))


def is_table(connector: Connector) -> bool:
    """Whether what *connector* reads surely has all of its columns in every delivery; records of JSON bring their own."""
    if isinstance(connector, FileConnector):
        return (connector.format or format_by_name(connector.path or "")) in TABLES
    return isinstance(connector, SqlConnector)


def format_by_content(head: bytes) -> str:
    """Return the format of a file that begins with *head*; delimited text when nothing speaks for another one."""
    if head.startswith(b"PAR1"):
        return "parquet"
    if head.startswith((b"PK\x03\x04", b"\xd0\xcf\x11\xe0")):
        return "xlsx"
    text = head.removeprefix(b"\xef\xbb\xbf").lstrip()
    if text.startswith(b"<"):
        return "xml"
    if text.startswith((b"{", b"[")):
        return "jsonl" if is_json_lines(text) else "json"
    return "csv"


def is_json_lines(head: bytes) -> bool:
    """Whether the first line is a whole object and the next one, if there is one, begins another."""
    lines = [line for line in head.splitlines() if line.strip()]
    if not lines or not lines[0].lstrip().startswith(b"{"):
        return False
    try:
        text = lines[0].decode("utf-8", errors="replace").strip()
        _, end = decode_at(text, 0)
    except BrokenJson:
        return len(lines) > 1 and lines[0].rstrip().endswith(b"}") and lines[1].lstrip().startswith(b"{")
    return end == len(text) and (len(lines) == 1 or lines[1].lstrip().startswith(b"{"))


def is_html(head: bytes) -> bool:
    """Whether this is a web page, as services send instead of data when something is wrong with them."""
    return re.match(rb"(?:\xef\xbb\xbf)?\s*(?:<!doctype html|<html|<head|<body)", head, re.IGNORECASE) is not None


def detect_dialect(sample: bytes, encoding: str, connector: FileConnector, file_format: str) -> Dialect:
    """Return how a delimited text that begins like *sample* is written; what the settings say goes before."""
    newline = b"\n" if b"\n" in sample or b"\r" not in sample else b"\r"
    lines = sample.decode(encoding, errors="replace").removeprefix("\ufeff").splitlines()
    lines = [line for line in lines[connector.skip_rows : connector.skip_rows + SNIFFED_LINES] if line.strip()]
    delimiter = connector.delimiter or ("\t" if file_format == "tsv" else _delimiter(lines, connector.quote))
    return Dialect(
        delimiter={"\\t": "\t", "tab": "\t"}.get(delimiter, delimiter),
        quote=connector.quote,
        encoding=encoding,
        newline=newline,
        header_rows=1 if connector.header_rows is None else connector.header_rows,
        skip_rows=connector.skip_rows,
        is_header_sure=connector.header_rows is not None,
    )


def _delimiter(lines: list[str], quote: str) -> str:
    """Return the delimiter that splits most lines into as many values as the first one, and into the most."""
    scores = {}
    for delimiter in DELIMITERS:
        counts = [len(row) for row in csv.reader(lines, delimiter=delimiter, quotechar=quote)]
        agreeing = sum(count == counts[0] for count in counts) if counts and counts[0] > 1 else 0
        scores[delimiter] = (round(agreeing / max(len(counts), 1), 1), counts[0] if counts else 0)
    best = max(DELIMITERS, key=lambda delimiter: scores[delimiter])
    return best if scores[best][0] > 0 else ","
