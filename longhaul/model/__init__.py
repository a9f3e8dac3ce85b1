"""The packaged model: predictor, predictions with their provenance, MLflow's loader."""
