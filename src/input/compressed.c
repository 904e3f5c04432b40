/* SPDX-License-Identifier: MIT
 *
 * compressed - what all formats have in common (see compressed.h).
 */
#include "input/compressed.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

int compressed_open(const struct compressed_options *options,
                    const struct compressed_format *format, struct mr_encoded *encoded,
                    struct compressed **file)
{
    struct compressed *made = calloc(1, sizeof *made);

    if (made == NULL)
        return -1;
    made->options = options;
    made->format = format;
    made->name = encoded->name;
    made->source.encoded = encoded;
    if (thread_mutex_open(&made->lock) != 0) {
        free(made);
        return -1;
    }
    if (format->open(made, encoded) != 0) {
        compressed_close(made);
        return -1;
    }
    *file = made;
    return 0;
}

int compressed_take(struct compressed *file, struct mr_encoded *encoded, struct mr_piece *piece,
                    struct mr_error *error)
{
    file->source.encoded = encoded;
    const int status = file->format->take(file, piece, error);
    piece->length = file->source.offset - file->taken;
    file->taken = file->source.offset;
    return status;
}

int compressed_decode(struct compressed *file, struct mr_piece *piece, struct mr_error *error)
{
    return file->format->decode(file, piece, error);
}

void compressed_close(struct compressed *file)
{
    if (file == NULL)
        return;
    file->format->close(file);
    if (file->fault.found)
        file->options->tell(file->options->context, file->name, file->fault.text);
    source_close(&file->source);
    thread_mutex_close(&file->lock);
    free(file);
}

/* ---- Faults --------------------------------------------------------------------------------- */

int compressed_fault(struct compressed *file, uint64_t offset, const char *format, ...)
{
    va_list arguments;

    thread_lock(&file->lock);
    if (!file->fault.found || offset < file->fault.offset) {
        file->fault.found = true;
        file->fault.offset = offset;
        va_start(arguments, format);
        vsnprintf(file->fault.text, sizeof file->fault.text, format, arguments);
        va_end(arguments);
    }
    thread_unlock(&file->lock);
    return -1;
}

int compressed_corrupt(struct compressed *file, uint64_t offset, const char *reason)
{
    return compressed_fault(file, offset, "%s data is corrupt at byte %ju: %s", file->format->name,
                            (uintmax_t)offset, reason);
}

int compressed_cut(struct compressed *file, uint64_t offset)
{
    return compressed_fault(file, offset, "%s data is cut off at byte %ju", file->format->name,
                            (uintmax_t)offset);
}

bool compressed_hold(struct compressed *file, uint64_t bytes)
{
    struct mr_encoded *encoded = file->source.encoded;

    return bytes <= file->options->window &&
           (encoded->hold == NULL || encoded->hold(encoded, bytes));
}

int compressed_too_large(struct compressed *file, uint64_t offset, uint64_t bytes, uint64_t most)
{
    return compressed_fault(file, offset,
                            "%s data at byte %ju needs %juM to be decompressed, and --buffer-size "
                            "leaves %juM: give more of it",
                            file->format->name, (uintmax_t)offset,
                            (uintmax_t)((bytes + ((1 << 20) - 1)) >> 20), (uintmax_t)(most >> 20));
}

void compressed_garbage(struct compressed *file, uint64_t offset)
{
    char text[128];

    snprintf(text, sizeof text, "%s data ends at byte %ju, what follows is left out",
             file->format->name, (uintmax_t)offset);
    file->options->note(file->options->context, file->name, text);
}

int compressed_no_memory(struct mr_error *error)
{
    (void)mr_error_set(error, MR_NOMEM, 0, "out of memory");
    return -1;
}

/* ---- Streams -------------------------------------------------------------------------------- */

int compressed_stream(struct compressed *file, struct mr_piece *piece, compressed_step *next,
                      struct mr_error *error)
{
    struct source *source = &file->source;
    struct compressed_step step = {.out = mr_buffer_reserve(piece->text, piece->wanted),
                                   .out_size = piece->wanted};

    if (step.out == NULL)
        return compressed_no_memory(error);
    while (step.out_size > 0) {
        if (source_fill(source, 1) != 0)
            return compressed_no_memory(error);
        step.in = source_bytes(source, &step.in_size);
        /* Where reading failed, what is there must not be taken for all there is. */
        step.last = source->ended && !source->failed;
        step.offset = source->offset;
        step.in_used = step.out_used = 0;
        const enum compressed_outcome outcome = next(file, &step);
        source_use(source, step.in_used);
        mr_buffer_commit(piece->text, step.out_used);
        step.out += step.out_used;
        step.out_size -= step.out_used;
        if (outcome == COMPRESSED_END)
            return source->failed ? -1 : 0;
        if (outcome == COMPRESSED_BROKEN)
            return -1;
        if (outcome == COMPRESSED_NO_MEMORY)
            return compressed_no_memory(error);
        if (step.in_used > 0 || step.out_used > 0)
            continue;
        if (source->ended) /* where reading failed, that has been told */
            return source->failed ? -1 : compressed_cut(file, step.offset + step.in_size);
        if (source_fill(source, step.in_size + 1) != 0)
            return compressed_no_memory(error);
    }
    return 1;
}
