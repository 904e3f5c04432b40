/* SPDX-License-Identifier: MIT
 *
 * test_patterns - what an RE is known to need, what becomes of a template, and that matches and
 * chosen lines are the same however the text is cut.
 */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "base/line_count.h"
#include "base/thread.h"
#include "text/patterns.h"
#include "text/regex_literal.h"
#include "text/template.h"
#include "unit/cases.h"
#include "unit/random.h"
#include "unit/tally.h"

Suite *test_patterns_suite(void);

/* ---- Bytes that a match must hold ------------------------------------------------------------ */

static const struct {
    const char *regex;
    bool caseless;
    const char *literal;
    bool whole;
} literals[] = {
    {"abc", false, "abc", true},
    {"abc", true, "", false},
    {"a1-2b", true, "1-2", false},
    {"ab|cd", false, "", false},
    {"(?:ab|cd)ef", false, "ef", false},
    {"(ab)(?:cd)", false, "ab", false},
    {"(ab)?cd", false, "cd", false},
    {"(ab)*x", false, "x", false},
    {"(ab)+x", false, "ab", false},
    {"(ab){0,3}x", false, "x", false},
    {"(ab){2}x", false, "ab", false},
    {"abc?", false, "ab", false},
    {"abc*d", false, "ab", false},
    {"abc+d", false, "abc", false},
    {"abc{2,}", false, "abc", false},
    {"abc{0,2}", false, "ab", false},
    {"abc{,2}", false, "ab", false},
    {"abé?", false, "ab", false},
    {"日本?", false, "日", false},
    {"a+?bc", false, "bc", false},
    {"a\\.b\\$", false, "a.b$", true},
    {"\"[A-Z]+ (\\S+)", false, "\"", false},
    {"\\d+ms", false, "ms", false},
    {"\\bfoo\\b", false, "foo", false},
    {"^foo$", false, "foo", false},
    {"foo\\Kbar", false, "foo", false},
    {"[]a]x", false, "x", false},
    {"[^]]x", false, "x", false},
    {"[[:alpha:]]x", false, "x", false},
    {"[\\]]x", false, "x", false},
    {"\\p{Lu}x", false, "x", false},
    {"\\pLx", false, "x", false},
    {"\\x41x", false, "x", false},
    {"\\x{41}x", false, "x", false},
    {"(a)\\1x", false, "a", false},
    {"(?<name>ab)c", false, "ab", false},
    {"(?P<name>ab)c", false, "ab", false},
    {"(?>ab)c", false, "ab", false},
    {"(?=abc)x", false, "x", false},
    {"(?!abc)x", false, "x", false},
    {"(?<=abc)x", false, "x", false},
    {"(?<!abc)x", false, "x", false},
    {"(a(b(cde)f))", false, "cde", false},
    /* What changes what stands elsewhere. */
    {"(?i)abc", false, "", false},
    {"ab(?i)c", false, "", false},
    {"(?x)ab c", false, "", false},
    {"(?#no)abc", false, "", false},
    {"(*UCP)abc", false, "", false},
    {"abc(*ACCEPT)d", false, "", false},
    {"(?|ab|cd)ef", false, "", false},
    {"(a)?(?(1)bc|de)", false, "", false},
    {"a(?R)?b", false, "", false},
    {"\\Qa.b\\E", false, "", false},
    {"a\\E", false, "", false},
    {"a\nb", false, "a", false},
    {"", false, "", false},
};

START_TEST(bytes_that_every_match_holds_are_found_in_the_re)
{
    for (size_t i = 0; i < sizeof literals / sizeof *literals; i++) {
        unsigned char out[64];
        bool whole = true;
        const size_t size = regex_literal(literals[i].regex, literals[i].caseless, out, &whole);
        ck_assert_msg(size == strlen(literals[i].literal) &&
                          memcmp(out, literals[i].literal, size) == 0 && whole == literals[i].whole,
                      "'%s': '%.*s'%s", literals[i].regex, (int)size, out, whole ? ", whole" : "");
    }
}
END_TEST

