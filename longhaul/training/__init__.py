"""Candidates, and the search for their settings: trials, suggestions, objective."""
