/* SPDX-License-Identifier: MIT
 *
 * test_words.c - words against the standard's own test file and against the slow reference, with
 * every kernel of this CPU and with none, cut everywhere, in tiny windows and with tiny spans.
 */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/test_hooks.h"
#include "text/case_fold.h"
#include "base/kernels/kernels.h"
#include "text/unicode/tables.h"
#include "text/words.h"
#include "text/words_border.h"
#include "unit/sanitized.h"
#include "unit/words_reference.h"

Suite *test_words_suite(void);

/* ---- Bytes, and words as bytes: each with its size before it --------------------------------- */

struct bytes {
    unsigned char *data;
    size_t size, room;
};

static void append(struct bytes *bytes, const void *data, size_t size)
{
    if (bytes->size + size + MR_PAD > bytes->room) {
        bytes->room = (bytes->size + size + MR_PAD) * 2;
        bytes->data = realloc(bytes->data, bytes->room);
        if (bytes->data == NULL)
            abort();
    }
    if (size > 0)
        memcpy(bytes->data + bytes->size, data, size);
    bytes->size += size;
}

static bool equal(const struct bytes *a, const struct bytes *b)
{
    return a->size == b->size && (a->size == 0 || memcmp(a->data, b->data, a->size) == 0);
}

static void append_word(struct bytes *words, const unsigned char *data, size_t size)
{
    append(words, &size, sizeof size);
    append(words, data, size);
}

static void append_code(struct bytes *text, uint32_t code)
{
    unsigned char b[4];
    size_t n = code < 0x80 ? 1 : code < 0x800 ? 2 : code < 0x10000 ? 3 : 4;

    if (n == 1) {
        b[0] = (unsigned char)code;
    } else {
        for (size_t i = n - 1; i > 0; i--, code >>= 6)
            b[i] = (unsigned char)(0x80 | (code & 0x3F));
        b[0] = (unsigned char)((n == 2 ? 0xC0 : n == 3 ? 0xE0 : 0xF0) | code);
    }
    append(text, b, n);
}

/* ---- What is tested -------------------------------------------------------------------------- */

/* A kernel that leaves everything to the automaton. */
static size_t no_kernel(const unsigned char *data, size_t size, size_t pos, uint32_t *positions,
                        size_t max, size_t *count, unsigned char *folded)
{
    (void)data;
    (void)size;
    (void)positions;
    (void)max;
    (void)folded;
    *count = 0;
    return pos;
}

/* The i-th way of running: kernels (and none) by folding by tiny limits; false past the last. */
static bool variant(size_t i, struct words *words, const char **name)
{
    size_t kernel = i / 4;
    const struct kernels *kernels = NULL;
    struct words_kernel run = {no_kernel};

    for (size_t k = 0; k < kernel; k++)
        if ((kernels = kernels_available(k)) == NULL)
            return false;
    if (kernels != NULL)
        run.run = kernels->words;
    *name = kernels != NULL ? kernels->name : "none";
    test_hooks.words_reach = i % 4 >= 2 ? 128 : 0;
    words_open(words, run, i % 2 == 1);
    test_hooks.words_reach = 0;
    return true;
}

/* The words of a text, appended; the text is copied so that a tool sees reads past the pad. */
static void run_words(struct words *words, const unsigned char *data, size_t size,
                      struct bytes *found)
{
    struct words_batch batch;
    unsigned char *copy = malloc(size + MR_PAD);
    int got;

    if (copy == NULL)
        abort();
    memcpy(copy, data, size);
    for (size_t i = 0; i < MR_PAD; i++) /* would go on with almost any text */
        copy[size + i] = (unsigned char)"a\x80"
                                        "1\xCC\x81"[i % 5];
    words_begin(words, copy, size);
    while ((got = words_next(words, &batch)) > 0) {
        if (batch.count > WORDS_BATCH || (batch.count > 0) == (batch.giant > 0))
            ck_abort_msg("a batch of %zu words and %zu bytes", batch.count, batch.giant);
        if (batch.giant > 0) {
            ck_assert_uint_gt(batch.giant, words->span_limit);
            append_word(found, batch.base, batch.giant);
        }
        for (size_t i = 0; i < batch.count; i++) {
            if (batch.spans[i].end > words->span_limit)
                ck_abort_msg("a span up to %u", batch.spans[i].end);
            append_word(found, batch.base + batch.spans[i].begin,
                        batch.spans[i].end - batch.spans[i].begin);
        }
    }
    ck_assert_int_eq(got, 0);
    free(copy);
}

