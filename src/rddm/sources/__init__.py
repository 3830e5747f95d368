"""
Connectors: a source in, Arrow batches and a cursor out. Files, SQL databases, REST services, and classes of your own.

What is delivered is passed on to the letter. Nothing here knows the model, the lake or the order of a run. A piece that
is no record becomes an `Unreadable` of its batch; only a source that cannot be read as a whole raises `SourceError`.
"""

from rddm.sources.open import open_source
from rddm.sources.protocol import BatchLimits, Source

__all__ = ["BatchLimits", "Source", "open_source"]
