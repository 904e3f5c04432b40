/* SPDX-License-Identifier: MIT
 *
 * zstd - RFC 8878, by libzstd (see compressed.h).
 *
 * A regular FILE of several frames, as pzstd makes them and the seekable format, is given out by
 * frames; one that would take too much as a whole is a stream, as are all others. Where frames end
 * is found by hopping from block to block.
 */
#include "input/compressed.h"

#define ZSTD_LIBRARY "libzstd.so.1"
#define ZSTD_PACKAGES                                                                              \
    .name = "zstd", .library = ZSTD_LIBRARY, .package = "libzstd1", .source = "libzstd-dev"

#ifdef MRCOUNT_ZSTD

#include <stdlib.h>
#include <string.h>
#include <zstd.h>
#include <zstd_errors.h>

#include "base/library.h"

#define ZSTD_CALLS(call)                                                                           \
    call(ZSTD_createDCtx) call(ZSTD_freeDCtx) call(ZSTD_DCtx_setParameter) call(ZSTD_DCtx_reset)   \
        call(ZSTD_decompressStream) call(ZSTD_decompressDCtx) call(ZSTD_findFrameCompressedSize)   \
            call(ZSTD_isError) call(ZSTD_getErrorName) call(ZSTD_getErrorCode)
#define ZSTD_MEMBER(name) __typeof__(name) *name;
#define ZSTD_NAME(name) #name,

static struct {
    ZSTD_CALLS(ZSTD_MEMBER)
} zstd_library;

/* Of a frame: what it begins with, and a header, at most; a block's header and text, at most. */
#define ZSTD_FRAME_MAGIC 0xfd2fb528u
#define ZSTD_HEADER_MOST 18
#define ZSTD_BLOCK_HEADER 3
#define ZSTD_BLOCK_MOST ((uint64_t)128 << 10)
/* The largest window that the library takes. */
#define ZSTD_WINDOW_LOG 31
/* What a stream takes beside the window. */
#define ZSTD_BESIDE ((uint64_t)512 << 10)

struct zstd_state {
    ZSTD_DCtx *context; /* of the stream; NULL: it has not begun */
    bool within;        /* a frame of the stream */
    bool frames;        /* they are given out one by one */
    uint64_t skip;      /* bytes left of one that is left out */
};

static bool zstd_load(void)
{
    static const char *const names[] = {ZSTD_CALLS(ZSTD_NAME)};

    return library_load(ZSTD_LIBRARY, names, sizeof names / sizeof *names, (void **)&zstd_library);
}

/* ---- Where frames end ----------------------------------------------------------------------- */

struct zstd_frame {
    uint64_t size;   /* in the FILE; of a header its own */
    uint64_t text;   /* what becomes of it, or a bound of that */
    uint64_t window; /* that a stream of it needs */
    bool known;      /* `text` is what the header says */
    bool checksum;   /* one follows the last block */
};

static uint64_t zstd_number(const unsigned char *bytes, unsigned size)
{
    uint64_t number = 0;

    while (size-- > 0)
        number = number << 8 | bytes[size];
    return number;
}

static bool zstd_is_skippable(const unsigned char *bytes, size_t size)
{
    return size >= 8 && (compressed_32(bytes) & 0xfffffff0u) == 0x184d2a50u;
}

/* Reads the header of a frame, of ZSTD_HEADER_MOST bytes or all there are. Returns whether it is
 * one and whole. */
static bool zstd_header(const unsigned char *bytes, size_t size, struct zstd_frame *frame)
{
    static const unsigned char dictionary_sizes[] = {0, 1, 2, 4}, text_sizes[] = {0, 2, 4, 8};

    if (size < 5 || compressed_32(bytes) != ZSTD_FRAME_MAGIC)
        return false;
    const unsigned flags = bytes[4];
    const bool single = (flags & 0x20) != 0; /* the window is all of the text */
    const unsigned text_size = single && flags >> 6 == 0 ? 1 : text_sizes[flags >> 6];
    const unsigned dictionary_at = single ? 5 : 6;
    const unsigned text_at = dictionary_at + dictionary_sizes[flags & 3];

    if (size < text_at + text_size)
        return false;
    frame->size = text_at + text_size;
    frame->known = text_size > 0;
    frame->checksum = (flags & 4) != 0;
    frame->text = zstd_number(bytes + text_at, text_size) + (text_size == 2 ? 256 : 0);
    if (single) {
        frame->window = frame->text;
    } else {
        const uint64_t base = (uint64_t)1 << (10 + (bytes[5] >> 3));
        frame->window = base + base / 8 * (bytes[5] & 7);
    }
    return true;
}