static void run_reference(const unsigned char *data, size_t size, bool fold, struct bytes *wanted,
                          uint64_t *invalid)
{
    size_t count;
    struct words_segment *segments = words_reference(data, size, &count);

    for (size_t i = 0; i < count; i++) {
        const unsigned char *word = data + segments[i].word_begin;
        size_t length = segments[i].word_end - segments[i].word_begin;
        *invalid += segments[i].invalid;
        if (!segments[i].keep)
            continue;
        if (fold) {
            unsigned char *key = malloc(CASE_FOLD_ROOM(length));
            if (key == NULL)
                abort();
            append_word(wanted, key, case_fold_bytes(word, length, key));
            free(key);
        } else {
            append_word(wanted, word, length);
        }
    }
    free(segments);
}

/* Loops over many cases make no assertion that holds: check writes each down, which takes time. */
static void fail_with(const char *what, const char *name, const struct bytes *text)
{
    char hex[3 * 400 + 1] = "";
    for (size_t i = 0; i < text->size && i < 400; i++)
        snprintf(hex + 3 * i, 4, " %02X", text->data[i]);
    ck_abort_msg("%s, kernel %s, %zu bytes:%s", what, name, text->size, hex);
}

/* Every variant finds in the text what the reference finds, and counts the same invalid bytes. */
static void compare(const struct bytes *text)
{
    static struct words words;
    const char *name;
    struct bytes wanted[2] = {{0}, {0}}, found = {0};
    uint64_t invalid = 0;

    run_reference(text->data, text->size, false, &wanted[0], &invalid);
    invalid = 0;
    run_reference(text->data, text->size, true, &wanted[1], &invalid);
    for (size_t i = 0; variant(i, &words, &name); i++) {
        const struct bytes *want = &wanted[i % 2];
        found.size = 0;
        run_words(&words, text->data, text->size, &found);
        if (!equal(&found, want))
            fail_with("other words", name, text);
        if (words.invalid != invalid)
            fail_with("another count of invalid bytes", name, text);
        words_close(&words);
    }
    free(found.data);
    free(wanted[0].data);
    free(wanted[1].data);
}

/* ---- The standard's test file ---------------------------------------------------------------- */

static FILE *open_data(const char *name)
{
    char path[4096];
    const char *source = getenv("MRCOUNT_SOURCE");

    snprintf(path, sizeof path, "%s/tests/data/ucd/%s", source != NULL ? source : ".", name);
    FILE *file = fopen(path, "r");
    ck_assert_msg(file != NULL, "cannot open %s", path);
    return file;
}

START_TEST(words_are_those_of_the_standards_file)
{
    FILE *file = open_data("WordBreakTest.txt");
    char *line = NULL;
    size_t room = 0, lines = 0;
    struct bytes all = {0};

    ck_assert(getline(&line, &room, file) > 0);
    ck_assert_msg(strstr(line, "-" UNICODE_VERSION ".txt") != NULL, "the data is not of Unicode %s",
                  UNICODE_VERSION);
    while (getline(&line, &room, file) > 0) {
        struct bytes text = {0}, wanted = {0}, found = {0};
        size_t boundary = 0, begin = 0, end = 0, segments = 0, count;
        bool keep = false;
        line[strcspn(line, "#\n")] = '\0';
        for (char *word = strtok(line, " \t"); word != NULL; word = strtok(NULL, " \t")) {
            if (strcmp(word, "\u00D7") == 0)
                continue;
            if (strcmp(word, "\u00F7") != 0) {
                uint32_t code = (uint32_t)strtoul(word, NULL, 16);
                size_t at = text.size;
                append_code(&text, code);
                if ((unicode_word(code) & UNICODE_WHITE) == 0) {
                    begin = end == boundary ? at : begin; /* the segment's first of the word */
                    end = text.size;
                }
                keep = keep || (unicode_word(code) & UNICODE_KEEP) != 0;
                continue;
            }
            segments += text.size > boundary;
            if (keep)
                append_word(&wanted, text.data + begin, end - begin);
            boundary = end = text.size;
            keep = false;
        }
        if (text.size == 0)
            continue;
        lines++;
        static struct words words;
        const char *name;
        for (size_t i = 0; variant(i, &words, &name); i++) {
            found.size = 0;
            run_words(&words, text.data, text.size, &found);
            if (!words.case_fold && !equal(&found, &wanted))
                fail_with("not the standard's words", name, &text);
            words_close(&words);
        }
        free(words_reference(text.data, text.size, &count));
        ck_assert_uint_eq(count, segments);
        compare(&text);
        append(&all, text.data, text.size);
        append(&all, "ab \n", lines % 5);
        free(text.data);
        free(wanted.data);
        free(found.data);
    }
    ck_assert_uint_gt(lines, 1800);
    compare(&all);
    free(all.data);
    free(line);
    fclose(file);
}
END_TEST

