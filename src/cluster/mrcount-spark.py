#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
#
# mrcount-spark - mrcount as the map and the reduce of a Spark job, run by spark-submit.
#
# The lines of all PATHs go through `mrcount --escape --bundle=N --sort=none`, one process a
# partition; its lines, bundles of many keys for one of N reducers, are shuffled and go through
# `mrcount --merge --unbundle`, one process a reducer. All of that is in Spark's own processes: no
# Python sees a line.
#
# A String of Spark is text, but keys are bytes. So the bytes of each line become the characters
# U+0000 to U+00FF of a String (ISO 8859-1), travel as such, and become bytes again at the pipes
# and in the output. What Spark's reader would take for the end of a line within a key, a carriage
# return, is escaped there. Spark's pipes on the side of the JVM, unlike those of Python's RDD.pipe,
# fail the task when a child ends with a status other than 0.
import argparse
import os
import shutil
import sys

LATIN = "ISO-8859-1"
MOST_BUNDLES = 4096  # of mrcount


class Refuse(argparse.Action):
    """An option of mrcount that cannot be meant here."""

    def __call__(self, parser, namespace, values, option_string=None):
        parser.error(f"{option_string}: {self.metavar}")


def options(arguments):
    parser = argparse.ArgumentParser(
        prog="mrcount-spark",
        usage="spark-submit mrcount-spark.py [OPTION]... PATH... OUTPUT",
        description="Counts the tokens in all PATHs, which are whatever Spark reads text from, and "
        "writes KEY<TAB>COUNT lines into the new directory OUTPUT, each key in one of its files. "
        "`mrcount --merge --unescape OUTPUT/part-*` prints what mrcount would have printed.",
        epilog="Exit status: 0, or not 0 where any mrcount failed; then OUTPUT has no _SUCCESS.",
        allow_abbrev=False,
    )
    what = parser.add_argument_group("What is counted, as in mrcount(1)")
    kind = what.add_mutually_exclusive_group()
    kind.add_argument("-w", "--words", choices=("unicode", "space", "letters"), metavar="RULE")
    kind.add_argument("-l", "--lines", action="store_true")
    kind.add_argument("-m", "--chars", action="store_true")
    kind.add_argument("-f", "--fields", metavar="LIST")
    kind.add_argument("-e", "--regexp", action="append", metavar="RE")
    what.add_argument("-d", "--delimiter", metavar="TEXT")
    what.add_argument("--quoted", action="store_true")
    what.add_argument("--replace", metavar="TEXT")
    what.add_argument("--grep", action="append", metavar="RE")
    what.add_argument("--vgrep", action="append", metavar="RE")
    what.add_argument("-g", "--ngrams", metavar="N[-M]")
    what.add_argument("-i", "--ignore-case", action="store_true")
    what.add_argument("--normalize", choices=("nfc", "nfkc", "nfkc_casefold"), metavar="FORM")
    what.add_argument("--min-length", metavar="N")
    what.add_argument("--max-length", metavar="N")
    what.add_argument("--stop-words", metavar="FILE", help="a file of this machine, sent along")
    what.add_argument("--min-count", metavar="N", help="only keys counted at least N times")
    how = parser.add_argument_group("How it runs")
    how.add_argument("--reducers", type=int, metavar="N", help="default: Spark's parallelism")
    how.add_argument("-S", "--buffer-size", default="256M", metavar="SIZE",
                     help="memory of each mrcount (default: 256M)")
    how.add_argument("--mrcount", default="mrcount", metavar="PROGRAM",
                     help="the program to send to the workers (default: that in PATH)")
    parser.add_argument("-z", "--zero-terminated", nargs=0, action=Refuse, help=argparse.SUPPRESS,
                        metavar="Spark hands lines on that end in newline")
    for names in (("--csv",), ("-H", "--header")):
        parser.add_argument(*names, nargs=0, action=Refuse, help=argparse.SUPPRESS,
                            metavar="Spark cuts files at any line")
    parser.add_argument("path", nargs="+", metavar="PATH", help=argparse.SUPPRESS)
    parser.add_argument("output", metavar="OUTPUT", help=argparse.SUPPRESS)
    # The argument of --words can be left out, but never stands apart.
    chosen = parser.parse_intermixed_args(
        ["--words=unicode" if word in ("-w", "--words") else word for word in arguments])
    if chosen.reducers is not None and chosen.reducers < 1:
        parser.error("--reducers needs a number from 1")
    program = shutil.which(chosen.mrcount)
    if program is None:
        parser.error(f"--mrcount: there is no program '{chosen.mrcount}'")
    chosen.mrcount = os.path.abspath(program)
    if chosen.stop_words is not None and not os.path.isfile(chosen.stop_words):
        parser.error(f"--stop-words: there is no file '{chosen.stop_words}'")
    return chosen


