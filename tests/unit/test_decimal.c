/* SPDX-License-Identifier: MIT
 *
 * test_decimal.c - decimal numbers read, written, compared and coded.
 */
#include <check.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cpu.h"
#include "unit/random.h"
#include "unit/sanitized.h"
#include "values/decimal_batch.h"
#include "values/decimal_code.h"
#include "values/decimal_plain.h"

Suite *test_decimal_suite(void);

/* Reads a copy of just that size, so that a sanitizer sees what is read outside of it. */
static enum decimal_fault read_bytes(const char *text, size_t size, struct decimal *decimal)
{
    unsigned char *copy = malloc(size + (size == 0));
    enum decimal_fault fault;

    ck_assert_ptr_nonnull(copy);
    memcpy(copy, text, size);
    fault = decimal_parse(copy, size, decimal);
    free(copy);
    return fault;
}

static struct decimal number(const char *text)
{
    struct decimal decimal;

    ck_assert_msg(read_bytes(text, strlen(text), &decimal) == DECIMAL_OK, "'%s'", text);
    return decimal;
}

static const char *text_of(const struct decimal *decimal)
{
    static char text[DECIMAL_ROOM + 1];

    text[decimal_print(decimal, (unsigned char *)text)] = '\0';
    return text;
}

static void check_read(const char *text, const char *wanted)
{
    struct decimal decimal = number(text);

    ck_assert_msg(strcmp(text_of(&decimal), wanted) == 0, "'%s' is %s", text, text_of(&decimal));
}

static void check_fault(const char *text, enum decimal_fault wanted)
{
    struct decimal decimal;
    enum decimal_fault fault = read_bytes(text, strlen(text), &decimal);

    ck_assert_msg(fault == wanted, "'%s': %d", text, (int)fault);
}

#define NINES_38 "99999999999999999999999999999999999999"

START_TEST(numbers_print_with_the_decimals_they_were_read_with)
{
    check_read("0", "0");
    check_read("7", "7");
    check_read("3.50", "3.50");
    check_read("+007.50", "7.50");
    check_read("-12.5", "-12.5");
    check_read(".5", "0.5");
    check_read("-.5", "-0.5");
    check_read("5.", "5");
    check_read("0.000", "0.000");
    check_read("-0", "0");
    check_read("-0.00", "0.00");
    check_read("00000000000000000000000000000000000000000000000012", "12");
    check_read("12345678", "12345678");
    check_read("1234567.8", "1234567.8");
    check_read("123456789", "123456789");
    check_read("12345678.9", "12345678.9");
    check_read("1.23456789", "1.23456789");
    check_read("1234567890123456", "1234567890123456");
    check_read("123456789012345.6", "123456789012345.6");
    check_read("1.23456789012345678", "1.23456789012345678");
    check_read("-" NINES_38, "-" NINES_38);
    check_read("99999999999999999999.999999999999999999",
               "99999999999999999999.999999999999999999");
}
END_TEST

START_TEST(exponents_move_the_point)
{
    check_read("1e3", "1000");
    check_read("1E+3", "1000");
    check_read("1.5e3", "1500");
    check_read("1.50e1", "15.0");
    check_read("5e-2", "0.05");
    check_read("-12.5e-1", "-1.25");
    check_read("100e-2", "1.00");
    check_read("1e-18", "0.000000000000000001");
    check_read("1e37", "10000000000000000000000000000000000000");
    check_read("0.1e38", "10000000000000000000000000000000000000");
    check_read("0e400", "0");
    check_read("0e-400", "0");
    check_read("0e99999999999999999999999999", "0");
    check_read("0.0e-1", "0.00");
}
END_TEST

START_TEST(blanks_around_a_number_and_a_cr_behind_it_are_no_part)
{
    check_read(" 12", "12");
    check_read("\t 12 \t", "12");
    check_read("12\r", "12");
    check_read("1.5e1 \r", "15");
    check_fault("\r12", DECIMAL_NONE);
    check_fault("1 2", DECIMAL_NONE);
    check_fault("- 12", DECIMAL_NONE);
    check_fault(" ", DECIMAL_NONE);
    check_fault("12\n", DECIMAL_NONE);
}
END_TEST

