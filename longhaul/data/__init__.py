"""Sources, columns as they are written, periods, tables on disk, windows, the data contract."""
