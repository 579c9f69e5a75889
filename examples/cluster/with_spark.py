"""Enhance the pictures under a URL or path by Spark: spark-submit with_spark.py SOURCE OUTPUT

It needs Java and, beside scotopic: pip install pyspark
Each task of Spark is to have the processors that the network has threads: one, unless
spark.task.cpus says more.
"""

import sys

try:
    from pyspark.sql import SparkSession
except ImportError:
    sys.exit("this needs Spark; pip install pyspark")

from scotopic.cloud.locations import names, target_of
from scotopic.jobs.settings import Settings


def enhanced(pairs):
    """What became of the pictures of a partition, one by one."""
    from scotopic import Enhancer
    from scotopic.cloud.step import enhance_object

    with Enhancer(threads=1) as enhancer:  # one network for each partition
        for source, target in pairs:
            outcome = enhance_object(enhancer, source, target, Settings())
            reason = str(outcome.error) if outcome.error else None
            yield source, target, outcome.status, reason


def run(spark, source, output, in_partition=200):
    """A table with a row for each picture."""
    pairs = [(name, target_of(name, source, output, Settings())) for name in names(source)]
    partitions = max(1, len(pairs) // in_partition)
    outcomes = spark.sparkContext.parallelize(pairs, partitions).mapPartitions(enhanced)
    columns = "source string, target string, status string, reason string"
    return spark.createDataFrame(outcomes, columns)


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit("usage: spark-submit with_spark.py SOURCE OUTPUT")
    session = SparkSession.builder.appName("scotopic").getOrCreate()
    report = run(session, *sys.argv[1:]).cache()
    report.groupBy("status").count().show()
    report.where("status = 'failed'").show(truncate=False)
    session.stop()
