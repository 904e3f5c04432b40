/* SPDX-License-Identifier: MIT
 *
 * xz - by liblzma (see compressed.h).
 *
 * Of a regular FILE the index at its end is read first: where it has several blocks, as xz -T makes
 * them, each is decoded by itself, if a block does not take too much. All else is a stream.
 */
#include "input/compressed.h"

#define XZ_LIBRARY "liblzma.so.5"
#define XZ_PACKAGES                                                                                \
    .name = "xz", .library = XZ_LIBRARY, .package = "liblzma5", .source = "liblzma-dev"

#ifdef MRCOUNT_LZMA

#include <lzma.h>
#include <stdlib.h>
#include <string.h>

#include "base/library.h"

#define XZ_CALLS(call)                                                                             \
    call(lzma_stream_decoder) call(lzma_code) call(lzma_end) call(lzma_memusage)                   \
        call(lzma_file_info_decoder) call(lzma_index_end) call(lzma_index_iter_init)               \
            call(lzma_index_iter_next) call(lzma_block_header_decode)                              \
                call(lzma_block_compressed_size) call(lzma_block_decoder)                          \
                    call(lzma_raw_decoder_memusage)
#define XZ_MEMBER(name) __typeof__(name) *name;
#define XZ_NAME(name) #name,

static struct {
    XZ_CALLS(XZ_MEMBER)
} xz_library;

struct xz_state {
    lzma_stream stream;
    bool begun;        /* the stream */
    lzma_index *index; /* of what is given out by blocks; or NULL */
    lzma_index_iter blocks;
};

/* What stands in a piece before a block. */
struct xz_block {
    uint64_t offset;   /* in the FILE */
    uint64_t unpadded; /* bytes without the padding, */
    uint64_t total;    /* and with it */
    uint64_t text;     /* that they become */
    lzma_check check;  /* of which kind */
};

static bool xz_load(void)
{
    static const char *const names[] = {XZ_CALLS(XZ_NAME)};

    return library_load(XZ_LIBRARY, names, sizeof names / sizeof *names, (void **)&xz_library);
}

static const char *xz_reason(lzma_ret status)
{
    switch (status) {
    case LZMA_FORMAT_ERROR:
        return "no stream begins there";
    case LZMA_OPTIONS_ERROR:
        return "it has options that are unknown";
    case LZMA_UNSUPPORTED_CHECK:
        return "its checksum is of an unknown kind";
    default:
        return "an invalid block, or wrong checksum";
    }
}

/* ---- A stream ------------------------------------------------------------------------------- */

static enum compressed_outcome xz_begin(struct compressed *file)
{
    struct xz_state *state = file->state;
    const lzma_ret status = xz_library.lzma_stream_decoder(
        &state->stream, file->options->window, LZMA_CONCATENATED | LZMA_TELL_UNSUPPORTED_CHECK);

    state->begun = status == LZMA_OK;
    return state->begun ? COMPRESSED_ON : COMPRESSED_NO_MEMORY;
}

static enum compressed_outcome xz_step(struct compressed *file, struct compressed_step *step)
{
    struct xz_state *state = file->state;
    lzma_stream *stream = &state->stream;

    if (!state->begun && xz_begin(file) != COMPRESSED_ON)
        return COMPRESSED_NO_MEMORY;
    stream->next_in = step->in;
    stream->avail_in = step->in_size;
    stream->next_out = step->out;
    stream->avail_out = step->out_size;
    const lzma_ret status = xz_library.lzma_code(stream, step->last ? LZMA_FINISH : LZMA_RUN);
    step->in_used = step->in_size - stream->avail_in;
    step->out_used = step->out_size - stream->avail_out;
    const uint64_t offset = step->offset + step->in_used;
    /* The memory is known when the header of a block has been read. */
    if (status == LZMA_MEMLIMIT_ERROR ||
        (status == LZMA_OK && step->out_used > 0 &&
         !compressed_hold(file, xz_library.lzma_memusage(stream)))) {
        (void)compressed_too_large(file, offset, xz_library.lzma_memusage(stream),
                                   file->options->window);
        return COMPRESSED_BROKEN;
    }
    switch (status) {
    case LZMA_OK:
    case LZMA_BUF_ERROR: /* there is nothing more to read or no room */
        return COMPRESSED_ON;
    case LZMA_STREAM_END:
        return COMPRESSED_END;
    case LZMA_MEM_ERROR:
        return COMPRESSED_NO_MEMORY;
    default:
        (void)compressed_corrupt(file, offset, xz_reason(status));
        return COMPRESSED_BROKEN;
    }
}

/* ---- Blocks --------------------------------------------------------------------------------- */

