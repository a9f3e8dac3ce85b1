"""The encoder: one float32 matrix, the same in training, batch scoring, Spark and service."""
