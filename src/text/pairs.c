/* SPDX-License-Identifier: MIT
 *
 * pairs - see pairs.h.
 *
 * A block of 64 bytes becomes masks with a bit a byte: which are letters, which are the gaps
 * between words. Only letters of class ALetter that are Alphabetic count, and only ASCII that
 * surely ends a word of them (nothing in it joins letters), so words are the runs of letters. The
 * masks take no branch a letter or a word; the ends of words are what a predictor cannot know.
 *
 * The block is good up to the first byte that is neither. What precedes is cut back to its last
 * edge, where a word begins or ends: before a gap the rules break whatever follows, and so they do
 * between a gap and a letter. The next block begins there.
 */
#include "text/pairs.h"

#include <string.h>

#include "text/unicode/tables.h"

static inline uint64_t load_little(const unsigned char *p)
{
    uint64_t word;

    memcpy(&word, p, 8);
#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
    word = __builtin_bswap64(word);
#endif
    return word;
}

/* The topmost bits of eight bytes as the bits of one byte. */
static inline uint64_t top_bits(uint64_t word)
{
    return (word >> 7 & 0x0101010101010101) * 0x0102040810204080 >> 56;
}

/* Whether ASCII may join the letters on both sides of it: MidLetter, MidNumLet, Single_Quote. */
static inline bool joiner(unsigned char c)
{
    return c == '.' || c == ':' || c == '\'';
}

/* Bits of the bytes of a block that the table knows, given the byte after each. */
static inline uint64_t known_bits(const unsigned char *p)
{
#define KNOWN(i) ((unicode_pairs[p[i]] >> (p[(i) + 1] & 0x3F) & 1) << (i))
    uint64_t known = 0;

    for (unsigned i = 0; i < 64; i += 8, p += 8)
        known |= (KNOWN(0) | KNOWN(1) | KNOWN(2) | KNOWN(3) | KNOWN(4) | KNOWN(5) | KNOWN(6) |
                  KNOWN(7))
                 << i;
#undef KNOWN
    return known;
}

/* Copies a block and folds the letters that `leads` marks. Returns the bits of those whose folded
 * form has not two bytes: these stay as they are. */
static inline uint64_t fold_block(const unsigned char *p, uint64_t leads, unsigned char *folded)
{
    uint64_t odd = 0;

    memcpy(folded, p, 64);
    for (; leads != 0; leads &= leads - 1) {
        unsigned i = (unsigned)__builtin_ctzll(leads);
        unsigned form = unicode_fold_second[(p[i] & 0x1F) << 6 | (p[i + 1] & 0x3F)];
        if (form == 0)
            continue;
        if (unicode_folded[form][0] == 2)
            memcpy(folded + i, unicode_folded[form] + 1, 2);
        else
            odd |= UINT64_C(1) << i;
    }
    return odd;
}

size_t pairs_words(const unsigned char *data, size_t size, size_t pos, struct mr_span *spans,
                   size_t max, size_t *count, unsigned char *folded)
{
    size_t n = 0;

    while (pos < size && max - n >= PAIRS_MIN) {
        const unsigned char *p = data + pos;
        uint64_t wide = 0, inner = 0; /* bytes above ASCII, and of these continuation bytes */
        for (unsigned i = 0; i < 64; i += 8) {
            uint64_t word = load_little(p + i);
            wide |= top_bits(word) << i;
            inner |= top_bits(word & ~(word << 1)) << i;
        }
        uint64_t known = known_bits(p);
        uint64_t leads = known & wide & inner >> 1, letters = leads | leads << 1;
        uint64_t good = letters | (known & ~wide);
        if (folded != NULL)
            good &= ~fold_block(p, leads & UINT64_MAX >> 1, folded + pos);
        if (size - pos < 64)
            good &= (UINT64_C(1) << (size - pos)) - 1;

        /* A joiner with a gap or a joiner after it joins nothing. */
        unsigned length = 64;
        while (~good != 0) {
            length = (unsigned)__builtin_ctzll(~good);
            if (length >= 63 || size - pos < length + 2 || !joiner(p[length]) ||
                !(joiner(p[length + 1]) || (good >> (length + 1) & ~wide >> (length + 1) & 1) != 0))
                break;
            good |= UINT64_C(1) << length;
            length = 64;
        }
        if (length < 64)
            letters &= (UINT64_C(1) << length) - 1;
        uint64_t edges = letters ^ letters << 1;
        if (length < 64)
            edges &= (UINT64_C(1) << length) - 1;
        if (edges <= 1) /* nothing, or one word or gap without its end */
            break;
        unsigned advance = 63 - (unsigned)__builtin_clzll(edges);

        /* The edges are where words begin and end in turn; the last is no word's if it begins. */
        while ((edges & (edges - 1)) != 0) {
            spans[n].begin = (uint32_t)(pos + (unsigned)__builtin_ctzll(edges));
            edges &= edges - 1;
            spans[n++].end = (uint32_t)(pos + (unsigned)__builtin_ctzll(edges));
            edges &= edges - 1;
        }
        pos += advance;
    }
    *count = n;
    return pos;
}