/* Reads the index of a regular FILE. Returns NULL where there is none or it takes too much. */
static lzma_index *xz_read_index(struct compressed *file, struct mr_encoded *encoded)
{
    enum { ROOM = 1 << 13 };
    lzma_stream stream = LZMA_STREAM_INIT;
    lzma_index *index = NULL;
    unsigned char *room = malloc(ROOM);
    uint64_t offset = 0;
    lzma_ret status = LZMA_MEM_ERROR;

    if (room != NULL)
        status =
            xz_library.lzma_file_info_decoder(&stream, &index, file->options->part, encoded->size);
    while (status == LZMA_OK) {
        if (stream.avail_in == 0) {
            const long got = encoded->read_at(encoded, offset, room, ROOM);
            if (got <= 0)
                break;
            stream.next_in = room;
            stream.avail_in = (size_t)got;
            offset += (uint64_t)got;
        }
        status = xz_library.lzma_code(&stream, LZMA_RUN);
        if (status == LZMA_SEEK_NEEDED) {
            offset = stream.seek_pos;
            stream.avail_in = 0;
            status = LZMA_OK;
        }
    }
    xz_library.lzma_end(&stream);
    free(room);
    return status == LZMA_STREAM_END ? index : NULL;
}

/* Gives back what reading a block's header has made. */
static void xz_free_filters(lzma_filter *filters)
{
    for (size_t i = 0; filters[i].id != LZMA_VLI_UNKNOWN; i++)
        free(filters[i].options);
}

/* Reads a block's header. Returns LZMA_OK where it is one and agrees with the index, and then its
 * filters are to be freed; LZMA_MEM_ERROR; or anything else where it is none. */
static lzma_ret xz_read_header(const unsigned char *bytes, size_t size,
                               const struct xz_block *known, lzma_block *block,
                               lzma_filter *filters)
{
    *block = (lzma_block){.version = 1, .check = known->check, .filters = filters};
    if (size == 0 || bytes[0] == 0)
        return LZMA_DATA_ERROR;
    block->header_size = lzma_block_header_size_decode(bytes[0]);
    if (size < block->header_size)
        return LZMA_DATA_ERROR;
    const lzma_ret status = xz_library.lzma_block_header_decode(block, NULL, bytes);
    if (status != LZMA_OK)
        return status;
    if (xz_library.lzma_block_compressed_size(block, known->unpadded) == LZMA_OK &&
        (block->uncompressed_size == LZMA_VLI_UNKNOWN || block->uncompressed_size == known->text)) {
        block->uncompressed_size = known->text;
        return LZMA_OK;
    }
    xz_free_filters(filters);
    return LZMA_DATA_ERROR;
}

static struct xz_block xz_block_of(const lzma_index_iter *blocks)
{
    return (struct xz_block){
        .offset = blocks->block.compressed_file_offset,
        .unpadded = blocks->block.unpadded_size,
        .total = blocks->block.total_size,
        .text = blocks->block.uncompressed_size,
        .check = blocks->stream.flags->check,
    };
}

/* What decoding a block takes beside its bytes and its text; UINT64_MAX where it cannot be
 * decoded. */
static uint64_t xz_memory(struct mr_encoded *encoded, const struct xz_block *known)
{
    unsigned char bytes[LZMA_BLOCK_HEADER_SIZE_MAX];
    lzma_filter filters[LZMA_FILTERS_MAX + 1];
    lzma_block block;
    const long got = encoded->read_at(encoded, known->offset, bytes, sizeof bytes);

    if (got < 0 || xz_read_header(bytes, (size_t)got, known, &block, filters) != LZMA_OK)
        return UINT64_MAX;
    const uint64_t memory = xz_library.lzma_raw_decoder_memusage(filters);
    xz_free_filters(filters);
    return memory;
}

/* Whether the FILE has several blocks, of which each may be decoded by itself. The first block of a
 * stream stands for all of that. */
static bool xz_divides(struct compressed *file, struct mr_encoded *encoded)
{
    const struct xz_state *state = file->state;
    lzma_index_iter blocks;
    uint64_t count = 0, most = 0, memory = 0;
    lzma_vli stream = 0;

    xz_library.lzma_index_iter_init(&blocks, state->index);
    while (!xz_library.lzma_index_iter_next(&blocks, LZMA_INDEX_ITER_NONEMPTY_BLOCK)) {
        const struct xz_block known = xz_block_of(&blocks);
        if (blocks.stream.number != stream) {
            const uint64_t needed = xz_memory(encoded, &known);
            memory = needed > memory ? needed : memory;
            stream = blocks.stream.number;
        }
        count++;
        most = known.text > most ? known.text : most;
    }
    return count > 1 && memory < file->options->part && most <= file->options->part - memory;
}

static int xz_open(struct compressed *file, struct mr_encoded *encoded)
{
    struct xz_state *state = calloc(1, sizeof *state);

    if (state == NULL)
        return -1;
    file->state = state;
    state->stream = (lzma_stream)LZMA_STREAM_INIT;
    if (encoded->regular && encoded->size != MR_UNKNOWN)
        state->index = xz_read_index(file, encoded);
    if (state->index != NULL && !xz_divides(file, encoded)) {
        xz_library.lzma_index_end(state->index, NULL);
        state->index = NULL;
    }
    if (state->index != NULL)
        xz_library.lzma_index_iter_init(&state->blocks, state->index);
    encoded->in_order = state->index == NULL;
    return 0;
}

