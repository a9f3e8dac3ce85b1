"""The engines that do the work on tables: this machine's processors, or a Spark cluster."""

LOCAL, SPARK = "local", "spark"
ENGINES = (LOCAL, SPARK)
