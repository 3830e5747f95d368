"""
The front ends - command line now, API and console later - and the one place that builds the real things (`rddm.app.wire`).
"""