/* Of pieces of syntax, whatever RE comes of them. */
START_TEST(a_line_with_a_match_holds_them)
{
    static const char *const pieces[] = {
        "a",   "b",     "1",    " ",    "é",   "(",   ")", "(?:", "|",    "*",    "+",     "?",
        "{2}", "{0,1}", "[ab]", "[^a]", "\\d", "\\w", ".", "\\.", "(?=b", "(?!a", "(?<=1", "\\b"};
    char regex[128], line[16];
    unsigned tried = 0;

    if (!patterns_built_in()) {
        cases_skip("a_line_with_a_match_holds_them", "built without PCRE2");
        return;
    }
    for (unsigned round = 0; round < 20000 || tried < 1000; round++) {
        struct regex *compiled;
        struct regex_fault fault;
        regex[0] = '\0';
        for (size_t i = 1 + below(8); i > 0; i--)
            strcat(regex, pieces[below(sizeof pieces / sizeof *pieces)]);
        if (regex_open(regex, below(2) == 0, &compiled, &fault) != 0)
            continue;
        struct regex_thread *thread = regex_thread_open();
        struct regex_match match;
        ck_assert_ptr_nonnull(thread);
        ck_assert_int_eq(regex_match_open(&match, compiled, thread), 0);
        for (unsigned i = 0; i < 20; i++) {
            size_t size = below(sizeof line);
            for (size_t at = 0; at < size; at++)
                line[at] = "aaabbB11 .A\xc3\xa9"[below(13)];
            const unsigned char *bytes = (const unsigned char *)line;
            const bool found = regex_search(&match, bytes, size, 0) == REGEX_FOUND;
            const bool hint = !regex_has_hint(compiled) ||
                              regex_hint(compiled, bytes, bytes + size) < bytes + size;
            ck_assert_msg(hint || !found, "'%s' in '%.*s'", regex, (int)size, line);
            ck_assert_msg(found || !hint || !regex_is_hint(compiled), "'%s' not in '%.*s'", regex,
                          (int)size, line);
            tried += found;
        }
        regex_match_close(&match);
        regex_thread_close(thread);
        regex_close(compiled);
    }
}
END_TEST

/* ---- Templates ------------------------------------------------------------------------------- */

/* What a template makes of the first match. */
static void check_template(const char *regex, const char *text, const char *line,
                           const char *wanted)
{
    struct regex *compiled;
    struct regex_fault fault;
    struct template *template;
    struct regex_match match;
    struct regex_thread *thread = regex_thread_open();
    const unsigned char *bytes = (const unsigned char *)line;

    ck_assert_ptr_nonnull(thread);
    ck_assert_int_eq(regex_open(regex, false, &compiled, &fault), 0);
    ck_assert_msg(template_open(text, &compiled, 1, &template, &fault) == 0, "%s", fault.reason);
    ck_assert_int_eq(regex_match_open(&match, compiled, thread), 0);
    ck_assert_int_eq(regex_search(&match, bytes, strlen(line), 0), REGEX_FOUND);
    const size_t size = template_size(template, 0, match.groups);
    unsigned char *out = malloc(size + 1);
    ck_assert_ptr_nonnull(out);
    template_fill(template, 0, match.groups, bytes, out);
    out[size] = '\0';
    ck_assert_str_eq((char *)out, wanted);
    free(out);
    regex_match_close(&match);
    template_close(template);
    regex_close(compiled);
    regex_thread_close(thread);
}

static void check_bad_template(const char *text, size_t offset)
{
    struct regex *compiled;
    struct regex_fault fault;
    struct template *template;

    ck_assert_int_eq(regex_open("(?<k>a)", false, &compiled, &fault), 0);
    ck_assert_int_ne(template_open(text, &compiled, 1, &template, &fault), 0);
    ck_assert_str_eq(fault.text, text);
    ck_assert_uint_eq(fault.offset, offset);
    regex_close(compiled);
}

START_TEST(a_template_is_filled_with_groups)
{
    if (!patterns_built_in()) {
        cases_skip("a_template_is_filled_with_groups", "built without PCRE2");
        return;
    }
    check_template("(a)(b)?", "", "xab", "");
    check_template("(a)(b)?", "$2$1", "xab", "ba");
    check_template("(a)(b)?", "$2$1", "xa", "a");
    check_template("(a)(b)?", "<$0>", "xab", "<ab>");
    check_template("(?<k>a)", "$k${k}$$k$", "a", "aa$k$");
    check_template("(?<k>a)", "$-$ ${1}1", "a", "$-$ a1");
    check_template("(a)(b)(c)(d)(e)(f)(g)(h)(i)(j)(k)", "$11$1${11}0", "abcdefghijk", "kak0");
    check_template("(?J)(?:(?<k>a)|(?<k>b))", "$0", "b", "b");
    check_bad_template("$2", 1);
    check_bad_template("ab${2}", 4);
    check_bad_template("$1a", 1);
    check_bad_template("${", 2);
    check_bad_template("${k", 2);
    check_bad_template("${}", 2);
    check_bad_template("$x", 1);
    check_bad_template("$99999999999999999999", 1);
}
END_TEST

/* ---- However a text is cut ------------------------------------------------------------------- */

static struct patterns *compile(const struct patterns_options *options)
{
    struct patterns *patterns;
    struct regex_fault fault;

    ck_assert_msg(patterns_open(options, &patterns, &fault) == 0, "%s", fault.reason);
    return patterns;
}

