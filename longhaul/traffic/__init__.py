"""Live traffic: the prediction log, and its periods joined with ground truth."""