/* ---- White space ----------------------------------------------------------------------------- */

static void append_all(struct bytes *text, const char *const *pieces, size_t count, uint32_t space)
{
    text->size = 0;
    for (size_t i = 0; i < count && pieces[i] != NULL; i++) {
        if (*pieces[i] == '#')
            append_code(text, space);
        else
            append(text, pieces[i], strlen(pieces[i]));
    }
    append(text, "", 0);
}

/* The words of `text`, by every variant without folding, are `wanted`, each in [ ]. */
static void check_words(const struct bytes *text, const char *wanted)
{
    static struct words words;
    const char *name;

    for (size_t i = 0; variant(i, &words, &name); i++) {
        struct bytes found = {0}, shown = {0};
        run_words(&words, text->data, text->size, &found);
        for (size_t at = 0, size; at < found.size; at += sizeof size + size) {
            memcpy(&size, found.data + at, sizeof size);
            append(&shown, "[", 1);
            append(&shown, found.data + at + sizeof size, size);
            append(&shown, "]", 1);
        }
        append(&shown, "", 1);
        if (!words.case_fold && strcmp((const char *)shown.data, wanted) != 0)
            fail_with((const char *)shown.data, name, text);
        words_close(&words);
        free(found.data);
        free(shown.data);
    }
}

/* No word begins or ends with any of the 25; # is one of them. Within a word U+202F may stay. */
START_TEST(no_word_has_white_space_at_an_end)
{
    static const struct {
        const char *pieces[8];
        const char *wanted;
    } cases[] = {
        {{"#"}, ""},
        {{"#", "#"}, ""},
        {{"#", "\u0301"}, ""},
        {{"_", "#"}, ""},
        {{"oui", "#", "!"}, "[oui]"},
        {{"#", "oui"}, "[oui]"},
        {{"#", "oui", "#"}, "[oui]"},
        {{"#", "#", "oui", "#", "#"}, "[oui]"},
        {{"\u0436", "#", "#"}, "[\u0436]"},
        {{"#", "\u0436\u0436\u0436\u0436\u0436\u0436\u0436\u0436", "#", " "},
         "[\u0436\u0436\u0436\u0436\u0436\u0436\u0436\u0436]"},
        {{"1", "#", "\u4E2D", "#"}, "[1][\u4E2D]"},
        {{"\u30AB", "#", "\u20AC"}, "[\u30AB]"},
        {{"\u05D0", "#", "'"}, "[\u05D0]"},
        {{"#", "\U00010400", "#"}, "[\U00010400]"},
        {{"a", "#", "\xFF", "#", "b"}, "[a][b]"},
        /* A mark that is a letter as well (Alphabetic) begins a word even on a space. */
        {{"x ", "#", "\u0345", "#", "."}, "[x][\u0345]"},
        {{"#", "\u0903", "\n"}, "[\u0903]"},
    };
    struct bytes text = {0};

    for (size_t i = 0; i < WORDS_WHITE_SPACE; i++) {
        uint32_t space = words_white_space[i];
        bool joins = space == 0x202F;
        ck_assert((unicode_word(space) & UNICODE_WHITE) != 0);
        for (size_t k = 0; k < sizeof cases / sizeof *cases; k++) {
            append_all(&text, cases[k].pieces, 8, space);
            compare(&text);
            check_words(&text, cases[k].wanted);
        }
        append_all(&text, (const char *const[]){"a", "#", "b", "#", "_"}, 5, space);
        compare(&text);
        check_words(&text, joins ? "[a\u202Fb\u202F_]" : "[a][b]");
        append_all(&text, (const char *const[]){"a", "#", "\u0301"}, 3, space);
        compare(&text);
        check_words(&text, joins ? "[a\u202F\u0301]" : "[a]");
        append_all(&text, (const char *const[]){"#", "\u0301", "a"}, 3, space);
        compare(&text);
        check_words(&text, joins ? "[\u0301a]" : "[a]");
        append_all(&text, (const char *const[]){"#", "\u200D", "\u24C2", "#"}, 4, space);
        compare(&text);
        check_words(&text, "[\u200D\u24C2]");
    }
    for (uint32_t code = 0, found = 0; code < 0x110000; code++) {
        found += (unicode_word(code) & UNICODE_WHITE) != 0;
        ck_assert(code < 0x10FFFF || found == WORDS_WHITE_SPACE);
    }
    free(text.data);
}
END_TEST

