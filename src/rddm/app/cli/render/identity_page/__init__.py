"""
The report on identity as a page: one file of HTML with its style and its charts in it, and nothing fetched from anywhere.

The charts are SVG that is written here and not a chart library's output: so they take their colours from the page's style
sheet and turn dark and light with it, print as they are, are the same text on every machine, and the command needs no browser
engine to draw two kinds of axes. `charts` draws, `tables` tells in rows, `page` puts together; ``page.html`` and ``style.css``
are what they fill.
"""

from rddm.app.cli.render.identity_page.page import identity_page

__all__ = ["identity_page"]
