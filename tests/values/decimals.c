/* SPDX-License-Identifier: MIT
 *
 * decimals.c - what decimal and sums make of lines of text, for tests/scripts/decimals.py.
 *
 * A line "n TEXT" gives a fault, or 0, the number, the number without zeros at its end, and its
 * code in hexadecimal; "s TEXT TEXT ..." the sum of numbers, their mean, the least and the
 * greatest, "!" for what has too many digits.
 */
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "values/decimal.h"
#include "values/sums.h"

static void print(const struct decimal *decimal)
{
    unsigned char text[DECIMAL_ROOM];

    printf("%.*s", (int)decimal_print(decimal, text), (const char *)text);
}

static bool read_number(const char *text, size_t size)
{
    unsigned char code[DECIMAL_CODE_ROOM];
    struct decimal decimal, back;
    enum decimal_fault fault = decimal_parse((const unsigned char *)text, size, &decimal);

    printf("%d", (int)fault);
    if (fault == DECIMAL_OK) {
        size_t code_size = decimal_code(&decimal, code);
        if (decimal_code_size(code) != code_size || decimal_decode(code, &back) != code_size ||
            back.digits != decimal.digits || back.scale != decimal.scale)
            return false;
        putchar(' ');
        print(&decimal);
        decimal_strip(&decimal);
        putchar(' ');
        print(&decimal);
        putchar(' ');
        for (size_t i = 0; i < code_size; i++)
            printf("%02x", code[i]);
    }
    putchar('\n');
    return true;
}

static bool add_numbers(struct sums *sums, char *text)
{
    struct sum total, half, least, greatest, one;
    struct decimal decimal = {0, 0}, other;
    uint64_t count = 0;
    char *rest;

    sum_set(sums, &total, &decimal);
    sum_set(sums, &half, &decimal);
    for (char *word = strtok_r(text, " ", &rest); word != NULL; word = strtok_r(NULL, " ", &rest)) {
        if (decimal_parse((const unsigned char *)word, strlen(word), &decimal) != DECIMAL_OK)
            return false;
        sum_set(sums, &one, &decimal);
        sum_add(sums, count % 3 == 0 ? &half : &total, &one);
        sum_set(sums, count == 0 ? &least : &one, &decimal);
        if (count > 0)
            sum_least(sums, &least, &one);
        sum_set(sums, count == 0 ? &greatest : &one, &decimal);
        if (count > 0)
            sum_greatest(sums, &greatest, &one);
        count++;
    }
    sum_add(sums, &total, &half);

    if (count == 0 || sums_failed(sums))
        return false;
    if (sum_total(&total, &decimal) == DECIMAL_OK)
        print(&decimal);
    else
        putchar('!');
    putchar(' ');
    if (sum_mean(&total, count, &decimal) == DECIMAL_OK)
        print(&decimal);
    else
        putchar('!');
    sum_decimal(&least, &decimal);
    sum_decimal(&greatest, &other);
    putchar(' ');
    print(&decimal);
    putchar(' ');
    print(&other);
    putchar('\n');
    return true;
}

int main(void)
{
    struct sums *sums = sums_open();
    char *line = NULL;
    size_t room = 0;
    ssize_t size;
    bool right = sums != NULL;

    while (right && (size = getline(&line, &room, stdin)) > 2) {
        line[--size] = '\0';
        right =
            line[0] == 'n' ? read_number(line + 2, (size_t)size - 2) : add_numbers(sums, line + 2);
    }
    free(line);
    sums_close(sums);
    return right ? EXIT_SUCCESS : EXIT_FAILURE;
}
