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

struct filter;

/* Keys of min to max code points (an invalid byte counts as one) that are not among the lines of
 * list[0, size), which end in `end` and are case-folded first if `fold`. The list may be NULL; it
 * is copied. Returns NULL when memory is out. */
struct filter *filter_open(uint64_t min, uint64_t max, const unsigned char *list, size_t size,
                           unsigned char end, bool fold);
void filter_close(struct filter *filter);

/* Whether the key is let through. Reads nothing past it. */
bool filter_lets(const struct filter *filter, const unsigned char *key, size_t size);

/* Copies the spans (and values, unless NULL) of the keys that are let through; returns how many.
 * MR_PAD readable bytes must follow the last span, as for mr_emit_batch. */
size_t filter_pass(const struct filter *filter, const unsigned char *base,
                   const struct mr_span *spans, const uint64_t *values, size_t count,
                   struct mr_span *passed, uint64_t *passed_values);

#endif
