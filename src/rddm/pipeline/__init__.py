"""
The order of things: a run reads sources, conforms, resolves, curates and publishes. The only room that knows it.

Stages say what to ask, `rddm.store` says where; here the queries are run and transactions are drawn around them.
"""