/* ---- Cuts ------------------------------------------------------------------------------------ */

/* One of each class or kind of character that the rules or the decoder tell apart. */
static const char *const kinds[] = {
    "!",          "-",        "\t",       "\r",
    "\n",         "\v",       "\xC2\x85",           /* line ends */
    "\u0301",     "\u0345",                         /* Extend; the second is Alphabetic too */
    "\u00AD",     "\u200D",                         /* Format, ZWJ */
    "a",          "Z",        "\u0436",   "\u0130", /* ALetter */
    "\u05D0",                                       /* Hebrew_Letter */
    "1",          "\u0661",                         /* Numeric */
    "\u30AB",                                       /* Katakana */
    "_",                                            /* ExtendNumLet */
    "\U0001F1E6",                                   /* Regional_Indicator */
    " ",          "\u3000",                         /* WSegSpace */
    "\u202F",     "\u00A0", /* White_Space of classes ExtendNumLet and Other */
    ":",          "\u00B7",   ",",        ";",
    ".",          "\u2019",   "'",        "\"",
    "\u00A9",     "\u24C2", /* Extended_Pictographic; the second is ALetter too */
    "\u4E2D",               /* Other, kept */
    "\xFF",       "\xE4\xB8", "\xC0\x80", "\xED\xA0\x80", /* invalid */
};
#define KINDS (sizeof kinds / sizeof *kinds)

/* Where words_border says that a text can be cut, cutting changes nothing. */
static void check_cut(const struct bytes *text, size_t cut)
{
    struct bytes whole = {0}, parts = {0};
    uint64_t invalid = 0, invalid_parts = 0;

    run_reference(text->data, text->size, false, &whole, &invalid);
    run_reference(text->data, cut, false, &parts, &invalid_parts);
    run_reference(text->data + cut, text->size - cut, false, &parts, &invalid_parts);
    if (invalid != invalid_parts || !equal(&whole, &parts)) {
        char what[64];
        snprintf(what, sizeof what, "cut at %zu", cut);
        fail_with(what, "reference", text);
    }
    free(whole.data);
    free(parts.data);
}

static bool is_cut(const unsigned char *data, size_t size, size_t p)
{
    return words_border(data, size, p) == p;
}

/* All sequences of four kinds: a cut seen in the middle with only a part of the text in view, from
 * any byte on and up to any byte, is seen in the whole and safe there. */
START_TEST(a_safe_cut_is_safe_in_any_text)
{
    struct bytes text = {0};
    size_t cuts = 0;

    for (size_t i = 0; i < KINDS; i += SANITIZED ? 5 : 1)
        for (size_t j = 0; j < KINDS * KINDS * KINDS; j++) {
            size_t index[4] = {i, j % KINDS, j / KINDS % KINDS, j / KINDS / KINDS};
            text.size = 0;
            for (size_t k = 0; k < 4; k++)
                append(&text, kinds[index[k]], strlen(kinds[index[k]]));
            size_t first = strlen(kinds[i]), middle = first + strlen(kinds[index[1]]);
            if (is_cut(text.data, text.size, middle)) {
                check_cut(&text, middle);
                cuts++;
                continue;
            }
            /* More in view takes no cut away. */
            for (size_t from = 0; from <= middle; from++)
                for (size_t to = middle + 1; to <= text.size; to++)
                    if (is_cut(text.data + from, to - from, middle - from))
                        fail_with("a cut depends on what is out of view", "reference", &text);
        }
    ck_assert_uint_gt(cuts, SANITIZED ? 100000 : 1000000);
    free(text.data);
}
END_TEST

/* The words of what stands before and after a cut. */
static void words_apart(const struct bytes *text, size_t cut, struct bytes *words)
{
    uint64_t invalid = 0;

    words->size = 0;
    run_reference(text->data, cut, false, words, &invalid);
    run_reference(text->data + cut, text->size - cut, false, words, &invalid);
}

/* Where no cut is seen between two characters, some text around them has other words when cut. But
 * for white space that is of class Other: a mark on it is a word without it, as on a space. */
