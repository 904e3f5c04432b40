/* SPDX-License-Identifier: MIT
 *
 * fake_decoder.c - see fake_decoder.h.
 *
 * Behind the mark a FILE has blocks: a byte that says of what kind it is, how many times its text
 * comes (4 bytes), how long that is (2 bytes), and its bytes, each turned over.
 */
#include "unit/fake_decoder.h"

#include <check.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define TEXT 't'
#define BREAK_TAKING 'b'
#define BREAK_DECODING 'B'
#define FAIL_TAKING 'f'
#define FAIL_DECODING 'F'
#define HEADER 7
#define TURNED 0x5A

/* A FILE that is decoded. */
struct decoding {
    struct fake_decoder *fake;
    bool in_order, begun;
    _Atomic unsigned taking;
};

struct block {
    unsigned char kind;
    uint32_t times;
    uint16_t size;
};

static void read_header(const unsigned char *data, struct block *block)
{
    block->kind = data[0];
    memcpy(&block->times, data + 1, sizeof block->times);
    memcpy(&block->size, data + 5, sizeof block->size);
}

static int open_file(void *context, struct mr_encoded *encoded, void **opened, size_t *skip,
                     struct mr_error *error)
{
    struct fake_decoder *fake = context;
    const unsigned char *head = encoded->head;
    ck_assert_ptr_null(*opened);
    ck_assert_uint_eq(*skip, 0);
    if (encoded->head_size < 2 || head[0] != '!')
        return 0;
    switch (head[1]) {
    case 'M':
        *skip = 2;
        return 0;
    case 'R':
        atomic_fetch_add(&fake->told, 1);
        return -1;
    case 'F':
        return mr_fail(error, ENOTSUP, "cannot be opened");
    case 'D':
    case 'O':
        break;
    default:
        return 0;
    }
    struct decoding *decoding = calloc(1, sizeof *decoding);
    if (!decoding)
        return mr_fail(error, ENOMEM, "out of memory");
    decoding->fake = fake;
    decoding->in_order = encoded->in_order = head[1] == 'O';
    atomic_fetch_add(&fake->opened, 1);
    *opened = decoding;
    if (fake->hold > 0 && !encoded->hold(encoded, fake->hold))
        atomic_fetch_add(&fake->refused, 1);
    return 0;
}

/* Reads all of the bytes; fewer come at the end. -1: reading failed. */
static long read_full(struct mr_encoded *encoded, unsigned char *room, size_t size)
{
    size_t used = 0;
    while (used < size) {
        long got = encoded->read(encoded, room + used, size - used);
        if (got < 0)
            return -1;
        if (got == 0)
            break;
        used += (size_t)got;
    }
    return (long)used;
}

static int decode_block(const struct block *block, const unsigned char *data,
                        struct mr_buffer *text, struct mr_error *error)
{
    for (uint32_t i = 0; i < block->times; i++) {
        unsigned char *room = mr_buffer_reserve(text, block->size);
        if (!room)
            return mr_fail(error, ENOMEM, "out of memory");
        for (size_t j = 0; j < block->size; j++)
            room[j] = data[j] ^ TURNED;
        mr_buffer_commit(text, block->size);
    }
    return 0;
}

static void meet(struct fake_decoder *fake)
{
    if (fake->meet)
        fake->meet(fake->meet_context);
}

static int take(void *context, struct mr_encoded *encoded, struct mr_piece *piece,
                struct mr_error *error)
{
    struct decoding *decoding = context;
    struct fake_decoder *fake = decoding->fake;
    const bool text = decoding->in_order || !fake->decoder.decode;
    size_t got = 0, size;
    uint64_t decoded = 0;
    int result = 1;
    (void)mr_buffer_data(piece->bytes, &size);
    ck_assert_uint_eq(size, 0);
    (void)mr_buffer_data(piece->text, &size);
    ck_assert_uint_eq(size, 0);
    ck_assert_uint_eq(atomic_fetch_add(&decoding->taking, 1), 0);
    if (!decoding->begun) {
        unsigned char mark[2];
        const long read = read_full(encoded, mark, 2);
        ck_assert(read == 2 || read == -1); /* -1: the job has been cancelled */
        result = read == 2 ? 1 : -1;
        piece->length += 2;
    }
    decoding->begun = true;
    while (result == 1 && decoded < piece->wanted) {
        unsigned char header[HEADER] = {0};
        struct block block = {0};
        long read = read_full(encoded, header, HEADER);
        if (read == HEADER)
            read_header(header, &block);
        unsigned char *room = mr_buffer_reserve(piece->bytes, HEADER + (size_t)block.size);
        if (!room) {
            result = mr_fail(error, ENOMEM, "out of memory");
            break;
        }
        memcpy(room, header, HEADER);
        if (read == HEADER) {
            long more = read_full(encoded, room + HEADER, block.size);
            read = more < (long)block.size ? -1 : read + more;
        }
        got = read > 0 ? (size_t)read : 0;
        if (read < 0)
            result = -1;
        else if (read == 0)
            result = 0;
        else if (read < HEADER || block.kind == BREAK_TAKING)
            result = -1;
        else if (block.kind == FAIL_TAKING)
            result = mr_fail(error, EIO, "taking failed");
        piece->length += got;
        if (result == -1 && (!error || error->status == MR_OK))
            atomic_fetch_add(&fake->told, 1);
        if (result != 1)
            break;
        decoded += (uint64_t)block.times * block.size;
        if (!text) {
            mr_buffer_commit(piece->bytes, got);
            piece->words[0]++;
            continue;
        }
        meet(fake);
        if (block.kind == BREAK_DECODING) {
            atomic_fetch_add(&fake->told, 1);
            result = -1;
        } else if (block.kind == FAIL_DECODING) {
            result = mr_fail(error, EIO, "decoding failed");
        } else if (decode_block(&block, room + HEADER, piece->text, error) != 0) {
            result = -1;
        }
    }
    ck_assert_uint_eq(atomic_fetch_sub(&decoding->taking, 1), 1);
    return result;
}

