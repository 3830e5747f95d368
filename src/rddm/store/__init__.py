"""
The lake, the database and the locks: the only room that talks to them.

It opens connections, makes tables, guards transactions. What is in the tables is for other rooms to decide.
"""
