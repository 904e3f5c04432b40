# SPDX-License-Identifier: MIT
#
# wordcount - how Spark counts words on its own: `spark-submit wordcount.py INPUT OUTPUT`.
import sys

from pyspark.sql import SparkSession
from pyspark.sql.functions import col, concat_ws, explode, split

spark = SparkSession.builder.appName("wordcount").getOrCreate()
lines = spark.read.text(sys.argv[1])
words = lines.select(explode(split("value", "[ \t\x0b\x0c\r]+")).alias("word"))
counts = words.where(col("word") != "").groupBy("word").count()
counts.select(concat_ws("\t", "word", "count").alias("value")).write.text(sys.argv[2])
spark.stop()
