"""The processes of an instance: web server, workers, their supervisor, and what they do beside requests."""
