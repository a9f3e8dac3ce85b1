"""A registered model in production: history, monitoring session, period metrics, alerts."""
