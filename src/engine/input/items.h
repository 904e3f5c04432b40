/* SPDX-License-Identifier: MIT
 *
 * items - an array in memory as an input.
 */
#ifndef ENGINE_ITEMS_H
#define ENGINE_ITEMS_H

#include "engine/mapreduce.h"

/* As mr_input_items; `close`, which may be NULL, is called with `owner` when the input has been
 * released for good, or could not be made. */
struct mr_input *items_open(const struct mr_items *items, void (*close)(void *owner), void *owner);

/* How many of `left` items the next split has, `most` of them at the most: a part of what is left
 * for each thread, so that splits get smaller towards the end, down to one item, and the threads
 * end at the same time however uneven the items are. */
size_t items_share(size_t left, unsigned threads, size_t most);

#endif
