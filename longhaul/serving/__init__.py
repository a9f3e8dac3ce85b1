"""Live service: workers, live model, authentication, write-ahead log and prediction log."""
