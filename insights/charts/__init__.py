"""Charts as SVG and PNG. `drawing` draws a `Chart`; the other modules make one of a report's body.

Pure: no database, no settings, no network. May import nothing of the project but itself.
"""