START_TEST(a_border_is_found_wherever_the_rules_allow_one)
{
    static const char *const around[] = {"",       "a", "\u05D0",     "1",
                                         "\u30AB", "_", "\U0001F1E6", "\u0345"};
    const size_t arounds = sizeof around / sizeof *around;
    struct bytes text = {0}, whole = {0}, apart = {0};

    for (size_t i = 0; i < KINDS * KINDS; i++) {
        const char *before = kinds[i % KINDS], *after = kinds[i / KINDS];
        size_t tried;
        text.size = 0;
        append(&text, before, strlen(before));
        append(&text, after, strlen(after));
        append(&text, "!!!", 3); /* the last character is all in view */
        if (is_cut(text.data, text.size, strlen(before)) || strcmp(before, "\t") == 0 ||
            strcmp(before, "\u00A0") == 0)
            continue;
        for (tried = 0; tried < arounds * KINDS * arounds; tried++) {
            const char *left = around[tried % arounds];
            const char *mark = tried / arounds % KINDS == 0 ? "" : kinds[tried / arounds % KINDS];
            const char *right = around[tried / arounds / KINDS];
            uint64_t invalid = 0;
            text.size = whole.size = 0;
            append(&text, left, strlen(left));
            append(&text, mark, strlen(mark));
            append(&text, before, strlen(before));
            size_t cut = text.size;
            append(&text, after, strlen(after));
            append(&text, right, strlen(right));
            run_reference(text.data, text.size, false, &whole, &invalid);
            words_apart(&text, cut, &apart);
            if (!equal(&whole, &apart))
                break;
        }
        if (tried == arounds * KINDS * arounds)
            fail_with("a cut that no text forbids", "reference", &text);
    }
    free(text.data);
    free(whole.data);
    free(apart.data);
}
END_TEST

/* Texts that never end a line have cuts every few bytes, whatever byte the search begins at. */
START_TEST(borders_are_close_in_any_script)
{
    static const struct {
        const char *text;
        size_t most; /* bytes from anywhere to the next cut */
    } cases[] = {
        {"\u6211\u4EEC\u7684\u4E2D\u6587\uFF0C\u6CA1\u6709\u7A7A\u683C\u3002", 6},
        {"\u3042\u308A\u304C\u3068\u3046\u3054\u3056\u3044\u307E\u3059\u3002", 4},
        {"\u30AB\u30BF\u30AB\u30CA\u3068\u6F22\u5B57\u30FB\u30C6\u30B9\u30C8\u3001", 16},
        {"\u0E2A\u0E27\u0E31\u0E2A\u0E14\u0E35\u0E17\u0E35\u0E48\u0E19\u0E35\u0E48", 12},
        {"\u0EAA\u0EB0\u0E9A\u0EB2\u0E8D\u0E94\u0EB5", 8},
        {"\U00020000\U0002A6D6", 4},
        {"\U0001F600\U0001F602", 8},
        {"\uFF01\u2026\u2014", 4},
        {"\xFF", 4},
        {"\x80", 4},
        {"\xE4\xB8", 4},
        {"\xF0\x9F\x98\x80\x80", 8},
        {"\xC0\xAF", 4},
        {" ", 4},
        {"\u3000", 4},
        {"...", 4},
        {"''", 4},
        {"\r\n", 4},
    };
    struct bytes text = {0};

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        text.size = 0;
        while (text.size < 300)
            append(&text, cases[i].text, strlen(cases[i].text));
        for (size_t at = 1; at + 100 < text.size; at++) {
            /* As a splitter sees it, from one byte before. */
            size_t next = words_border(text.data + at - 1, text.size - at + 1, 1);
            if (next > cases[i].most)
                fail_with("far from a cut", "reference", &text);
            size_t last = words_border_last(text.data + at, 100);
            if (100 - last > cases[i].most + 3) /* the last character may be cut off */
                fail_with("far from a last cut", "reference", &text);
        }
    }
    free(text.data);
}
END_TEST

