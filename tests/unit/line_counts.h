/* SPDX-License-Identifier: MIT
 *
 * line_counts - for tests of inputs: their lines, counted by a job that brings no map and by a
 * plain loop.
 */
#ifndef TESTS_LINE_COUNTS_H
#define TESTS_LINE_COUNTS_H

#include <stddef.h>
#include <stdint.h>

#include "engine/mapreduce.h"
#include "unit/tally.h"

/* An engine of so many threads and 64 MiB. */
struct mr_engine *line_counts_engine(unsigned threads);
/* Counts the lines of an input on an engine of its own; *got is opened. */
enum mr_status line_counts_run(struct mr_input *input, unsigned threads, struct tally *got,
                               struct mr_error *error);
/* A collect whose context is a struct tally. */
int line_counts_collect(void *context, const struct mr_record *records, size_t count,
                        struct mr_error *error);

/* Adds the lines of the bytes, each `times` times. */
void line_counts_add(struct tally *want, const void *data, size_t size, uint64_t times);
/* Fails the test unless the lines of an input are those wanted, or those of the bytes. */
void line_counts_compare(struct mr_input *input, unsigned threads, struct tally *want);
void line_counts_check(struct mr_input *input, unsigned threads, const void *data, size_t size);

#endif
