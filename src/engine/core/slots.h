/* SPDX-License-Identifier: MIT
 *
 * slots - memory for hash tables.
 */
#ifndef ENGINE_SLOTS_H
#define ENGINE_SLOTS_H

#include "base/budget.h"
#include "engine/core/aligned.h"

/* From so many bytes on slots are pages of their own; below, malloc serves small jobs faster. */
#define SLOTS_MAP_FROM ((size_t)128 << 10)

#define SLOTS_ALIGN_WORDS (ALIGNED_TO / sizeof(uint64_t))

/* Words from one slot to the next where each holds a key and a value that is aligned so, and words
 * before the first slot: behind a key of an odd number of words the value is aligned where the slot
 * is not. */
static inline size_t slots_aligned_stride(size_t key_words, size_t value_words)
{
    return (key_words + value_words + SLOTS_ALIGN_WORDS - 1) / SLOTS_ALIGN_WORDS *
           SLOTS_ALIGN_WORDS;
}

static inline size_t slots_aligned_shift(size_t key_words)
{
    return key_words % SLOTS_ALIGN_WORDS;
}

/* Zeroed memory, at a multiple of ALIGNED_TO, within the budget only where `must` is false; NULL
 * when there is none. */
void *slots_take(struct budget *budget, size_t bytes, bool must);
/* The same, of pages yet to be touched by slots_touch where there are SLOTS_MAP_FROM bytes. */
void *slots_take_untouched(struct budget *budget, size_t bytes, bool must);
/* Touches the pages of bytes [from, to). */
void slots_touch(void *slots, size_t from, size_t to);
void slots_give(struct budget *budget, void *slots, size_t bytes);

#endif
