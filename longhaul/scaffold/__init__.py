"""A problem file inferred from an unknown table."""
