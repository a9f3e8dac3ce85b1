"""Figures drawn from data."""
