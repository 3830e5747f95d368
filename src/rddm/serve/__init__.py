"""
Serve: what leaves the engine room - publication to PostgreSQL, and everything that answers a reader.

Reads golden tables, never raw data; writes only schemas ``warehouse`` (the shop window) and ``matching`` (what look-ups need).
"""
