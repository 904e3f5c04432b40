/* SPDX-License-Identifier: MIT
 *
 * test_charset - text of all kinds of charsets is converted as iconv converts it, wherever it is
 * cut, and what is no character stays none.
 */
#include <check.h>
#include <iconv.h>
#include <stdlib.h>
#include <string.h>

#include "base/budget.h"
#include "base/utf8.h"
#include "engine/core/buffer.h"
#include "input/charset.h"
#include "unit/charset_reference.h"
#include "unit/random.h"

Suite *test_charset_suite(void);

enum { TEXT = 3000 };

static struct budget budget;
static struct mr_buffer text;

static void setup(void)
{
    budget_open(&budget, 1u << 30);
    buffer_open(&text, &budget);
}

static void teardown(void)
{
    buffer_close(&text);
}

static const struct charset *open_charset(const char *name)
{
    const struct charset *charset;
    struct mr_error error;
    ck_assert_msg(charset_open(name, &charset, &error) == 0, "%s: %s", name, error.text);
    return charset;
}

static void check_text(const char *what, const unsigned char *wanted, size_t size)
{
    size_t used;
    const unsigned char *got = mr_buffer_data(&text, &used);
    ck_assert_msg(used == size && memcmp(got, wanted, size) == 0, "%s: %zu bytes, not %zu", what,
                  used, size);
}

/* In order, in pieces of up to so many bytes. */
static void convert_in_order(const struct charset *charset, const unsigned char *bytes, size_t size,
                             size_t longest, uint64_t *seed)
{
    struct charset_stream *stream;
    struct mr_error error;

    mr_buffer_clear(&text);
    ck_assert_int_eq(charset_stream_open(charset, &stream, &error), 0);
    while (size > 0) {
        size_t piece = longest > 1 ? 1 + random_after(seed) % longest : 1;
        piece = piece < size ? piece : size;
        /* In memory of its own, so that a sanitizer sees its end. */
        unsigned char *copy = malloc(piece);
        memcpy(copy, bytes, piece);
        ck_assert_int_eq(charset_stream_convert(stream, copy, piece, false, &text), 0);
        free(copy);
        bytes += piece;
        size -= piece;
    }
    ck_assert_int_eq(charset_stream_convert(stream, bytes, 0, true, &text), 0);
    charset_stream_close(stream);
}

/* Each piece by itself. */
static void convert_in_pieces(const struct charset *charset, const unsigned char *bytes,
                              size_t size, size_t longest)
{
    mr_buffer_clear(&text);
    while (size > 0) {
        size_t whole = charset_whole(charset, bytes, longest < size ? longest : size);
        if (whole == 0)
            whole = size < 4 ? size : 4;
        size_t before, after;
        mr_buffer_data(&text, &before);
        ck_assert_int_eq(charset_convert(charset, bytes, whole, &text), 0);
        mr_buffer_data(&text, &after);
        ck_assert_uint_le(after - before, charset_grown(charset, whole));
        bytes += whole;
        size -= whole;
    }
}

static void check_all_ways(const struct charset_reference *reference, const unsigned char *bytes,
                           size_t size, uint64_t *seed)
{
    const struct charset_rule rule = {.named = open_charset(reference->name)};
    size_t converted, skip;
    unsigned char *wanted = charset_reference_convert(reference, bytes, size, &converted);
    const struct charset *charset = charset_choose(&rule, bytes, size, &skip);

    ck_assert_msg(charset_divides(charset) == (reference->divides != 0), "%s", reference->name);
    /* With a mark the charset is another one. */
    for (size_t longest = 1; longest < 4 * size; longest = 2 * longest + 1) {
        convert_in_order(charset, bytes, size, longest, seed);
        check_text(reference->name, wanted, converted);
    }
    for (size_t longest = 4; reference->divides && longest < 2 * size; longest++) {
        convert_in_pieces(charset, bytes + skip, size - skip, longest);
        check_text(reference->name, wanted, converted);
        longest += longest > 40 ? longest : 0;
    }
    free(wanted);
    charset_close(rule.named);
}

static bool known(const struct charset_reference *reference)
{
    size_t converted;
    unsigned char *text_of = charset_reference_convert(reference, NULL, 0, &converted);
    free(text_of);
    return text_of != NULL;
}