/* A text of hard cases: splits that want to begin at any byte. */
static void hard_text(struct bytes *text)
{
    static const char *const pieces[] = {
        "The quick (\"brown\") fox can't jump 32.3 feet, right?\r\n",
        "na\u00EFve a\u0308\u0301b \u0301x don\u2019t 3,14 1,234.5;6 a.b:c._d__ \"x\" e.g.\n",
        "\u05D0\u05D1\"\u05D2 \u05D0' \u05D0\"1 \u05D0\u0301\"\u0301\u05D1'\u05D2\n",
        "\u30AB\u30BF\u30AB\u30CA_\u6F22\u5B57\u3000\u3000\u4EEE\u540D\u3002",
        "\U0001F1E9\U0001F1EA\U0001F1EB\U0001F1F7\U0001F1EC x\u200D\U0001F468\u200D\U0001F469"
        "\u200D\U0001F467 \u24C2\u200D\u24C2\n",
        "\xFF\xC3\xE2\x82 a\xF0\x9F\x98 b\xED\xA0\x80.c\xC0\xAF"
        "d\xF4\x90\x80\x80"
        "1\xE2\x82",
        "{\"key\":[1,2.5,\"v a:l\"],\"\u0436\u0451\":null}  \u00A0 \u2003 \u0345\t_\u0345 _ __",
        "\u0435\u0441\u0442\u044C \u0447\u0442\u043E \u0441\u043A\u0430\u0437\u0430\u0442\u044C ",
        "\u0928\u092E\u0938\u094D\u0924\u0947 \u0E2A\u0E27\u0E31\u0E2A\u0E14\u0E35 \uD55C\uAE00 "
        "\u0661\u066B\u0662 \u00DF\u0130\uFB03\u0390 STRASSE \x00\xCD\x85",
        "oui\u202F! 10\u202F000\u202F\u20AC \u202F\u00AB\u202Fa_\u202F\u202Fb\u202F\u0301 "
        "\u202F\u0301\u0436\u202F_ \u3000\u0903 \t\u0345\u202F\u202F\u4E2D\u202F",
    };
    for (size_t i = 0; i < sizeof pieces / sizeof *pieces; i++)
        append(text, pieces[i], strlen(pieces[i]));
}

START_TEST(borders_are_found_from_every_byte)
{
    struct bytes text = {0};
    hard_text(&text);
    compare(&text);

    for (size_t at = 0; at < text.size; at++) {
        size_t cut = words_border(text.data, text.size, at);
        ck_assert(cut >= at && cut <= text.size);
        for (size_t between = at; between < cut; between++)
            if (words_border(text.data, text.size, between) == between)
                fail_with("not the next cut", "reference", &text);
        check_cut(&text, cut);
        /* What a splitter sees that has only the bytes from `at` on, or up to `at`. */
        size_t later = words_border(text.data + at, text.size - at, 0);
        check_cut(&text, at + later);
        size_t last = words_border_last(text.data, at);
        ck_assert(last == 0 || last < at);
        if (last > 0) {
            check_cut(&text, last);
            ck_assert_uint_eq(words_border(text.data, at, last), last);
        }
        ck_assert_uint_eq(words_border(text.data, at, last + 1), at > last ? at : last + 1);
    }
    free(text.data);
}
END_TEST

/* All cuts of a text into splits of some size, by every variant, give the words of the whole. */
START_TEST(splits_have_the_words_of_the_whole)
{
    struct bytes text = {0}, whole = {0}, found = {0};
    uint64_t invalid = 0;
    const char *name;
    static struct words words;

    hard_text(&text);
    for (size_t i = 0; variant(i, &words, &name); i++) {
        whole.size = 0;
        invalid = 0;
        run_reference(text.data, text.size, words.case_fold, &whole, &invalid);
        for (size_t step = 1; step < 60; step++) {
            found.size = 0;
            words.invalid = 0;
            for (size_t from = 0, to; from < text.size; from = to) {
                to = words_border(text.data, text.size,
                                  from + step < text.size ? from + step : text.size);
                run_words(&words, text.data + from, to - from, &found);
            }
            ck_assert_uint_eq(words.invalid, invalid);
            ck_assert_uint_eq(found.size, whole.size);
            ck_assert_mem_eq(found.data, whole.data, whole.size);
        }
        words_close(&words);
    }
    free(text.data);
    free(whole.data);
    free(found.data);
}
END_TEST

/* ---- Random texts ---------------------------------------------------------------------------- */

static uint64_t random_state;

static uint32_t random_below(uint32_t n)
{
    random_state += 0x9E3779B97F4A7C15;
    uint64_t z = random_state;
    z = (z ^ z >> 30) * 0xBF58476D1CE4E5B9;
    z = (z ^ z >> 27) * 0x94D049BB133111EB;
    return (uint32_t)((z >> 32) * n >> 32);
}

static uint32_t random_code(void)
{
    uint32_t code;
    do {
        static const uint32_t below[] = {0x80, 0x250, 0x800, 0x3100, 0x10000, 0x110000};
        code = random_below(below[random_below(6)]);
    } while (code >= 0xD800 && code < 0xE000);
    return code;
}

