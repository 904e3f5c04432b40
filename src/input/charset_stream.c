/* SPDX-License-Identifier: MIT
 *
 * charset_stream - the text of one FILE, converted in order; see charset.h.
 */
#include <errno.h>
#include <iconv.h>
#include <stdlib.h>
#include <string.h>

#include "input/charset.h"
#include "input/charset_kind.h"
#include "input/charset_pool.h"

/* What is cut off at the end of bytes is shorter than that in all charsets of iconv, where escape
 * sequences are the longest; so a character that was begun ends within as much. */
#define CUT_MOST 32

/* Room for text beside what bytes become in most charsets: what the state of one puts out. */
#define ROOM_MORE 64

#define MARK "\xEF\xBB\xBF"

struct charset_stream {
    const struct charset *charset;
    iconv_t conversion; /* of one that iconv converts */
    bool begun;         /* there has been text */
    /* What was cut off at the end of the bytes before, and room for what it ends in. */
    unsigned char cut[2 * CUT_MOST];
    size_t cut_size;
};

int charset_stream_open(const struct charset *charset, struct charset_stream **opened,
                        struct mr_error *error)
{
    struct charset_stream *stream = calloc(1, sizeof *stream);
    int status = stream == NULL ? ENOMEM : 0;

    *opened = NULL;
    if (status == 0 && charset->convert == NULL)
        status = charset_pool_take(charset->pool, &stream->conversion);
    if (status != 0) {
        free(stream);
        mr_error_set(error, status == ENOMEM ? MR_NOMEM : MR_INPUT, status,
                     "cannot convert one more file: %s", strerror(status));
        return -1;
    }
    stream->charset = charset;
    *opened = stream;
    return 0;
}

void charset_stream_close(struct charset_stream *stream)
{
    if (stream == NULL)
        return;
    if (stream->charset->convert == NULL)
        charset_pool_give(stream->charset->pool, stream->conversion);
    free(stream);
}

/* ---- By code of ours ---------------------------------------------------------------------- */

/* Whether the first character of a text is a mark. */
static bool stream_is_mark(const struct charset *charset, const unsigned char *bytes, size_t size)
{
    unsigned char text[16];

    return charset->convert(charset, bytes, size, text) - text == 3 &&
           memcmp(text, MARK, sizeof MARK - 1) == 0;
}

static int stream_convert_ours(struct charset_stream *stream, const unsigned char *bytes,
                               size_t size, bool last, struct mr_buffer *text)
{
    const struct charset *charset = stream->charset;

    while ((stream->cut_size > 0 || !stream->begun) && size > 0) {
        stream->cut[stream->cut_size++] = *bytes++;
        size--;
        const size_t whole = charset_whole(charset, stream->cut, stream->cut_size);
        if (whole > 0 && !stream->begun && stream_is_mark(charset, stream->cut, whole))
            stream->cut_size = 0;
        stream->begun = stream->begun || whole > 0;
        if (stream->cut_size == 0)
            break;
        if (charset_convert(charset, stream->cut, whole, text) != 0)
            return -1;
        stream->cut_size -= whole;
        memmove(stream->cut, stream->cut + whole, stream->cut_size);
    }
    const size_t whole = last ? size : charset_whole(charset, bytes, size);
    if ((last && charset_convert(charset, stream->cut, stream->cut_size, text) != 0) ||
        charset_convert(charset, bytes, whole, text) != 0)
        return -1;
    if (last)
        stream->cut_size = 0;
    memcpy(stream->cut + stream->cut_size, bytes + whole, size - whole);
    stream->cut_size += size - whole;
    return 0;
}

/* ---- By iconv ----------------------------------------------------------------------------- */

/* Puts out what the conversion still holds, and has it begin anew. Returns 0, or -1 when memory is
 * out. */
static int stream_flush(struct charset_stream *stream, struct mr_buffer *text)
{
    unsigned char *to = mr_buffer_reserve(text, ROOM_MORE);
    char *out = (char *)to;
    size_t room = ROOM_MORE;

    if (to == NULL)
        return -1;
    (void)iconv(stream->conversion, NULL, NULL, &out, &room);
    mr_buffer_commit(text, ROOM_MORE - room);
    return 0;
}

/* Puts out what stands for bytes that are no character. Returns 0, or -1 when memory is out. */
static int stream_put_invalid(struct charset_stream *stream, const unsigned char *bytes,
                              size_t size, struct mr_buffer *text)
{
    /* What was held back stands before them. */
    if (charset_pool_holds_back(stream->charset->pool) && stream_flush(stream, text) != 0)
        return -1;
    unsigned char *to = mr_buffer_reserve(text, size);
    if (to == NULL)
        return -1;
    for (size_t i = 0; i < size; i++)
        to[i] = charset_kind_invalid(bytes[i]);
    mr_buffer_commit(text, size);
    stream->begun = true;
    return 0;
}

