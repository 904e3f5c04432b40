/* SPDX-License-Identifier: MIT
 *
 * words_reference - see words_reference.h. An invalid byte is taken for a character of class
 * Newline. Characters are decoded here by a second decoder, so that both check each other.
 */
#include "unit/words_reference.h"

#include <stdint.h>
#include <stdlib.h>

#include "text/unicode/tables.h"

struct character {
    size_t begin;
    unsigned class;
    bool pictographic;
    bool keep;
    bool white;
    bool invalid;
};

struct text {
    const struct character *at;
    size_t count;
};

/* Encodes what it has decoded and sees whether the same bytes come out. */
static size_t decode(const unsigned char *p, size_t left, uint32_t *code)
{
    size_t length = *p < 0x80 ? 1 : *p < 0xE0 ? 2 : *p < 0xF0 ? 3 : 4;
    static const unsigned char mark[5] = {0, 0, 0xC0, 0xE0, 0xF0};
    uint32_t c;

    if (length > left)
        return 0;
    if (length == 1) {
        *code = *p;
        return 1;
    }
    if (*p < mark[length])
        return 0;
    c = (uint32_t)(*p - mark[length]);
    for (size_t i = 1; i < length; i++) {
        if (p[i] < 0x80 || p[i] > 0xBF)
            return 0;
        c = c * 64 + (p[i] - 0x80u);
    }
    size_t shortest = c < 0x80 ? 1 : c < 0x800 ? 2 : c < 0x10000 ? 3 : 4;
    if (shortest != length || c >= 0x110000 || (c >= 0xD800 && c < 0xE000))
        return 0;
    *code = c;
    return length;
}

/* White_Space, as PropList.txt of the standard has it. */
const uint32_t words_white_space[WORDS_WHITE_SPACE] = {
    0x0009, 0x000A, 0x000B, 0x000C, 0x000D, 0x0020, 0x0085, 0x00A0, 0x1680,
    0x2000, 0x2001, 0x2002, 0x2003, 0x2004, 0x2005, 0x2006, 0x2007, 0x2008,
    0x2009, 0x200A, 0x2028, 0x2029, 0x202F, 0x205F, 0x3000,
};

static bool white_space(uint32_t code)
{
    for (size_t i = 0; i < WORDS_WHITE_SPACE; i++)
        if (words_white_space[i] == code)
            return true;
    return false;
}

static bool line_end(unsigned class)
{
    return class == UNICODE_CR || class == UNICODE_LF || class == UNICODE_NEWLINE;
}

static bool attaches(unsigned class) /* Extend | Format | ZWJ */
{
    return class == UNICODE_EXTEND || class == UNICODE_ZWJ;
}

/* WB4: the character that stands for what precedes position i (i > 0). */
static size_t left_of(struct text text, size_t i)
{
    i--;
    while (i > 0 && attaches(text.at[i].class) && !line_end(text.at[i - 1].class))
        i--;
    return i;
}

/* The class of the effective character before effective character i; UNICODE_OTHER at the start. */
static unsigned class_before(struct text text, size_t i)
{
    return i == 0 ? UNICODE_OTHER : text.at[left_of(text, i)].class;
}

/* The class of the effective character after the character i. */
static unsigned class_after(struct text text, size_t i)
{
    for (i++; i < text.count; i++)
        if (!attaches(text.at[i].class))
            return text.at[i].class;
    return UNICODE_OTHER;
}

static bool ah_letter(unsigned class)
{
    return class == UNICODE_ALETTER || class == UNICODE_HEBREW;
}

static bool mid_num_let_q(unsigned class)
{
    return class == UNICODE_MIDNUMLET || class == UNICODE_SINGLE_QUOTE;
}

