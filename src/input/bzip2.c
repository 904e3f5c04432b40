/* SPDX-License-Identifier: MIT
 *
 * bzip2 - by libbz2 (see compressed.h), as a stream.
 */
#include "input/compressed.h"

#define BZIP2_LIBRARY "libbz2.so.1.0"
#define BZIP2_PACKAGES                                                                             \
    .name = "bzip2", .library = BZIP2_LIBRARY, .package = "libbz2-1.0", .source = "libbz2-dev"

#ifdef MRCOUNT_BZIP2

#include <bzlib.h>
#include <stdlib.h>

#include "base/library.h"

#define BZIP2_CALLS(call)                                                                          \
    call(BZ2_bzDecompressInit) call(BZ2_bzDecompress) call(BZ2_bzDecompressEnd)
#define BZIP2_MEMBER(name) __typeof__(name) *name;
#define BZIP2_NAME(name) #name,

static struct {
    BZIP2_CALLS(BZIP2_MEMBER)
} bzip2_library;

/* What the largest blocks take, of 900,000 bytes; and in the library's slower way, of half the
 * speed. */
#define BZIP2_MEMORY ((uint64_t)3800 << 10)
#define BZIP2_LITTLE_MEMORY ((uint64_t)2400 << 10)

struct bzip2_state {
    bz_stream stream;
    bool within;    /* a stream of the FILE */
    bool behind;    /* the first one */
    uint64_t begin; /* of the one in hand, in the FILE */
};

static bool bzip2_load(void)
{
    static const char *const names[] = {BZIP2_CALLS(BZIP2_NAME)};

    return library_load(BZIP2_LIBRARY, names, sizeof names / sizeof *names,
                        (void **)&bzip2_library);
}

static int bzip2_open(struct compressed *file, struct mr_encoded *encoded)
{
    file->state = calloc(1, sizeof(struct bzip2_state));
    encoded->in_order = true;
    return file->state != NULL ? 0 : -1;
}

static void bzip2_end(struct bzip2_state *state)
{
    if (state->within)
        (void)bzip2_library.BZ2_bzDecompressEnd(&state->stream);
    state->within = false;
}

static void bzip2_close(struct compressed *file)
{
    if (file->state != NULL)
        bzip2_end(file->state);
    free(file->state);
}

static enum compressed_outcome bzip2_begin(struct compressed *file, uint64_t offset)
{
    struct bzip2_state *state = file->state;
    const bool little = !compressed_hold(file, BZIP2_MEMORY);

    if (little && !compressed_hold(file, BZIP2_LITTLE_MEMORY)) {
        (void)compressed_too_large(file, offset, BZIP2_LITTLE_MEMORY, file->options->window);
        return COMPRESSED_BROKEN;
    }
    state->stream = (bz_stream){0};
    if (bzip2_library.BZ2_bzDecompressInit(&state->stream, 0, little) != BZ_OK)
        return COMPRESSED_NO_MEMORY;
    state->within = true;
    state->begin = offset;
    return COMPRESSED_ON;
}

static enum compressed_outcome bzip2_step(struct compressed *file, struct compressed_step *step)
{
    struct bzip2_state *state = file->state;
    bz_stream *stream = &state->stream;

    if (!state->within) {
        if (step->in_size == 0)
            return step->last ? COMPRESSED_END : COMPRESSED_ON;
        const enum compressed_outcome outcome = bzip2_begin(file, step->offset);
        if (outcome != COMPRESSED_ON)
            return outcome;
    }
    stream->next_in = (char *)step->in; /* it only reads */
    stream->avail_in = (unsigned)step->in_size;
    stream->next_out = (char *)step->out;
    stream->avail_out = (unsigned)step->out_size;
    const int status = bzip2_library.BZ2_bzDecompress(stream);
    step->in_used = step->in_size - stream->avail_in;
    step->out_used = step->out_size - stream->avail_out;
    switch (status) {
    case BZ_OK:
        return COMPRESSED_ON;
    case BZ_STREAM_END:
        bzip2_end(state);
        state->behind = true;
        return COMPRESSED_ON;
    case BZ_MEM_ERROR:
        return COMPRESSED_NO_MEMORY;
    case BZ_DATA_ERROR_MAGIC:
        if (state->behind) { /* which bzip2 says, and calls a success */
            compressed_garbage(file, state->begin);
            return COMPRESSED_END;
        }
        /* fall through */
    default:
        (void)compressed_corrupt(file, step->offset + step->in_used,
                                 "an invalid block, or wrong checksum");
        return COMPRESSED_BROKEN;
    }
}

static int bzip2_take(struct compressed *file, struct mr_piece *piece, struct mr_error *error)
{
    return compressed_stream(file, piece, bzip2_step, error);
}

const struct compressed_format bzip2_format = {
    BZIP2_PACKAGES,     .built = true,      .load = bzip2_load,
    .open = bzip2_open, .take = bzip2_take, .close = bzip2_close,
};

#else

const struct compressed_format bzip2_format = {BZIP2_PACKAGES};

#endif
