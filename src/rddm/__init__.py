"""
RDDM Data Warehouse: many services in, one explained profile per person out.

The rooms and the direction of imports between them: ``docs/explanation/architecture.md``.
"""

__version__ = "0.1.0"
