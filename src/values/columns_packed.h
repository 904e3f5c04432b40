/* SPDX-License-Identifier: MIT
 *
 * columns_packed - the payload of a result whose columns are made of one sum and its count, where
 * both are plain: shorter than texts, and made in less time than these.
 */
#ifndef VALUES_COLUMNS_PACKED_H
#define VALUES_COLUMNS_PACKED_H

#include "values/columns_layout.h"
#include "values/decimal_code.h"

/* This bit of the first byte is set, as it is in no text. */
#define COLUMNS_PACKED 0x80u

/* A plain value: the words of a struct sum that is not negative and whose other word is 0, or of
 * such a struct sum_counted. Writes it; returns the payload's size. */
size_t columns_packed_put(const uint64_t words[2], unsigned char payload[MR_RANK_PAYLOAD]);

/* Writes the texts of all columns, which TABs divide, of a record with such a payload; `ranked`:
 * its rank is the code of the first one. Returns their size. */
size_t columns_packed_print(const struct columns *columns, const struct mr_record *record,
                            bool ranked, unsigned char *texts);

/* The bare code of a column of such a value, where it is whole in a word; else 0. */
static inline uint64_t columns_packed_code(enum column_op op, const uint64_t words[2])
{
    uint64_t mean;

    if (op == COLUMN_SUM)
        return decimal_code_bare_digits(words[0] >> SUM_TAG_BITS, words[0] & SUM_SCALE);
    if (op == COLUMN_COUNT)
        return decimal_code_bare_digits(words[1], 0);
    return words[1] > 0 && sum_mean_word(&(struct sum){words[0], 0}, words[1], &mean)
               ? decimal_code_bare_digits(mean, SUM_MEAN_DECIMALS)
               : 0;
}

#endif
