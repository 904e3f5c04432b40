/* SPDX-License-Identifier: MIT
 *
 * triples - see triples.h.
 *
 * Most of these characters either break off from all before them (Han, Hiragana, the letters of
 * Thai and Lao: class Other) or are joined to their like only (ALetter by WB5, Katakana by WB13),
 * and marks are joined to whatever they follow (WB4). So a few bits of a character and of the one
 * before tell whether a segment goes on, and no branch is taken on that: where marks stand and
 * where words end is what a predictor cannot know. Numbers, underscores and what may join letters
 * on both sides (WB6) end a call at the beginning of the segment at hand, for the automaton.
 *
 * So does a mark after white space, which is cut off there, and after a line end, to which it is
 * not attached: a bit of the character before, moved on by one, forbids the next.
 */
#include "text/triples.h"
#include "text/spans.h"

#include <string.h>

#include "text/unicode/tables.h"

#define FORBIDS (UNICODE_TRIPLE_WHITE | UNICODE_TRIPLE_LETTER)
_Static_assert(UNICODE_TRIPLE_WHITE << 1 == UNICODE_TRIPLE_ATTACHED, "no mark after white space");
_Static_assert(UNICODE_TRIPLE_LETTER << 1 == UNICODE_TRIPLE_MID, "no mid after a letter");
#define JOINED_TO_LIKE (UNICODE_TRIPLE_LETTER | UNICODE_TRIPLE_KATAKANA)

static inline uint32_t load_little(const unsigned char *p)
{
    uint32_t word;

    memcpy(&word, p, 4);
#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
    word = __builtin_bswap32(word);
#endif
    return word;
}

size_t triples_words(const unsigned char *data, size_t size, size_t pos, uint32_t *positions,
                     size_t max, size_t *count, unsigned char *folded)
{
    struct mr_span *const spans = spans_of(positions);
    /* The segment at hand begins at `begin`; `keep` is 1 where it is a word so far. */
    size_t n = 0, at = pos, begin = pos;
    unsigned keep = 0, before = 0;

    while (size - at >= 4 && n + 1 < max) {
        uint32_t word = load_little(data + at);
        unsigned kind, length = 3;
        if ((word & 0xC0C0F0) == 0x8080E0) {
            unsigned block = unicode_triple_first[(word & 0x0F) << 6 | (word >> 8 & 0x3F)];
            kind = unicode_triple_second[block << 6 | (word >> 16 & 0x3F)];
        } else if ((word & 0x80) == 0) {
            kind = unicode_triple_second[word & 0x7F];
            length = 1;
        } else {
            break;
        }
        if ((kind & (UNICODE_TRIPLE_STOP | (before & FORBIDS) << 1)) != 0)
            break;
        unsigned attached = kind & UNICODE_TRIPLE_ATTACHED;
        unsigned joined = attached | (kind & before & JOINED_TO_LIKE);
        unsigned kept = kind / UNICODE_KEEP;
        spans[n].end = (uint32_t)at;
        n += joined != 0 ? 0 : keep;
        keep = joined != 0 ? keep | kept : kept;
        begin = joined != 0 ? begin : at;
        before = attached != 0 ? before : kind;
        spans[n].begin = (uint32_t)begin;
        at += length;
    }
    /* ASCII attaches to nothing, and joins letters and Katakana only. */
    if (at < size && data[at] < 0x80 && (before & JOINED_TO_LIKE) == 0) {
        spans[n].end = (uint32_t)at;
        n += keep;
        begin = at;
    }
    *count = n;
    if (folded != NULL)
        memcpy(folded + pos, data + pos, begin - pos);
    return begin;
}
