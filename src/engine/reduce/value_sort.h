/* SPDX-License-Identifier: MIT
 *
 * value_sort - the values of one key in the caller's order, in memory.
 */
#ifndef ENGINE_VALUE_SORT_H
#define ENGINE_VALUE_SORT_H

#include "engine/core/context.h"

/* Compares by the job's value_order, and what that leaves equal by bytes: values that differ have
 * one order, however they came. */
int value_sort_compare(const struct context *context, const struct mr_bytes *a,
                       const struct mr_bytes *b);

/* Sorts a list of values; `spare` is room for half as many. */
void value_sort_list(const struct context *context, struct mr_bytes *list, size_t count,
                     struct mr_bytes *spare);

/* Brings values that lie in places of `stride` bytes each, of which `list` has been sorted, to the
 * order of the list, which is of no use afterwards. `room` is for one of them. */
void value_sort_move(unsigned char *places, size_t stride, struct mr_bytes *list, size_t count,
                     unsigned char *room);

#endif
