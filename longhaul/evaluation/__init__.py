"""The gate and its evidence: intervals, threshold, slices, attributions."""
