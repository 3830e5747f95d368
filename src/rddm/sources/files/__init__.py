"""
The connector for files: places (disk, S3), unpacking, encodings, and a parser per format.

Every parser yields chunks of records together with the pieces that are none, in bounded memory where the format allows.
"""

from rddm.sources.files.source import FileSource

__all__ = ["FileSource"]
