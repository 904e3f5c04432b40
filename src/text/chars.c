/* SPDX-License-Identifier: MIT
 *
 * chars - the code points of lines; invalid bytes are skipped and counted.
 *
 * Few code points make up most of any text, so those of one or two bytes are counted here, in an
 * array, and emitted once a split with how often they came.
 */
#include <string.h>

#include "text/case_fold.h"
#include "text/scan.h"
#include "base/utf8.h"

/* Emits the counted characters, each once. */
static int emit_counted(struct scan *scan)
{
    for (uint32_t code = 0; code < 0x800; code++) {
        unsigned char key[2], folded[CASE_FOLD_ROOM(2)];
        size_t size = 1;
        uint64_t count = scan->characters[code];
        if (count == 0)
            continue;
        scan->characters[code] = 0;
        key[0] = (unsigned char)code;
        if (code >= 0x80) {
            key[0] = (unsigned char)(0xc0 | code >> 6);
            key[1] = (unsigned char)(0x80 | (code & 0x3f));
            size = 2;
        }
        const unsigned char *final = key;
        if (scan->text->case_fold) {
            size = case_fold_bytes(key, size, folded);
            final = folded;
        }
        if (scan_emit_one(scan, final, size, count) != 0)
            return -1;
    }
    return 0;
}

int chars_map(struct scan *scan, const unsigned char *data, size_t size)
{
    const struct text *text = scan->text;
    const unsigned char *p = data, *end = data + size;
    uint64_t *counts = scan->characters;

    memset(counts, 0, sizeof scan->characters);
    while (p < end) {
        uint32_t code;
        if (*p < 0x80) {
            counts[*p++]++;
            continue;
        }
        size_t length = utf8_decode(p, (size_t)(end - p), &code);
        if (length == 0) {
            scan->invalid++;
            length = 1;
        } else if (length == 2) {
            counts[code]++;
        } else if (text->case_fold) {
            unsigned char *key = scan_key_room(scan, CASE_FOLD_ROOM(4));
            if (!key || scan_key_done(scan, case_fold_bytes(p, length, key), 1) != 0)
                return -1;
        } else {
            unsigned char *key = scan_key_room(scan, 4);
            if (!key)
                return -1;
            memcpy(key, p, 4); /* the split is padded */
            if (scan_key_done(scan, length, 1) != 0)
                return -1;
        }
        p += length;
    }
    counts[text->end] = 0; /* ends of lines are none of their characters */
    if (emit_counted(scan) != 0)
        return -1;
    return scan_key_flush(scan);
}

int chars_map_line(struct scan *scan, const unsigned char *data, size_t size)
{
    for (size_t i = 0, length; i < size; i += length) {
        uint32_t code;
        length = utf8_decode(data + i, size - i, &code);
        if (length == 0) {
            scan->invalid++;
            length = 1;
        } else if (scan_token(scan, data + i, length) != 0) {
            return -1;
        }
    }
    return 0;
}

/* Characters come apart before a byte that does not go on with one, and behind ASCII. */
static bool is_border(const unsigned char *data, size_t p)
{
    return (data[p] & 0xc0) != 0x80 || (p > 0 && data[p - 1] < 0x80);
}

size_t chars_border(const unsigned char *data, size_t size, size_t from)
{
    while (from < size && !is_border(data, from))
        from++;
    return from;
}

size_t chars_border_last(const unsigned char *data, size_t size)
{
    if (size == 0 || data[size - 1] < 0x80)
        return size;
    while (--size > 0 && !is_border(data, size))
        ;
    return size;
}
