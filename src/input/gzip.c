/* SPDX-License-Identifier: MIT
 *
 * gzip - RFC 1952, by the inflate of ISA-L (see compressed.h).
 *
 * ISA-L takes 0.4 times as long as zlib. A FILE of one member is one stream. Where the members are
 * those of BGZF, of 64 KiB at most and with their sizes in the header, each is decoded by itself.
 */
#include "input/compressed.h"

#define GZIP_LIBRARY "libisal.so.2"
#define GZIP_PACKAGES                                                                              \
    .name = "gzip", .library = GZIP_LIBRARY, .package = "libisal2", .source = "libisal-dev"

#ifdef MRCOUNT_ISAL

#include <isa-l/crc.h>
#include <isa-l/igzip_lib.h>
#include <stdlib.h>
#include <string.h>

#include "base/library.h"

#define GZIP_CALLS(call)                                                                           \
    call(isal_inflate_init) call(isal_inflate) call(isal_inflate_stateless) call(crc32_gzip_refl)
#define GZIP_MEMBER(name) __typeof__(name) *name;
#define GZIP_NAME(name) #name,

static struct {
    GZIP_CALLS(GZIP_MEMBER)
} gzip_library;

/* Bits of the flags of a member. */
enum { GZIP_HAS_CRC = 2, GZIP_HAS_EXTRA = 4, GZIP_HAS_NAME = 8, GZIP_HAS_COMMENT = 16 };
#define GZIP_UNKNOWN_FLAGS 0xe0

/* A member's fixed beginning; of one of BGZF, with what says its size, if that is the first extra
 * field; and its trailer. */
#define GZIP_FIXED 10
#define GZIP_BLOCK_HEADER 18
#define GZIP_TRAILER 8
/* Text of a block of BGZF, at most. */
#define GZIP_BLOCK_MOST ((size_t)1 << 16)

/* What comes next in a stream. */
enum gzip_place {
    GZIP_HEADER,
    GZIP_EXTRA_SIZE,
    GZIP_EXTRA,
    GZIP_NAME_TEXT,
    GZIP_COMMENT_TEXT,
    GZIP_HEADER_CRC,
    GZIP_BODY,
    GZIP_BEHIND, /* a member */
    GZIP_ZEROS,  /* which may fill the rest of a FILE */
};

struct gzip_state {
    enum gzip_place place;
    unsigned flags;
    uint32_t extra; /* bytes left of the extra fields */
    uint32_t crc;   /* of the header */
    uint64_t zeros; /* where they begin */
    bool blocks;    /* members of BGZF, so far */
    struct inflate_state inflate;
};

static bool gzip_load(void)
{
    static const char *const names[] = {GZIP_CALLS(GZIP_NAME)};

    return library_load(GZIP_LIBRARY, names, sizeof names / sizeof *names, (void **)&gzip_library);
}

/* The size of the block of BGZF that begins there, or 0 where none does; its header's size in
 * *header. `size` is GZIP_BLOCK_HEADER at least. */
static size_t gzip_block_size(const unsigned char *bytes, size_t size, size_t *header)
{
    if (size < GZIP_BLOCK_HEADER || bytes[0] != 0x1f || bytes[1] != 0x8b || bytes[2] != 8 ||
        bytes[3] != GZIP_HAS_EXTRA || compressed_16(bytes + 10) < 6 || bytes[12] != 'B' ||
        bytes[13] != 'C' || compressed_16(bytes + 14) != 2)
        return 0;
    *header = GZIP_FIXED + 2 + compressed_16(bytes + 10);
    const size_t whole = (size_t)compressed_16(bytes + 16) + 1;
    return whole > *header + GZIP_TRAILER ? whole : 0;
}

static int gzip_open(struct compressed *file, struct mr_encoded *encoded)
{
    struct gzip_state *state = malloc(sizeof *state);
    size_t header;

    if (state == NULL)
        return -1;
    state->place = GZIP_HEADER;
    state->blocks =
        encoded->regular && gzip_block_size(encoded->head, encoded->head_size, &header) > 0;
    encoded->in_order = !state->blocks;
    file->state = state;
    return 0;
}

static void gzip_close(struct compressed *file)
{
    free(file->state);
}

/* ---- A stream ------------------------------------------------------------------------------- */

static const char *gzip_reason(int status)
{
    switch (status) {
    case ISAL_INCORRECT_CHECKSUM:
        return "wrong checksum";
    case ISAL_INVALID_LOOKBACK:
        return "a distance past the beginning";
    case ISAL_INVALID_SYMBOL:
        return "an invalid symbol";
    default:
        return "an invalid block";
    }
}

static enum compressed_outcome gzip_broken(struct compressed *file,
                                           const struct compressed_step *step, const char *reason)
{
    (void)compressed_corrupt(file, step->offset + step->in_used, reason);
    return COMPRESSED_BROKEN;
}

