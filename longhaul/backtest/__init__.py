"""Backtest of remedies: past periods run again under policies of recalibrating and retraining."""
