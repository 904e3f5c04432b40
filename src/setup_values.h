/* SPDX-License-Identifier: MIT
 *
 * setup_values - what is computed for a key: hands the columns that the options name to text, which
 * finds their fields, to values, which computes them, and to the report. Without such options every
 * function does nothing.
 */
#ifndef SETUP_VALUES_H
#define SETUP_VALUES_H

#include "cli/amount.h"
#include "cli/encode_columns.h"
#include "cli/message.h"
#include "cli/options.h"
#include "engine/mapreduce.h"
#include "text/rows.h"
#include "text/tokenizer.h"
#include "values/columns.h"
#include "values/difference.h"
#include "values/groups.h"

/* All zero before setup_values_open, and in a run that counts. It must stay where it is. */
struct setup_values {
    struct columns_options options; /* of */
    struct columns *columns;
    struct groups *groups;     /* where they need all values of a key; else NULL */
    struct column *wanted;     /* a column each, of */
    struct rows_field *fields; /* these, none twice, */
    char **whats;              /* which are called so in messages */
    size_t field_count;
    bool differs; /* in the place of all that: of which input a count is, and what changed */
    struct rows_options rows;
    struct encode_columns encode;
    struct tokenizer *tokenizer; /* of the job: set before that is made */
};

/* Compiles the columns. Returns 0, or -1 with *error filled; to be closed also then. */
int setup_values_open(struct setup_values *values, const struct options *options,
                      struct mr_error *error);

/* What tokens have besides their keys or counts; NULL: nothing. */
const struct rows_options *setup_values_rows(const struct setup_values *values);

/* Makes a job that counts the tokens one that computes the columns, if there are any. */
void setup_values_job(struct setup_values *values, struct mr_job_spec *spec);

/* Of what the results are shares: as shares_total, `values` is a struct setup_values of a job. */
int setup_values_total(void *values, char text[AMOUNT_ROOM], struct mr_error *error);

/* Says how many lines were left out, if any were. */
void setup_values_note(const struct setup_values *values, const struct tokenizer *tokenizer,
                       struct message *message);

/* When tokenizer and report have been closed. */
void setup_values_close(struct setup_values *values);

#endif