static void xz_close(struct compressed *file)
{
    struct xz_state *state = file->state;

    if (state == NULL)
        return;
    xz_library.lzma_end(&state->stream);
    if (state->index != NULL)
        xz_library.lzma_index_end(state->index, NULL);
    free(state);
}

/* Goes on to that offset of the FILE. Returns as source_fill. */
static int xz_go_to(struct source *source, uint64_t offset)
{
    while (source->offset < offset) {
        size_t size;
        if (source_fill(source, 1) != 0)
            return -1;
        (void)source_bytes(source, &size);
        if (size == 0)
            break;
        source_use(source, size < offset - source->offset ? size : offset - source->offset);
    }
    return 0;
}

/* Puts whole blocks into the piece, of as much text as is wanted. */
static int xz_take_blocks(struct compressed *file, struct mr_piece *piece, struct mr_error *error)
{
    struct xz_state *state = file->state;
    struct source *source = &file->source;

    for (uint64_t text = 0; text < piece->wanted;) {
        size_t size;
        if (xz_library.lzma_index_iter_next(&state->blocks, LZMA_INDEX_ITER_NONEMPTY_BLOCK))
            return source->failed ? -1 : 0;
        const struct xz_block known = xz_block_of(&state->blocks);
        if (xz_go_to(source, known.offset) != 0 || source_fill(source, known.total) != 0)
            return compressed_no_memory(error);
        const unsigned char *bytes = source_bytes(source, &size);
        if (source->offset < known.offset || size < known.total) /* it was longer before */
            return source->failed ? -1 : compressed_cut(file, source->offset + size);
        unsigned char *room = mr_buffer_reserve(piece->bytes, sizeof known + known.total);
        if (room == NULL)
            return compressed_no_memory(error);
        memcpy(room, &known, sizeof known);
        memcpy(room + sizeof known, bytes, known.total);
        mr_buffer_commit(piece->bytes, sizeof known + known.total);
        source_use(source, known.total);
        text += known.text;
    }
    return 1;
}

static int xz_take(struct compressed *file, struct mr_piece *piece, struct mr_error *error)
{
    const struct xz_state *state = file->state;

    return state->index != NULL ? xz_take_blocks(file, piece, error)
                                : compressed_stream(file, piece, xz_step, error);
}

/* Decodes one block. Returns as a decode. */
static int xz_decode_block(struct compressed *file, const struct xz_block *known,
                           const unsigned char *bytes, struct mr_buffer *text,
                           struct mr_error *error)
{
    lzma_filter filters[LZMA_FILTERS_MAX + 1];
    lzma_block block;
    lzma_stream stream = LZMA_STREAM_INIT;
    /* One more than it is: that there is room must not be what ends it. */
    unsigned char *room = mr_buffer_reserve(text, known->text + 1);

    if (room == NULL)
        return compressed_no_memory(error);
    lzma_ret status = xz_read_header(bytes, known->total, known, &block, filters);
    if (status == LZMA_MEM_ERROR)
        return compressed_no_memory(error);
    if (status != LZMA_OK)
        return compressed_corrupt(file, known->offset, "an invalid header of a block");
    const uint64_t memory = xz_library.lzma_raw_decoder_memusage(filters);
    if (memory > file->options->part) {
        xz_free_filters(filters);
        if (memory == UINT64_MAX)
            return compressed_corrupt(file, known->offset, xz_reason(LZMA_OPTIONS_ERROR));
        return compressed_too_large(file, known->offset, memory, file->options->part);
    }
    status = xz_library.lzma_block_decoder(&stream, &block);
    stream.next_in = bytes + block.header_size;
    stream.avail_in = known->total - block.header_size;
    stream.next_out = room;
    stream.avail_out = known->text + 1;
    while (status == LZMA_OK)
        status = xz_library.lzma_code(&stream, LZMA_RUN);
    mr_buffer_commit(text, known->text + 1 - stream.avail_out);
    const uint64_t left = stream.avail_in;
    xz_library.lzma_end(&stream);
    xz_free_filters(filters);
    if (status == LZMA_MEM_ERROR)
        return compressed_no_memory(error);
    return status == LZMA_STREAM_END
               ? 1
               : compressed_corrupt(file, known->offset + known->total - left, xz_reason(status));
}

static int xz_decode(struct compressed *file, struct mr_piece *piece, struct mr_error *error)
{
    size_t size;
    const unsigned char *bytes = mr_buffer_data(piece->bytes, &size);
    int status = 1;

    while (size > 0 && status > 0) {
        struct xz_block known;
        memcpy(&known, bytes, sizeof known);
        bytes += sizeof known;
        status = xz_decode_block(file, &known, bytes, piece->text, error);
        bytes += known.total;
        size -= sizeof known + known.total;
    }
    return status;
}

const struct compressed_format xz_format = {
    XZ_PACKAGES,     .built = true,       .load = xz_load,   .open = xz_open,
    .take = xz_take, .decode = xz_decode, .close = xz_close,
};

#else

const struct compressed_format xz_format = {XZ_PACKAGES};

#endif
