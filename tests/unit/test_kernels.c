/* SPDX-License-Identifier: MIT
 *
 * test_kernels.c - every kernel that this CPU can run, against slow obvious references: between
 * guard pages, at every alignment, with spans running out, on random and on adversarial bytes.
 */
#include <check.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/kernels/kernels.h"
#include "text/spans.h"
#include "text/tokenizer.h"
#include "unit/random.h"
#include "unit/sanitized.h"

#define MOST 1024 /* bytes of text in a test */

enum kind { SPACES, BLANKS, FIELDS, LETTERS, MARKS, RECORDS, WORDS, KINDS };

struct tokens {
    size_t count;
    size_t end; /* where a words kernel stood still */
    struct mr_span spans[MOST + 1];
};

/* ---- References ----------------------------------------------------------------------------- */

static bool in_class(enum kind kind, unsigned char c, unsigned char extra)
{
    switch (kind) {
    case SPACES:
        return strchr(" \t\n\v\f\r", c) == NULL ? c != extra : c == 0 && extra != 0;
    case BLANKS:
        return strchr(" \t\n", c) == NULL ? c != extra : c == 0 && extra != 0;
    default:
        return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
    }
}

/* Word_Break classes as far as ASCII goes; bytes above 0x7f are whatever `wide` says. */
static char word_class(unsigned char c, char wide)
{
    if (c > 0x7f)
        return wide;
    if ((c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z'))
        return 'A';
    if (c >= '0' && c <= '9')
        return 'N';
    if (c == '\r' || c == '\n' || c == ' ' || c == '_' || c == ':')
        return (char)c;
    if (c == '\v' || c == '\f')
        return 'L';
    if (c == '.' || c == '\'')
        return '.';
    if (c == ',' || c == ';')
        return ',';
    return 'O';
}

/* The class at i steps from `at` in direction `step`, past what WB4 hides; 0 at the end. */
static char look(const char *classes, size_t size, size_t at, int step)
{
    for (at += (size_t)step; at < size; at += (size_t)step) {
        if (classes[at] != 'E')
            return classes[at];
    }
    return 0;
}

/* Whether UAX #29 breaks between at - 1 and at. */
static bool breaks(const char *classes, size_t size, size_t at)
{
    char raw = classes[at - 1], after = classes[at];
    if (raw == '\r' && after == '\n')
        return false;
    if (strchr("\r\nL", raw) || strchr("\r\nL", after))
        return true;
    if (raw == ' ' && after == ' ')
        return false;
    if (after == 'E')
        return false;
    size_t p = at - 1;
    while (p > 0 && classes[p] == 'E' && !strchr("\r\nL", classes[p - 1]))
        p--;
    char before = classes[p], before2 = p > 0 ? look(classes, size, p, -1) : (char)0;
    char after2 = look(classes, size, at, 1);
    if (strchr("AN_", before) && strchr("AN_", after))
        return false;
    if (before == 'A' && strchr(".:", after) && after2 == 'A')
        return false;
    if (before2 == 'A' && strchr(".:", before) && after == 'A')
        return false;
    if (before == 'N' && strchr(".,", after) && after2 == 'N')
        return false;
    if (before2 == 'N' && strchr(".,", before) && after == 'N')
        return false;
    return true;
}

/* As RFC 4180 has it, field by field; quotes within a field that does not begin with one are bytes.
 * Returns the place behind the last record that is complete. */
static size_t reference_records(const unsigned char *data, size_t size, unsigned char a,
                                unsigned char b, struct tokens *out)
{
    size_t last = 0;
    for (size_t i = 0; i < size; i++) {
        if (data[i] == '"') {
            do { /* to the quote that closes, and on while another follows at once */
                i++;
                while (i < size && data[i] != '"')
                    i++;
                i++;
            } while (i < size && data[i] == '"');
        }
        while (i < size && data[i] != a && data[i] != b)
            i++;
        if (i >= size)
            break;
        out->spans[out->count++].begin = (uint32_t)i;
        if (data[i] == b)
            last = i + 1;
    }
    return last;
}

/* The field of each line, by blanks. */
static void reference_fields(const unsigned char *data, size_t size, unsigned char end,
                             size_t number, struct tokens *out)
{
    size_t field = 0;
    for (size_t i = 0, begin; i < size; i++) {
        begin = i;
        while (i < size && data[i] != end && in_class(BLANKS, data[i], ' '))
            i++;
        if (i > begin && ++field == number)
            out->spans[out->count++] = (struct mr_span){(uint32_t)begin, (uint32_t)i};
        if (i < size && data[i] == end)
            field = 0;
    }
}

/* The number of the field that is looked for, by what else is asked. */
static size_t number_of(unsigned char a, unsigned char b)
{
    return a == 'e' ? 3 : b == 'a' ? 2 : 1;
}

static void reference(enum kind kind, const unsigned char *data, size_t size, unsigned char a,
                      unsigned char b, char wide, struct tokens *out)
{
    out->count = 0;
    if (kind == MARKS) {
        for (size_t i = 0; i < size; i++) {
            if (data[i] == a || data[i] == b)
                out->spans[out->count++].begin = (uint32_t)i;
        }
    } else if (kind == RECORDS) {
        reference_records(data, size, a, b, out);
    } else if (kind == FIELDS) {
        reference_fields(data, size, b, number_of(a, b), out);
    } else if (kind == WORDS) {
        static char classes[MOST];
        for (size_t i = 0; i < size; i++)
            classes[i] = word_class(data[i], wide);
        for (size_t i = 0, end; i < size; i = end) {
            bool keep = false;
            for (end = i; end == i || (end < size && !breaks(classes, size, end)); end++)
                keep |= classes[end] == 'A' || classes[end] == 'N';
            if (keep)
                out->spans[out->count++] = (struct mr_span){(uint32_t)i, (uint32_t)end};
        }
    } else {
        for (size_t i = 0; i < size; i++) {
            if (!in_class(kind, data[i], a))
                continue;
            size_t end = i;
            while (end < size && in_class(kind, data[end], a))
                end++;
            out->spans[out->count++] = (struct mr_span){(uint32_t)i, (uint32_t)end};
            i = end;
        }
    }
    out->end = size;
}

/* ---- Driving a kernel ------------------------------------------------------------------------ */

/* What a kernel is asked, and the bytes that are special to it. */
struct question {
    enum kind kind;
    size_t max; /* spans in a call */
    unsigned char a, b;
};

/* The other way to look at records tells the same of how they end. */
static void check_last(const struct kernels *kernels, const unsigned char *data, size_t size,
                       const struct kernels_records *other)
{
    static struct tokens tokens;
    struct kernels_records records = {
        .delimiter = other->delimiter, .end = other->end, .begins = true};
    uint64_t ends = 0;
    tokens.count = 0;
    size_t want = reference_records(data, size, records.delimiter, records.end, &tokens);
    unsigned char *copy = malloc(size + 1); /* of its own: a look past it is seen */
    ck_assert_ptr_nonnull(copy);
    memcpy(copy, data, size);
    ck_assert_uint_eq(kernels->records_last(copy, size, &records), want);
    free(copy);
    for (size_t i = 0; i < size; i++)
        ends += data[i] == records.end;
    ck_assert_uint_eq(records.ends, ends);
    ck_assert_uint_eq(other->ends, ends);
    ck_assert(records.quoted == other->quoted);
}

/* Calls the kernel until it has got to the end, or does not get on. */
static void drive(const struct kernels *kernels, const struct question *question,
                  const unsigned char *data, size_t size, size_t pos, unsigned char *folded,
                  struct tokens *out)
{
    static struct mr_span spans[4 * KERNELS_MIN];
    static uint32_t positions[4 * KERNELS_MIN];
    const enum kind kind = question->kind;
    const size_t max = question->max;
    const unsigned char a = question->a, b = question->b;
    struct kernels_output output = {
        .positions = spans_positions(spans), .max = max, .folded = folded};
    struct kernels_records records = {.delimiter = a, .end = b, .begins = true};
    struct kernels_fields fields = {.number = number_of(a, b), .left = number_of(a, b), .end = b};
    bool is_wide = false;
    size_t from = pos;

    if (kind == MARKS || kind == RECORDS) {
        output.positions = positions;
        output.max = 2 * max;
    }
    out->count = 0;
    do {
        size_t old = pos;
        output.count = SIZE_MAX;
        switch (kind) {
        case SPACES:
            pos = kernels->spaces(data, size, pos, &output, a);
            break;
        case BLANKS:
            pos = kernels->blanks(data, size, pos, &output, a);
            break;
        case FIELDS:
            pos = kernels->fields(data, size, pos, &output, &fields);
            break;
        case LETTERS:
            pos = kernels->letters(data, size, pos, &output);
            break;
        case MARKS:
            pos = kernels->marks(data, size, pos, &output, a, b);
            break;
        case RECORDS:
            pos = kernels->records(data, size, pos, &output, &records);
            break;
        default:
            pos =
                kernels->words(data, size, pos, spans_positions(spans), max, &output.count, folded);
            break;
        }
        size_t count = output.count;
        ck_assert_uint_le(pos, size);
        ck_assert_uint_le(count, output.max);
        ck_assert_uint_le(out->count + count, MOST + 1);
        for (size_t i = 0; i < count; i++) {
            if (kind == MARKS || kind == RECORDS)
                out->spans[out->count++].begin = positions[i];
            else
                out->spans[out->count++] = spans[i];
        }
        for (size_t i = old; folded && i < pos; i++) {
            unsigned char c = data[i] >= 'A' && data[i] <= 'Z' ? data[i] | 0x20 : data[i];
            ck_assert_uint_eq(folded[i], c);
        }
        if (count == 0 && kind == WORDS)
            break; /* spans cannot have run out: a byte above 0x7f */
        ck_assert(pos == size || pos > old);
    } while (pos < size);
    out->end = pos;
    for (size_t i = from; i < size; i++)
        is_wide |= data[i] > 0x7f;
    if (folded && kind != LETTERS && kind != WORDS)
        ck_assert(output.wide == is_wide);
    if (kind == RECORDS)
        check_last(kernels, data + from, size - from, &records);
}

static void compare(const struct tokens *got, const struct tokens *want, enum kind kind,
                    const char *name)
{
    ck_assert_msg(got->count == want->count, "%s, kind %d: %zu tokens, not %zu", name, (int)kind,
                  got->count, want->count);
    for (size_t i = 0; i < got->count; i++) {
        ck_assert_uint_eq(got->spans[i].begin, want->spans[i].begin);
        if (kind != MARKS && kind != RECORDS)
            ck_assert_uint_eq(got->spans[i].end, want->spans[i].end);
    }
}

/* A page-aligned room of `size` bytes between two pages that must not be touched. */
static unsigned char *guarded(size_t size)
{
    size_t page = (size_t)sysconf(_SC_PAGESIZE);
    unsigned char *all =
        mmap(NULL, size + 2 * page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    ck_assert(all != MAP_FAILED);
    ck_assert_int_eq(mprotect(all, page, PROT_NONE), 0);
    ck_assert_int_eq(mprotect(all + page + size, page, PROT_NONE), 0);
    return all + page;
}

struct room {
    size_t size;
    unsigned char *data, *folded;
};

/* A byte above 0x7f may be anything, as far as ASCII tells. */
static const char meanings[] = "ANE_O.,: L";

/* Fills want[i] with the words of the text where its bytes above 0x7f are meanings[i]. Returns how
 * many of them there are to look at: one where there are no such bytes. */
static size_t words_of_meanings(const unsigned char *data, size_t size,
                                struct tokens want[static sizeof meanings - 1])
{
    size_t count = 1;
    for (size_t k = 0; k < size; k++)
        if (data[k] >= 0x80)
            count = sizeof meanings - 1;
    for (size_t i = 0; i < count; i++)
        reference(WORDS, data, size, 0, 0, meanings[i], &want[i]);
    return count;
}

/* A kernel stands still at `end` before a word that not all meanings give: before it they agree. */
static void compare_words(const struct tokens *got, const struct tokens *want, const char *name)
{
    static struct tokens before;
    before.count = 0;
    while (before.count < want->count && want->spans[before.count].begin < got->end) {
        before.spans[before.count] = want->spans[before.count];
        before.count++;
    }
    if (before.count > 0)
        ck_assert_uint_le(before.spans[before.count - 1].end, got->end);
    compare(got, &before, WORDS, name);
}

/* Maps `text` by all kernels, lying at the end of the room if `late`, else `shift` bytes behind its
 * beginning. */
static void check_text(const struct room *room, const unsigned char *text, size_t size, bool late,
                       size_t shift)
{
    static struct tokens want[sizeof meanings - 1], got, first;
    const struct kernels *kernels;
    size_t at = late ? room->size - MR_PAD - size : shift;
    unsigned char *data = room->data + at, *folded = room->folded + at;
    unsigned char extra = below(2) ? ' ' : below(2) ? 0 : 'e', b = below(2) ? '\n' : 'a';

    memset(room->data, 'a', room->size); /* as if a token went on behind the end */
    memcpy(data, text, size);
    for (enum kind kind = 0; kind < KINDS; kind++) {
        bool fold = below(2);
        size_t max = KERNELS_MIN + below(3) * 20, wanted = 1;
        const struct question question = {kind, max, kind == MARKS ? '\n' : extra, b};
        if (kind == WORDS)
            wanted = words_of_meanings(data, size, want);
        else
            reference(kind, data, size, question.a, b, 'A', want);
        for (size_t i = 0; (kernels = kernels_available(i)) != NULL; i++) {
            drive(kernels, &question, data, size, 0, fold ? folded : NULL, &got);
            if (kind != WORDS) {
                compare(&got, want, kind, kernels->name);
                continue;
            }
            for (size_t k = 0; k < wanted; k++)
                compare_words(&got, &want[k], kernels->name);
            if (i == 0)
                first = got;
            ck_assert_uint_eq(got.end, first.end);
            if (wanted == 1)
                ck_assert_uint_eq(got.end, size);
        }
    }
}

static void open_room(struct room *room)
{
    room->size = 4096;
    room->data = guarded(room->size);
    room->folded = guarded(room->size);
}

static void close_room(const struct room *room)
{
    size_t page = (size_t)sysconf(_SC_PAGESIZE);
    munmap(room->data - page, room->size + 2 * page);
    munmap(room->folded - page, room->size + 2 * page);
}

static const char *const alphabets[] = {
    "a b",
    "ab12_ .,':;",
    "aZ09_'.,:;\"-\r\n\v\f\t  ",
    "__ a",
    "____________________________________________________________a ",
    "a'",
    "1.,a",
    "\n",
    "a\n",
    "ab 12'_.\x80",
    "\"\"\" \na",
    "\"\"abcdefghijklmn   \n",
    "abcdefghijklmnop qrst\xc3_. '",
    "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa ",
};

static void fill(unsigned char *text, size_t size)
{
    size_t which = below(sizeof alphabets / sizeof *alphabets + 2);
    for (size_t i = 0; i < size; i++) {
        if (which >= sizeof alphabets / sizeof *alphabets)
            text[i] = (unsigned char)below(which & 1 ? 256 : 128);
        else
            text[i] = (unsigned char)alphabets[which][below(strlen(alphabets[which]))];
    }
}

START_TEST(kernels_find_what_a_reference_finds)
{
    struct room room;
    unsigned char text[MOST];
    open_room(&room);
    for (int i = 0; i < 500; i++) {
        size_t size = below(4) ? below(200) : below(MOST);
        fill(text, size);
        check_text(&room, text, size, below(2), below(130));
    }
    close_room(&room);
}
END_TEST

START_TEST(any_alignment_gives_the_same)
{
    struct room room;
    unsigned char text[MOST];
    open_room(&room);
    for (size_t shift = 0; shift < 64; shift++) {
        for (size_t size = 0; size < 4; size++) {
            fill(text, 63 + size);
            check_text(&room, text, 63 + size, false, shift);
        }
    }
    for (size_t size = 0; size < 200; size++) {
        fill(text, size);
        check_text(&room, text, size, true, 0);
    }
    close_room(&room);
}
END_TEST

/* Each hard spot at each place of a block, so that each comes to stand over a block's end. */
START_TEST(hard_spots_may_span_blocks)
{
    static const char *const spots[] = {
        "can't", "a.b",         "1.5",        "1,5",        "a,b",     "a:b",
        "1:5",   "a''b",        "a.",         "a.\x80",     "a'\x80",  "__",
        "_a",    "a_",          "__\x80",     "1.\x80",     "  \x80",  "\n\x80",
        "\r\n",  "a \x80",      "_'\x80q",    "a'b.c:d'e1", "1.2,3;4", "a1.b",
        "1a.2",  " \"\"\" \" ", "\"a\"\"b\"", " \"\"\n\"e", "a\" \"b",
    };
    struct room room;
    unsigned char text[256];
    open_room(&room);
    for (size_t i = 0; i < sizeof spots / sizeof *spots; i++) {
        for (size_t at = 50; at < 70; at += SANITIZED ? 3 : 1) {
            for (size_t around = 0; around < 3; around++) {
                memset(text, " -q"[around], sizeof text);
                memcpy(text + at, spots[i], strlen(spots[i]));
                check_text(&room, text, at + strlen(spots[i]), true, 0);
                check_text(&room, text, 200, true, 0);
            }
        }
    }
    close_room(&room);
}
END_TEST

/* Begins in the middle, where what stands before must not count. */
START_TEST(what_stands_before_does_not_count)
{
    static struct tokens want, got;
    static unsigned char text[MOST + MR_PAD];
    const struct kernels *kernels;
    for (int round = 0; round < 300; round++) {
        size_t size = 1 + below(MOST), pos = below(size);
        fill(text, size);
        for (size_t i = 0; (kernels = kernels_available(i)) != NULL; i++) {
            for (enum kind kind = 0; kind < KINDS; kind++) {
                const struct question question = {kind, KERNELS_MIN, ' ', 'b'};
                drive(kernels, &question, text, size, pos, NULL, &got);
                drive(&kernels_scalar, &question, text + pos, size - pos, 0, NULL, &want);
                for (size_t k = 0; k < want.count; k++) {
                    want.spans[k].begin += (uint32_t)pos;
                    want.spans[k].end += (uint32_t)pos;
                }
                compare(&got, &want, kind, kernels->name);
                ck_assert_uint_eq(got.end, want.end + pos);
            }
        }
    }
}
END_TEST

/* A megabyte of underscores is looked through once, not once a block. */
START_TEST(a_run_of_underscores_is_scanned_once)
{
    size_t size = (size_t)1 << 22, count, max = KERNELS_MIN;
    struct mr_span spans[KERNELS_MIN];
    unsigned char *text = malloc(size + MR_PAD);
    const struct kernels *kernels;
    ck_assert_ptr_nonnull(text);
    memset(text, '_', size + MR_PAD);
    for (size_t i = 0; (kernels = kernels_available(i)) != NULL; i++) {
        ck_assert_uint_eq(kernels->words(text, size, 0, spans_positions(spans), max, &count, NULL),
                          size);
        ck_assert_uint_eq(count, 0);
        text[size - 1] = 'a';
        ck_assert_uint_eq(kernels->words(text, size, 0, spans_positions(spans), max, &count, NULL),
                          size);
        ck_assert_uint_eq(count, 1);
        ck_assert_uint_eq(spans[0].begin, 0);
        ck_assert_uint_eq(spans[0].end, size);
        text[size - 1] = '_';
    }
    free(text);
}
END_TEST

/* Sets of one first byte, of all above 0x7f, and of any. What stands behind the two bytes after the
 * text is not looked at. */
START_TEST(members_of_a_set_are_found)
{
    unsigned char text[MOST + MR_PAD];
    uint64_t masks[MOST / 64 + 1], wanted[MOST / 64 + 1];
    const struct kernels *kernels;
    for (size_t round = 0; round < 1000; round++) {
        const size_t size = round < 300 ? round : below(MOST);
        struct kernels_set set;
        memset(wanted, 0, sizeof wanted);
        memset(&set, 0xff, sizeof set);
        if (round < 128) {
            memset(set.low[round % 2], 0, sizeof set.low[0]);
            memset(set.low[1 - round % 2][0], 0, 16);
            set.low[1 - round % 2][0][round & 15] = 1;
            memset(set.high[1 - round % 2][0], 0, 16);
            set.high[1 - round % 2][0][8 + (round >> 4)] = 1;
        }
        for (size_t i = 0; round > 128 && i < sizeof set.low; i++) {
            const size_t k = i / 48, byte = i / 16 % 3;
            set.low[k][byte][i % 16] = (uint8_t)(below(256) | (round % 2 ? below(256) : 0));
            set.high[k][byte][i % 16] = (uint8_t)(below(256) | (round % 2 ? below(256) : 0));
        }
        uint64_t all = 0;
        for (size_t i = 0; i < sizeof text; i++)
            text[i] = (unsigned char)below(round % 3 == 0 ? 128 : 256);
        for (size_t i = 0; i < size; i++) {
            unsigned bits[2] = {0xff, 0xff};
            for (size_t k = 0; k < 6; k++) {
                const unsigned c = text[i + k % 3];
                bits[k / 3] &= set.low[k / 3][k % 3][c % 16];
                bits[k / 3] &= set.high[k / 3][k % 3][c / 16];
            }
            if (text[i] > 0x7f && (bits[0] | bits[1]) != 0)
                wanted[i / 64] |= UINT64_C(1) << i % 64;
            all |= wanted[i / 64];
        }
        for (size_t i = 0; (kernels = kernels_available(i)) != NULL; i++) {
            if (kernels->members(text, size, &set, masks) != all ||
                memcmp(masks, wanted, (size + 63) / 64 * sizeof *masks) != 0)
                ck_abort_msg("%s finds others in round %zu", kernels->name, round);
        }
    }
}
END_TEST

START_TEST(kernels_are_selected_by_name)
{
    ck_assert_int_eq(kernels_select("scalar"), 0);
    ck_assert_str_eq(kernels_name(), "scalar");
    ck_assert_int_eq(kernels_select("quantum"), -1);
    ck_assert_int_eq(kernels_select(""), -1);
    ck_assert_str_eq(kernels_name(), "scalar");
    ck_assert_int_eq(kernels_select(NULL), 0);
    ck_assert_str_eq(kernels_name(), kernels_available(0)->name);
}
END_TEST

Suite *test_kernels_suite(void);

Suite *test_kernels_suite(void)
{
    Suite *suite = suite_create("kernels");
    TCase *tests = tcase_create("kernels");
    tcase_add_test(tests, kernels_find_what_a_reference_finds);
    tcase_add_test(tests, any_alignment_gives_the_same);
    tcase_add_test(tests, hard_spots_may_span_blocks);
    tcase_add_test(tests, what_stands_before_does_not_count);
    tcase_add_test(tests, a_run_of_underscores_is_scanned_once);
    tcase_add_test(tests, members_of_a_set_are_found);
    tcase_add_test(tests, kernels_are_selected_by_name);
    suite_add_tcase(suite, tests);
    return suite;
}
