"""The live service: workers, live model, middleware, write-ahead log, prediction log."""
