"""Smoke test: start a model server, compare it with batch predictions, time it, stop it."""