/* Whether there is a boundary before character i, 0 < i < count. */
static bool breaks(struct text text, size_t i)
{
    unsigned a = text.at[i - 1].class, b = text.at[i].class;

    if (a == UNICODE_CR && b == UNICODE_LF) /* WB3 */
        return false;
    if (line_end(a) || line_end(b)) /* WB3a, WB3b */
        return true;
    if (a == UNICODE_ZWJ && text.at[i].pictographic) /* WB3c */
        return false;
    if (a == UNICODE_SPACE && b == UNICODE_SPACE) /* WB3d */
        return false;
    if (attaches(b)) /* WB4 */
        return false;

    size_t left = left_of(text, i);
    unsigned before = class_before(text, left), after = class_after(text, i);
    a = text.at[left].class;
    if (ah_letter(a) && ah_letter(b)) /* WB5 */
        return false;
    if (ah_letter(a) && (b == UNICODE_MIDLETTER || mid_num_let_q(b)) && ah_letter(after)) /* WB6 */
        return false;
    if (ah_letter(before) && (a == UNICODE_MIDLETTER || mid_num_let_q(a)) && ah_letter(b)) /* WB7 */
        return false;
    if (a == UNICODE_HEBREW && b == UNICODE_SINGLE_QUOTE) /* WB7a */
        return false;
    if (a == UNICODE_HEBREW && b == UNICODE_DOUBLE_QUOTE && after == UNICODE_HEBREW) /* WB7b */
        return false;
    if (before == UNICODE_HEBREW && a == UNICODE_DOUBLE_QUOTE && b == UNICODE_HEBREW) /* WB7c */
        return false;
    if (a == UNICODE_NUMERIC && b == UNICODE_NUMERIC) /* WB8 */
        return false;
    if (ah_letter(a) && b == UNICODE_NUMERIC) /* WB9 */
        return false;
    if (a == UNICODE_NUMERIC && ah_letter(b)) /* WB10 */
        return false;
    if (before == UNICODE_NUMERIC && (a == UNICODE_MIDNUM || mid_num_let_q(a)) &&
        b == UNICODE_NUMERIC) /* WB11 */
        return false;
    if (a == UNICODE_NUMERIC && (b == UNICODE_MIDNUM || mid_num_let_q(b)) &&
        after == UNICODE_NUMERIC) /* WB12 */
        return false;
    if (a == UNICODE_KATAKANA && b == UNICODE_KATAKANA) /* WB13 */
        return false;
    if ((ah_letter(a) || a == UNICODE_NUMERIC || a == UNICODE_KATAKANA ||
         a == UNICODE_EXTENDNUMLET) &&
        b == UNICODE_EXTENDNUMLET) /* WB13a */
        return false;
    if (a == UNICODE_EXTENDNUMLET &&
        (ah_letter(b) || b == UNICODE_NUMERIC || b == UNICODE_KATAKANA)) /* WB13b */
        return false;
    if (a == UNICODE_REGIONAL && b == UNICODE_REGIONAL) { /* WB15, WB16 */
        size_t run = 1;
        for (size_t j = left; class_before(text, j) == UNICODE_REGIONAL; j = left_of(text, j))
            run++;
        return run % 2 == 0;
    }
    return true; /* WB999 */
}

struct words_segment *words_reference(const unsigned char *data, size_t size, size_t *count)
{
    struct character *at = malloc((size + 1) * sizeof *at);
    struct words_segment *segments = malloc((size + 1) * sizeof *segments);
    struct text text = {at, 0};

    if (at == NULL || segments == NULL)
        abort();
    for (size_t i = 0, length; i < size; i += length) {
        struct character *c = &at[text.count++];
        uint32_t code = 0;
        length = decode(data + i, size - i, &code);
        *c = (struct character){.begin = i, .class = UNICODE_NEWLINE, .invalid = length == 0};
        if (length == 0) {
            length = 1;
            continue;
        }
        c->class = unicode_word(code) & UNICODE_CLASS;
        c->keep = (unicode_word(code) & UNICODE_KEEP) != 0;
        c->white = white_space(code);
        c->pictographic =
            c->class == UNICODE_PICTOGRAPHIC || c->class == UNICODE_ALETTER_PICTOGRAPHIC;
        if (c->class == UNICODE_PICTOGRAPHIC)
            c->class = UNICODE_OTHER;
        else if (c->class == UNICODE_ALETTER_PICTOGRAPHIC)
            c->class = UNICODE_ALETTER;
    }
    *count = 0;
    for (size_t i = 0; i < text.count; i++) {
        if (i == 0 || breaks(text, i)) /* WB1, WB2 */
            segments[(*count)++] = (struct words_segment){.begin = at[i].begin};
        struct words_segment *segment = &segments[*count - 1];
        segment->keep |= at[i].keep;
        segment->invalid |= at[i].invalid;
        segment->end = i + 1 < text.count ? at[i + 1].begin : size;
        /* The word is the segment from its first character to its last that is no white space. */
        if (!at[i].white) {
            segment->word_begin = segment->word_end > 0 ? segment->word_begin : at[i].begin;
            segment->word_end = segment->end;
        }
    }
    free(at);
    return segments;
}