/* Texts of the kinds above in all mixtures, from a few of them to many. */
START_TEST(mixtures_of_classes_are_segmented)
{
    random_state = (uint64_t)_i;
    for (int round = 0; round < 1500; round++) {
        struct bytes text = {0};
        size_t few = 1 + random_below(6), choice[6];
        uint32_t ascii = random_below(100), wide = random_below(3);
        for (size_t i = 0; i < few; i++)
            choice[i] = random_below(KINDS);
        for (size_t n = random_below(round % 10 == 0 ? 900 : 40); n > 0; n--) {
            if (random_below(100) < ascii) {
                char c = (char)random_below(128);
                if (random_below(3) > 0)
                    c = "aZ9_.:,;'\" x-"[random_below(13)];
                append(&text, &c, 1);
                continue;
            }
            size_t k = wide == 0 ? random_below(KINDS) : choice[random_below((uint32_t)few)];
            append(&text, kinds[k], strlen(kinds[k]));
        }
        append(&text, "", 0);
        compare(&text);
        free(text.data);
    }
}
END_TEST

START_TEST(any_code_points_are_segmented)
{
    random_state = 1000 + (uint64_t)_i;
    for (int round = 0; round < 600; round++) {
        struct bytes text = {0};
        for (size_t n = random_below(300); n > 0; n--)
            append_code(&text, random_code());
        append(&text, "", 0);
        compare(&text);
        free(text.data);
    }
}
END_TEST

START_TEST(any_bytes_are_segmented)
{
    random_state = 2000 + (uint64_t)_i;
    for (int round = 0; round < 600; round++) {
        struct bytes text = {0};
        static const unsigned char likely[] = {0xC2, 0xE2, 0xF0, 0x80, 0x8D,
                                               0x9F, 0xED, 0xF4, 'a',  ' '};
        for (size_t n = random_below(300); n > 0; n--) {
            unsigned char c = (unsigned char)random_below(256);
            if (random_below(2) == 0)
                c = likely[random_below(sizeof likely)];
            append(&text, &c, 1);
        }
        append(&text, "", 0);
        compare(&text);
        free(text.data);
    }
}
END_TEST

/* Runs of few of the letters between a few of the gaps, some around the size of a block. */
static void compare_runs(const char *const *letters, uint32_t letter_count,
                         const char *const *between, uint32_t gap_count)
{
    for (int round = 0; round < 1500; round++) {
        struct bytes text = {0};
        uint32_t first = random_below(letter_count);
        uint32_t plain = 1 + random_below(letter_count - first);
        uint32_t gaps = 1 + random_below(gap_count);
        for (size_t n = random_below(60); n > 0; n--) {
            for (size_t k = random_below(n % 8 == 0 ? 50 : 9); k > 0; k--) {
                const char *letter = letters[first + random_below(plain)];
                append(&text, letter, strlen(letter));
            }
            const char *gap = between[random_below(gaps)];
            append(&text, gap, strlen(gap));
        }
        append(&text, "", 0);
        compare(&text);
        free(text.data);
    }
}

/* Mostly two-byte letters and what is found between them, in runs around the size of a block. */
START_TEST(two_byte_letters_are_segmented)
{
    static const char *const between[] = {
        " ",  " ",      " ",      ", ",     ". ",   "\n",      ".",        ":", "'",
        "\"", ".'",     "..",     "...\n",  "  ",   " \u0301", "\u0301",   "-", "1",
        "a",  "\u02F4", "\u200D", "\u05D0", "\xD0", ":\u0436", "\xC1\x81",
    };
    static const char *const letters[] = {"\u0436", "\u0410", "\u03B1", "\u0390", "\u00DF",
                                          "\u0130", "\u017F", "\u0587", "\u0643"};

    random_state = 3000 + (uint64_t)_i;
    compare_runs(letters, sizeof letters / sizeof *letters, between,
                 sizeof between / sizeof *between);
}
END_TEST

/* Mostly three-byte characters and what is found between them. */
START_TEST(any_triples_of_characters_are_segmented)
{
    static const char *const between[] = {
        "\uFF0C",     "\u3002", "\u2019",   "\uFF1A",       " ",      "\n",
        "\u3000",     ", ",     "'",        "\"",           "1",      "a",
        "_",          "\u0301", "\u0E35",   "\u0345",       ".",      "\u200D",
        "\u0436",     "\u05D0", "\u203F",   "\uFF21",       "\uFF11", "\u2028",
        "\U0001F600", "#",      "\xE4\xB8", "\xFF",         "\x80",   "\u202F",
        "\u0967",     "\u2764", "\u00A0",   "\xED\xA0\x80",
    };
    static const char *const letters[] = {"\u4E2D", "\u3042", "\u0E01", "\u30AB", "\u0E35",
                                          "\uAC00", "\u0928", "\u094D", "\u30FC", "\u3099"};

    random_state = 4000 + (uint64_t)_i;
    compare_runs(letters, sizeof letters / sizeof *letters, between,
                 sizeof between / sizeof *between);
}
END_TEST

