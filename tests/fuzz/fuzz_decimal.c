/* SPDX-License-Identifier: MIT
 *
 * fuzz_decimal - numbers, divided by newlines: the fast way and the slow one read the same, what is
 * read comes back from its text and from its code, codes have the order of numbers, and sums do not
 * depend on the order of adding.
 */
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "values/decimal.h"
#include "values/decimal_plain.h"
#include "values/sums.h"

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size);

static void check(bool right)
{
    if (!right)
        abort();
}

static bool same(const struct decimal *a, const struct decimal *b)
{
    return a->digits == b->digits && a->scale == b->scale;
}

/* Reads a text with so many bytes before it, which are blanks, and none behind it. */
static enum decimal_fault read_behind(const unsigned char *text, size_t size, size_t blanks,
                                      struct decimal *decimal)
{
    unsigned char *copy = malloc(blanks + size + (blanks + size == 0));
    enum decimal_fault fault;

    check(copy != NULL);
    memset(copy, ' ', blanks);
    memcpy(copy + blanks, text, size);
    fault = decimal_parse(copy, blanks + size, decimal);
    free(copy);
    return fault;
}

/* As rows do it, with any bytes behind. */
static void check_padded(const unsigned char *text, size_t size, enum decimal_fault fault,
                         const struct decimal *decimal)
{
    unsigned char *copy = malloc(size + DECIMAL_PAD);
    struct decimal_plain plain;

    check(copy != NULL);
    memcpy(copy, text, size);
    memset(copy + size, '9', DECIMAL_PAD);
    if (decimal_plain_read(copy, size, true, &plain)) {
        check(fault == DECIMAL_OK && plain.digits >> 54 == 0);
        __int128 digits = (__int128)plain.digits;
        check(decimal->digits == (plain.negative ? -digits : digits));
        check(decimal->scale == plain.scale);
    }
    free(copy);
}

static bool try_number(const unsigned char *text, size_t size, struct decimal *decimal)
{
    unsigned char out[DECIMAL_ROOM], code[DECIMAL_CODE_ROOM];
    struct decimal other;
    enum decimal_fault fault = read_behind(text, size, 0, decimal);

    check(read_behind(text, size, 1, &other) == fault);
    check(fault != DECIMAL_OK || same(decimal, &other));
    check_padded(text, size, fault, decimal);
    if (fault != DECIMAL_OK)
        return false;

    check(decimal->scale <= DECIMAL_DECIMALS);
    size_t written = decimal_print(decimal, out);
    check(written <= sizeof out && decimal_parse(out, written, &other) == DECIMAL_OK);
    check(same(decimal, &other));
    written = decimal_code(decimal, code);
    check(written <= sizeof code && decimal_code_size(code) == written);
    check(decimal_decode(code, &other) == written && same(decimal, &other));
    return true;
}

static void try_order(const struct decimal *a, const struct decimal *b)
{
    unsigned char left[DECIMAL_CODE_ROOM], right[DECIMAL_CODE_ROOM];
    size_t left_size = decimal_code(a, left), right_size = decimal_code(b, right);
    int order = memcmp(left, right, left_size < right_size ? left_size : right_size);
    int wanted = decimal_compare(a, b);

    if (wanted == 0)
        wanted = (a->scale > b->scale) - (a->scale < b->scale);
    check((order > 0) - (order < 0) == wanted);
}

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size)
{
    enum { MOST = 64 };
    struct sums *sums = sums_open();
    struct decimal decimals[MOST], total, other;
    struct sum first, second, one;
    size_t count = 0;

    if (sums == NULL)
        return 0;
    for (const unsigned char *end; size > 0 && count < MOST;
         size -= (size_t)(end - data), data = end) {
        end = memchr(data, '\n', size);
        size_t text = end != NULL ? (size_t)(end - data) : size;
        count += try_number(data, text, &decimals[count]);
        end = data + text + (end != NULL);
    }

    sum_set(sums, &first, &(struct decimal){0, 0});
    sum_set(sums, &second, &(struct decimal){0, 0});
    for (size_t i = 0; i < count; i++) {
        if (i > 0)
            try_order(&decimals[i - 1], &decimals[i]);
        sum_set(sums, &one, &decimals[i]);
        sum_decimal(&one, &other);
        check(same(&other, &decimals[i]));
        sum_add(sums, &first, &one);
        sum_set(sums, &one, &decimals[count - 1 - i]);
        sum_add(sums, &second, &one);
    }
    enum decimal_fault fault = sum_total(&first, &total);
    check(sum_total(&second, &other) == fault);
    check(fault != DECIMAL_OK || same(&total, &other));
    if (count == 1)
        check(fault == DECIMAL_OK && decimal_compare(&total, &decimals[0]) == 0);
    check(!sums_failed(sums));
    sums_close(sums);
    return 0;
}
