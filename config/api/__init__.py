"""The HTTP side of every app: errors, pages of lists, middleware, health checks and the OpenAPI document."""
