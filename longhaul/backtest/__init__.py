"""Policies of retraining, compared over past periods."""
