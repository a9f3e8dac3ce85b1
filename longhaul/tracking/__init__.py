"""MLflow runs: artifacts, datasets, logged models, trials, tags, process owners."""
