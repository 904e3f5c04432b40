/* SPDX-License-Identifier: MIT
 *
 * lines - whole lines, without their end. A last line with no end is one too.
 */
#include "text/lines.h"

#include "base/kernels/kernels.h"
#include "base/line_cut.h"
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
    return line_cut_first(&tokenizer->end, data, size, from);
}

size_t lines_border_last(const struct tokenizer *tokenizer, const unsigned char *data, size_t size)
{
    return line_cut_last(&tokenizer->end, data, size);
}

const struct token_kind token_kind_lines = {
    .map = map,
    .border = lines_border,
    .border_last = lines_border_last,
};
