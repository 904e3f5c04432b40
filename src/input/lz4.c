/* SPDX-License-Identifier: MIT
 *
 * lz4 - by liblz4 (see compressed.h), as a stream.
 *
 * Its frames are the library's business. Those of before 2014, which `lz4 -l` and kernels still
 * use, are not: rows of blocks of 8 MiB of text, each with its size in front.
 */
#include "input/compressed.h"

#define LZ4_LIBRARY "liblz4.so.1"
#define LZ4_PACKAGES                                                                               \
    .name = "lz4", .library = LZ4_LIBRARY, .package = "liblz4-1", .source = "liblz4-dev"

#ifdef MRCOUNT_LZ4

#include <lz4.h>
#include <lz4frame.h>
#include <stdlib.h>
#include <string.h>

#include "base/library.h"

#define LZ4_CALLS(call)                                                                            \
    call(LZ4F_createDecompressionContext) call(LZ4F_freeDecompressionContext)                      \
        call(LZ4F_decompress) call(LZ4F_isError) call(LZ4F_getErrorName) call(LZ4_decompress_safe)
#define LZ4_MEMBER(name) __typeof__(name) *name;
#define LZ4_NAME(name) #name,

static struct {
    LZ4_CALLS(LZ4_MEMBER)
} lz4_library;

#define LZ4_FRAME_MAGIC 0x184d2204u
#define LZ4_OLD_MAGIC 0x184c2102u
#define LZ4_SKIPPABLE_MAGIC 0x184d2a50u /* and the 15 behind it */
/* What frames with the largest blocks, of 4 MiB, take; and an old block, compressed or not. */
#define LZ4_MEMORY ((uint64_t)9 << 20)
#define LZ4_OLD_BLOCK ((size_t)8 << 20)
#define LZ4_OLD_MOST (LZ4_OLD_BLOCK + LZ4_OLD_BLOCK / 255 + 16)

enum lz4_place { LZ4_BETWEEN, LZ4_FRAME, LZ4_OLD };

struct lz4_state {
    LZ4F_dctx *context;
    enum lz4_place place;
    unsigned char *old; /* text of an old block, */
    size_t old_begin, old_end;
};

static bool lz4_load(void)
{
    static const char *const names[] = {LZ4_CALLS(LZ4_NAME)};

    return library_load(LZ4_LIBRARY, names, sizeof names / sizeof *names, (void **)&lz4_library);
}

static int lz4_open(struct compressed *file, struct mr_encoded *encoded)
{
    struct lz4_state *state = calloc(1, sizeof *state);

    encoded->in_order = true;
    file->state = state;
    if (state == NULL)
        return -1;
    return lz4_library.LZ4F_isError(
               lz4_library.LZ4F_createDecompressionContext(&state->context, LZ4F_VERSION))
               ? -1
               : 0;
}

static void lz4_close(struct compressed *file)
{
    struct lz4_state *state = file->state;

    if (state == NULL)
        return;
    if (state->context != NULL)
        (void)lz4_library.LZ4F_freeDecompressionContext(state->context);
    free(state->old);
    free(state);
}

static enum compressed_outcome lz4_broken(struct compressed *file, uint64_t offset,
                                          const char *reason)
{
    (void)compressed_corrupt(file, offset, reason);
    return COMPRESSED_BROKEN;
}

/* Between frames. */
static enum compressed_outcome lz4_begin(struct compressed *file, struct compressed_step *step)
{
    struct lz4_state *state = file->state;
    const bool old = step->in_size >= 4 && compressed_32(step->in) == LZ4_OLD_MAGIC;
    const uint64_t memory = old ? LZ4_OLD_BLOCK + LZ4_OLD_MOST : LZ4_MEMORY;

