/* SPDX-License-Identifier: MIT
 *
 * filter - which keys are let through: not those on a list, and none too short or too long.
 */
#ifndef TEXT_FILTER_H
#define TEXT_FILTER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "engine/mapreduce.h"
#include "text/key_set.h"
#include "text/normalize_form.h"

struct filter;

/* How the file of a list of keys is to be read. */
struct filter_list {
    uint64_t memory;          /* bytes that the keys may take */
    unsigned char end;        /* of an entry */
    bool case_fold;           /* entries are case-folded first, */
    enum normalize_form form; /* and brought to this form, as keys are */
    /* Keys are words or n-grams of words: a newline or CR ends an entry too, blanks at its ends and
     * a byte order mark before the first are none of it. */
    bool words;
};

/* Keys of min to max code points (an invalid byte counts as one) that are not on the list, which
 * may be NULL, and is copied. Returns NULL when memory is out. */
struct filter *filter_open(uint64_t min, uint64_t max, const struct filter_list *list);
/* The next bytes of the list, in pieces of any size, and its end. */
enum key_set_status filter_read(struct filter *filter, const unsigned char *bytes, size_t size);
enum key_set_status filter_read_end(struct filter *filter);
/* Bytes that the list takes. */
uint64_t filter_memory(const struct filter *filter);
void filter_close(struct filter *filter);

/* Whether there is a key on the list. */
bool filter_has_list(const struct filter *filter);
/* Whether the key is on the list. 16 bytes are read. */
bool filter_lists(const struct filter *filter, const unsigned char *key, size_t size);

/* Whether the key is let through. Reads nothing past it. Both this and what follows set *met where
 * a key was on the list. */
bool filter_lets(const struct filter *filter, const unsigned char *key, size_t size, bool *met);

/* The keys of a batch, and room for what is let through of them. */
struct filter_batch {
    const struct mr_span *spans;
    const uint64_t *values; /* or NULL */
    size_t count;
    struct mr_span *passed;
    uint64_t *passed_values;
};

/* Copies the spans and values of the keys that are let through; returns how many. MR_PAD readable
 * bytes must follow the last span, as for mr_emit_batch. */
size_t filter_pass(const struct filter *filter, const unsigned char *base,
                   const struct filter_batch *batch, bool *met);

#endif
