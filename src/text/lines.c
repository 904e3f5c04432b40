/* SPDX-License-Identifier: MIT
 *
 * lines - whole lines, without their end. A last line with no end is one too.
 */
#include "text/lines.h"

#include <string.h>

#include "base/kernels/kernels.h"
#include "text/tokens.h"

/* The lines of a window that is short enough for spans. */
static int map_window(struct tokenizer_state *state, const unsigned char *data, size_t size,
                      unsigned char *folded)
{
    const struct tokenizer *tokenizer = state->tokenizer;
    struct kernels_output output = {
        .positions = state->positions, .max = KEYS_SPANS, .folded = folded};
    uint32_t begin = 0;

    for (size_t pos = 0; pos < size;) {
        pos = kernels_selected.marks(data, size, pos, &output, tokenizer->end, tokenizer->end);
        for (size_t i = 0; i < output.count; i++) {
            state->spans[i] = (struct mr_span){begin, state->positions[i]};
            begin = state->positions[i] + 1;
        }
        if (tokens_put(state, data, state->spans, output.count, output.wide) != 0)
            return -1;
    }
    if (begin == size)
        return 0;
    state->spans[0] = (struct mr_span){begin, (uint32_t)size};
    return tokens_put(state, data, state->spans, 1, output.wide);
}

static int map_long_line(struct tokenizer_state *state, const unsigned char *data, size_t size,
                         unsigned char *folded)
{
    return tokens_one(state, data, size - (data[size - 1] == state->tokenizer->end), folded);
}

static int map(struct tokenizer_state *state, const struct mr_split *split)
{
    int status = tokens_windows(state, split->data, split->size, map_window, map_long_line);

    return status != 0 ? status : keys_flush(&state->keys);
}

size_t lines_border(const struct tokenizer *tokenizer, const unsigned char *data, size_t size,
                    size_t from)
{
    if (from >= size)
        return size;
    if (from == 0)
        from = 1;
    const unsigned char *end = memchr(data + from - 1, tokenizer->end, size - from);
    return end ? (size_t)(end - data) + 1 : size;
}

size_t lines_border_last(const struct tokenizer *tokenizer, const unsigned char *data, size_t size)
{
    const unsigned char *end = size > 0 ? memrchr(data, tokenizer->end, size) : NULL;
    return end ? (size_t)(end - data) + 1 : 0;
}

const struct token_kind token_kind_lines = {
    .map = map,
    .border = lines_border,
    .border_last = lines_border_last,
};
