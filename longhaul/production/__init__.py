"""A registered model in production: history, monitoring, recalibration, metrics, alerts."""
