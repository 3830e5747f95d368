"""
The words that every room shares: ids, errors, the batches that sources yield, the tables that stages exchange.

Imports nothing of ours. No behaviour beyond what a word needs to mean something.
"""
