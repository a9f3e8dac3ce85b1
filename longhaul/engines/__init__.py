"""Engines that ingest, check, score, count and search: this machine, or a Spark cluster."""
