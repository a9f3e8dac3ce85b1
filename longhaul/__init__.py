"""Longhaul keeps a model good for the long haul."""
