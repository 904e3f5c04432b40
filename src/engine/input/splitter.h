/* SPDX-License-Identifier: MIT
 *
 * splitter - cuts regular files into ranges, and reads a range from its first safe cut to the first
 * one behind it.
 *
 * Ranges are cut blindly at multiples of a size. Whoever loads [a, b) begins at the first safe cut
 * at or after a and ends at the first safe cut at or after b; so the end of a range and the
 * beginning of the next are always the same place, and a range within a long token is empty: the
 * one that the token begins in reads on to its end.
 */
#ifndef ENGINE_SPLITTER_H
#define ENGINE_SPLITTER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "engine/input/sources.h"
#include "engine/mapreduce.h"

/* The reader thread's, but for what splitter_load reads: cuts, sources. */
struct splitter {
    const struct mr_cuts *cuts;
    struct sources *sources;
    unsigned threads;      /* that will share the ranges */
    size_t most;           /* bytes a range */
    struct source *source; /* what is being cut, or NULL */
    uint64_t at;           /* where its next range begins */
    uint64_t size;         /* of the source, as far as known */
    size_t step;           /* bytes a range of this source */
};

void splitter_open(struct splitter *splitter, const struct mr_cuts *cuts, struct sources *sources,
                   unsigned threads);
/* Begins with a source, whose user it becomes. */
void splitter_begin(struct splitter *splitter, struct source *source);
/* Fills *split with the next range; false at the end. After the last one, the splitter is done with
 * the source (splitter->source is NULL): the splits are its users. */
bool splitter_next(struct splitter *splitter, struct mr_split *split);
/* Reads a range's bytes, as an input's load. On any worker. */
int splitter_load(const struct splitter *splitter, struct mr_split *split,
                  struct mr_buffer *scratch, struct mr_error *error);

#endif
