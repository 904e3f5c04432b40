/* SPDX-License-Identifier: MIT
 *
 * decoding - a FILE in memory that is decoded outside of the engine, as that would do it: for unit
 * tests and fuzz harnesses.
 */
#ifndef TESTS_DECODING_H
#define TESTS_DECODING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/budget.h"
#include "engine/core/buffer.h"
#include "engine/mapreduce.h"

/* What became of a FILE. */
struct decoding_result {
    unsigned char *text; /* to be freed */
    size_t size;
    bool plain;      /* its bytes are its text */
    bool broken;     /* it could not be read to its end */
    bool no_memory;  /* as the decoder says */
    unsigned pieces; /* that were decoded by themselves */
};

/* How it is read. */
struct decoding_way {
    size_t most;   /* it is a pipe that gives so many bytes at a time; 0: a regular file */
    size_t wanted; /* text of a piece */
    size_t fails;  /* reading fails behind so many bytes; 0: it does not */
    bool (*hold)(struct mr_encoded *encoded, uint64_t bytes);
};

/* The FILE, as the decoder sees it. */
struct decoding_file {
    struct mr_encoded encoded; /* first */
    const unsigned char *bytes;
    size_t size, at;
    size_t most, fails; /* as of the way */
};

static long decoding_read(struct mr_encoded *encoded, void *room, size_t size)
{
    struct decoding_file *file = (struct decoding_file *)encoded;

    if (file->most > 0 && size > file->most)
        size = file->most;
    if (size > file->size - file->at)
        size = file->size - file->at;
    if (file->fails > 0 && file->at == file->fails)
        return -1;
    if (file->fails > 0 && size > file->fails - file->at)
        size = file->fails - file->at;
    memcpy(room, file->bytes + file->at, size);
    file->at += size;
    return (long)size;
}

static long decoding_read_at(struct mr_encoded *encoded, uint64_t offset, void *room, size_t size)
{
    const struct decoding_file *file = (struct decoding_file *)encoded;

    if (offset >= file->size)
        return 0;
    if (size > file->size - offset)
        size = file->size - offset;
    if (file->fails > 0 && offset + size > file->fails)
        return -1;
    memcpy(room, file->bytes + offset, size);
    return (long)size;
}

/* Appends what the piece holds to the text. */
static inline void decoding_append(struct decoding_result *result, struct mr_piece *piece)
{
    size_t size;
    const unsigned char *text = mr_buffer_data(piece->text, &size);

    if (size == 0)
        return;
    result->text = realloc(result->text, result->size + size);
    memcpy(result->text + result->size, text, size);
    result->size += size;
}

/* Decodes `size` bytes. */
static inline struct decoding_result decoding_run_in_way(const struct mr_decoder *decoder,
                                                         const unsigned char *bytes, size_t size,
                                                         const struct decoding_way *way)
{
    struct decoding_result result = {0};
    struct mr_error error = {.status = MR_OK};
    struct decoding_file file = {
        .encoded = {.name = "file",
                    .regular = way->most == 0,
                    .size = way->most == 0 ? size : MR_UNKNOWN,
                    .head = bytes,
                    .head_size = size < MR_HEAD ? size : MR_HEAD,
                    .read = decoding_read,
                    .read_at = decoding_read_at,
                    .hold = way->hold},
        .bytes = bytes,
        .size = size,
        .most = way->most,
        .fails = way->fails,
    };
    struct budget budget;
    struct mr_buffer encoded, text;
    void *decoding = NULL;
    size_t skip = 0, held;
    int status = 1;

    budget_open(&budget, UINT64_MAX);
    buffer_open(&encoded, &budget);
    buffer_open(&text, &budget);
    if (decoder->open(decoder->context, &file.encoded, &decoding, &skip, &error) != 0)
        result.broken = true;
    result.plain = decoding == NULL && !result.broken;
    while (decoding != NULL && status == 1) {
        struct mr_piece piece = {.bytes = &encoded, .text = &text, .wanted = way->wanted};
        mr_buffer_clear(&encoded);
        mr_buffer_clear(&text);
        status = decoder->take(decoding, &file.encoded, &piece, &error);
        (void)mr_buffer_data(&encoded, &held);
        if (held > 0) {
            const int decoded = decoder->decode(decoding, &piece, &error);
            result.pieces++;
            if (decoded != 1)
                status = decoded;
        }
        decoding_append(&result, &piece);
    }
    result.broken |= status < 0;
    result.no_memory = error.status != MR_OK;
    if (decoding != NULL)
        decoder->close(decoding);
    buffer_close(&encoded);
    buffer_close(&text);
    return result;
}

/* As a regular file, or as a pipe that gives `most` bytes at a time. */
static inline struct decoding_result decoding_run(const struct mr_decoder *decoder,
                                                  const unsigned char *bytes, size_t size,
                                                  size_t most, size_t wanted)
{
    const struct decoding_way way = {.most = most, .wanted = wanted};

    return decoding_run_in_way(decoder, bytes, size, &way);
}

#endif