/* Uses `size` bytes of a header. */
static void gzip_use(struct gzip_state *state, struct compressed_step *step, size_t size)
{
    state->crc = gzip_library.crc32_gzip_refl(state->crc, step->in + step->in_used, size);
    step->in_used += size;
}

/* To what is next of a header, by the flags. */
static void gzip_go_on(struct gzip_state *state)
{
    static const unsigned flags[] = {
        [GZIP_EXTRA_SIZE] = GZIP_HAS_EXTRA, [GZIP_EXTRA] = GZIP_HAS_EXTRA,
        [GZIP_NAME_TEXT] = GZIP_HAS_NAME,   [GZIP_COMMENT_TEXT] = GZIP_HAS_COMMENT,
        [GZIP_HEADER_CRC] = GZIP_HAS_CRC,
    };

    do
        state->place++;
    while (state->place < GZIP_BODY && (state->flags & flags[state->place]) == 0);
    if (state->place != GZIP_BODY)
        return;
    gzip_library.isal_inflate_init(&state->inflate);
    state->inflate.crc_flag = ISAL_GZIP_NO_HDR_VER;
}

static enum compressed_outcome gzip_header(struct compressed *file, struct compressed_step *step)
{
    struct gzip_state *state = file->state;
    const unsigned char *bytes = step->in;

    if (step->in_size < GZIP_FIXED)
        return COMPRESSED_ON;
    if (bytes[2] != 8)
        return gzip_broken(file, step, "an unknown method");
    if ((bytes[3] & GZIP_UNKNOWN_FLAGS) != 0)
        return gzip_broken(file, step, "unknown flags, or it is encrypted");
    state->flags = bytes[3];
    state->crc = 0;
    gzip_use(state, step, GZIP_FIXED);
    gzip_go_on(state);
    return COMPRESSED_ON;
}

/* Uses the bytes of a text that ends in NUL. */
static void gzip_text(struct gzip_state *state, struct compressed_step *step)
{
    size_t size = 0;

    while (size < step->in_size && step->in[size] != '\0')
        size++;
    const bool ends = size < step->in_size;
    gzip_use(state, step, size + ends);
    if (ends)
        gzip_go_on(state);
}

static enum compressed_outcome gzip_body(struct compressed *file, struct compressed_step *step)
{
    struct gzip_state *state = file->state;
    struct inflate_state *inflate = &state->inflate;

    inflate->next_in = (uint8_t *)step->in; /* it only reads */
    inflate->avail_in = (uint32_t)step->in_size;
    inflate->next_out = step->out;
    inflate->avail_out = (uint32_t)step->out_size;
    const int status = gzip_library.isal_inflate(inflate);
    step->in_used = step->in_size - inflate->avail_in;
    step->out_used = step->out_size - inflate->avail_out;
    if (status < 0)
        return gzip_broken(file, step, gzip_reason(status));
    if (inflate->block_state == ISAL_BLOCK_FINISH)
        state->place = GZIP_BEHIND;
    return COMPRESSED_ON;
}

static enum compressed_outcome gzip_zeros(struct compressed *file, struct compressed_step *step)
{
    const struct gzip_state *state = file->state;

    while (step->in_used < step->in_size && step->in[step->in_used] == '\0')
        step->in_used++;
    if (step->in_used == step->in_size)
        return step->last ? COMPRESSED_END : COMPRESSED_ON;
    (void)compressed_fault(file, state->zeros,
                           "gzip data ends at byte %ju, what follows is left out",
                           (uintmax_t)state->zeros);
    return COMPRESSED_BROKEN;
}

/* Behind a member: another, the end, or something that gzip leaves out as well. Only zeros are no
 * reason for it to complain. */
static enum compressed_outcome gzip_behind(struct compressed *file, struct compressed_step *step)
{
    struct gzip_state *state = file->state;

    if (step->in_size == 0)
        return step->last ? COMPRESSED_END : COMPRESSED_ON;
    if (step->in[0] == '\0') {
        state->place = GZIP_ZEROS;
        state->zeros = step->offset;
        return gzip_zeros(file, step);
    }
    if (step->in_size < 2 && !step->last)
        return COMPRESSED_ON;
    if (step->in_size >= 2 && step->in[0] == 0x1f && step->in[1] == 0x8b) {
        state->place = GZIP_HEADER;
        return gzip_header(file, step);
    }
    (void)compressed_fault(file, step->offset,
                           "gzip data ends at byte %ju, what follows is left out",
                           (uintmax_t)step->offset);
    return COMPRESSED_BROKEN;
}

static enum compressed_outcome gzip_step(struct compressed *file, struct compressed_step *step)
{
    struct gzip_state *state = file->state;

