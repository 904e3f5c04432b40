/* SPDX-License-Identifier: MIT
 *
 * pairs - see pairs.h.
 *
 * A block of 64 bytes becomes masks with a bit a byte: which are letters, which are the gaps
 * between words. Only letters of class ALetter that are Alphabetic count, and only ASCII that
 * surely ends a word of them (nothing in it joins letters), so words are the runs of letters. The
 * masks take no branch a letter or a word; the ends of words are what a predictor cannot know.
 *
 * It ends at the first byte that is neither, or rather at the last edge before it, where a word
 * begins or ends: between letters and such ASCII the rules break, whatever follows.
 */
#include "text/pairs.h"
#include "text/spans.h"

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
        known |=
            (KNOWN(0) | KNOWN(1) | KNOWN(2) | KNOWN(3) | KNOWN(4) | KNOWN(5) | KNOWN(6) | KNOWN(7))
            << i;
#undef KNOWN
    return known;
}

/* Copies a block and the byte after it, and folds the letters that `leads` marks. Returns the bits
 * of those whose folded form has not two bytes: these stay as they are. */
static inline uint64_t fold_block(const unsigned char *p, uint64_t leads, unsigned char *folded)
{
    uint64_t odd = 0;

    memcpy(folded, p, 65);
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

size_t pairs_words(const unsigned char *data, size_t size, size_t pos, uint32_t *positions,
                   size_t max, size_t *count, unsigned char *folded)
{
    struct mr_span *const spans = spans_of(positions);
    /* The edges found are written as spans on the way: n of them, beginnings and ends in turn. */
    size_t n = 0, edge = pos, at = pos;
    /* Whether the byte before `at` is in a word; whether it is a lead byte. */
    uint64_t in_word = 0, in_letter = 0;
    unsigned char inner_folded = 0; /* the second byte of that letter */
    unsigned length = 64;

    for (; length == 64 && at < size && max - n / 2 >= PAIRS_MIN; at += 64) {
        const unsigned char *p = data + at;
        unsigned char last[72];
        if (size - at < 65) { /* the end reads as NUL, so nothing goes across it */
            memset(last, 0, sizeof last);
            p = memcpy(last, p, size - at);
        }
        uint64_t wide = 0, inner = 0; /* bytes above ASCII, and of these continuation bytes */
        for (unsigned i = 0; i < 64; i += 8) {
            uint64_t word = load_little(p + i);
            wide |= top_bits(word) << i;
            inner |= top_bits(word & ~(word << 1)) << i;
        }
        uint64_t known = known_bits(p), after = (uint64_t)((p[64] & 0xC0) == 0x80) << 63;
        uint64_t leads = known & wide & (inner >> 1 | after);
        uint64_t letters = leads | leads << 1 | in_letter, good = letters | (known & ~wide);
        if (folded != NULL) {
            good &= ~fold_block(p, leads, folded + at);
            if (in_letter != 0)
                folded[at] = inner_folded;
            inner_folded = folded[at + 64];
        }
        if (size - at < 64)
            good &= (UINT64_C(1) << (size - at)) - 1;

        /* A joiner with a gap or a joiner after it joins nothing. */
        while (~good != 0) {
            length = (unsigned)__builtin_ctzll(~good);
            unsigned char next = p[length + 1];
            if (size - at < length + 2 || !joiner(p[length]) ||
                !(joiner(next) || (next < 0x80 && unicode_pairs[next] != 0)))
                break;
            good |= UINT64_C(1) << length;
            length = 64;
        }
        uint64_t edges = letters ^ (letters << 1 | in_word);
        if (length < 64)
            edges &= (UINT64_C(1) << length) - 1;
        in_word = letters >> 63;
        in_letter = leads >> 63;
        if (edges == 0)
            continue;
        edge = at + 63 - (unsigned)__builtin_clzll(edges);
        for (; edges != 0; edges &= edges - 1, n++) {
            uint32_t where = (uint32_t)(at + (unsigned)__builtin_ctzll(edges));
            if (n % 2 == 0)
                spans[n / 2].begin = where;
            else
                spans[n / 2].end = where;
        }
    }
    *count = n / 2; /* a last beginning without an end is `edge`, and no word yet */
    return edge;
}