    if (step->in_size == 0)
        return step->last ? COMPRESSED_END : COMPRESSED_ON;
    if (step->in_size < 4 && !step->last)
        return COMPRESSED_ON;
    if (!old &&
        (step->in_size < 4 || (compressed_32(step->in) != LZ4_FRAME_MAGIC &&
                               (compressed_32(step->in) & 0xfffffff0u) != LZ4_SKIPPABLE_MAGIC)))
        return lz4_broken(file, step->offset, "no frame begins there");
    if (!compressed_hold(file, memory)) {
        (void)compressed_too_large(file, step->offset, memory, file->options->window);
        return COMPRESSED_BROKEN;
    }
    state->place = old ? LZ4_OLD : LZ4_FRAME;
    if (old)
        step->in_used = 4;
    return COMPRESSED_ON;
}

static enum compressed_outcome lz4_frame(struct compressed *file, struct compressed_step *step)
{
    struct lz4_state *state = file->state;

    step->in_used = step->in_size;
    step->out_used = step->out_size;
    const size_t left = lz4_library.LZ4F_decompress(state->context, step->out, &step->out_used,
                                                    step->in, &step->in_used, NULL);
    if (lz4_library.LZ4F_isError(left)) {
        const char *reason = lz4_library.LZ4F_getErrorName(left);
        /* By its name: the number belongs to what only the static library has. */
        if (strcmp(reason, "ERROR_allocation_failed") == 0)
            return COMPRESSED_NO_MEMORY;
        return lz4_broken(file, step->offset + step->in_used, reason);
    }
    if (left == 0)
        state->place = LZ4_BETWEEN;
    return COMPRESSED_ON;
}

/* Puts out text of an old block, as much as there is room for. */
static void lz4_put_old(struct lz4_state *state, struct compressed_step *step)
{
    const size_t left = state->old_end - state->old_begin;

    step->out_used = left < step->out_size ? left : step->out_size;
    memcpy(step->out, state->old + state->old_begin, step->out_used);
    state->old_begin += step->out_used;
}

static enum compressed_outcome lz4_old_block(struct compressed *file, struct compressed_step *step)
{
    struct lz4_state *state = file->state;

    if (state->old_begin < state->old_end) {
        lz4_put_old(state, step);
        return COMPRESSED_ON;
    }
    if (step->in_size < 4) {
        /* Such a frame has no end but that of the FILE or the beginning of another. */
        if (step->last && step->in_size == 0)
            return COMPRESSED_END;
        return COMPRESSED_ON;
    }
    const uint32_t size = compressed_32(step->in);
    if (size > LZ4_OLD_MOST) {
        state->place = LZ4_BETWEEN;
        return lz4_begin(file, step);
    }
    if (step->in_size - 4 < size)
        return COMPRESSED_ON;
    if (state->old == NULL && (state->old = malloc(LZ4_OLD_BLOCK)) == NULL)
        return COMPRESSED_NO_MEMORY;
    const int made = lz4_library.LZ4_decompress_safe((const char *)step->in + 4, (char *)state->old,
                                                     (int)size, (int)LZ4_OLD_BLOCK);
    if (made < 0)
        return lz4_broken(file, step->offset, "an invalid block");
    step->in_used = 4 + size;
    state->old_begin = 0;
    state->old_end = (size_t)made;
    return COMPRESSED_ON;
}

static enum compressed_outcome lz4_step(struct compressed *file, struct compressed_step *step)
{
    const struct lz4_state *state = file->state;

    if (state->place == LZ4_BETWEEN) {
        const enum compressed_outcome outcome = lz4_begin(file, step);
        if (state->place != LZ4_FRAME || outcome != COMPRESSED_ON)
            return outcome;
    }
    return state->place == LZ4_FRAME ? lz4_frame(file, step) : lz4_old_block(file, step);
}

static int lz4_take(struct compressed *file, struct mr_piece *piece, struct mr_error *error)
{
    return compressed_stream(file, piece, lz4_step, error);
}

const struct compressed_format lz4_format = {
    LZ4_PACKAGES,     .built = true,    .load = lz4_load,
    .open = lz4_open, .take = lz4_take, .close = lz4_close,
};

#else

const struct compressed_format lz4_format = {LZ4_PACKAGES};

#endif
