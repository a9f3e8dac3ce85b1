"""The watch: cycles of live traffic, run as periods close and outcomes arrive."""
