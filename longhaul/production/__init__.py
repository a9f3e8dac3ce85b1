"""A registered model in production: history, monitoring session, recalibration, period metrics, alerts."""
