/* SPDX-License-Identifier: MIT
 *
 * cut_context - see cut_context.h.
 */
#include "engine/input/cut_context.h"

/* A text as it is looked back at. */
struct past {
    struct mr_lookback lookback;
    const struct cut_context_text *text;
};

/* As struct mr_lookback's read. */
static long read_past(struct mr_lookback *lookback, uint64_t back, size_t size,
                      const unsigned char **data)
{
    const struct cut_context_text *text = ((const struct past *)lookback)->text;
    const size_t end = text->size - (size_t)back, got = end < size ? end : size;

    *data = text->data + end - got;
    return (long)got;
}

int cut_context_make(const struct mr_cuts *cuts, const struct cut_context_text *text,
                     unsigned char **context, size_t *size, struct mr_error *error)
{
    struct past past = {
        .lookback = {.read = read_past, .older = text->context, .older_size = text->context_size},
        .text = text,
    };

    if (!cuts->context_of)
        return 0;
    return cuts->context_of(cuts->context, &past.lookback, context, size, error);
}
