"""Charts as SVG and PNG, drawn here. What is drawn is said by a `Chart`; how, is known to `drawing` alone.

Pure: no database, no settings, no network. May import nothing of the project but itself.
"""

from insights.charts.chart import Chart, Line

__all__ = ["Chart", "Line"]
