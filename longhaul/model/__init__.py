"""The packaged model: predictor, predictions, corrections of their level, MLflow's loader."""