/* Every character of three bytes, where it may be joined to others of three or stay alone. */
START_TEST(all_triples_of_classes_are_segmented)
{
    static const char *const before[] = {"\u4E2D", "\u30AB", "\uAC00", "\u3000", "\n"};
    static const char *const after[] = {"\u4E2D", "\u30AB", "\uAC00", "\u0E35\u4E2D"};

    for (uint32_t code = 0x800; code < 0x10000; code += SANITIZED ? 64 : 16) {
        struct bytes text = {0};
        for (uint32_t i = code; i < code + 16; i++) /* surrogates too: invalid bytes */
            for (size_t k = 0; k < 20; k++) {
                append(&text, before[k % 5], strlen(before[k % 5]));
                append_code(&text, i);
                append(&text, after[k / 5], strlen(after[k / 5]));
            }
        compare(&text);
        free(text.data);
    }
}
END_TEST

/* Batches fill up in the kernel, in the automaton, and with the buffer of folded keys. */
START_TEST(full_batches_lose_no_word)
{
    static const char *const repeated[] = {
        "a ",
        "ab",
        "\u0436 ",
        "\u4E2D",
        "Word, ",
        "\u0390\u0390 ",
        "one t\u00FC two three four five, six ",
        " ",
        "\n",
        "\xFF",
        "_",
        "\u0301",
        "12,34;5.6'7 ",
        "A.B.C.D ",
        "\u0421\u043B\u043E\u0432\u043E. \u042F, ",
        "\u0436",
        "\u0436.\u0436 \u0436' ",
        "\u0149\u0436 \u00DF\u0436 ",
        "\u4E2D\u6587\uFF0C",
        "\u30AB\u30BF\u30AB\u30CA",
        "\u0E17\u0E35\u0E48\u0E19\u0E35\u0E48 ",
        "\u0928\u092E\u0938\u094D\u0924\u0947 ",
        "\u4E2D\xFF",
    };
    for (size_t i = 0; i < sizeof repeated / sizeof *repeated; i++) {
        struct bytes text = {0};
        while (text.size < 90000)
            append(&text, repeated[i], strlen(repeated[i]));
        if (strcmp(repeated[i], "\u0301") == 0)
            text.size = 2000; /* the reference is quadratic here */
        append(&text, "e\u0301nd", 5);
        compare(&text);
        free(text.data);
    }
}
END_TEST

static TCase *tcase(Suite *suite, const char *name)
{
    TCase *made = tcase_create(name);
    suite_add_tcase(suite, made);
    return made;
}

Suite *test_words_suite(void)
{
    Suite *suite = suite_create("words");
    TCase *standard = tcase(suite, "words_standard"), *borders = tcase(suite, "words_borders");
    TCase *randoms = tcase(suite, "words_random"), *batches = tcase(suite, "words_batches");
    TCase *triples = tcase(suite, "words_triples");

    tcase_add_test(standard, words_are_those_of_the_standards_file);
    tcase_add_test(tcase(suite, "words_white_space"), no_word_has_white_space_at_an_end);
    tcase_add_test(borders, a_safe_cut_is_safe_in_any_text);
    tcase_add_test(borders, a_border_is_found_wherever_the_rules_allow_one);
    tcase_add_test(borders, borders_are_close_in_any_script);
    tcase_add_test(borders, borders_are_found_from_every_byte);
    tcase_add_test(borders, splits_have_the_words_of_the_whole);
    tcase_add_loop_test(randoms, mixtures_of_classes_are_segmented, 0, 4);
    tcase_add_loop_test(randoms, any_code_points_are_segmented, 0, 2);
    tcase_add_loop_test(randoms, any_bytes_are_segmented, 0, 2);
    tcase_add_loop_test(randoms, two_byte_letters_are_segmented, 0, 4);
    tcase_add_loop_test(randoms, any_triples_of_characters_are_segmented, 0, 4);
    tcase_add_test(triples, all_triples_of_classes_are_segmented);
    tcase_add_test(batches, full_batches_lose_no_word);
    return suite;
}
