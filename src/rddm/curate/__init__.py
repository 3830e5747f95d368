"""
Curate: of all the values that sources deliver about one person, which one stands - and where it came from.

Pure: tables of records in, golden rows out, and the queries around them. `rddm.pipeline.curating` runs them, part by part.
"""