    switch (state->place) {
    case GZIP_HEADER:
        return gzip_header(file, step);
    case GZIP_EXTRA_SIZE:
        if (step->in_size < 2)
            return COMPRESSED_ON;
        state->extra = compressed_16(step->in);
        gzip_use(state, step, 2);
        gzip_go_on(state);
        return COMPRESSED_ON;
    case GZIP_EXTRA: {
        const size_t size = step->in_size < state->extra ? step->in_size : state->extra;
        gzip_use(state, step, size);
        state->extra -= (uint32_t)size;
        if (state->extra == 0)
            gzip_go_on(state);
        return COMPRESSED_ON;
    }
    case GZIP_NAME_TEXT:
    case GZIP_COMMENT_TEXT:
        gzip_text(state, step);
        return COMPRESSED_ON;
    case GZIP_HEADER_CRC:
        if (step->in_size < 2)
            return COMPRESSED_ON;
        if (compressed_16(step->in) != (state->crc & 0xffff))
            return gzip_broken(file, step, "wrong checksum of a header");
        gzip_use(state, step, 2);
        gzip_go_on(state);
        return COMPRESSED_ON;
    case GZIP_BODY:
        return gzip_body(file, step);
    case GZIP_BEHIND:
        return gzip_behind(file, step);
    case GZIP_ZEROS:
        break;
    }
    return gzip_zeros(file, step);
}

/* ---- Blocks --------------------------------------------------------------------------------- */

/* Whole blocks, of as much text as is wanted; words[0] is where they begin in the FILE. Returns 1,
 * 0 where the FILE ends behind them, -1 when memory is out. What is no whole block is left for the
 * stream. */
static int gzip_take_blocks(struct compressed *file, struct mr_piece *piece)
{
    struct gzip_state *state = file->state;
    struct source *source = &file->source;

    piece->words[0] = source->offset;
    for (size_t text = 0; text < piece->wanted;) {
        size_t there, header;
        if (source_fill(source, GZIP_BLOCK_HEADER) != 0)
            return -1;
        const unsigned char *bytes = source_bytes(source, &there);
        if (there == 0 && !source->failed)
            return 0;
        const size_t size = gzip_block_size(bytes, there, &header);
        if (size > 0 && source_fill(source, size) != 0)
            return -1;
        bytes = source_bytes(source, &there);
        if (size == 0 || there < size || compressed_32(bytes + size - 4) > GZIP_BLOCK_MOST) {
            state->blocks = false;
            break;
        }
        text += compressed_32(bytes + size - 4);
        unsigned char *room = mr_buffer_reserve(piece->bytes, size);
        if (room == NULL)
            return -1;
        memcpy(room, bytes, size);
        mr_buffer_commit(piece->bytes, size);
        source_use(source, size);
        state->place = GZIP_BEHIND;
    }
    return 1;
}

static int gzip_take(struct compressed *file, struct mr_piece *piece, struct mr_error *error)
{
    const struct gzip_state *state = file->state;
    size_t size;

    if (state->blocks) {
        const int status = gzip_take_blocks(file, piece);
        if (status < 0)
            return compressed_no_memory(error);
        (void)mr_buffer_data(piece->bytes, &size);
        if (status == 0 || size > 0)
            return status;
    }
    return compressed_stream(file, piece, gzip_step, error);
}

static int gzip_decode(struct compressed *file, struct mr_piece *piece, struct mr_error *error)
{
    struct inflate_state *inflate = malloc(sizeof *inflate);
    size_t size, header = 0;
    const unsigned char *bytes = mr_buffer_data(piece->bytes, &size);
    uint64_t offset = piece->words[0];
    int status = 1;

    if (inflate == NULL)
        return compressed_no_memory(error);
    while (size > 0 && status > 0) {
        const size_t block = gzip_block_size(bytes, size, &header);
        const size_t text = compressed_32(bytes + block - 4);
        /* One more than it should be: a block that goes on past its size is seen. */
        unsigned char *room = mr_buffer_reserve(piece->text, text + 1);
        if (room == NULL) {
            status = compressed_no_memory(error);
            break;
        }
        gzip_library.isal_inflate_init(inflate);
        inflate->crc_flag = ISAL_GZIP_NO_HDR_VER;
        inflate->next_in = (uint8_t *)bytes + header; /* it only reads */
        inflate->avail_in = (uint32_t)(block - header);
        inflate->next_out = room;
        inflate->avail_out = (uint32_t)text + 1;
        const int done = gzip_library.isal_inflate(inflate);
        mr_buffer_commit(piece->text, text + 1 - inflate->avail_out);
        if (done < 0 || inflate->block_state != ISAL_BLOCK_FINISH || inflate->avail_in > 0)
            status = compressed_corrupt(file, offset + block - inflate->avail_in,
                                        done < 0 ? gzip_reason(done) : "wrong size of a block");
        bytes += block;
        size -= block;
        offset += block;
    }
    free(inflate);
    return status;
}

const struct compressed_format gzip_format = {
    GZIP_PACKAGES,     .built = true,         .load = gzip_load,   .open = gzip_open,
    .take = gzip_take, .decode = gzip_decode, .close = gzip_close,
};

#else

const struct compressed_format gzip_format = {GZIP_PACKAGES};

#endif
