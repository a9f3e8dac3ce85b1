"""Engine of a Spark cluster; nothing of pyspark is imported unless it is asked for."""