/* Finds the end of the frame at that offset of a regular FILE. Returns false where none begins
 * there, it does not end, or its text may be more than `most`. */
static bool zstd_find_end(struct mr_encoded *encoded, uint64_t offset, uint64_t most,
                          struct zstd_frame *frame)
{
    unsigned char bytes[ZSTD_HEADER_MOST];
    long got = encoded->read_at(encoded, offset, bytes, sizeof bytes);
    uint64_t text = 0;

    if (got < 0 || !zstd_header(bytes, (size_t)got, frame) || (frame->known && frame->text > most))
        return false;
    for (bool last = false; !last;) {
        got = encoded->read_at(encoded, offset + frame->size, bytes, ZSTD_BLOCK_HEADER);
        if (got < ZSTD_BLOCK_HEADER)
            return false;
        const uint64_t header = zstd_number(bytes, ZSTD_BLOCK_HEADER);
        const unsigned kind = header >> 1 & 3;
        last = (header & 1) != 0;
        frame->size += ZSTD_BLOCK_HEADER + (kind == 1 ? 1 : header >> 3); /* 1: a byte repeated */
        text += ZSTD_BLOCK_MOST;
        if (!frame->known && text > most)
            return false;
    }
    if (!frame->known)
        frame->text = text;
    frame->size += frame->checksum ? 4 : 0;
    return encoded->size == MR_UNKNOWN || offset + frame->size <= encoded->size;
}

/* Whether a frame that can be held as a whole begins the FILE, and another follows. */
static bool zstd_divides(struct mr_encoded *encoded, uint64_t most)
{
    struct zstd_frame frame;
    unsigned char bytes[8];
    uint64_t offset = 0;

    if (!encoded->regular)
        return false;
    for (;;) {
        const long got = encoded->read_at(encoded, offset, bytes, sizeof bytes);
        if (got < 0 || !zstd_is_skippable(bytes, (size_t)got))
            break;
        offset += (uint64_t)compressed_32(bytes + 4) + 8;
    }
    if (!zstd_find_end(encoded, offset, most, &frame))
        return false;
    const long got = encoded->read_at(encoded, offset + frame.size, bytes, sizeof bytes);
    return got == (long)sizeof bytes &&
           (compressed_32(bytes) == ZSTD_FRAME_MAGIC || zstd_is_skippable(bytes, sizeof bytes));
}

/* Whether a call of the library ended like that for want of memory. */
static bool zstd_no_memory(size_t result)
{
    return zstd_library.ZSTD_getErrorCode(result) == ZSTD_error_memory_allocation;
}

/* ---- A stream ------------------------------------------------------------------------------- */

static int zstd_open(struct compressed *file, struct mr_encoded *encoded)
{
    struct zstd_state *state = calloc(1, sizeof *state);

    if (state == NULL)
        return -1;
    state->frames = zstd_divides(encoded, file->options->part);
    encoded->in_order = !state->frames;
    file->state = state;
    return 0;
}

static void zstd_close(struct compressed *file)
{
    struct zstd_state *state = file->state;

    if (state != NULL && state->context != NULL)
        zstd_library.ZSTD_freeDCtx(state->context);
    free(state);
}

/* Makes the context anew for a frame with that window. */
static enum compressed_outcome zstd_begin(struct compressed *file, uint64_t offset,
                                          const struct zstd_frame *frame)
{
    struct zstd_state *state = file->state;

    if (!compressed_hold(file, frame->window + ZSTD_BESIDE)) {
        (void)compressed_too_large(file, offset, frame->window, file->options->window);
        return COMPRESSED_BROKEN;
    }
    if (state->context == NULL && (state->context = zstd_library.ZSTD_createDCtx()) == NULL)
        return COMPRESSED_NO_MEMORY;
    (void)zstd_library.ZSTD_DCtx_reset(state->context, ZSTD_reset_session_only);
    (void)zstd_library.ZSTD_DCtx_setParameter(state->context, ZSTD_d_windowLogMax, ZSTD_WINDOW_LOG);
    state->within = true;
    return COMPRESSED_ON;
}

