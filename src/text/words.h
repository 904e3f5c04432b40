/* SPDX-License-Identifier: MIT
 *
 * words - the word segmenter behind --words=unicode: UAX #29 (WB1 to WB999) over UTF-8, keeping
 * the segments that hold a character which is Alphabetic or of General_Category N, without the
 * White_Space that a segment may have at an end. Each byte that is no part of valid UTF-8 stands
 * alone: nothing joins across it or attaches to it.
 *
 * Use, one struct words a thread:
 *
 *     words_begin(words, data, size);
 *     while ((got = words_next(words, &batch)) > 0)
 *         if (batch.giant > 0)
 *             mr_emit(emitter, batch.base, batch.giant, NULL);
 *         else
 *             mr_emit_batch(emitter, batch.base, readable, batch.spans, batch.count, NULL);
 *     if (got < 0)
 *         out of memory
 *
 * [data, data + size) is taken as a text of its own, so a caller that must see line ends (n-grams)
 * gives one line after the other: that costs little, a word never spans a newline.
 */
#ifndef TEXT_WORDS_H
#define TEXT_WORDS_H

#include "engine/mapreduce.h"
#include "text/case_fold.h"

/* Spans a batch holds at most. */
#define WORDS_BATCH 1024

/* The ASCII kernel: `words` of struct kernels, whose terms are in kernels/kernels.h. */
typedef size_t words_run(const unsigned char *data, size_t size, size_t pos, uint32_t *positions,
                         size_t max, size_t *count, unsigned char *folded);
struct words_kernel {
    words_run *run;
};

struct words {
    /* set by words_open */
    struct words_kernel kernel;
    bool case_fold;
    case_fold_function *fold; /* how, which may be set anew */
    size_t span_limit;        /* largest offset in a span, UINT32_MAX */
    size_t window; /* how far one call of the kernel may reach, at most half of span_limit */

    /* the text at hand */
    const unsigned char *data;
    size_t size;
    size_t pos;        /* a segment boundary: all words before it have been given out */
    size_t window_end; /* a safe cut, up to which the kernel may run; or pos has passed it */
    size_t bare_until; /* up to here there is no safe cut, so no use for the kernel */

    unsigned char *folded; /* malloc'ed, case_fold only */
    size_t folded_room;

    uint64_t invalid; /* bytes that are no part of valid UTF-8, since words_open */
    struct mr_span spans[WORDS_BATCH];
};

struct words_batch {
    const unsigned char *base; /* the text, or the folded keys; MR_PAD readable bytes follow */
    const struct mr_span *spans;
    size_t count;
    size_t giant; /* 0; or the size of one key at base too long for a span, and count is 0 */
};

/* Makes a segmenter whose keys are case-folded where case_fold is true. Allocates nothing yet. */
void words_open(struct words *words, struct words_kernel kernel, bool case_fold);
void words_close(struct words *words);

/* Sets the text. MR_PAD readable bytes must follow it; it must stay until it has been used up. */
void words_begin(struct words *words, const unsigned char *data, size_t size);

/* The next words of the text, at most WORDS_BATCH. The batch is valid until the next call on
 * `words`. Returns 1, 0 at the end of the text, -1 when memory is out. */
int words_next(struct words *words, struct words_batch *batch);

#endif
