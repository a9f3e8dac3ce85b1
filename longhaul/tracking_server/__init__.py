"""The tracking server: settings, authentication and roles, process, backup."""