START_TEST(what_is_no_number_is_told)
{
    static const char *const none[] = {
        "",
        "-",
        "+",
        ".",
        "-.",
        "e",
        "e5",
        "1e",
        "1e+",
        "1e5.",
        "1e1e1",
        "--1",
        "+-1",
        "1-",
        "1.2.3",
        "..1",
        "1,234",
        "0x10",
        "nan",
        "inf",
        "1_0",
        "1:2",
        "1/2",
        "a",
        "1a",
        "12345678a",
        "1234567x9",
        "123456789012345:",
        "/2345678",
        "12345678901234567890x",
        "1\xC2\xA0",
        "\xFF\xFF",
        "1.\xFE",
        "9\x89"
        "9",
        "1.8\xFF"
        "9",
    };

    for (size_t i = 0; i < sizeof none / sizeof *none; i++)
        check_fault(none[i], DECIMAL_NONE);

    struct decimal decimal;
    ck_assert_int_eq(read_bytes("1\0", 2, &decimal), DECIMAL_NONE);
    ck_assert_int_eq(read_bytes("\0", 1, &decimal), DECIMAL_NONE);
}
END_TEST

START_TEST(too_many_digits_are_told_and_zeros_at_the_end_are_none)
{
    check_fault("1e38", DECIMAL_TOO_LONG);
    check_fault("1e400", DECIMAL_TOO_LONG);
    check_fault("1e99999999999999999999999999", DECIMAL_TOO_LONG);
    check_fault("1e-99999999999999999999999999", DECIMAL_TOO_LONG);
    check_fault("1e-19", DECIMAL_TOO_LONG);
    check_fault("0.0000000000000000001", DECIMAL_TOO_LONG);
    check_fault(NINES_38 "9", DECIMAL_TOO_LONG);
    check_fault(NINES_38 ".9", DECIMAL_TOO_LONG);
    check_fault("100000000000000000000000000000000000000", DECIMAL_TOO_LONG);
    check_read("1.000000000000000000000000000000", "1");
    check_read("1.500000000000000000000000000000", "1.5");
    check_read(NINES_38 ".00", NINES_38);
    check_read("10e-19", "0.000000000000000001");
    check_read("1200e-20", "0.000000000000000012");
    check_read("0.00000000000000000000", "0");
}
END_TEST

START_TEST(huge_exponents_meet_as_many_zeros)
{
    enum { ZEROS = 3000 };
    char text[ZEROS + 32];
    struct decimal decimal;

    memset(text, '0', sizeof text);
    memcpy(text, "0.", 2);
    strcpy(text + 2 + ZEROS, "12e3002");
    decimal = number(text);
    ck_assert_str_eq(text_of(&decimal), "12");
    memset(text, '0', sizeof text);
    text[0] = '5';
    strcpy(text + 1 + ZEROS, "e-3001");
    decimal = number(text);
    ck_assert_str_eq(text_of(&decimal), "0.5");
}
END_TEST

/* Writes a number of that many digits, at random, and some others that are near to it in form. */
static size_t random_text(char *text)
{
    size_t digits = 1 + below(DECIMAL_DIGITS);
    size_t point = below(3) == 0 ? digits : below(digits + 1);
    size_t size = 0;

    if (digits - point > DECIMAL_DECIMALS)
        point = digits - DECIMAL_DECIMALS;
    if (below(3) == 0)
        text[size++] = '-';
    if (point == 0)
        text[size++] = '0';
    for (size_t i = 0; i < digits; i++) {
        if (i == point)
            text[size++] = '.';
        text[size++] = (char)('0' + (i == 0 && point > 0 ? 1 + below(9) : below(10)));
    }
    text[size] = '\0';
    return size;
}

START_TEST(a_canonical_text_is_read_and_written_the_same)
{
    char text[DECIMAL_ROOM];
    struct decimal decimal;

    for (int i = 0; i < (SANITIZED ? 20000 : 200000); i++) {
        size_t size = random_text(text);
        ck_assert_msg(read_bytes(text, size, &decimal) == DECIMAL_OK, "'%s'", text);
        /* A negative number without any digit but 0 loses its sign. */
        ck_assert_msg(decimal.digits == 0 || strcmp(text_of(&decimal), text) == 0, "'%s' is %s",
                      text, text_of(&decimal));
    }
}
END_TEST

