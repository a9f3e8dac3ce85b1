"""Registered models: versions, promotion, ledger, lock, legacy stages, garbage collection."""
