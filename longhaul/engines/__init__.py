"""Engines that read, count and score tables: this machine, or a Spark cluster."""
