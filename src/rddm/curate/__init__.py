"""
Curate: of all the values that sources deliver about one person, which one stands - and where it came from.

Pure: functions from settings to queries. `rddm.pipeline.curating` runs them.
"""
