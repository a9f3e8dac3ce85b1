"""A model server started, asked, compared with batch predictions, timed and stopped."""