START_TEST(random_bytes_are_what_iconv_makes_of_them)
{
    const struct charset_reference *reference = &charset_references[_i];
    uint64_t seed = 1 + (uint64_t)_i;
    unsigned char bytes[TEXT];

    if (!known(reference))
        return;
    for (unsigned round = 0; round < 30; round++) {
        const size_t size = round < 8 ? round : random_after(&seed) % TEXT;
        for (size_t i = 0; i < size; i++) {
            const uint64_t r = random_after(&seed);
            /* Bytes alone, units with a small or a large half, and surrogates. */
            bytes[i] = (unsigned char)((r >> 8) % 3 == 0   ? r
                                       : (r >> 8) % 3 == 1 ? r % 0x5F + 0x20
                                       : r & 0x40          ? 0
                                                           : 0xD8 + r % 8);
        }
        check_all_ways(reference, bytes, size, &seed);
    }
}
END_TEST

/* Text that the charset has, made by iconv's other direction, and cut off at its end. */
START_TEST(text_is_what_iconv_makes_of_it)
{
    static const char *const words[] = {
        "word",
        " ",
        "\n",
        "\xC3\xA9t\xC3\xA9",
        "\xD0\xBC\xD0\xB8\xD1\x80",
        "\xE4\xBA\xBA\xE3\x81\x82",
        "\xE2\x82\xAC",
        "\xF0\x9F\x98\x80",
        "\xEF\xBB\xBF",
        "\xD7\x91\xD6\xBC",
        "A\xCC\x80",
    };
    const struct charset_reference *reference = &charset_references[_i];
    const char *name = reference->own ? reference->own : reference->name;
    uint64_t seed = 7;
    char bytes[TEXT];
    size_t size = 0;
    iconv_t back;

    if (!known(reference))
        return;
    back = iconv_open(name, "UTF-8");
    ck_assert(back != (iconv_t)-1);
    while (size < TEXT - 64) {
        char *in = (char *)words[random_after(&seed) % (sizeof words / sizeof *words)];
        char *out = bytes + size;
        size_t left = strlen(in), room = TEXT - size;
        (void)iconv(back, &in, &left, &out, &room); /* what the charset lacks is left out */
        size = TEXT - room;
    }
    iconv_close(back);
    check_all_ways(reference, (unsigned char *)bytes, size, &seed);
    for (size_t cut = 1; cut < 9; cut++)
        check_all_ways(reference, (unsigned char *)bytes, size - cut, &seed);
    for (size_t small = 0; small < 12; small++)
        check_all_ways(reference, (unsigned char *)bytes, small, &seed);
}
END_TEST

