"""From a connector's settings to the source that they describe."""

from __future__ import annotations

from pathlib import Path

from rddm.project.settings import Connector, CustomConnector, FileConnector, RestConnector, SqlConnector
from rddm.sources.custom import CustomSource
from rddm.sources.files import FileSource
from rddm.sources.protocol import Source
from rddm.sources.rest import RestSource
from rddm.sources.sql import SqlSource


def open_source(root: Path, source: str, entity: str, connector: Connector) -> Source:
    """
    Return the source of *entity* of *source*; nothing is reached or read before its methods are called.

    *root* is the project's folder, which relative paths are relative to.
    """
    match connector:
        case FileConnector():
            return FileSource(root, source, entity, connector)
        case SqlConnector():
            return SqlSource(root, source, entity, connector)
        case RestConnector():
            return RestSource(source, entity, connector)
        case CustomConnector():
            return CustomSource(root, source, entity, connector)