/* Ascending; those that are equal by their decimals. */
static const char *const ascending[] = {
    ("-" NINES_38),
    "-1000000000000000000.000000000000000001",
    "-1000000000000000000",
    "-524289",
    "-524288.5",
    "-524288",
    "-4097",
    "-4096",
    "-33",
    "-32.01",
    "-32",
    "-32.0",
    "-31.99",
    "-1.01",
    "-1.001",
    "-1",
    "-1.0",
    "-1.00",
    "-1.000000000000000000",
    "-0.999999999999999999",
    "-0.5",
    "-0.50",
    "-0.000000000000000001",
    "0",
    "0.0",
    "0.00",
    "0.000000000000000001",
    "0.01",
    "0.5",
    "0.50",
    "0.500",
    "0.500000000000000001",
    "0.51",
    "0.999999999999999999",
    "1",
    "1.0",
    "1.000000000000000001",
    "31",
    "31.5",
    "32",
    "4095",
    "4095.9",
    "4096",
    "524287",
    "524288",
    "8388608",
    "18446744073709551615",
    "18446744073709551616",
    "99999999999999999999.999999999999999999",
    NINES_38,
};

#define ASCENDING (sizeof ascending / sizeof *ascending)

START_TEST(codes_are_ordered_as_numbers_and_then_as_decimals)
{
    for (size_t i = 0; i < ASCENDING; i++) {
        for (size_t j = 0; j < ASCENDING; j++) {
            unsigned char a[DECIMAL_CODE_ROOM], b[DECIMAL_CODE_ROOM];
            struct decimal left = number(ascending[i]), right = number(ascending[j]);
            size_t a_size = decimal_code(&left, a), b_size = decimal_code(&right, b);
            size_t least = a_size < b_size ? a_size : b_size;
            int order = memcmp(a, b, least);
            /* None is the beginning of another, so that they differ before the end. */
            ck_assert_msg(i == j ? order == 0 && a_size == b_size
                                 : (order < 0) == (i < j) && order != 0,
                          "%s and %s", ascending[i], ascending[j]);
        }
    }
}
END_TEST

START_TEST(numbers_are_compared_whatever_their_decimals)
{
    for (size_t i = 0; i < ASCENDING; i++) {
        for (size_t j = 0; j < ASCENDING; j++) {
            struct decimal left = number(ascending[i]), right = number(ascending[j]);
            int order = decimal_compare(&left, &right);
            struct decimal a = left, b = right;
            decimal_strip(&a);
            decimal_strip(&b);
            bool equal = a.digits == b.digits && a.scale == b.scale;
            ck_assert_msg(equal ? order == 0 : (order < 0) == (i < j) && order != 0, "%s and %s",
                          ascending[i], ascending[j]);
        }
    }
}
END_TEST

START_TEST(codes_are_short_for_small_numbers)
{
    static const struct {
        const char *text;
        size_t size;
    } cases[] = {{"0", 1},      {"31", 1},     {"32", 2},      {"-32", 1},
                 {"-33", 2},    {"4095", 2},   {"4096", 3},    {"-4096", 2},
                 {"524287", 3}, {"524288", 4}, {"-524288", 3}, {"3.5", 3},
                 {"3.50", 3},   {"3.505", 4},  {"5.00", 3},    {"0.000000000000000001", 11},
                 {NINES_38, 17}};
    unsigned char code[DECIMAL_CODE_ROOM];

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct decimal decimal = number(cases[i].text);
        ck_assert_uint_eq(decimal_code(&decimal, code), cases[i].size);
    }
}
END_TEST

/* The word that holds all of a code; 0 where none does. */
static uint64_t word_of(const unsigned char *code, size_t size)
{
    unsigned char eight[DECIMAL_CODE_WORD] = {0};

    if (size > sizeof eight)
        return 0;
    memcpy(eight, code, size);
    return decimal_code_load(eight);
}

/* Words are codes, where they hold all of them. */
static void check_word(const struct decimal *decimal, const unsigned char *code, size_t size)
{
    const bool may = decimal->digits >= 0 && decimal->digits <= (__int128)UINT64_MAX;
    const bool small = may && decimal->digits < (__int128)DECIMAL_CODE_SMALL &&
                       decimal->scale <= DECIMAL_CODE_DECIMALS;
    const uint64_t wanted = small ? word_of(code, size) : 0;
    unsigned char eight[DECIMAL_CODE_WORD];
    size_t found = size;

    if (may) {
        ck_assert_uint_eq(decimal_code_digits((uint64_t)decimal->digits, decimal->scale, &found),
                          wanted);
        ck_assert(wanted == 0 || found == size);
    }
    decimal_code_store(eight, UINT64_C(0x0123456789ABCDEF));
    ck_assert_uint_eq(decimal_code_load(eight), UINT64_C(0x0123456789ABCDEF));
}

