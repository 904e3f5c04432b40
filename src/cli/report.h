/* SPDX-License-Identifier: MIT
 *
 * report - what is printed: the records in their format, or the total, to where they belong.
 */
#ifndef CLI_REPORT_H
#define CLI_REPORT_H

#include "cli/encode_columns.h"
#include "cli/message.h"
#include "cli/options.h"
#include "cli/shares.h"
#include "engine/mapreduce.h"

struct report;

/* Opens what the options say; all must outlive the report. `columns` finds those of a record, where
 * the options want some; its labels are the report's to fill in. Returns 0, or -1 with *error
 * filled. */
int report_open(const struct options *options, struct encode_columns *columns,
                struct message *message, struct report **report, struct mr_error *error);

/* Where the whole comes from of which shares are printed: before report_describe, in any run that
 * counts. */
void report_set_total(struct report *report, shares_total *total, void *context);

/* Fills in the job's output: which records, in which order, and the hooks that print them. */
void report_describe(struct report *report, struct mr_job_spec *spec);

/* Puts bytes out as they are, for who makes lines otherwise: instead of report_describe, in order,
 * one call at a time, on any thread. `report` is a struct report. Returns 0, or -1 with *error
 * filled. */
int report_put(void *report, const void *bytes, size_t size, struct mr_error *error);

/* When the job is done: prints what is left and makes the output final. Returns 0, or
 * -1 with *error filled. */
int report_finish(struct report *report, struct mr_error *error);

/* See output_file_look. */
void report_look(struct report *report, void (*look)(void *context), void *context);

/* See output_file_abandon: for a signal's handler. */
void report_abandon(struct report *report);

/* Gives up what is not finished and frees. NULL is allowed. */
void report_close(struct report *report);

#endif