START_TEST(what_is_no_character_is_one_invalid_byte_for_each)
{
    static const struct {
        const char *name;
        const char *bytes;
        size_t size;
        uint64_t invalid;
        const char *text;
    } cases[] = {
        {"US-ASCII", "a\xC3\xA9z", 4, 2, "a\xFF\xA9z"},
        {"windows-1252", "a\x81\x90z", 4, 2, "a\x81\x90z"},
        {"UTF-16LE", "a\0\x00\xD8z\0", 6, 2, "a\xFF\xFFz"},
        {"UTF-16LE", "a\0\x3D\xD8", 4, 2, "a\xFF\xFF"},
        {"UTF-16LE", "a\0\xE9", 3, 1, "a\xFF"},
        {"UTF-16BE", "\xD8\x3D\xDE", 3, 3, "\xFF\xFF\xFF"},
        {"UTF-32LE", "a\0\0\0\0\xD8\0\0z\0", 10, 6, "a\xFF\xFF\xFF\xFF\xFF\xFF"},
        {"SHIFT_JIS", "a\x82", 2, 1, "a\x82"},
        {"SHIFT_JIS",
         "\x82\xA0\xFF\xFF"
         "b",
         5, 2,
         "\xE3\x81\x82\xFF\xFF"
         "b"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const struct charset *charset = open_charset(cases[i].name);
        uint64_t seed = 1;
        convert_in_order(charset, (const unsigned char *)cases[i].bytes, cases[i].size, 9, &seed);
        check_text(cases[i].name, (const unsigned char *)cases[i].text, strlen(cases[i].text));
        ck_assert_uint_eq(
            utf8_count_invalid((const unsigned char *)cases[i].text, strlen(cases[i].text)),
            cases[i].invalid);
        charset_close(charset);
    }
}
END_TEST

START_TEST(a_mark_says_the_charset_and_is_left_out)
{
    static const struct {
        const char *bytes;
        size_t size;
        const char *like; /* the charset, or NULL */
        size_t skip;
    } cases[] = {
        {"", 0, NULL, 0},
        {"abcd", 4, NULL, 0},
        {"\xEF\xBB\xBF", 3, NULL, 3},
        {"\xEF\xBB", 2, NULL, 0},
        {"\xFF\xFE", 2, "UTF-16LE", 2},
        {"\xFF\xFE"
         "a\0",
         4, "UTF-16LE", 2},
        {"\xFE\xFF\0a", 4, "UTF-16BE", 2},
        {"\xFF\xFE\0\0", 4, "UTF-32LE", 4},
        {"\xFF\xFE\0", 3, "UTF-16LE", 2},
        {"\0\0\xFE\xFF", 4, "UTF-32BE", 4},
        {"\xFF", 1, NULL, 0},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct charset_rule rule = {.none = false};
        const unsigned char *head = (const unsigned char *)cases[i].bytes;
        size_t skip = 99;
        const struct charset *got = charset_choose(&rule, head, cases[i].size, &skip);
        const struct charset *like = cases[i].like ? open_charset(cases[i].like) : NULL;
        ck_assert_msg(got == like && skip == cases[i].skip, "case %zu", i);
        rule.none = true;
        ck_assert_ptr_null(charset_choose(&rule, head, cases[i].size, &skip));
        ck_assert_uint_eq(skip, 0);
        rule = (struct charset_rule){.named = open_charset("utf-8")};
        ck_assert_ptr_null(charset_choose(&rule, head, cases[i].size, &skip));
        ck_assert_uint_eq(skip, cases[i].size >= 3 && head[0] == 0xEF ? 3 : 0);
        rule.named = open_charset("UTF-16BE");
        ck_assert_ptr_eq(charset_choose(&rule, head, cases[i].size, &skip), rule.named);
        ck_assert_uint_eq(skip, cases[i].size >= 2 && head[0] == 0xFE ? 2 : 0);
    }
}
END_TEST

START_TEST(a_charset_that_nobody_knows_is_invalid)
{
    static const char *const names[] = {"",       "no-such-charset",     "char", "UTF-8//IGNORE",
                                        "UTF-17", "ISO-8859-1//TRANSLIT"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        const struct charset *charset;
        struct mr_error error;
        ck_assert_int_eq(charset_open(names[i], &charset, &error), -1);
        ck_assert_msg(error.status == MR_INVALID, "%s", names[i]);
        ck_assert_ptr_null(charset);
    }
}
END_TEST

START_TEST(every_second_byte_nul_looks_like_utf16)
{
    const unsigned char little[] = "a\0b\0c", big[] = "\0a\0b\0c", none[] = "a\0bcd\0e\0",
                        nuls[8] = "";
    ck_assert_str_eq(charset_guess(little, 6), "UTF-16LE");
    ck_assert_str_eq(charset_guess(little, 5), "UTF-16LE");
    ck_assert_str_eq(charset_guess(big, 6), "UTF-16BE");
    ck_assert_ptr_null(charset_guess(none, 8));
    ck_assert_ptr_null(charset_guess(nuls, 8));
    ck_assert_ptr_null(charset_guess(little, 1));
    ck_assert_ptr_null(charset_guess(little, 0));
    ck_assert_ptr_null(charset_guess((const unsigned char *)"abcdefgh", 8));
}
END_TEST

Suite *test_charset_suite(void)
{
    Suite *suite = suite_create("charset");
    TCase *tcase = tcase_create("charset");

    tcase_add_checked_fixture(tcase, setup, teardown);
    tcase_add_loop_test(tcase, random_bytes_are_what_iconv_makes_of_them, 0,
                        (int)charset_references_count);
    tcase_add_loop_test(tcase, text_is_what_iconv_makes_of_it, 0, (int)charset_references_count);
    tcase_add_test(tcase, what_is_no_character_is_one_invalid_byte_for_each);
    tcase_add_test(tcase, a_mark_says_the_charset_and_is_left_out);
    tcase_add_test(tcase, a_charset_that_nobody_knows_is_invalid);
    tcase_add_test(tcase, every_second_byte_nul_looks_like_utf16);
    suite_add_tcase(suite, tcase);
    return suite;
}
