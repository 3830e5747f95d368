"""
An invented youth movement to try it all on: its people, the nine services that know them, and the truth about who is who.

Reproducible: the same number of people and the same seed give the same world. Nobody in it exists: phones come from codes that no
operator holds, e-mail addresses from a top-level domain that no name server answers for, insurance numbers from a range not
yet issued. The rates of every kind of dirt stand in `rates`. Nothing of the warehouse depends on this room.
"""

from rddm.demo.postgres import load_postgres
from rddm.demo.project_files import write_project
from rddm.demo.rest import REST_TOKEN, REST_TOKEN_VARIABLE, serve_rest
from rddm.demo.services import write_services
from rddm.demo.world import World, invent_world

__all__ = [
    "REST_TOKEN",
    "REST_TOKEN_VARIABLE",
    "World",
    "invent_world",
    "load_postgres",
    "serve_rest",
    "write_project",
    "write_services",
]