/* A bare code is the code less the scale, gives the number back without zeros at its end, and its
 * text, where a word has all of it. */
static void check_bare(const struct decimal *decimal)
{
    unsigned char code[DECIMAL_CODE_ROOM], bare[DECIMAL_CODE_ROOM], eight[DECIMAL_CODE_WORD] = {0};
    unsigned char text[DECIMAL_ROOM], wanted[DECIMAL_ROOM];
    struct decimal stripped = *decimal, back;

    decimal_strip(&stripped);
    const size_t size = decimal_code_bare(&stripped, bare);
    ck_assert_uint_eq(decimal_code(&stripped, code), size + (stripped.scale > 0));
    ck_assert_mem_eq(bare, code, size);
    memset(bare + size, 0xFF, sizeof bare - size);
    ck_assert_uint_eq(decimal_decode_bare(bare, &back), size);
    ck_assert(back.digits == stripped.digits && back.scale == stripped.scale);

    if (decimal->digits >= 0 && decimal->digits <= (__int128)UINT64_MAX) {
        const bool small = decimal->digits < (__int128)DECIMAL_CODE_SMALL &&
                           decimal->scale <= DECIMAL_CODE_DECIMALS;
        ck_assert_uint_eq(decimal_code_bare_digits((uint64_t)decimal->digits, decimal->scale),
                          small ? word_of(bare, size) : 0);
    }
    memcpy(eight, bare, size < sizeof eight ? size : sizeof eight);
    const size_t print = decimal_code_print(decimal_code_load(eight), text);
    if (size <= sizeof eight && decimal->digits >= 0 && stripped.scale <= DECIMAL_CODE_DECIMALS) {
        ck_assert_uint_eq(print, decimal_print(&stripped, wanted));
        ck_assert_mem_eq(text, wanted, print);
    } else {
        ck_assert_uint_eq(print, 0);
    }
}

START_TEST(words_hold_codes_of_numbers_beside_powers_of_ten)
{
    for (int i = 0; i < (SANITIZED ? 20000 : 200000); i++) {
        const unsigned scale = below(DECIMAL_CODE_DECIMALS + 2), bits = 1 + below(57);
        const uint64_t random = (uint64_t)below(1u << 31) << 31 | below(1u << 31);
        const uint64_t power = (uint64_t)decimal_powers[below(scale + 1)];
        const uint64_t digits = (random >> (62 - bits)) / power * power + below(3);
        const struct decimal decimal = {(__int128)(digits - (digits > 0)), scale};
        unsigned char code[DECIMAL_CODE_ROOM];
        const size_t size = decimal_code(&decimal, code);

        check_word(&decimal, code, size);
        check_bare(&decimal);
    }
}
END_TEST

START_TEST(a_code_says_its_size_and_gives_its_number_back)
{
    char text[DECIMAL_ROOM];

    for (int i = 0; i < (SANITIZED ? 20000 : 200000); i++) {
        unsigned char code[DECIMAL_CODE_ROOM], *copy;
        struct decimal decimal, back;

        random_text(text);
        decimal = number(text);
        size_t size = decimal_code(&decimal, code);
        copy = malloc(size);
        ck_assert_ptr_nonnull(copy);
        memcpy(copy, code, size);
        ck_assert_uint_eq(decimal_code_size(copy), size);
        check_word(&decimal, code, size);
        check_bare(&decimal);
        ck_assert_uint_eq(decimal_decode(copy, &back), size);
        ck_assert_msg(back.digits == decimal.digits && back.scale == decimal.scale, "%s", text);
        free(copy);
    }
}
END_TEST

START_TEST(zeros_at_the_end_of_decimals_are_taken_off)
{
    static const char *const cases[][2] = {{"3.50", "3.5"},
                                           {"3.00", "3"},
                                           {"300", "300"},
                                           {"0.000", "0"},
                                           {"-1.10", "-1.1"},
                                           {"12345678901234567890.1200", "12345678901234567890.12"},
                                           {"12345678901234567890.0000", "12345678901234567890"}};

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct decimal decimal = number(cases[i][0]);
        decimal_strip(&decimal);
        ck_assert_str_eq(text_of(&decimal), cases[i][1]);
    }
}
END_TEST

/* ---- Several at a time ---------------------------------------------------------------------- */

