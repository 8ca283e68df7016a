"""Rule files: Outlay's own packs, and rules of Firefly III and Actual Budget.

The readers and converters are pure: a document in, bodies as the API takes them out, with a list of omitted parts.
Importing and exporting is done by `rules.services.exchange`.
"""
