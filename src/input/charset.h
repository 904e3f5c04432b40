/* SPDX-License-Identifier: MIT
 *
 * charset - which charset text is in, and how it becomes UTF-8.
 *
 * UTF-16 and UTF-32 are converted by code of ours, charsets of one byte a character by a table, and
 * all others by iconv. A byte that is no part of a character becomes one byte that is none in UTF-8
 * either, wherever it stands: itself where it is one of those, else FF. No character is made up.
 */
#ifndef INPUT_CHARSET_H
#define INPUT_CHARSET_H

#include <stdbool.h>
#include <stddef.h>

#include "engine/mapreduce.h"

/* Any number of FILEs share one, on any thread. */
struct charset;

/* Opens the charset that iconv knows by this name, and loads what converting takes: from then on
 * nothing is opened. Returns 0, or -1 with *error filled: MR_INVALID says that there is none. */
int charset_open(const char *name, const struct charset **charset, struct mr_error *error);
/* When all its streams are closed. NULL is allowed. */
void charset_close(const struct charset *charset);

/* What says which charset a FILE is in. */
struct charset_rule {
    bool none; /* none: bytes are text as they are */
    /* This one; NULL: the one of the mark at the start of the FILE, and without one UTF-8. */
    const struct charset *named;
};

/* Enough bytes from the start of a FILE to know its charset. */
#define CHARSET_MARK 4

/* The charset of a FILE that begins like this: with CHARSET_MARK bytes or more, or all there are.
 * NULL: its bytes are UTF-8, or are to stay as they are. *skip: how many bytes at its start are a
 * mark, and no part of the text. */
const struct charset *charset_choose(const struct charset_rule *rule, const unsigned char *head,
                                     size_t size, size_t *skip);

/* "UTF-16LE" or "UTF-16BE" where bytes that have no mark look like that: of each two one is NUL,
 * the same one. Else NULL. */
const char *charset_guess(const unsigned char *head, size_t size);

/* ---- In order ----------------------------------------------------------------------------- */

/* The text of one FILE, converted from its start on. */
struct charset_stream;

/* Returns 0, or -1 with *error filled. */
int charset_stream_open(const struct charset *charset, struct charset_stream **stream,
                        struct mr_error *error);
void charset_stream_close(struct charset_stream *stream);
/* Appends to `text` what the next bytes are, as far as they are whole characters; with `last`, all,
 * as none follow. A mark at the start is left out. Returns 0, or -1 when memory is out. */
int charset_stream_convert(struct charset_stream *stream, const unsigned char *bytes, size_t size,
                           bool last, struct mr_buffer *text);

/* ---- In pieces ---------------------------------------------------------------------------- */

/* Whether pieces of a FILE can be converted each by itself. */
bool charset_divides(const struct charset *charset);
/* How many of these bytes, that begin with a character, are whole characters. */
size_t charset_whole(const struct charset *charset, const unsigned char *bytes, size_t size);
/* The most bytes that so many of the charset may become. */
size_t charset_grown(const struct charset *charset, size_t size);
/* Appends to `text` what such bytes are; what is cut off at their end is no character. Returns 0,
 * or -1 when memory is out. */
int charset_convert(const struct charset *charset, const unsigned char *bytes, size_t size,
                    struct mr_buffer *text);

#endif