/* Converts the first few characters of a text, and leaves a mark out. What is wrong is left to who
 * goes on from there. Returns 0, or -1 when memory is out. */
static int stream_begin(struct charset_stream *stream, char **in, size_t *left,
                        struct mr_buffer *text)
{
    char first[16], *out = first;
    size_t room = sizeof first;

    (void)iconv(stream->conversion, in, left, &out, &room);
    const size_t size = sizeof first - room;
    const size_t mark =
        size >= sizeof MARK - 1 && memcmp(first, MARK, sizeof MARK - 1) == 0 ? 3 : 0;
    unsigned char *to = mr_buffer_reserve(text, size);
    if (to == NULL)
        return -1;
    memcpy(to, first + mark, size - mark);
    mr_buffer_commit(text, size - mark);
    stream->begun = size > 0;
    return 0;
}

/* Converts as many of the bytes as are whole characters, or are none; returns how many, or SIZE_MAX
 * when memory is out. */
static size_t stream_take(struct charset_stream *stream, const unsigned char *bytes, size_t size,
                          struct mr_buffer *text)
{
    const size_t unit = stream->charset->unit;
    char *in = (char *)bytes; /* which iconv does not write to */
    size_t left = size;

    if (!stream->begun && stream_begin(stream, &in, &left, text) != 0)
        return SIZE_MAX;
    for (;;) {
        const size_t room = 2 * left + ROOM_MORE;
        unsigned char *to = mr_buffer_reserve(text, room);
        char *out = (char *)to;
        size_t free_room = room;
        if (to == NULL)
            return SIZE_MAX;
        const bool done = iconv(stream->conversion, &in, &left, &out, &free_room) != (size_t)-1;
        const int failed = errno;
        mr_buffer_commit(text, room - free_room);
        stream->begun = stream->begun || free_room < room;
        if (done || failed == EINVAL)
            return size - left;
        if (failed == E2BIG)
            continue;
        if (left < unit)
            return size - left;
        if (stream_put_invalid(stream, (const unsigned char *)in, unit, text) != 0)
            return SIZE_MAX;
        in += unit;
        left -= unit;
    }
}

/* Ends a text. Of bytes that are cut off the first is no character, but perhaps what follows is.
 * Returns 0, or -1 when memory is out. */
static int stream_end(struct charset_stream *stream, struct mr_buffer *text)
{
    size_t at = 0;

    while (at < stream->cut_size) {
        const size_t left = stream->cut_size - at;
        const size_t unit = left < stream->charset->unit ? left : stream->charset->unit;
        if (stream_put_invalid(stream, stream->cut + at, unit, text) != 0)
            return -1;
        at += unit;
        const size_t taken = stream_take(stream, stream->cut + at, stream->cut_size - at, text);
        if (taken == SIZE_MAX)
            return -1;
        at += taken;
    }
    stream->cut_size = 0;
    return stream_flush(stream, text);
}

/* Keeps what is cut off: what is longer than any cut is no character. Returns 0, or -1 when memory
 * is out. */
static int stream_keep(struct charset_stream *stream, const unsigned char *bytes, size_t size,
                       struct mr_buffer *text)
{
    while (size > CUT_MOST) {
        const size_t unit = stream->charset->unit;
        if (stream_put_invalid(stream, bytes, unit, text) != 0)
            return -1;
        const size_t taken = stream_take(stream, bytes + unit, size - unit, text);
        if (taken == SIZE_MAX)
            return -1;
        bytes += unit + taken;
        size -= unit + taken;
    }
    memmove(stream->cut, bytes, size);
    stream->cut_size = size;
    return 0;
}

static int stream_convert_iconv(struct charset_stream *stream, const unsigned char *bytes,
                                size_t size, bool last, struct mr_buffer *text)
{
    while (stream->cut_size > 0 && size > 0) {
        const size_t before = stream->cut_size;
        const size_t more = size < CUT_MOST ? size : CUT_MOST;
        memcpy(stream->cut + before, bytes, more);
        const size_t taken = stream_take(stream, stream->cut, before + more, text);
        if (taken == SIZE_MAX)
            return -1;
        if (taken >= before) {
            stream->cut_size = 0;
            bytes += taken - before;
            size -= taken - before;
        } else {
            bytes += more;
            size -= more;
            if (stream_keep(stream, stream->cut + taken, before + more - taken, text) != 0)
                return -1;
        }
    }
    if (size > 0) {
        const size_t taken = stream_take(stream, bytes, size, text);
        if (taken == SIZE_MAX || stream_keep(stream, bytes + taken, size - taken, text) != 0)
            return -1;
    }
    return last ? stream_end(stream, text) : 0;
}

int charset_stream_convert(struct charset_stream *stream, const unsigned char *bytes, size_t size,
                           bool last, struct mr_buffer *text)
{
    return stream->charset->convert != NULL ? stream_convert_ours(stream, bytes, size, last, text)
                                            : stream_convert_iconv(stream, bytes, size, last, text);
}
