"""Registered models: versions, promotion, corrections, ledger, lock, stages, garbage collection."""