/* Between frames. */
static enum compressed_outcome zstd_next_frame(struct compressed *file,
                                               struct compressed_step *step)
{
    struct zstd_state *state = file->state;
    struct zstd_frame frame;

    if (step->in_size == 0)
        return step->last ? COMPRESSED_END : COMPRESSED_ON;
    if (step->in_size < ZSTD_HEADER_MOST && !step->last)
        return COMPRESSED_ON;
    if (zstd_is_skippable(step->in, step->in_size)) {
        state->skip = compressed_32(step->in + 4);
        step->in_used = 8;
        return COMPRESSED_ON;
    }
    if (zstd_header(step->in, step->in_size, &frame))
        return zstd_begin(file, step->offset, &frame);
    if (step->in_size >= 4 && compressed_32(step->in) == ZSTD_FRAME_MAGIC)
        return COMPRESSED_ON; /* which is cut off */
    (void)compressed_corrupt(file, step->offset, "no frame begins there");
    return COMPRESSED_BROKEN;
}

static enum compressed_outcome zstd_step(struct compressed *file, struct compressed_step *step)
{
    struct zstd_state *state = file->state;

    if (state->skip > 0) {
        step->in_used = step->in_size < state->skip ? step->in_size : (size_t)state->skip;
        state->skip -= step->in_used;
        return COMPRESSED_ON;
    }
    if (!state->within) {
        const enum compressed_outcome outcome = zstd_next_frame(file, step);
        if (!state->within || outcome != COMPRESSED_ON)
            return outcome;
    }
    ZSTD_inBuffer in = {step->in, step->in_size, 0};
    ZSTD_outBuffer out = {step->out, step->out_size, 0};
    const size_t left = zstd_library.ZSTD_decompressStream(state->context, &out, &in);
    step->in_used = in.pos;
    step->out_used = out.pos;
    if (zstd_no_memory(left))
        return COMPRESSED_NO_MEMORY;
    if (zstd_library.ZSTD_isError(left)) {
        (void)compressed_corrupt(file, step->offset + in.pos, zstd_library.ZSTD_getErrorName(left));
        return COMPRESSED_BROKEN;
    }
    state->within = left != 0;
    return COMPRESSED_ON;
}

/* ---- Frames --------------------------------------------------------------------------------- */

/* Leaves out what may be left out there, if nothing has been taken into the piece. Returns 1 where
 * it does not begin a frame that may be taken, 0 where it may, -1 when memory is out. */
static int zstd_skip(struct compressed *file, bool empty)
{
    struct zstd_state *state = file->state;
    struct source *source = &file->source;
    size_t size;

    for (;;) {
        if (source_fill(source, 8) != 0)
            return -1;
        const unsigned char *bytes = source_bytes(source, &size);
        if (!zstd_is_skippable(bytes, size))
            return 0;
        if (!empty)
            return 1;
        uint64_t left = (uint64_t)compressed_32(bytes + 4) + 8;
        while (left > 0) {
            if (source_fill(source, 1) != 0)
                return -1;
            (void)source_bytes(source, &size);
            if (size == 0) {
                state->skip = left; /* it is cut off, as the stream will see */
                return 0;
            }
            size = size < left ? size : (size_t)left;
            source_use(source, size);
            left -= size;
        }
    }
}

/* Puts whole frames into the piece, of as much text as is wanted; words[0] is where they begin in
 * the FILE. Returns 1; 0 where the next one can only be a stream; -1 when memory is out. */
static int zstd_take_frames(struct compressed *file, struct mr_piece *piece)
{
    struct source *source = &file->source;
    const uint64_t part = file->options->part;
    uint64_t text = 0;
    size_t taken = 0, size;

    while (text < piece->wanted && text < part) {
        struct zstd_frame frame;
        const int skipped = zstd_skip(file, taken == 0);
        if (skipped < 0)
            return -1;
        if (skipped > 0 || !zstd_find_end(source->encoded, source->offset, part - text, &frame))
            break;
        if (source_fill(source, frame.size) != 0)
            return -1;
        const unsigned char *bytes = source_bytes(source, &size);
        if (size < frame.size)
            break;
        unsigned char *room = mr_buffer_reserve(piece->bytes, frame.size);
        if (room == NULL)
            return -1;
        if (taken == 0)
            piece->words[0] = source->offset;
        memcpy(room, bytes, frame.size);
        mr_buffer_commit(piece->bytes, frame.size);
        source_use(source, frame.size);
        taken += frame.size;
        text += frame.text + frame.size; /* so that empty frames count as well */
    }
    return taken > 0;
}