static int decode(void *context, struct mr_piece *piece, struct mr_error *error)
{
    struct decoding *decoding = context;
    struct fake_decoder *fake = decoding->fake;
    size_t size;
    const unsigned char *at = mr_buffer_data(piece->bytes, &size), *const end = at + size;
    const unsigned inside = atomic_fetch_add(&fake->inside, 1) + 1;
    unsigned most = atomic_load(&fake->most_inside);
    int result = 1;
    while (inside > most && !atomic_compare_exchange_weak(&fake->most_inside, &most, inside))
        continue;
    meet(fake);
    ck_assert_uint_gt(size, 0);
    while (result == 1 && at < end) {
        struct block block;
        read_header(at, &block);
        ck_assert_uint_gt(piece->words[0]--, 0);
        if (block.kind == BREAK_DECODING) {
            atomic_fetch_add(&fake->told, 1);
            result = -1;
        } else if (block.kind == FAIL_DECODING) {
            result = mr_fail(error, EIO, "decoding failed");
        } else if (decode_block(&block, at + HEADER, piece->text, error) != 0) {
            result = -1;
        }
        at += HEADER + block.size;
    }
    atomic_fetch_sub(&fake->inside, 1);
    return result;
}

static void close_file(void *context)
{
    struct decoding *decoding = context;
    ck_assert_uint_eq(atomic_load(&decoding->taking), 0);
    atomic_fetch_add(&decoding->fake->closed, 1);
    free(decoding);
}

void fake_decoder_open(struct fake_decoder *fake, bool divides)
{
    *fake = (struct fake_decoder){
        .decoder =
            {
                .struct_size = sizeof fake->decoder,
                .context = fake,
                .open = open_file,
                .take = take,
                .decode = divides ? decode : NULL,
                .close = close_file,
            },
    };
}

/* ---- FILEs ----------------------------------------------------------------------------------- */

static void add(struct fake_file *file, const void *data, size_t size)
{
    if (file->size + size > file->room) {
        file->room = 2 * file->room + size;
        file->data = realloc(file->data, file->room);
        ck_assert_ptr_nonnull(file->data);
    }
    memcpy(file->data + file->size, data, size);
    file->size += size;
}

void fake_file_open(struct fake_file *file, const char *mark)
{
    *file = (struct fake_file){0};
    add(file, mark, 2);
}

void fake_file_close(struct fake_file *file)
{
    free(file->data);
}

static void add_block(struct fake_file *file, unsigned char kind, const unsigned char *text,
                      size_t size, uint32_t times)
{
    const uint16_t length = (uint16_t)size;
    add(file, &kind, 1);
    add(file, &times, sizeof times);
    add(file, &length, sizeof length);
    for (size_t i = 0; i < size; i++)
        add(file, &(unsigned char){text[i] ^ TURNED}, 1);
}

void fake_file_add(struct fake_file *file, const void *text, size_t size, uint32_t times)
{
    add_block(file, TEXT, text, size, times);
}

void fake_file_add_all(struct fake_file *file, const void *text, size_t size, size_t most)
{
    for (size_t at = 0; at < size; at += most)
        fake_file_add(file, (const unsigned char *)text + at, size - at < most ? size - at : most,
                      1);
}

void fake_file_break(struct fake_file *file, bool taking)
{
    add_block(file, taking ? BREAK_TAKING : BREAK_DECODING, (const unsigned char *)"", 0, 0);
}

void fake_file_fail(struct fake_file *file, bool taking)
{
    add_block(file, taking ? FAIL_TAKING : FAIL_DECODING, (const unsigned char *)"", 0, 0);
}
