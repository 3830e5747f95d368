"""
The demo's world at any size: records of nine services about up to fifteen million people, for measuring.

The same people, services and rates (`rddm.demo.rates`) as in the demo, without its events and its second day, made in columns
instead of one by one. What happens to whom is drawn by address (`chance`), so that the result depends neither on threads nor
on how the work is cut. Nothing else of the demo depends on this room.
"""

from rddm.demo.multitude.files import Counts, write_multitude

__all__ = ["Counts", "write_multitude"]
