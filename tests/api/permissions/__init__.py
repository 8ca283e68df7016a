"""Who may do what: every operation of the OpenAPI document as every role, and every id that a request can name."""
