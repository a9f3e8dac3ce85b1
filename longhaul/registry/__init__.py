"""Registered models: versions, promotion, corrections, ledger, lock, legacy stages, garbage collection."""
