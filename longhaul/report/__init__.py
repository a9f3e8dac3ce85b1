"""Pages about life cycles, production and backtests, from the tracking store alone."""
