"""Where files lie, on disk or in S3: which there are, how to tell that one changed, and their bytes."""

from __future__ import annotations

import fnmatch
import glob
import hashlib
import io
import os
import re
import stat
import tempfile
import weakref
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Protocol, cast

import obstore
from obstore.exceptions import BaseError as ObjectStoreError
from obstore.store import S3Store
from pydantic import SecretStr

from rddm.contracts.batches import Json
from rddm.project.settings import FileConnector
from rddm.sources.files.bytestream import PIECE_BYTES

Stamp = dict[str, Json]
"""What changes when a file does: its size, and when it was modified or its entity tag."""

GLOB = re.compile(r"[*?\[]")


class Unreachable(Exception):
    """A place or file cannot be opened; the text says why, without secrets."""


class Missing(Unreachable):
    """It is not there."""


@dataclass(frozen=True)
class StoredFile:
    r"""
    A file as it lies there, before any unpacking. ``name`` is its path as the settings would write it, bytes in it that are
    no UTF-8 written as ``\xff``; ``trouble`` says why there is nothing to read.
    """

    name: str
    stamp: Stamp
    size_bytes: int
    path: Path = Path()
    trouble: str = ""


class Place(Protocol):
    """Disk and S3 stand in for each other."""

    def list(self) -> list[StoredFile]:
        """Return the files there are, in name order; raise `Unreachable`."""
        ...

    def pieces(self, file: StoredFile) -> Iterator[bytes]:
        """Yield the file's bytes from its beginning; raise `Unreachable`."""
        ...

    def open(self, file: StoredFile) -> IO[bytes]:
        """Return the file opened for reading at any position; raise `Unreachable`."""
        ...

    def checksum(self, file: StoredFile) -> str:
        """Return the sha256 of a file whose stamp can change while its content does not; empty where it tells both."""
        ...


def open_place(root: Path, connector: FileConnector) -> Place:
    """Return the place that the connector's path names; raise `Unreachable` when it names none."""
    if not connector.path:
        raise Unreachable("no path is given")
    return S3(connector) if connector.path.startswith("s3://") else Disk(root, connector.path)


class Disk:
    """Files that a path or glob, relative to *root*, finds; a folder means all files in it."""

    def __init__(self, root: Path, path: str) -> None:
        self._root, self._path = root, path

    def list(self) -> list[StoredFile]:
        path = self._root / self._path
        if path.is_dir():
            found = [item for item in path.iterdir() if not item.name.startswith(".")]
        elif path.exists() or not GLOB.search(self._path):
            return [self._named(path)]
        else:
            self._check_folder()
            found = [Path(item) for item in glob.glob(str(path), recursive=True)]  # noqa: PTH207 - takes absolute ones
            if "**" in self._path:
                found = _each_once(found)
        return sorted((self._stored(item) for item in found if not item.is_dir()), key=lambda file: file.name)

    def _named(self, path: Path) -> StoredFile:
        file = self._stored(path)
        if file.trouble:
            kind = Unreachable if path.exists() else Missing
            raise kind(f"{file.name}: {file.trouble}")
        return file

    def _check_folder(self) -> None:
        fixed = Path(GLOB.split(self._path)[0] + "x").parent
        if not (self._root / fixed).is_dir():
            raise Missing(f"there is no folder {fixed}")

    def _stored(self, path: Path) -> StoredFile:
        inside = path.relative_to(self._root) if path.is_relative_to(self._root) else path
        name = os.fsencode(inside.as_posix()).decode("utf-8", errors="backslashreplace")
        try:
            status = path.stat()
        except FileNotFoundError:
            reason = "a link to a file that is not there" if path.is_symlink() else "there is no such file"
            return StoredFile(name, {}, 0, path, reason)
        except OSError as error:
            reason = "a link to a file that cannot be read" if path.is_symlink() else str(error.strerror)
            return StoredFile(name, {}, 0, path, reason)
        stamp: Stamp = {"size": status.st_size, "modified": status.st_mtime_ns}
        # A pipe would never end, or never begin.
        trouble = "" if stat.S_ISREG(status.st_mode) else "no file but a pipe, a socket or a device"
        return StoredFile(name, stamp, status.st_size, path, trouble)

    def pieces(self, file: StoredFile) -> Iterator[bytes]:
        try:
            with self.open(file) as opened:
                while piece := opened.read(PIECE_BYTES):
                    yield piece
        except OSError as error:
            raise Unreachable(f"{file.name}: {error.strerror}") from None

    def open(self, file: StoredFile) -> IO[bytes]:
        try:
            return file.path.open("rb")
        except OSError as error:
            raise Unreachable(f"{file.name}: {error.strerror}") from None

    def checksum(self, file: StoredFile) -> str:
        try:
            with file.path.open("rb") as opened:
                return hashlib.file_digest(opened, "sha256").hexdigest()
        except OSError as error:
            raise Unreachable(f"{file.name}: {error.strerror}") from None


