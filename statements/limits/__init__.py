"""A child process for parsers whose memory or time a file could exhaust."""
