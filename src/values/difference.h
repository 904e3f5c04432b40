/* SPDX-License-Identifier: MIT
 *
 * difference - what became of the count of a key from one input to another: both sums, and by how
 * much they differ.
 *
 * A value is of DIFFERENCE_WORDS words: the count in the old input, that in the new one, of which
 * one is 0 where a value is emitted, and a 0. What these functions make of it is for them alone.
 */
#ifndef VALUES_DIFFERENCE_H
#define VALUES_DIFFERENCE_H

#include <stddef.h>
#include <stdint.h>

#include "engine/mapreduce.h"

#define DIFFERENCE_WORDS 3

/* A job's mr_combine; the context is not looked at. */
void difference_combine(void *context, void *into, const void *from);

/* A job's mr_reduce, without a state: puts a key whose sums differ, with the size of the difference
 * as its rank. It fails where a sum goes past 2^64-1 or a difference past 2^63-1, and names the
 * key. */
int difference_reduce(void *context, void *state, const void *key, size_t key_size,
                      struct mr_values *values, struct mr_results *results, struct mr_error *error);

/* Bytes that difference_record may write. */
#define DIFFERENCE_ROOM 62

/* The key of such a result, and its old sum, new sum and difference as texts, which TABs divide.
 * Returns the size of the texts. */
size_t difference_record(const void *context, const struct mr_record *record, struct mr_bytes *key,
                         unsigned char *texts);

#endif
