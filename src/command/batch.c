/* SPDX-License-Identifier: MIT
 *
 * batch - records made lines in parallel; see batch.h.
 */
#include "command/batch.h"

#include <string.h>

/* A repeated line costs a head and mostly one more for what comes behind it. Where its copies take
 * no more than that they are written out, which saves time as well. */
#define COPIES (2 * sizeof(struct batch_piece))

/* What has been written of a batch. */
struct writer {
    unsigned char *at;
    unsigned char *piece; /* head of the lines being written; NULL: none */
    uint64_t lines;       /* in it */
};

static void end_piece(struct writer *out)
{
    if (!out->piece)
        return;
    const struct batch_piece piece = {
        .size = (uint64_t)(out->at - out->piece) - sizeof piece,
        .number = out->lines,
    };
    memcpy(out->piece, &piece, sizeof piece);
    out->piece = NULL;
}

static void begin_piece(struct writer *out)
{
    out->piece = out->at;
    out->at += sizeof(struct batch_piece);
    out->lines = 0;
}

/* memcpy of few bytes whose number is not known is a call and a jump that cannot be foreseen. */
static inline void copy(unsigned char *to, const unsigned char *from, size_t size)
{
    if (size > 16) {
        memcpy(to, from, size);
    } else if (size >= 8) {
        memcpy(to, from, 8);
        memcpy(to + size - 8, from + size - 8, 8);
    } else if (size >= 4) {
        memcpy(to, from, 4);
        memcpy(to + size - 4, from + size - 4, 4);
    } else if (size > 0) {
        to[0] = from[0];
        to[size / 2] = from[size / 2];
        to[size - 1] = from[size - 1];
    }
}

static void put_line(struct writer *out, const struct mr_record *record, unsigned char end)
{
    copy(out->at, record->key, record->key_size);
    out->at[record->key_size] = end;
    out->at += record->key_size + 1;
}

static void put_record(struct writer *out, const struct mr_record *record, unsigned char end)
{
    const uint64_t line = record->key_size + 1;
    if (record->rank > 1 && record->rank - 1 > COPIES / line) {
        end_piece(out);
        const struct batch_piece piece = {.size = line | BATCH_REPEATED, .number = record->rank};
        memcpy(out->at, &piece, sizeof piece);
        out->at += sizeof piece;
        put_line(out, record, end);
        return;
    }
    if (!out->piece)
        begin_piece(out);
    for (uint64_t i = 0; i < record->rank; i++)
        put_line(out, record, end);
    out->lines += record->rank;
}

int batch_encode(const struct mr_record *records, size_t count, unsigned char end,
                 struct mr_buffer *bytes)
{
    struct batch_head head = {0};
    size_t room = sizeof head;
    if (count == 0)
        return 0;
    for (size_t i = 0; i < count; i++)
        room += records[i].key_size + 1 + COPIES + 2 * sizeof(struct batch_piece);
    unsigned char *begin = mr_buffer_reserve(bytes, room);
    if (!begin)
        return -1;
    struct writer out = {.at = begin + sizeof head};
    for (size_t i = 0; i < count; i++) {
        uint64_t sum;
        put_record(&out, &records[i], end);
        if (__builtin_mul_overflow(records[i].key_size + 1, records[i].rank, &sum) ||
            __builtin_add_overflow(head.bytes, sum, &head.bytes))
            head.bytes = UINT64_MAX;
    }
    end_piece(&out);
    head.size = (uint64_t)(out.at - begin) - sizeof head;
    head.last_size = records[count - 1].key_size;
    head.last = head.size - head.last_size - 1;
    memcpy(begin, &head, sizeof head);
    mr_buffer_commit(bytes, (size_t)(out.at - begin));
    return 0;
}

struct batch_piece batch_piece_at(const unsigned char **at)
{
    struct batch_piece piece;
    memcpy(&piece, *at, sizeof piece);
    *at += sizeof piece;
    return piece;
}
