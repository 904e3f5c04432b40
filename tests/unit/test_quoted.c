/* SPDX-License-Identifier: MIT
 *
 * test_quoted.c - fields of lines, some in quotes or brackets, against a reader that looks for the
 * end of each field from its beginning.
 */
#include <check.h>
#include <string.h>

#include "text/case_fold.h"
#include "text/tokenizer.h"
#include "unit/random.h"
#include "unit/tally.h"

#define MOST 400

static const struct range first[] = {{1, 1}};
static const struct range third[] = {{3, 3}};
static const struct range from_second[] = {{2, UINT64_MAX}};
static const struct range several[] = {{1, 1}, {3, 4}, {6, UINT64_MAX}};

static const struct {
    const struct range *ranges;
    size_t count;
} lists[] = {{first, 1}, {third, 1}, {from_second, 1}, {several, 3}};

static struct tokenizer_options quoted_options(void)
{
    struct tokenizer_options options = tally_options(&token_kind_quoted);

    options.ranges = first;
    options.range_count = 1;
    return options;
}

static bool is_chosen(const struct tokenizer_options *options, uint64_t field)
{
    for (size_t i = 0; i < options->range_count; i++) {
        if (field >= options->ranges[i].first && field <= options->ranges[i].last)
            return true;
    }
    return false;
}

/* The bytes of a delimiter at `at`. */
static size_t delimiter_at(const struct tokenizer_options *options, const unsigned char *line,
                           size_t size, size_t at)
{
    const size_t length = options->delimiter_size;

    if (at == size)
        return 0;
    if (length == 0)
        return line[at] == ' ' || line[at] == '\t' || line[at] == '\n';
    return size - at >= length && memcmp(line + at, options->delimiter, length) == 0 ? length : 0;
}

/* Where the field at `at` closes that begins with a quote or a bracket: behind that, or 0. */
static size_t closes_at(const struct tokenizer_options *options, const unsigned char *line,
                        size_t size, size_t at)
{
    const unsigned char closing = line[at] == '"' ? '"' : ']';

    for (size_t i = at + 1; i < size; i++) {
        if (closing == '"' && line[i] == '\\')
            i++;
        else if (line[i] == closing)
            return i + 1 == size || delimiter_at(options, line, size, i + 1) > 0 ? i + 1 : 0;
    }
    return 0;
}

/* Adds the text of a field to a key; returns how large that is then. */
static size_t add_text(const unsigned char *field, size_t size, bool closed, unsigned char *key,
                       size_t used)
{
    const size_t last = closed ? size - 1 : size;

    for (size_t i = closed; i < last; i++) {
        if (closed && field[0] == '"' && field[i] == '\\') {
            if (field[i + 1] != '"')
                key[used++] = '\\';
            i++;
        }
        key[used++] = field[i];
    }
    return used;
}

static void map_line(struct tally *tally, const struct tokenizer_options *options,
                     const unsigned char *line, size_t size)
{
    unsigned char key[2 * MOST], folded[CASE_FOLD_ROOM(2 * MOST)];
    const size_t length = options->delimiter_size;
    size_t used = 0, at = 0, behind = 1;
    uint64_t field = 0;
    bool any = false;

    while (behind > 0) {
        while (length == 0 && at < size && delimiter_at(options, line, size, at) > 0)
            at++;
        if (length == 0 && at == size)
            break;
        size_t end = 0;
        if (at < size && (line[at] == '"' || line[at] == '['))
            end = closes_at(options, line, size, at);
        const bool closed = end > 0;
        for (end = closed ? end : at; end < size && delimiter_at(options, line, size, end) == 0;)
            end++;
        if (is_chosen(options, ++field)) {
            if (any && length > 0)
                memcpy(key + used, options->delimiter, length);
            else if (any)
                key[used] = ' ';
            used += !any ? 0 : length > 0 ? length : 1;
            used = add_text(line + at, end - at, closed, key, used);
            any = true;
        }
        behind = delimiter_at(options, line, size, end);
        at = end + behind;
    }
    if (any && options->case_fold)
        tally_add(tally, folded, case_fold_bytes(key, used, folded), 1);
    else if (any)
        tally_add(tally, key, used, 1);
}

static void reference(struct tally *tally, const struct tokenizer_options *options,
                      const unsigned char *text, size_t size)
{
    const unsigned char end = options->zero_terminated ? 0 : '\n';

    for (size_t i = 0, stop; i < size; i = stop + 1) {
        for (stop = i; stop < size && text[stop] != end;)
            stop++;
        const bool returns = stop > i && text[stop - 1] == '\r' && end == '\n';
        map_line(tally, options, text + i, stop - i - returns);
    }
}

START_TEST(fields_are_as_a_slow_reader_finds_them)
{
    static const char *const alphabets[] = {
        "\"\" \n\\aB", "\"[] \n\r\\", "aBcd efgh\"[]ijk \n,,", "\",[]\n\r\0a\xc3\x89\t ", "\\\" a",
    };
    static const size_t sizes[] = {7, 7, 19, 12, 4};
    static const char *const delimiters[] = {"", "", ",", "a", ",,", "\\ ", "\"", "] "};
    unsigned char text[MOST];

    for (int round = 0; round < 500; round++) {
        struct tokenizer_options options = quoted_options();
        const char *delimiter = delimiters[below(sizeof delimiters / sizeof *delimiters)];
        const size_t which = below(5), list = below(sizeof lists / sizeof *lists);
        const size_t size = below(below(4) ? 90 : MOST);
        struct tally want;
        for (size_t i = 0; i < size; i++)
            text[i] = (unsigned char)alphabets[which][below(sizes[which])];
        options.case_fold = below(2);
        options.zero_terminated = below(4) == 0;
        options.delimiter = (const unsigned char *)delimiter;
        options.delimiter_size = strlen(delimiter);
        options.ranges = lists[list].ranges;
        options.range_count = lists[list].count;
        tally_open(&want);
        reference(&want, &options, text, size);
        tally_check(&options, text, size, &want);
        tally_close(&want);
    }
}
END_TEST

static void check_one(const struct tokenizer_options *options, const char *text,
                      const char *const *keys)
{
    struct tally want;
    tally_open(&want);
    for (; *keys; keys++)
        tally_add(&want, *keys, strlen(*keys), 1);
    tally_check(options, text, strlen(text), &want);
    tally_close(&want);
}

START_TEST(quotes_and_brackets_are_taken_off)
{
    struct tokenizer_options options = quoted_options();
    check_one(&options, "\"a b\" c\n[d e] f\r\n\"\"\r\n[]\ng \"h\"\n\"say \\\"x\\\\\" i\n",
              (const char *const[]){"a b", "d e", "", "", "g", "say \"x\\\\", NULL});
}
END_TEST

START_TEST(marks_that_do_not_enclose_a_field_are_bytes)
{
    struct tokenizer_options options = quoted_options();
    check_one(&options, "[::1]:80 ]\n\"a b\n\"c\"d e\n[f \"g]\"\nh\"i j\"\n",
              (const char *const[]){"[::1]:80", "\"a", "\"c\"d", "[f", "h\"i", NULL});
}
END_TEST

Suite *test_quoted_suite(void);

Suite *test_quoted_suite(void)
{
    Suite *suite = suite_create("quoted");
    TCase *tests = tcase_create("quoted");
    tcase_add_test(tests, fields_are_as_a_slow_reader_finds_them);
    tcase_add_test(tests, quotes_and_brackets_are_taken_off);
    tcase_add_test(tests, marks_that_do_not_enclose_a_field_are_bytes);
    suite_add_tcase(suite, tests);
    return suite;
}
