"""One thin module per entry point of MLproject."""
