"""
Conform: a source's columns become the model's fields; values are cleaned and checked; every version finds its one place.

Pure: functions from settings to queries, and from a delivered text to a proven value. Nothing is run and no file is read
here; `rddm.pipeline.conforming` runs the queries.
"""
