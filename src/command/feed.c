/* SPDX-License-Identifier: MIT
 *
 * feed - records into a spool and out of it; see feed.h.
 */
#include "command/feed.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* So many bytes of lines are given where they lie; fewer are gathered first, as each gift is a call
 * of the system. */
#define DIRECT ((uint64_t)8 << 10)

/* ---- Into it -------------------------------------------------------------------------------- */

/* Room behind a new head. */
static unsigned char *begin_piece(struct feed_in *feed, size_t *room, struct mr_error *error)
{
    unsigned char *to = spool_room(feed->spool, sizeof(struct batch_piece) + 1, room, error);
    if (!to)
        return NULL;
    *room -= sizeof(struct batch_piece);
    feed->piece = to;
    return to + sizeof(struct batch_piece);
}

static void write_head(struct feed_in *feed, uint64_t size, uint64_t number)
{
    const struct batch_piece piece = {.size = size, .number = number};
    memcpy(feed->piece, &piece, sizeof piece);
}

int feed_lines(struct feed_in *feed, const unsigned char *bytes, uint64_t size, uint64_t lines,
               struct mr_error *error)
{
    while (size > 0) {
        struct batch_piece piece = {0};
        size_t room;
        unsigned char *to = spool_room(feed->spool, 1, &room, error);
        const bool behind = to && to == feed->end;
        if (to && behind)
            memcpy(&piece, feed->piece, sizeof piece);
        else if (to)
            to = begin_piece(feed, &room, error);
        if (!to)
            return -1;
        const size_t part = room < size ? room : (size_t)size;
        memcpy(to, bytes, part);
        bytes += part;
        size -= part;
        /* A line that is cut counts where it ends. */
        write_head(feed, piece.size + part, piece.number + (size == 0 ? lines : 0));
        spool_commit(feed->spool, part + (behind ? 0 : sizeof piece));
        feed->end = to + part;
    }
    return 0;
}

int feed_repeated(struct feed_in *feed, const unsigned char *line, uint64_t size, uint64_t count,
                  struct mr_error *error)
{
    feed->end = NULL;
    while (size > 0) {
        size_t room;
        unsigned char *to = begin_piece(feed, &room, error);
        if (!to)
            return -1;
        const size_t part = room < size ? room : (size_t)size;
        memcpy(to, line, part);
        line += part;
        size -= part;
        write_head(feed, part | BATCH_REPEATED | (size > 0 ? BATCH_CONTINUED : 0), count);
        spool_commit(feed->spool, part + sizeof(struct batch_piece));
    }
    return 0;
}

/* ---- Out of it ------------------------------------------------------------------------------ */

void feed_open(struct feed_out *feed, struct spool *spool, unsigned char *buffer)
{
    *feed = (struct feed_out){.spool = spool, .buffer = buffer};
}

void feed_close(struct feed_out *feed)
{
    free(feed->long_line);
    feed->long_line = NULL;
}

/* Adds a part to the line that is put together. */
static int add_part(struct feed_out *feed, size_t size, struct mr_error *error)
{
    if (feed->complete)
        feed->long_size = 0;
    feed->complete = false;
    if (size > feed->long_room - feed->long_size) {
        size_t room = feed->long_room + feed->long_room / 2;
        if (room < feed->long_size + size)
            room = feed->long_size + size;
        unsigned char *line = realloc(feed->long_line, room);
        if (!line) {
            mr_error_set(error, MR_NOMEM, ENOMEM, "out of memory");
            return -1;
        }
        feed->long_line = line;
        feed->long_room = room;
    }
    memcpy(feed->long_line + feed->long_size, feed->at, size);
    feed->long_size += size;
    return 0;
}

/* Begins with the next piece of the block. */
static int next_piece(struct feed_out *feed, struct mr_error *error)
{
    struct batch_piece piece = batch_piece_at(&feed->at);
    const size_t size = (size_t)(piece.size & BATCH_SIZE);
    feed->left -= sizeof piece;
    if ((piece.size & BATCH_REPEATED) == 0) {
        feed->piece = piece;
        return 0;
    }
    const bool continued = (piece.size & BATCH_CONTINUED) != 0;
    const bool parts = continued || (feed->long_size > 0 && !feed->complete);
    if (parts && add_part(feed, size, error) != 0)
        return -1;
    feed->line = parts ? feed->long_line : feed->at;
    feed->at += size;
    feed->left -= size;
    if (continued)
        return 0;
    feed->complete = true;
    piece.size = (parts ? feed->long_size : size) | BATCH_REPEATED;
    feed->piece = piece;
    return 0;
}

/* Copies a line that is `count` times in the room, first once, then twice as much each time. */
static void fill(unsigned char *to, const unsigned char *line, size_t size, size_t count)
{
    const size_t all = size * count;
    size_t done = size;
    memcpy(to, line, size);
    for (; done < all - done; done *= 2)
        memcpy(to + done, to, done);
    memcpy(to + done, to, all - done);
}

/* Puts of the piece into the buffer what there is room for, or shows what is given where it lies.
 * Whether there is something to be given before more can be made. */
static bool use_piece(struct feed_out *feed, const unsigned char **bytes, size_t *size)
{
    const size_t room = FEED_BUFFER - feed->filled;
    const uint64_t all = feed->piece.size & BATCH_SIZE;
    if ((feed->piece.size & BATCH_REPEATED) != 0) {
        if (all > FEED_BUFFER && feed->filled == 0) {
            *bytes = feed->line;
            *size = (size_t)all;
            feed->records++;
            feed->piece.number--;
        }
        if (all > room)
            return true;
        const size_t fits = room / (size_t)all;
        const size_t count = fits < feed->piece.number ? fits : (size_t)feed->piece.number;
        fill(feed->buffer + feed->filled, feed->line, (size_t)all, count);
        feed->filled += (size_t)all * count;
        feed->records += count;
        feed->piece.number -= count;
        return feed->piece.number > 0;
    }
    const bool direct = feed->filled == 0 && all >= DIRECT;
    if (!direct && all > room)
        return true;
    if (direct) {
        *bytes = feed->at;
        *size = (size_t)all;
    } else {
        memcpy(feed->buffer + feed->filled, feed->at, (size_t)all);
        feed->filled += (size_t)all;
    }
    feed->at += all;
    feed->left -= (size_t)all;
    feed->records += feed->piece.number;
    feed->piece.number = 0;
    feed->piece.size = 0;
    return direct;
}

/* Whether a piece has been begun and not used up. */
static bool has_piece(const struct feed_out *feed)
{
    return (feed->piece.size & BATCH_REPEATED) != 0 ? feed->piece.number > 0 : feed->piece.size > 0;
}

enum spool_found feed_next(struct feed_out *feed, const unsigned char **bytes, size_t *size,
                           struct mr_error *error)
{
    *size = 0;
    feed->filled = 0;
    feed->records = 0;
    for (;;) {
        if (has_piece(feed)) {
            if (use_piece(feed, bytes, size))
                break;
        } else if (feed->left > 0) {
            if (next_piece(feed, error) != 0)
                return SPOOL_FAILED;
        } else {
            const enum spool_found found = spool_read(feed->spool, &feed->at, &feed->left, error);
            if (found == SPOOL_FAILED)
                return found;
            if (found != SPOOL_BYTES && feed->filled == 0)
                return found;
            if (found != SPOOL_BYTES) {
                feed->left = 0;
                break;
            }
        }
    }
    if (*size == 0) {
        *bytes = feed->buffer;
        *size = feed->filled;
    }
    return SPOOL_BYTES;
}
