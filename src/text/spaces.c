/* SPDX-License-Identifier: MIT
 *
 * spaces - words between spaces, bytes kept as they are.
 */
#include "base/kernels/kernels.h"
#include "text/spans.h"
#include "text/tokens.h"

static int map_window(struct tokenizer_state *state, const unsigned char *data, size_t size,
                      unsigned char *folded)
{
    struct kernels_output output = {
        .positions = spans_positions(state->spans), .max = KEYS_SPANS, .folded = folded};

    for (size_t pos = 0; pos < size;) {
        pos = kernels_selected.spaces(data, size, pos, &output, state->tokenizer->extra);
        if (tokens_put(state, data, state->spans, output.count, output.wide) != 0)
            return -1;
    }
    return 0;
}

static int map_text(struct tokenizer_state *state, const unsigned char *data, size_t size)
{
    return tokens_windows(state, data, size, map_window, tokens_one);
}

static int map(struct tokenizer_state *state, const struct mr_split *split)
{
    int status = map_text(state, split->data, split->size);

    return status != 0 ? status : keys_flush(&state->keys);
}

static bool is_space(const struct tokenizer *tokenizer, unsigned char c)
{
    return c == ' ' || (c >= '\t' && c <= '\r') || c == tokenizer->extra;
}

static size_t border(const struct tokenizer *tokenizer, const unsigned char *data, size_t size,
                     size_t from)
{
    while (from < size && !is_space(tokenizer, data[from]) &&
           !(from > 0 && is_space(tokenizer, data[from - 1])))
        from++;
    return from;
}

static size_t border_last(const struct tokenizer *tokenizer, const unsigned char *data, size_t size)
{
    if (size == 0)
        return 0;
    if (is_space(tokenizer, data[size - 1]))
        return size;
    for (size--; size > 0; size--) {
        if (is_space(tokenizer, data[size]) || is_space(tokenizer, data[size - 1]))
            return size;
    }
    return 0;
}

const struct token_kind token_kind_spaces = {
    .map = map,
    .map_line = map_text,
    .border = border,
    .border_last = border_last,
    .filled = true,
    .words = true,
    .spaced = true,
};
