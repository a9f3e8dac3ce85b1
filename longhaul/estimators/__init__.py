"""Model families and their estimators, single-row prediction, pruning of trials."""
