"""The packaged model: predictor, predictions with their provenance, corrections, MLflow's loader."""
