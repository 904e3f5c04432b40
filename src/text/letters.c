/* SPDX-License-Identifier: MIT
 *
 * letters - runs of A-Z a-z.
 */
#include "base/kernels/kernels.h"
#include "text/spans.h"
#include "text/tokens.h"
#include "base/utf8.h"

static int map_window(struct tokenizer_state *state, const unsigned char *data, size_t size,
                      unsigned char *folded)
{
    struct kernels_output output = {
        .positions = spans_positions(state->spans), .max = KEYS_SPANS, .folded = folded};

    for (size_t pos = 0; pos < size;) {
        pos = kernels_selected.letters(data, size, pos, &output);
        if (tokens_put(state, data, state->spans, output.count, false) != 0)
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
    return map_text(state, split->data, split->size);
}

static bool is_letter(unsigned char c)
{
    return (unsigned char)((c | 0x20) - 'a') < 26;
}

static size_t edge(const struct tokenizer *tokenizer, const unsigned char *data, size_t size,
                   size_t from)
{
    (void)tokenizer;
    while (from < size && is_letter(data[from]) && (from == 0 || is_letter(data[from - 1])))
        from++;
    return from;
}

static size_t edge_last(const struct tokenizer *tokenizer, const unsigned char *data, size_t size)
{
    (void)tokenizer;
    if (size == 0 || !is_letter(data[size - 1]))
        return size;
    while (--size > 0 && is_letter(data[size]) && is_letter(data[size - 1]))
        ;
    return size;
}

/* No border is inside a character, so that its bytes are not counted as invalid. */
static bool is_border(const unsigned char *data, size_t size, size_t p)
{
    if (is_letter(data[p]))
        return p > 0 && !is_letter(data[p - 1]);
    return utf8_begins(data, size, p);
}

static size_t border(const struct tokenizer *tokenizer, const unsigned char *data, size_t size,
                     size_t from)
{
    (void)tokenizer;
    while (from < size && !is_border(data, size, from))
        from++;
    return from;
}

static size_t border_last(const struct tokenizer *tokenizer, const unsigned char *data, size_t size)
{
    (void)tokenizer;
    if (size == 0)
        return 0;
    if (data[size - 1] < 0x80 && !is_letter(data[size - 1]))
        return size;
    size_t p = size - 1;
    while (p > 0 && !is_border(data, size, p))
        p--;
    return p;
}

const struct token_kind token_kind_letters = {
    .map = map,
    .map_line = map_text,
    .border = border,
    .border_last = border_last,
    .filled = true,
    .edge = edge,
    .edge_last = edge_last,
    .words = true,
    .spaced = true,
};
