/* SPDX-License-Identifier: MIT
 *
 * shares - records with what they are of the whole: lines with further columns, and one more for
 * what is left.
 *
 * Shares of all that was counted are known as soon as the first record is encoded, and can be
 * encoded on all workers at once. What depends on the records before one is not: then shares_encode
 * leaves lines that have gaps, and shares_write, which gets them in order, fills these.
 */
#ifndef CLI_SHARES_H
#define CLI_SHARES_H

#include <stdbool.h>
#include <stddef.h>

#include "cli/amount.h"
#include "cli/encode.h"
#include "cli/headings.h"
#include "cli/options.h"
#include "engine/mapreduce.h"

struct shares;

/* What they are shares of: all that was counted or, of a first column that is a sum, the sum of
 * that over all keys. In digits, perhaps with a point. Called when all has been counted or, of such
 * a sum, reduced. Returns 0, or -1 with *error filled. */
typedef int shares_total(void *context, char text[AMOUNT_ROOM], struct mr_error *error);

/* Puts out bytes, in order. Returns 0, or -1 with *error filled. */
typedef int shares_put(void *context, const void *bytes, size_t size, struct mr_error *error);

struct shares_options {
    const struct options *options;
    const struct headings *headings;
    encode_batch *encode; /* makes the lines as they are without shares, */
    struct encode_form form;
    shares_put *put; /* of shares_write and shares_end */
    void *put_context;
};

/* Whether the options want any. */
bool shares_wanted(const struct options *options);

/* Returns 0, or -1 with *error filled. What the options point to must outlive it. */
int shares_open(const struct shares_options *made, struct shares **shares, struct mr_error *error);
/* NULL is allowed. */
void shares_close(struct shares *shares);

/* Says where the total comes from; before any record. */
void shares_set_total(struct shares *shares, shares_total *total, void *context);

/* Whether what shares_encode makes must go through shares_write. */
bool shares_in_order(const struct shares *shares);
/* Whether the total is known only when all has been reduced. */
bool shares_wait(const struct shares *shares);

/* Encodes records; any number of threads at once. Returns 0, or -1 with *error filled. */
int shares_encode(struct shares *shares, const struct mr_record *records, size_t count,
                  struct mr_buffer *bytes, struct mr_error *error);
/* Puts out what was encoded, one call at a time and in order. Returns as that. */
int shares_write(struct shares *shares, const void *bytes, size_t size, struct mr_error *error);
/* Puts out what comes behind the last record. Returns as that. */
int shares_end(struct shares *shares, struct mr_error *error);

#endif
