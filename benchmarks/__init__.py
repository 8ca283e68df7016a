"""Figures: one command each; product and anchor in the same run, ratios printed. CPU time, medians."""
