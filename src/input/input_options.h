/* SPDX-License-Identifier: MIT
 *
 * input_options - what is to be read, and what the input must know of the text to cut it.
 */
#ifndef INPUT_INPUT_OPTIONS_H
#define INPUT_INPUT_OPTIONS_H

#include <stddef.h>
#include <stdint.h>

#include "base/condense.h"
#include "base/lookback.h"
#include "engine/mapreduce.h"

/* Where `data` may be cut. Both look at no more than the characters on the two sides of a cut, of
 * UTF8_MOST bytes at most, so a cut in the last few bytes may be seen only when more follow; one
 * that is seen stays one. input_border: the smallest safe cut in [from, size), size when there is
 * none; data[0] may be in the middle of anything. input_border_last: the largest safe cut in
 * (0, size], 0 when there is none. */
typedef size_t input_border(const void *text, const unsigned char *data, size_t size, size_t from);
typedef size_t input_border_last(const void *text, const unsigned char *data, size_t size);

/* What the text must know of what stands before a cut to go on behind it, as context of the split
 * that begins there: bytes that the caller frees, NULL where it is nothing. Returns 0, or -1 with
 * *error filled. On any thread. */
typedef int input_context(const void *text, struct lookback *lookback, unsigned char **context,
                          size_t *size, struct mr_error *error);

/* For a text without a cut for long, of which what stands between two cuts need not be held whole:
 * keeps of the next bytes what matters, *kept of them, moved to the front. Returns where the cut
 * is, 0 where it is not among them. `state` is all zero at its beginning. */
typedef size_t input_condense(const void *text, struct condense *state, unsigned char *data,
                              size_t size, size_t *kept);
/* Ends that, at a cut or at the end of the FILE, with up to CONDENSE_END bytes more. All that was
 * kept is the context of a split, behind whose bytes it stands. */
typedef size_t input_condense_end(const void *text, const struct condense *state,
                                  unsigned char *room);

struct input_options {
    const char *const *names; /* "-" is standard input; must outlive the input */
    size_t count;             /* 0: standard input */
    size_t threads;           /* workers that will share the splits */
    uint64_t memory;          /* the whole budget; buffers of streams take a small part of it */
    const void *text;         /* for the hooks below; must outlive the input */
    input_border *border;
    input_border_last *border_last;
    input_context *context;   /* NULL: nothing crosses a cut */
    input_condense *condense; /* NULL: all must be held. Not together with `context` */
    input_condense_end *condense_end;
    /* Called for a FILE that cannot be read or whose reading broke off, once a FILE, on any thread.
     * The rest of the input goes on. */
    void (*fault)(void *context, const char *name, int errnum);
    void *fault_context;
};

#endif
