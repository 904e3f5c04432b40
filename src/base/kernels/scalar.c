/* SPDX-License-Identifier: MIT
 *
 * scalar - kernels in plain C, byte by byte: for CPUs with no others, and what the others are
 * tested against. They share nothing with body.h.
 */
#include <stddef.h>
#include <stdint.h>

#include "base/kernels/kernels.h"
#include "base/kernels/lookup.h"

/* What words are made of, but for what joins these. */
#define IN_WORDS (LOOKUP_LETTER | LOOKUP_DIGIT | LOOKUP_UNDERSCORE)

/* Copies [from, to) with A-Z made small; returns whether a byte was above 0x7f. */
static bool lower(const unsigned char *data, size_t from, size_t to, unsigned char *folded)
{
    unsigned char all = 0;

    for (size_t i = from; i < to; i++) {
        unsigned char c = data[i];
        folded[i] = (unsigned char)((unsigned char)(c - 'A') < 26 ? c + 0x20 : c);
        all |= c;
    }
    return all > 0x7f;
}

static inline bool in_class(unsigned char c, unsigned mask)
{
    return (lookup_class[c] & mask) != 0;
}

/* Runs of bytes of a class in `mask`, or of none if `inside` is false, which are not extra. */
static inline size_t runs(unsigned mask, bool inside, const unsigned char *data, size_t size,
                          size_t pos, struct kernels_output *output, int extra)
{
    uint32_t *const positions = output->positions;
    const size_t max = output->max;
    size_t n = 0;

    while (pos < size) {
        while (pos < size && (in_class(data[pos], mask) != inside || data[pos] == extra))
            pos++;
        if (pos == size || n == max)
            break;
        positions[2 * n] = (uint32_t)pos;
        while (pos < size && in_class(data[pos], mask) == inside && data[pos] != extra)
            pos++;
        positions[2 * n++ + 1] = (uint32_t)pos;
    }
    output->count = n;
    return pos;
}

static size_t scalar_spaces(const unsigned char *data, size_t size, size_t pos,
                            struct kernels_output *output, unsigned char extra)
{
    size_t end = runs(LOOKUP_SPACE, false, data, size, pos, output, extra);
    if (output->folded && lower(data, pos, end, output->folded))
        output->wide = true;
    return end;
}

static size_t scalar_blanks(const unsigned char *data, size_t size, size_t pos,
                            struct kernels_output *output, unsigned char extra)
{
    size_t end = runs(LOOKUP_BLANK, false, data, size, pos, output, extra);
    if (output->folded && lower(data, pos, end, output->folded))
        output->wide = true;
    return end;
}

/* Takes the byte at `pos`, or the end of the text there; whether the field looked for ends. */
static inline bool field_step(struct kernels_fields *fields, const unsigned char *data, size_t pos,
                              size_t size)
{
    const bool ends = pos < size && data[pos] == fields->end;

    if (pos < size && !ends && !in_class(data[pos], LOOKUP_BLANK)) {
        if (!fields->inside && fields->left > 0 && --fields->left == 0) {
            fields->open = true;
            fields->begin = (uint32_t)pos;
        }
        fields->inside = true;
        return false;
    }
    const bool closes = fields->open;
    fields->inside = fields->open = false;
    if (ends)
        fields->left = fields->number;
    return closes;
}

static size_t scalar_fields(const unsigned char *data, size_t size, size_t pos,
                            struct kernels_output *output, struct kernels_fields *fields)
{
    uint32_t *const positions = output->positions;
    const size_t max = output->max;
    size_t i = pos, n = 0;

    for (; i < size && n + 1 < max; i++) {
        if (field_step(fields, data, i, size)) {
            positions[2 * n] = fields->begin;
            positions[2 * n++ + 1] = (uint32_t)i;
        }
    }
    if (i == size && field_step(fields, data, i, size)) {
        positions[2 * n] = fields->begin;
        positions[2 * n++ + 1] = (uint32_t)i;
    }
    if (output->folded && lower(data, pos, i, output->folded))
        output->wide = true;
    output->count = n;
    return i;
}

static size_t scalar_letters(const unsigned char *data, size_t size, size_t pos,
                             struct kernels_output *output)
{
    size_t end = runs(LOOKUP_LETTER, true, data, size, pos, output, -1);
    if (output->folded)
        lower(data, pos, end, output->folded);
    return end;
}

static size_t scalar_marks(const unsigned char *data, size_t size, size_t pos,
                           struct kernels_output *output, unsigned char a, unsigned char b)
{
    uint32_t *const positions = output->positions;
    const size_t max = output->max;
    size_t i = pos, n = 0;

    for (; i < size && n < max; i++) {
        if (data[i] == a || data[i] == b)
            positions[n++] = (uint32_t)i;
    }
    if (output->folded && lower(data, pos, i, output->folded))
        output->wide = true;
    output->count = n;
    return i;
}

/* Goes on by one byte; whether that is a delimiter or an end outside quotes. */
static inline bool record_step(struct kernels_records *records, unsigned char c)
{
    const bool mark = c == records->delimiter || c == records->end;

    records->ends += c == records->end;
    if (records->quoted) {
        records->quoted = c != '"';
        records->begins = !records->quoted;
        return false;
    }
    records->quoted = c == '"' && records->begins;
    records->begins = mark;
    return mark;
}