static void check_cuts(const struct patterns_options *regexes, const struct token_kind *kind,
                       const char *text, struct tally *want)
{
    static const size_t limits[] = {0, 3, 16, 200};

    for (enum tally_cut cut = TALLY_WHOLE; cut <= TALLY_LAST; cut++) {
        for (size_t i = 0; i < sizeof limits / sizeof *limits; i++) {
            struct tokenizer_options options = tally_options(kind);
            struct tally got;
            options.patterns = compile(regexes);
            tally_open(&got);
            tally_count(&got, &options, text, strlen(text), cut, limits[i]);
            tally_compare(&got, want);
            tally_close(&got);
        }
    }
}

static void add(struct tally *tally, const char *key, uint64_t count)
{
    tally_add(tally, key, strlen(key), count);
}

START_TEST(matches_do_not_depend_on_where_a_text_is_cut)
{
    static const char *const words[] = {"\\w+"}, *const pairs[] = {"(\\w+)=", "=(\\w+)"};
    struct patterns_options regexes = {.tokens = {"", words, 1}};
    struct tally want;

    if (!patterns_built_in()) {
        cases_skip("matches_do_not_depend_on_where_a_text_is_cut", "built without PCRE2");
        return;
    }
    tally_open(&want);
    add(&want, "one", 2);
    add(&want, "twö", 2);
    add(&want, "three", 1);
    check_cuts(&regexes, &token_kind_matches, "one twö\n\none\nthree\ntwö", &want);
    tally_close(&want);
    tally_open(&want);
    add(&want, "a", 2);
    add(&want, "b", 1);
    add(&want, "1", 1);
    regexes.tokens = (struct patterns_list){"", pairs, 2};
    check_cuts(&regexes, &token_kind_matches, "a=1\n\nb=2 a=\n =1 \n2", &want);
    tally_close(&want);
}
END_TEST

START_TEST(chosen_lines_do_not_depend_on_where_a_text_is_cut)
{
    static const char *const wanted[] = {"o", "n|w"}, *const unwanted[] = {"x"};
    const struct patterns_options regexes = {.wanted = {"", wanted, 2},
                                             .unwanted = {"", unwanted, 1}};
    struct tally want;

    if (!patterns_built_in()) {
        cases_skip("chosen_lines_do_not_depend_on_where_a_text_is_cut", "built without PCRE2");
        return;
    }
    tally_open(&want);
    add(&want, "one", 2);
    add(&want, "two", 2);
    check_cuts(&regexes, &token_kind_lines, "one\none x\n\ntwo\no\nn\none\ntwo", &want);
    check_cuts(&regexes, &token_kind_unicode, "one two\none x\n\nxx\nw\ntwo\n\none\n", &want);
    tally_close(&want);
}
END_TEST

/* Far more of the thread's time than one of these lines may take. */
#define LINES_TIME UINT64_C(700000000)

START_TEST(each_line_has_its_time_wherever_it_stands)
{
    static unsigned char line[10000];
    struct regex *compiled;
    struct regex_fault fault;
    struct regex_match match;
    if (!regex_built_in())
        return;
    memset(line, 'a', sizeof line);
    ck_assert_int_eq(regex_open("[a-z] [0-9]", false, &compiled, &fault), 0);
    struct regex_thread *thread = regex_thread_open();
    ck_assert_ptr_nonnull(thread);
    ck_assert_int_eq(regex_match_open(&match, compiled, thread), 0);
    for (const uint64_t end = thread_time() + LINES_TIME; thread_time() < end;)
        ck_assert_int_eq(regex_search(&match, line, sizeof line, 0), REGEX_NONE);
    regex_match_close(&match);
    regex_thread_close(thread);
    regex_close(compiled);
}
END_TEST

START_TEST(lines_are_counted_as_by_a_plain_loop)
{
    static unsigned char text[40000];

    for (unsigned round = 0; round < 300; round++) {
        const size_t size = round < 100 ? round : below(sizeof text), begin = below(size + 1);
        uint64_t wanted = 0;
        for (size_t i = 0; i < size; i++)
            text[i] = below(3) == 0 || round % 7 == 0 ? '\n' : 'a';
        for (size_t i = begin; i < size; i++)
            wanted += text[i] == '\n';
        ck_assert_uint_eq(line_count(text + begin, size - begin, '\n'), wanted);
    }
}
END_TEST

Suite *test_patterns_suite(void)
{
    Suite *suite = suite_create("patterns");
    TCase *tests = tcase_create("patterns");

    tcase_set_timeout(tests, 120);
    tcase_add_test(tests, bytes_that_every_match_holds_are_found_in_the_re);
    tcase_add_test(tests, a_line_with_a_match_holds_them);
    tcase_add_test(tests, a_template_is_filled_with_groups);
    tcase_add_test(tests, matches_do_not_depend_on_where_a_text_is_cut);
    tcase_add_test(tests, chosen_lines_do_not_depend_on_where_a_text_is_cut);
    tcase_add_test(tests, each_line_has_its_time_wherever_it_stands);
    tcase_add_test(tests, lines_are_counted_as_by_a_plain_loop);
    suite_add_tcase(suite, tests);
    return suite;
}
