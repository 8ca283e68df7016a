"""Rule files: Outlay's own packs, and rules of Firefly III and Actual Budget.

The readers and converters are pure: they turn a document into bodies as the API takes them, and list omitted parts.
The service `rules.services.exchange` imports and exports.
"""
