/* SPDX-License-Identifier: MIT
 *
 * headings - what the columns of a run are called: those behind the key, in the order in which they
 * are printed.
 */
#ifndef CLI_HEADINGS_H
#define CLI_HEADINGS_H

#include <stddef.h>
#include <stdio.h>

#include "cli/options.h"

/* All zero: none. */
struct headings {
    char **texts; /* "count", "sum_10", "percent" */
    size_t count;
};

/* Returns -1 when memory is out; to be closed also then. */
int headings_open(struct headings *headings, const struct options *options);
void headings_close(struct headings *headings);

/* The head of csv without what ends a line: "key,sum_10". Returns NULL when memory is out; the
 * caller frees it. */
char *headings_csv(const struct headings *headings);
/* What stands before each column's text in json, one behind the other, each with its NUL:
 * ",\"sum_10\":". Returns as that. */
char *headings_json(const struct headings *headings);

/* Writes a text as csv has it: in quotes where that must be. */
void headings_put_csv(FILE *out, const char *text);
/* The same as the inside of a string of json; what is no UTF-8 is U+FFFD there. */
void headings_put_json(FILE *out, const char *text);

#endif
