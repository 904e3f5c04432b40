/* SPDX-License-Identifier: MIT
 *
 * lines - see lines.h.
 */
#include "engine/input/lines.h"

#include <string.h>

#include "base/line_cut.h"

/* Lines that are emitted together. */
#define BATCH 512

static const unsigned char newline = '\n';

const struct mr_cuts lines_cuts = {
    .struct_size = sizeof(struct mr_cuts),
    .context = &newline,
    .first = line_cut_first,
    .last = line_cut_last,
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
