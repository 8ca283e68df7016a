"""Outlay's tests: they speak to HTTP, to a service, or to a pure module."""
