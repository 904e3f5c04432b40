/* SPDX-License-Identifier: MIT
 *
 * test_utf8.c - what is valid, and where that ends.
 */
#include <check.h>
#include <stdbool.h>
#include <string.h>

#include "base/utf8.h"

Suite *test_utf8_suite(void);

/* Bytes 0 to `valid` are valid and the next is not; in all there are `invalid`. */
static void check_utf8(const char *text, size_t valid, uint64_t invalid)
{
    const unsigned char *data = (const unsigned char *)text;
    size_t size = strlen(text);

    ck_assert_uint_eq(utf8_valid_size(data, size), valid);
    ck_assert_uint_eq(utf8_count_invalid(data, size), invalid);
}

START_TEST(valid_text_ends_at_the_first_invalid_byte)
{
    check_utf8("", 0, 0);
    check_utf8("nineteen bytes here", 19, 0);
    check_utf8("\u00E9\u4E2D\U0001F600\U0010FFFF\uD7FF\uE000", 19, 0);
    check_utf8("\xFF", 0, 1);
    check_utf8("eight by\xE4\xB8", 8, 2);
    check_utf8("a\xC3\xC3\xA9\xC0\x80", 1, 3);
    check_utf8("\xED\xA0\x80 \xF4\x90\x80\x80", 0, 7);
    check_utf8("\xE0\x9F\xBF\xF0\x8F\xBF\xBF\xF5\x80\x80\x80", 0, 11);
}
END_TEST

/* Each code point, encoded here, is one character; each sequence that encodes none is not. */
START_TEST(every_code_point_decodes_to_itself)
{
    for (uint32_t code = 0; code < 0x120000; code++) {
        unsigned char b[4] = {(unsigned char)code};
        size_t length = code < 0x80 ? 1 : code < 0x800 ? 2 : code < 0x10000 ? 3 : 4;
        uint32_t rest = code, got = UINT32_MAX;
        if (length > 1) {
            for (size_t i = length - 1; i > 0; i--, rest >>= 6)
                b[i] = (unsigned char)(0x80 | (rest & 0x3F));
            b[0] = (unsigned char)((length == 2 ? 0xC0 : length == 3 ? 0xE0 : 0xF0) | rest);
        }
        bool valid = code < 0x110000 && (code < 0xD800 || code > 0xDFFF);
        size_t decoded = utf8_decode(b, length, &got);
        if (decoded != (valid ? length : 0) || (valid && got != code) ||
            (length > 1 && utf8_decode(b, length - 1, &got) != 0))
            ck_abort_msg("U+%04X", (unsigned)code);
    }
}
END_TEST

Suite *test_utf8_suite(void)
{
    Suite *suite = suite_create("utf8");
    TCase *tests = tcase_create("utf8");

    tcase_add_test(tests, valid_text_ends_at_the_first_invalid_byte);
    tcase_add_test(tests, every_code_point_decodes_to_itself);
    suite_add_tcase(suite, tests);
    return suite;
}