def map_arguments(chosen):
    """The options of the map, but for --stop-words, in mrcount's words."""
    for flag in ("lines", "chars", "quoted", "ignore_case"):
        if getattr(chosen, flag):
            yield "--" + flag.replace("_", "-")
    for name in ("regexp", "grep", "vgrep"):
        for value in getattr(chosen, name) or ():
            yield f"--{name}={value}"
    for name in ("words", "fields", "delimiter", "replace", "ngrams", "normalize", "min_length",
                 "max_length"):
        value = getattr(chosen, name)
        if value is not None:
            yield f"--{name.replace('_', '-')}={value}"


class Job:
    def __init__(self, spark, chosen):
        self.spark = spark
        self.context = spark.sparkContext
        self.chosen = chosen

    def send(self, file):
        """Sends a file along; returns its name where a task runs."""
        self.context.addFile(file)
        master = self.context.master
        if master.startswith("local") and not master.startswith("local-cluster"):
            from pyspark import SparkFiles

            return SparkFiles.get(os.path.basename(file))
        return "./" + os.path.basename(file)

    def pipe(self, frame, command):
        """Each partition of the one column of strings through one process of `command`."""
        jvm = self.context._jvm
        encoder = jvm.org.apache.spark.sql.Encoders.STRING()
        words = jvm.java.util.ArrayList()
        for word in command:
            words.add(word)
        lines = getattr(frame._jdf, "as")(encoder).toJavaRDD()
        piped = lines.pipe(words, jvm.java.util.HashMap(), False, 1 << 16, LATIN)
        dataset = self.spark._jsparkSession.createDataset(piped.rdd(), encoder)
        from pyspark.sql import DataFrame

        return DataFrame(dataset.toDF(), self.spark)

    def places(self, reducers):
        """For each reducer a number that Spark's hash partitioning brings to it."""
        murmur = self.context._jvm.org.apache.spark.unsafe.hash.Murmur3_x86_32(42)
        places, number = {}, 0
        while len(places) < reducers:
            places.setdefault(murmur.hashLong(number) % reducers, number)
            number += 1
        return [places[reducer] for reducer in range(reducers)]

    def run(self):
        from pyspark.sql import functions

        chosen = self.chosen
        program = self.send(chosen.mrcount)
        threads = self.context.getConf().get("spark.task.cpus", "1")
        run = ["--quiet", "--decompress=never", "--sort=none", f"--threads={threads}",
               f"--buffer-size={chosen.buffer_size}", "--temporary-directory=."]
        reducers = chosen.reducers or self.context.defaultParallelism
        bundles = min(reducers, MOST_BUNDLES)
        # Spark takes marks off files; what begins as one in the middle of a file is text.
        mapper = [program, "--escape", f"--bundle={bundles}", "--encoding=none", *run,
                  *map_arguments(chosen)]
        if chosen.stop_words is not None:
            mapper.append("--stop-words=" + self.send(chosen.stop_words))
        reducer = [program, "--merge", "--unbundle", *run]
        if chosen.min_count is not None:
            reducer.append("--min-count=" + chosen.min_count)

        lines = self.spark.read.option("lineSep", "\n").text(chosen.path)
        lines = lines.select(functions.decode(lines["value"].cast("binary"), LATIN).alias("value"))
        counts = self.pipe(lines, mapper)
        bundle = functions.substring_index("value", "\t", 1).cast("int")
        places = functions.array(*[functions.lit(n).cast("long") for n in self.places(bundles)])
        shuffled = counts.repartition(bundles, functions.element_at(places, bundle + 1))
        merged = self.pipe(shuffled, reducer)
        merged = merged.select(functions.encode("value", LATIN).cast("string").alias("value"))
        merged.write.option("lineSep", "\n").text(chosen.output)


def main():
    chosen = options(sys.argv[1:])
    from py4j.protocol import Py4JJavaError
    from pyspark.errors import PySparkException
    from pyspark.sql import SparkSession

    spark = SparkSession.builder.appName("mrcount").getOrCreate()
    try:
        Job(spark, chosen).run()
    except (Py4JJavaError, PySparkException) as error:
        sys.exit(f"mrcount-spark: {error}")
    finally:
        spark.stop()


if __name__ == "__main__":
    main()