static int zstd_take(struct compressed *file, struct mr_piece *piece, struct mr_error *error)
{
    const struct zstd_state *state = file->state;

    if (state->frames && !state->within && state->skip == 0) {
        const int status = zstd_take_frames(file, piece);
        if (status != 0)
            return status < 0 ? compressed_no_memory(error) : 1;
    }
    return compressed_stream(file, piece, zstd_step, error);
}

/* Decodes a frame that is known to be broken as far as it goes. */
static int zstd_decode_broken(struct compressed *file, ZSTD_DCtx *context, ZSTD_inBuffer *in,
                              ZSTD_outBuffer *out, uint64_t offset, struct mr_error *error)
{
    size_t left;

    (void)zstd_library.ZSTD_DCtx_reset(context, ZSTD_reset_session_only);
    (void)zstd_library.ZSTD_DCtx_setParameter(context, ZSTD_d_windowLogMax, ZSTD_WINDOW_LOG);
    do {
        const size_t before = in->pos + out->pos;
        left = zstd_library.ZSTD_decompressStream(context, out, in);
        if (!zstd_library.ZSTD_isError(left) && in->pos + out->pos == before)
            break;
    } while (!zstd_library.ZSTD_isError(left) && left != 0);
    if (zstd_no_memory(left))
        return compressed_no_memory(error);
    return compressed_corrupt(file, offset + in->pos,
                              zstd_library.ZSTD_isError(left)
                                  ? zstd_library.ZSTD_getErrorName(left)
                                  : "it does not have the size that it says");
}

/* What the text of a whole frame cannot be more than. */
static size_t zstd_bound(const unsigned char *bytes, size_t size, size_t at)
{
    size_t text = 0;

    while (size - at >= ZSTD_BLOCK_HEADER) {
        const uint64_t header = zstd_number(bytes + at, ZSTD_BLOCK_HEADER);
        text += ZSTD_BLOCK_MOST;
        if ((header & 1) != 0)
            break;
        at += ZSTD_BLOCK_HEADER + ((header >> 1 & 3) == 1 ? 1 : (size_t)header >> 3);
    }
    return text;
}

static int zstd_decode(struct compressed *file, struct mr_piece *piece, struct mr_error *error)
{
    ZSTD_DCtx *context = zstd_library.ZSTD_createDCtx();
    size_t size;
    const unsigned char *bytes = mr_buffer_data(piece->bytes, &size);
    uint64_t offset = piece->words[0];
    int status = 1;

    if (context == NULL)
        return compressed_no_memory(error);
    while (size > 0 && status > 0) {
        struct zstd_frame frame;
        const size_t whole = zstd_library.ZSTD_findFrameCompressedSize(bytes, size);
        if (zstd_library.ZSTD_isError(whole) || !zstd_header(bytes, whole, &frame)) {
            status = compressed_corrupt(file, offset, "no frame begins there");
            break;
        }
        if (!frame.known)
            frame.text = zstd_bound(bytes, whole, frame.size);
        unsigned char *room = mr_buffer_reserve(piece->text, frame.text);
        if (room == NULL) {
            status = compressed_no_memory(error);
            break;
        }
        size_t made = zstd_library.ZSTD_decompressDCtx(context, room, frame.text, bytes, whole);
        if (zstd_library.ZSTD_isError(made)) {
            ZSTD_inBuffer in = {bytes, whole, 0};
            ZSTD_outBuffer out = {room, frame.text, 0};
            status = zstd_decode_broken(file, context, &in, &out, offset, error);
            made = out.pos;
        }
        mr_buffer_commit(piece->text, made);
        bytes += whole;
        size -= whole;
        offset += whole;
    }
    (void)zstd_library.ZSTD_freeDCtx(context);
    return status;
}

const struct compressed_format zstd_format = {
    ZSTD_PACKAGES,     .built = true,         .load = zstd_load,   .open = zstd_open,
    .take = zstd_take, .decode = zstd_decode, .close = zstd_close,
};

#else

const struct compressed_format zstd_format = {ZSTD_PACKAGES};

#endif
