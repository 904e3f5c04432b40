/* SPDX-License-Identifier: MIT
 *
 * normal_reference.c - see normal_reference.h. What it shares with normalize.c is the tables.
 */
#include "unit/normal_reference.h"

#include <stdlib.h>
#include <string.h>

#include "base/utf8.h"
#include "text/normalize.h"
#include "text/unicode/normal_tables.h"

struct codes {
    uint32_t *data;
    size_t count, room;
};

static void add(struct codes *codes, uint32_t code)
{
    if (codes->count == codes->room) {
        codes->room = 2 * codes->room + 16;
        codes->data = realloc(codes->data, codes->room * sizeof *codes->data);
        if (codes->data == NULL)
            abort();
    }
    codes->data[codes->count++] = code;
}

static unsigned class_of(uint32_t code)
{
    return unicode_normal(code)->combining;
}

/* Decomposes in full: the tables have all but the syllables of Hangul (section 3.12). */
static void decompose(struct codes *codes, enum unicode_form form, uint32_t code)
{
    if (code >= 0xAC00 && code < 0xAC00 + 11172) {
        uint32_t index = code - 0xAC00;
        add(codes, 0x1100 + index / 588);
        add(codes, 0x1161 + index % 588 / 28);
        if (index % 28 != 0)
            add(codes, 0x11A7 + index % 28);
        return;
    }
    unsigned place = unicode_normal(code)->mappings[form];
    if (place == 0) {
        add(codes, code);
        return;
    }
    const unsigned char *p = unicode_mappings + place + 1, *end = p + unicode_mappings[place];
    while (p < end) {
        p += utf8_decode(p, (size_t)(end - p), &code);
        add(codes, code);
    }
}

/* D109: exchanges neighbours until none are left to be. */
static void order(struct codes *codes)
{
    for (bool moved = true; moved;) {
        moved = false;
        for (size_t i = 1; i < codes->count; i++) {
            uint32_t a = codes->data[i - 1], b = codes->data[i];
            if (class_of(a) > class_of(b) && class_of(b) > 0) {
                codes->data[i - 1] = b;
                codes->data[i] = a;
                moved = true;
            }
        }
    }
}

static uint32_t pair(uint32_t first, uint32_t second)
{
    if (first >= 0x1100 && first < 0x1100 + 19 && second >= 0x1161 && second < 0x1161 + 21)
        return 0xAC00 + (first - 0x1100) * 588 + (second - 0x1161) * 28;
    if (first >= 0xAC00 && first < 0xAC00 + 11172 && (first - 0xAC00) % 28 == 0 &&
        second > 0x11A7 && second < 0x11A7 + 28)
        return first + second - 0x11A7;
    const struct unicode_normal *normal = unicode_normal(first);
    for (size_t i = 0; i < normal->pair_count; i++) {
        if (unicode_pairs_composed[normal->pairs + i].second == second)
            return unicode_pairs_composed[normal->pairs + i].composed;
    }
    return 0;
}

/* D117: each character with the last starter before it, unless it is blocked (D115). */
static void compose(struct codes *codes)
{
    for (size_t i = 1; i < codes->count;) {
        size_t starter = i;
        bool blocked = false;
        while (starter > 0 && class_of(codes->data[starter - 1]) != 0)
            starter--;
        for (size_t k = starter; k < i && starter > 0; k++)
            blocked |= class_of(codes->data[k]) >= class_of(codes->data[i]);
        uint32_t made =
            starter == 0 || blocked ? 0 : pair(codes->data[starter - 1], codes->data[i]);
        if (made == 0) {
            i++;
            continue;
        }
        codes->data[starter - 1] = made;
        memmove(codes->data + i, codes->data + i + 1, (codes->count - i - 1) * sizeof *codes->data);
        codes->count--;
    }
}

static size_t encode(uint32_t code, unsigned char *out)
{
    if (code < 0x80) {
        out[0] = (unsigned char)code;
        return 1;
    }
    size_t n = code < 0x800 ? 2 : code < 0x10000 ? 3 : 4;
    for (size_t i = n - 1; i > 0; i--, code >>= 6)
        out[i] = (unsigned char)(0x80 | (code & 0x3F));
    out[0] = (unsigned char)((n == 2 ? 0xC0u : n == 3 ? 0xE0u : 0xF0u) | code);
    return n;
}

unsigned char *normal_reference(enum normalize_form form, const unsigned char *data, size_t size,
                                size_t *result)
{
    unsigned char *out = malloc(size * UNICODE_NORMAL_GROWTH + 1);
    struct codes codes = {0};

    if (out == NULL)
        abort();
    *result = 0;
    for (size_t i = 0; i <= size;) {
        uint32_t code;
        size_t length = i < size ? utf8_decode(data + i, size - i, &code) : 0;
        if (length > 0) {
            decompose(&codes, (enum unicode_form)(form - NORMALIZE_NFC), code);
            i += length;
            continue;
        }
        order(&codes);
        compose(&codes);
        for (size_t k = 0; k < codes.count; k++)
            *result += encode(codes.data[k], out + *result);
        codes.count = 0;
        if (i < size)
            out[(*result)++] = data[i];
        i++;
    }
    free(codes.data);
    return out;
}

const char *normal_reference_differs(enum normalize_form form, const unsigned char *data,
                                     size_t size)
{
    struct normalize *normalize = malloc(sizeof *normalize);
    struct room room = {NULL, 0};
    size_t used = 0, want_size;
    unsigned char *want = normal_reference(form, data, size, &want_size);
    const char *wrong = NULL;

    if (normalize == NULL)
        abort();
    normalize_open(normalize, form, false);
    if (normalize_key(normalize, data, size, &room, &used) != 0)
        abort();
    const bool same = used == size && (size == 0 || memcmp(want, data, size) == 0);
    if (used != want_size || (used > 0 && memcmp(room.data, want, used) != 0))
        wrong = "the form";
    else if (normalize_passes(normalize, data, size) && !same)
        wrong = "what passes";
    else if (size <= NORMALIZE_WINDOW && !normalize_find(normalize, data, size) && !same)
        wrong = "what is found";
    /* Parts of a window in which nothing was found are in the form, wherever they end. */
    for (size_t begin = 0; wrong == NULL && size <= 64 && begin < size; begin++) {
        for (size_t end = begin + 1; end <= size && !normalize_found(normalize, begin, end);
             end++) {
            if (!utf8_begins(data, size, begin) || (end < size && !utf8_begins(data, size, end)))
                continue;
            size_t part_size;
            unsigned char *part = normal_reference(form, data + begin, end - begin, &part_size);
            if (part_size != end - begin || memcmp(part, data + begin, part_size) != 0)
                wrong = "what is found in a part";
            free(part);
        }
    }
    free(want);
    room_free(&room);
    normalize_close(normalize);
    free(normalize);
    return wrong;
}
