"""
YAML on disk -> frozen, typed settings; the default model; what follows from settings alone (order, hashes, reference).

`load.load_project` is the way in. Reads the project's own files and the shipped default model; touches no data, opens
no connection, and takes the environment as an argument. Every problem names file, line, key and fix.
"""