def _each_once(found: list[Path]) -> list[Path]:
    """Return each file by one of its paths, its own if that is among them: ``**`` follows a link to a folder above for ever."""
    by_file: dict[str, Path] = {}
    for path in sorted(found, key=lambda path: (os.path.realpath(path) != str(path), len(path.parts), str(path))):
        by_file.setdefault(os.path.realpath(path), path)
    return list(by_file.values())


class S3:
    """Objects of a bucket under a prefix or glob; a path that ends with a slash means all below it."""

    def __init__(self, connector: FileConnector) -> None:
        bucket, _, self._pattern = (connector.path or "").removeprefix("s3://").partition("/")
        self._prefix = f"s3://{bucket}/"
        self._copied: tuple[StoredFile, _Copy] | None = None
        endpoint = connector.s3_endpoint
        self._store = S3Store(
            bucket,
            region=connector.s3_region,
            access_key_id=_secret(connector.s3_access_key),
            secret_access_key=_secret(connector.s3_secret_key),
            skip_signature=connector.s3_access_key is None,
            virtual_hosted_style_request=False,
            client_options={"allow_http": bool(endpoint and endpoint.startswith("http://"))},
            retry_config={"max_retries": 5},
            endpoint=endpoint or f"https://s3.{connector.s3_region}.amazonaws.com",
        )

    def list(self) -> list[StoredFile]:
        fixed = GLOB.split(self._pattern)[0]
        folder = fixed if not GLOB.search(self._pattern) and fixed.endswith("/") else fixed.rpartition("/")[0]
        try:
            found = [entry for page in obstore.list(self._store, prefix=folder or None) for entry in page]
        except (ObjectStoreError, OSError) as error:
            raise Unreachable(f"{self._prefix}{self._pattern}: {_reason(error)}") from None
        files = [
            StoredFile(
                entry["path"],
                {"size": entry["size"], "etag": entry["e_tag"] or entry["last_modified"].isoformat()},
                entry["size"],
            )
            for entry in found
            if self._matches(entry["path"])
        ]
        if not files and not GLOB.search(self._pattern) and not self._pattern.endswith("/"):
            raise Missing(f"{self._prefix}{self._pattern}: there is no such object")
        return sorted(
            (StoredFile(self._prefix + file.name, file.stamp, file.size_bytes) for file in files),
            key=lambda file: file.name,
        )

    def _matches(self, path: str) -> bool:
        if not GLOB.search(self._pattern):
            return path.startswith(self._pattern) if self._pattern.endswith("/") else path == self._pattern
        if "**" in self._pattern:
            return fnmatch.fnmatchcase(path, self._pattern)
        same_depth = path.count("/") == self._pattern.count("/")
        return same_depth and fnmatch.fnmatchcase(path, self._pattern)

    def pieces(self, file: StoredFile) -> Iterator[bytes]:
        try:
            for piece in obstore.get(self._store, file.name.removeprefix(self._prefix)).stream(PIECE_BYTES):
                yield bytes(piece)
        except (ObjectStoreError, OSError) as error:
            raise Unreachable(f"{file.name}: {_reason(error)}") from None

    def open(self, file: StoredFile) -> IO[bytes]:
        """
        Return the object, copied to a temporary file first, once for all times it is opened in a row.

        Not by ranges: some servers answer them in a way that the client refuses.
        """
        if self._copied is None or self._copied[0] != file:
            self._copied = (file, _Copy(self.pieces(file)))
        return cast("IO[bytes]", io.BufferedReader(_View(self._copied[1]), PIECE_BYTES))

    def checksum(self, file: StoredFile) -> str:
        del file
        return ""  # an entity tag is of the content


class _Copy:
    """A temporary file without a name; it goes when nobody needs it any more."""

    def __init__(self, pieces: Iterator[bytes]) -> None:
        self.descriptor, path = tempfile.mkstemp()
        weakref.finalize(self, os.close, self.descriptor)
        os.unlink(path)  # noqa: PTH108 - a path of the moment
        self.size_bytes = 0
        for piece in pieces:
            os.write(self.descriptor, piece)
            self.size_bytes += len(piece)


class _View(io.RawIOBase):
    """A copy as a file with a position of its own, so that it can be read in several places at once."""

    def __init__(self, copy: _Copy) -> None:
        self._copy, self._position = copy, 0

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        begin = {io.SEEK_SET: 0, io.SEEK_CUR: self._position, io.SEEK_END: self._copy.size_bytes}[whence]
        self._position = begin + offset
        return self._position

    def tell(self) -> int:
        return self._position

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]  # the stub's Buffer has no length
        content = os.pread(self._copy.descriptor, len(buffer), self._position)
        buffer[: len(content)] = content
        self._position += len(content)
        return len(content)


def _secret(value: SecretStr | None) -> str | None:
    return value.get_secret_value() if value else None


def _reason(error: Exception) -> str:
    """Return the kind of trouble in words; the store's own text can hold a signed address."""
    known = {
        "NotFoundError": "there is no such bucket or object",
        "PermissionDeniedError": "access is denied; check the keys",
        "UnauthenticatedError": "the keys are not accepted",
    }
    return known.get(
        type(error).__name__, f"the object store cannot be reached or answers with an error ({type(error).__name__})"
    )
