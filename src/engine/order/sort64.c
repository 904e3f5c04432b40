/* SPDX-License-Identifier: MIT
 *
 * sort64 - by distribution, on any CPU: a counting sort by the highest bits in which the words
 * differ, then insertion.
 *
 * Text leaves most bits of a byte alone: of small letters five vary, and gathering those spreads
 * the words so thin that hardly any has to pass another. Insertion goes once over all words
 * instead of place by place, whose numbers of words would be unpredictable branches.
 */
#include "engine/order/sort64.h"

#include <string.h>

/* Up to this many words insertion is fastest. */
#define FEW 24
/* Bits of a digit at the most: the counts fill two thirds of the first-level cache. What is crowded
 * in one place afterwards is less, and its counts are left to the stack of each level. */
#define FIRST_BITS 13u
#define LATER_BITS 8u
/* Runs of bits that a digit is made of at the most: two bytes of letters,
 * and what else there is. */
#define PIECES 3

/* The place of a word: runs of its bits side by side, the order of words kept. Each run is moved
 * down and masked where it then lies; a piece not used is 0. */
struct digit {
    struct piece {
        unsigned down;
        uint64_t mask;
    } pieces[PIECES];
    unsigned bits;
};

static inline size_t digit_of(struct digit digit, uint64_t word)
{
    _Static_assert(PIECES == 3, "each is named here, so that all stay in registers");
    const struct piece *piece = digit.pieces;
    return (size_t)((word >> piece[0].down & piece[0].mask) |
                    (word >> piece[1].down & piece[1].mask) |
                    (word >> piece[2].down & piece[2].mask));
}

/* Takes the highest bits of *varying, some `wanted` of them, for a digit. */
static void digit_take(struct digit *digit, uint64_t *varying, unsigned wanted)
{
    unsigned taken[PIECES] = {0};
    size_t count = 0;
    *digit = (struct digit){0};
    for (; count < PIECES && *varying != 0 && digit->bits < wanted; count++) {
        unsigned above = (unsigned)__builtin_clzll(*varying), top = 64 - above;
        uint64_t below = ~(*varying << above);
        unsigned run = below == 0 ? FIRST_BITS : (unsigned)__builtin_clzll(below);
        if (run > wanted - digit->bits)
            run = wanted - digit->bits;
        struct piece *piece = &digit->pieces[count];
        piece->down = top - run;
        piece->mask = (UINT64_C(1) << run) - 1;
        *varying &= ~(piece->mask << piece->down);
        taken[count] = run;
        digit->bits += run;
    }
    for (unsigned up = 0; count > 0; up += taken[count]) {
        struct piece *piece = &digit->pieces[--count];
        piece->down -= up;
        piece->mask <<= up;
    }
}

/* Sorts the words of `from`, none of which has far to go, into `to`, which may be the same. */
static void insert(uint64_t *to, const uint64_t *from, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        const uint64_t word = from[i];
        size_t j = i;
        for (; j > 0 && to[j - 1] > word; j--)
            to[j] = to[j - 1];
        to[j] = word;
    }
}

static void sort_crowd(uint64_t *words, uint64_t *spare, uint16_t *places, size_t count);

/* As sort64_scalar, of more than a few words, by a digit of at most so many bits first; `starts`
 * has room for one number more than that makes places. */
static void distribute(uint64_t *words, uint64_t *spare, uint16_t *places, size_t count,
                       unsigned most_bits, uint32_t *starts)
{
    uint64_t varying = 0;
    for (size_t i = 1; i < count; i++)
        varying |= words[i] ^ words[0];
    unsigned bits = 4;
    while (bits < most_bits && ((size_t)2 << bits) < count)
        bits++;
    struct digit digit;
    digit_take(&digit, &varying, bits);

    const size_t all = (size_t)1 << digit.bits;
    memset(starts, 0, (all + 1) * sizeof *starts);
    for (size_t i = 0; i < count; i++) {
        const size_t place = digit_of(digit, words[i]);
        places[i] = (uint16_t)place;
        starts[place + 1]++;
    }
    for (size_t place = 1; place <= all; place++)
        starts[place] += starts[place - 1];
    for (size_t i = 0; i < count; i++)
        spare[starts[places[i]]++] = words[i];
    /* starts[p] is now where place p ends. */
    size_t start = 0;
    for (size_t place = 0; varying != 0 && place < all; place++) {
        const size_t end = starts[place];
        if (__builtin_expect(end - start > FEW, 0))
            sort_crowd(spare + start, words + start, places, end - start);
        start = end;
    }
    insert(words, spare, count);
}

static void sort_crowd(uint64_t *words, uint64_t *spare, uint16_t *places, size_t count)
{
    uint32_t starts[(1u << LATER_BITS) + 1];
    distribute(words, spare, places, count, LATER_BITS, starts);
}

void sort64_scalar(uint64_t *words, uint64_t *spare, uint16_t *places, size_t count)
{
    uint32_t starts[(1u << FIRST_BITS) + 1];
    if (count <= FEW)
        insert(words, words, count);
    else
        distribute(words, spare, places, count, FIRST_BITS, starts);
}