#define BATCH_MOST 23

/* Texts of up to 10 bytes, nearly all of them numbers and each in a block of its own with its pad;
 * some are missing. */
static void make_batch(struct mr_bytes *texts, size_t count)
{
    static const char bytes[] = "0123456789..+-e,/:\x80\xff ";

    for (size_t i = 0; i < count; i++) {
        const unsigned kind = below(40);
        const size_t size = kind < 36 ? 1 + below(8) : below(11);
        unsigned char *text = malloc(size + DECIMAL_PAD);
        ck_assert_ptr_nonnull(text);
        for (size_t k = 0; k < size + DECIMAL_PAD; k++)
            text[k] = (unsigned char)(kind < 38 ? "0123456789"[below(10)]
                                                : bytes[below(sizeof bytes - 1)]);
        if (size > 0 && kind % 3 > 0)
            text[below(size)] = '.';
        texts[i] = (struct mr_bytes){text, size};
        if (kind == 39 && below(2) == 0) {
            free(text);
            texts[i] = (struct mr_bytes){NULL, 0};
        }
    }
}

static void check_batch(decimal_batch *batch, size_t together)
{
    for (int round = 0; round < (SANITIZED ? 4000 : 20000); round++) {
        const struct decimal_batch_form form = {below(38), (uint64_t)round};
        const size_t count = below(BATCH_MOST + 1);
        struct mr_bytes texts[BATCH_MOST];
        uint64_t words[2 * BATCH_MOST] = {0}, wanted[2 * BATCH_MOST] = {0};
        size_t good = 0;
        make_batch(texts, count);
        for (; good < count; good++) {
            uint64_t digits;
            unsigned scale;
            if (texts[good].data == NULL ||
                !decimal_plain_short(texts[good].data, texts[good].size, &digits, &scale))
                break;
            struct decimal decimal = {0};
            ck_assert_int_eq(decimal_parse(texts[good].data, texts[good].size, &decimal),
                             DECIMAL_OK);
            ck_assert(decimal.digits == (__int128)digits && decimal.scale == scale);
            wanted[2 * good] = digits << form.shift | scale;
            wanted[2 * good + 1] = form.second;
        }
        const size_t found = batch(texts, count, &form, words);
        ck_assert_uint_eq(found, good - good % together);
        ck_assert_mem_eq(words, wanted, 2 * found * sizeof *words);
        for (size_t i = 2 * found; i < 2 * BATCH_MOST; i++)
            ck_assert_uint_eq(words[i], 0);
        for (size_t i = 0; i < count; i++)
            free((void *)(uintptr_t)texts[i].data);
    }
}

START_TEST(numbers_read_together_are_those_read_alone)
{
    check_batch(decimal_batch_scalar, 1);
#if defined(__x86_64__)
    if (cpu_has_avx2())
        check_batch(decimal_batch_avx2, DECIMAL_BATCH_TOGETHER);
    if (cpu_has_avx512())
        check_batch(decimal_batch_avx512, DECIMAL_BATCH_TOGETHER);
#endif
}
END_TEST

Suite *test_decimal_suite(void)
{
    Suite *suite = suite_create("decimal");
    TCase *tests = tcase_create("decimal");

    tcase_add_test(tests, numbers_print_with_the_decimals_they_were_read_with);
    tcase_add_test(tests, exponents_move_the_point);
    tcase_add_test(tests, blanks_around_a_number_and_a_cr_behind_it_are_no_part);
    tcase_add_test(tests, what_is_no_number_is_told);
    tcase_add_test(tests, too_many_digits_are_told_and_zeros_at_the_end_are_none);
    tcase_add_test(tests, huge_exponents_meet_as_many_zeros);
    tcase_add_test(tests, a_canonical_text_is_read_and_written_the_same);
    tcase_add_test(tests, codes_are_ordered_as_numbers_and_then_as_decimals);
    tcase_add_test(tests, numbers_are_compared_whatever_their_decimals);
    tcase_add_test(tests, codes_are_short_for_small_numbers);
    tcase_add_test(tests, words_hold_codes_of_numbers_beside_powers_of_ten);
    tcase_add_test(tests, a_code_says_its_size_and_gives_its_number_back);
    tcase_add_test(tests, zeros_at_the_end_of_decimals_are_taken_off);
    tcase_add_test(tests, numbers_read_together_are_those_read_alone);
    suite_add_tcase(suite, tests);
    return suite;
}