static size_t scalar_records(const unsigned char *data, size_t size, size_t pos,
                             struct kernels_output *output, struct kernels_records *records)
{
    uint32_t *const positions = output->positions;
    const size_t max = output->max;
    size_t i = pos, n = 0;

    for (; i < size && n < max; i++) {
        if (record_step(records, data[i]))
            positions[n++] = (uint32_t)i;
    }
    if (output->folded && lower(data, pos, i, output->folded))
        output->wide = true;
    output->count = n;
    return i;
}

static size_t scalar_records_last(const unsigned char *data, size_t size,
                                  struct kernels_records *records)
{
    size_t last = 0;

    for (size_t i = 0; i < size; i++) {
        if (record_step(records, data[i]) && data[i] == records->end)
            last = i + 1;
    }
    return last;
}

/* The end of the word that begins at `pos`, which is a letter, digit or underscore; *kept says
 * whether it holds more than underscores. */
static size_t word_end(const unsigned char *data, size_t size, size_t pos, bool *kept)
{
    unsigned all = 0;

    for (;;) {
        unsigned last = 0;
        while (pos < size && in_class(data[pos], IN_WORDS))
            all |= last = lookup_class[data[pos++]];
        if (size - pos < 2)
            break;
        unsigned joiner = lookup_class[data[pos]], next = lookup_class[data[pos + 1]];
        if (!((joiner & LOOKUP_JOINS_LETTERS) != 0 && (last & next & LOOKUP_LETTER) != 0) &&
            !((joiner & LOOKUP_JOINS_DIGITS) != 0 && (last & next & LOOKUP_DIGIT) != 0))
            break;
        pos++;
    }
    *kept = (all & (LOOKUP_LETTER | LOOKUP_DIGIT)) != 0;
    return pos;
}

static size_t scalar_words(const unsigned char *data, size_t size, size_t pos, uint32_t *positions,
                           size_t max, size_t *count, unsigned char *folded)
{
    const size_t start = pos;
    size_t n = 0;
    size_t boundary = pos; /* the begin of the segment that ends at pos */

    while (pos < size) {
        unsigned class = lookup_class[data[pos]];
        if (class == LOOKUP_WIDE || n == max)
            break;
        boundary = pos;
        if ((class & IN_WORDS) != 0) {
            bool kept;
            size_t end = word_end(data, size, pos, &kept);
            /* A word that a wide byte follows, at once or behind a joiner, is not complete. */
            if (end < size && lookup_class[data[end]] == LOOKUP_WIDE) {
                pos = end;
                break;
            }
            if (kept && size - end >= 2 &&
                (lookup_class[data[end]] & (LOOKUP_JOINS_LETTERS | LOOKUP_JOINS_DIGITS)) != 0 &&
                lookup_class[data[end + 1]] == LOOKUP_WIDE) {
                pos = end + 1;
                break;
            }
            if (kept) {
                positions[2 * n] = (uint32_t)pos;
                positions[2 * n++ + 1] = (uint32_t)end;
            }
            pos = end;
        } else if (data[pos] == ' ') {
            while (pos < size && data[pos] == ' ')
                pos++;
        } else {
            pos++;
            /* Nothing attaches to a line end, so that what follows is sure to begin a segment. */
            if (class & LOOKUP_SPACE && data[pos - 1] != '\t')
                boundary = pos;
        }
    }
    *count = n;
    if (pos < size && lookup_class[data[pos]] == LOOKUP_WIDE)
        pos = boundary;
    if (folded)
        lower(data, start, pos, folded);
    return pos;
}

static bool in_set(const unsigned char *p, const struct kernels_set *set)
{
    unsigned bits[2] = {0xff, 0xff};

    for (size_t i = 0; i < 3; i++) {
        for (size_t k = 0; k < 2; k++)
            bits[k] &= set->low[k][i][p[i] & 15] & (unsigned)set->high[k][i][p[i] >> 4];
    }
    return *p > 0x7f && (bits[0] | bits[1]) != 0;
}

static uint64_t scalar_members(const unsigned char *data, size_t size,
                               const struct kernels_set *set, uint64_t *masks)
{
    uint64_t all = 0;

    for (size_t pos = 0; pos < size; pos += KERNELS_BLOCK) {
        const size_t length = size - pos < KERNELS_BLOCK ? size - pos : KERNELS_BLOCK;
        uint64_t mask = 0;
        for (size_t i = 0; i < length; i++) {
            if (in_set(data + pos + i, set))
                mask |= UINT64_C(1) << i;
        }
        *masks++ = mask;
        all |= mask;
    }
    return all;
}

static size_t scalar_pair(const unsigned char *data, size_t places, const struct kernels_pair *pair)
{
    size_t place = 0;

    while (place < places && (data[place] != pair->a || data[place + pair->apart] != pair->b))
        place++;
    return place;
}

const struct kernels kernels_scalar = {
    .name = "scalar",
    .spaces = scalar_spaces,
    .blanks = scalar_blanks,
    .fields = scalar_fields,
    .letters = scalar_letters,
    .marks = scalar_marks,
    .records = scalar_records,
    .records_last = scalar_records_last,
    .words = scalar_words,
    .members = scalar_members,
    .pair = scalar_pair,
};
