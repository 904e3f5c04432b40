/* SPDX-License-Identifier: MIT
 *
 * columns_packed - see columns_packed.h. After the first byte, with the sizes of both, come the
 * significant bytes of the words, the highest first.
 */
#include "values/columns_packed.h"

#include "values/short_word.h"

/* Of the second word's size in the first byte: it is 4 at the most, and that of the first 8. */
#define PACKED_SIZE_BITS 3

static inline unsigned bytes_of(uint64_t word)
{
    return word != 0 ? 8 - (unsigned)__builtin_clzll(word) / 8 : 0;
}

size_t columns_packed_put(const uint64_t words[2], unsigned char payload[MR_RANK_PAYLOAD])
{
    const unsigned first = bytes_of(words[0]), second = bytes_of(words[1]);

    payload[0] = (unsigned char)(COLUMNS_PACKED | first << PACKED_SIZE_BITS | second);
    decimal_code_store(payload + 1, first > 0 ? words[0] << (64 - 8 * first) : 0);
    decimal_code_store(payload + 1 + first, second > 0 ? words[1] << (64 - 8 * second) : 0);
    return 1 + first + second;
}

/* A word of so many bytes. */
static inline uint64_t take_word(const unsigned char *bytes, unsigned size)
{
    return size > 0 ? short_word_load(bytes, size) >> (64 - 8 * size) : 0;
}

/* The number of a column whose code does not fit a word. */
static struct decimal number_of(enum column_op op, const uint64_t words[2])
{
    const struct sum sum = {words[0], 0};
    struct decimal number = {(__int128)words[1], 0};

    /* Of so few digits both are numbers. */
    if (op == COLUMN_SUM)
        (void)sum_total(&sum, &number);
    else if (op == COLUMN_MEAN)
        (void)sum_mean(&sum, words[1], &number);
    return number;
}

size_t columns_packed_print(const struct columns *columns, const struct mr_record *record,
                            bool ranked, unsigned char *texts)
{
    const unsigned char *payload = record->payload;
    const unsigned first = (payload[0] & ~COLUMNS_PACKED) >> PACKED_SIZE_BITS;
    const unsigned second = payload[0] & ((1u << PACKED_SIZE_BITS) - 1);
    const uint64_t words[2] = {take_word(payload + 1, first),
                               take_word(payload + 1 + first, second)};
    size_t size = 0;

    for (size_t i = 0; i < columns->count; i++) {
        const enum column_op op = columns->columns[i].op;
        if (i > 0)
            texts[size++] = '\t';
        const uint64_t code = i == 0 && ranked ? record->rank : columns_packed_code(op, words);
        size_t written = decimal_code_print(code, texts + size);
        if (written == 0) {
            const struct decimal number = number_of(op, words);
            written = decimal_print(&number, texts + size);
        }
        size += written;
    }
    return size;
}
