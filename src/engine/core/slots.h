/* SPDX-License-Identifier: MIT
 *
 * slots - memory for hash tables.
 */
#ifndef ENGINE_SLOTS_H
#define ENGINE_SLOTS_H

#include "base/budget.h"

/* From so many bytes on slots are pages of their own; below, malloc serves small jobs faster. */
#define SLOTS_MAP_FROM ((size_t)128 << 10)

/* Zeroed memory, within the budget only where `must` is false; NULL when there is none. */
void *slots_take(struct budget *budget, size_t bytes, bool must);
/* The same, of pages yet to be touched by slots_touch where there are SLOTS_MAP_FROM bytes. */
void *slots_take_untouched(struct budget *budget, size_t bytes, bool must);
/* Touches the pages of bytes [from, to). */
void slots_touch(void *slots, size_t from, size_t to);
void slots_give(struct budget *budget, void *slots, size_t bytes);

#endif
