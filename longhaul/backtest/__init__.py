"""Backtest of retraining policies over past periods."""
