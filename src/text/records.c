/* SPDX-License-Identifier: MIT
 *
 * records - lines that a program printed: a key, or a key, a TAB and its count. The last TAB
 * divides; a key without one counts once. A line whose last TAB has no count behind it ends the
 * job, with an error that shows it: where it stands in what was printed is chance.
 */
#include <string.h>

#include "base/excerpt.h"
#include "text/counted.h"
#include "text/lines.h"
#include "text/tokens.h"

static int wrong(const struct tokenizer_state *state, const unsigned char *line, size_t size,
                 const char *reason)
{
    char shown[EXCERPT_ROOM];

    excerpt_write(line, size, shown);
    mr_error_set(state->keys.error, MR_MAP, 0, "record '%s': %s", shown, reason);
    return -1;
}

static int map(struct tokenizer_state *state, const struct mr_split *split)
{
    const unsigned char *line = split->data, *end = split->data + split->size;
    struct counted counted = {.base = line};

    while (line < end) {
        const unsigned char *stop = memchr(line, state->tokenizer->end, (size_t)(end - line));
        if (!stop)
            stop = end;
        const unsigned char *tab = memrchr(line, '\t', (size_t)(stop - line));
        uint64_t count = 1;
        const char *reason = tab ? counted_read(tab + 1, stop, &count) : NULL;
        if (reason)
            return wrong(state, line, (size_t)(stop - line), reason);
        size_t size = (size_t)((tab ? tab : stop) - line);
        if (counted_put(state, &counted, line, size, count) != 0)
            return -1;
        line = stop < end ? stop + 1 : end;
    }
    int status = counted_flush(state, &counted, end);
    return status != 0 ? status : keys_flush(&state->keys);
}

const struct token_kind token_kind_records = {
    .map = map,
    .border = lines_border,
    .border_last = lines_border_last,
    .valued = true,
};
