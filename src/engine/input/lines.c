/* SPDX-License-Identifier: MIT
 *
 * lines - see lines.h.
 */
#include "engine/input/lines.h"

#include <string.h>

/* Lines that are emitted together. */
#define BATCH 512

/* As struct mr_cuts has it: behind the first newline from data[from - 1] on that has something
 * behind it. */
static size_t first(const void *context, const unsigned char *data, size_t size, size_t from)
{
    (void)context;
    if (from >= size)
        return size;
    if (from == 0)
        from = 1;
    const unsigned char *end = memchr(data + from - 1, '\n', size - from);
    return end ? (size_t)(end - data) + 1 : size;
}

static size_t last(const void *context, const unsigned char *data, size_t size)
{
    (void)context;
    const unsigned char *end = size > 0 ? memrchr(data, '\n', size) : NULL;
    return end ? (size_t)(end - data) + 1 : 0;
}

const struct mr_cuts lines_cuts = {
    .struct_size = sizeof(struct mr_cuts),
    .first = first,
    .last = last,
};

bool mr_split_line(const struct mr_split *split, struct mr_line *line)
{
    const size_t begin = line->text ? (size_t)(line->text - split->data) + line->size + 1 : 0;
    if (begin >= split->size)
        return false;
    const unsigned char *text = split->data + begin;
    const unsigned char *stop = memchr(text, '\n', split->size - begin);
    line->text = text;
    line->size = stop ? (size_t)(stop - text) : split->size - begin;
    line->offset = split->offset + begin;
    return true;
}

int lines_map(void *context, void *state, const struct mr_split *split, struct mr_emitter *emitter,
              struct mr_error *error)
{
    struct mr_span spans[BATCH];
    struct mr_line line = {.text = NULL};
    const unsigned char *base = split->data;
    size_t count = 0;
    enum mr_status status = MR_OK;
    (void)context;
    (void)state;
    (void)error;
    while (status == MR_OK && mr_split_line(split, &line)) {
        const bool far = (size_t)(line.text - base) + line.size > UINT32_MAX;
        if (count > 0 && (far || count == BATCH)) {
            status = mr_emit_batch(emitter, base, spans[count - 1].end + (size_t)MR_PAD, spans,
                                   count, NULL);
            base = line.text;
            count = 0;
        }
        if (line.size > UINT32_MAX) {
            if (status == MR_OK)
                status = mr_emit(emitter, line.text, line.size, NULL);
            continue;
        }
        if (count == 0)
            base = line.text;
        const uint32_t begin = (uint32_t)(line.text - base);
        spans[count++] = (struct mr_span){begin, begin + (uint32_t)line.size};
    }
    if (status == MR_OK && count > 0)
        status =
            mr_emit_batch(emitter, base, spans[count - 1].end + (size_t)MR_PAD, spans, count, NULL);
    return (int)status;
}
