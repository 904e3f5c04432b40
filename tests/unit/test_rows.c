/* SPDX-License-Identifier: MIT
 *
 * test_rows.c - tokens with values: random text of all kinds that have some, against a reader that
 * takes one byte after the other, cut in every way and counted by several threads.
 *
 * A value is right where its text is there and has no x. What a key has in the end is the sum of
 * numbers that the texts of its rows are hashed to.
 */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "text/case_fold.h"
#include "text/tokenizer.h"
#include "unit/cases.h"
#include "unit/random.h"
#include "unit/sanitized.h"
#include "unit/tally.h"

Suite *test_rows_suite(void);

enum { MOST = 400, FIELDS = 64, VALUES = 4 };

/* ---- What the rows of a test are ------------------------------------------------------------- */

/* Value fields and how they are parsed; the context of rows. */
struct wanted {
    struct rows_field fields[VALUES];
    size_t count;
    struct rows_options options;
};

static uint64_t hash_row(const struct mr_bytes *fields, size_t count)
{
    uint64_t hash = 1;
    for (size_t i = 0; i < count; i++) {
        hash = hash * 31 + fields[i].size + 1;
        for (size_t k = 0; k < fields[i].size; k++)
            hash = (hash ^ fields[i].data[k]) * UINT64_C(0x100000001b3);
    }
    return hash >> 24; /* sums stay far from 2^64 */
}

/* Returns the first field that is wrong, or `count`, and says why. */
static size_t first_wrong(const struct mr_bytes *fields, size_t count, char reason[ROWS_REASON])
{
    for (size_t i = 0; i < count; i++) {
        const struct mr_bytes *field = &fields[i];
        if (field->data && !(field->size > 0 && memchr(field->data, 'x', field->size)))
            continue;
        if (reason && !field->data)
            snprintf(reason, ROWS_REASON, "there is no value %zu", i);
        else if (reason)
            snprintf(reason, ROWS_REASON, "value %zu is '%.*s'", i, (int)field->size, field->data);
        return i;
    }
    return count;
}

/* Looks at what may be read behind a text, so that sanitizers do. */
static void read_pad(const struct mr_bytes *field)
{
    volatile unsigned char last;
    for (size_t i = 0; field->data && i < MR_PAD; i += MR_PAD - 1)
        last = field->data[field->size + i];
    (void)last;
}

/* Values of one word or more: the hash, and ones. */
static size_t parse_words(void *context, const struct mr_bytes *fields, size_t rows, void *values,
                          struct rows_fault *fault)
{
    const struct wanted *wanted = context;
    const size_t words = wanted->options.value_size / sizeof(uint64_t);
    for (size_t i = 0; i < rows; i++) {
        const struct mr_bytes *row = fields + i * wanted->count;
        if (first_wrong(row, wanted->count, fault ? fault->reason : NULL) < wanted->count)
            return i;
        for (size_t k = 0; k < wanted->count; k++)
            read_pad(&row[k]);
        for (size_t k = 0; k < words; k++)
            ((uint64_t *)values)[i * words + k] = k == 0 ? hash_row(row, wanted->count) : 1;
    }
    return rows;
}

/* Values are the texts themselves, hashed as they are emitted. */
static size_t parse_texts(void *context, const struct mr_bytes *fields, size_t rows, void *values,
                          struct rows_fault *fault)
{
    const struct wanted *wanted = context;
    const size_t size = wanted->count * sizeof *fields;
    for (size_t i = 0; i < rows; i++) {
        const struct mr_bytes *row = fields + i * wanted->count;
        if (first_wrong(row, wanted->count, fault ? fault->reason : NULL) < wanted->count)
            return i;
        memcpy((char *)values + i * size, row, size);
    }
    return rows;
}

struct mapper {
    unsigned opened;
};

static int open_emit(void *context, void **state, struct mr_error *error)
{
    static const struct mapper mapper = {1};
    (void)context;
    (void)error;
    *state = malloc(sizeof mapper);
    ck_assert_ptr_nonnull(*state);
    memcpy(*state, &mapper, sizeof mapper);
    return 0;
}

static int emit_texts(void *context, void *state, struct mr_emitter *emitter,
                      const struct rows_batch *batch, struct mr_error *error)
{
    const struct wanted *wanted = context;
    (void)error;
    ck_assert_uint_eq(((struct mapper *)state)->opened, 1);
    ck_assert_uint_gt(batch->count, 0);
    for (size_t i = 0; i < batch->count; i++) {
        const struct mr_span key = batch->keys[i];
        struct mr_bytes row[VALUES];
        memcpy(row, (const char *)batch->values + i * wanted->options.value_size,
               wanted->count * sizeof *row);
        const uint64_t hash = hash_row(row, wanted->count);
        ck_assert_uint_le(key.end, batch->size);
        if (mr_emit(emitter, batch->base + key.begin, key.end - key.begin, &hash) != MR_OK)
            return -1;
    }
    return 0;
}

static void close_emit(void *context, void *state)
{
    (void)context;
    free(state);
}

/* How values are made and go on is chosen at random. */
static void choose_values(struct wanted *wanted)
{
    static const size_t sizes[] = {8, 16, 40, 4096};
    const bool texts = wanted->count > 0 && below(3) == 0;
    wanted->options = (struct rows_options){
        .fields = wanted->fields,
        .field_count = wanted->count,
        .value_size = texts ? wanted->count * sizeof(struct mr_bytes) : sizes[below(4)],
        .parse = texts ? parse_texts : parse_words,
        .emit = texts ? emit_texts : NULL,
        .open = texts ? open_emit : NULL,
        .close = texts ? close_emit : NULL,
        .context = wanted,
        .skip_invalid = below(3) > 0,
    };
}

/* ---- The slow reader ------------------------------------------------------------------------- */

/* What a text must give. */
struct expected {
    struct tally keys;
    uint64_t left_out;
    uint64_t line; /* that is wrong, from 1, or 0 */
    char reason[ROWS_REASON];
};

/* What keys are filtered by beside their folding. */
struct conditions {
    const char *stop; /* a key that is left out, or NULL */
    size_t shortest;
    const char *grep; /* a byte that lines must have, or NULL */
};

/* One line or record. */
struct record {
    unsigned char room[2 * MOST + MR_PAD]; /* of texts */
    size_t used;
    struct mr_bytes fields[FIELDS];
    size_t count;
};

static struct record record;

static void begin_record(void)
{
    record.used = record.count = 0;
}

static void begin_field(void)
{
    ck_assert_uint_lt(record.count, FIELDS);
    record.fields[record.count++] = (struct mr_bytes){record.room + record.used, 0};
}

static void add_byte(unsigned char c)
{
    record.room[record.used++] = c;
    record.fields[record.count - 1].size++;
}

static bool chosen(const struct tokenizer_options *options, size_t field)
{
    for (size_t i = 0; i < options->range_count; i++) {
        if (field >= options->ranges[i].first && field <= options->ranges[i].last)
            return true;
    }
    return false;
}

/* A row: what becomes of it. */
static void put_row(struct expected *expected, const struct tokenizer_options *options,
                    const struct conditions *conditions, const unsigned char *key, size_t size,
                    const struct mr_bytes *values, uint64_t line)
{
    const size_t count = options->rows->field_count;
    unsigned char folded[CASE_FOLD_ROOM(2 * MOST)];
    size_t characters = 0;
    if (expected->line > 0)
        return;
    if (first_wrong(values, count, expected->reason) < count) {
        if (options->rows->skip_invalid)
            expected->left_out++;
        else
            expected->line = line;
        return;
    }
    if (options->case_fold) {
        size = case_fold_bytes(key, size, folded);
        key = folded;
    }
    for (size_t i = 0; i < size; i++)
        characters += (key[i] & 0xc0) != 0x80;
    if (characters < conditions->shortest)
        return;
    if (conditions->stop && strlen(conditions->stop) == size &&
        memcmp(conditions->stop, key, size) == 0)
        return;
    tally_add(&expected->keys, key, size, hash_row(values, count));
}

/* The record is complete, and was read from these bytes. */
static void end_record(struct expected *expected, const struct tokenizer_options *options,
                       const struct conditions *conditions, const unsigned char *raw, size_t size,
                       uint64_t line)
{
    unsigned char key[2 * MOST];
    struct mr_bytes values[VALUES];
    size_t used = 0;
    bool any = false;
    bool passes = !conditions->grep;
    for (size_t i = 0; i < size && !passes; i++)
        passes = raw[i] == conditions->grep[0] ||
                 (options->case_fold && (raw[i] | 0x20) == (conditions->grep[0] | 0x20));
    if (!passes)
        return;
    for (size_t i = 0; i < record.count; i++) {
        if (!chosen(options, i + 1))
            continue;
        const size_t joiner = any ? (options->delimiter_size > 0 ? options->delimiter_size : 1) : 0;
        memcpy(key + used,
               options->delimiter_size > 0 ? options->delimiter : (const unsigned char *)" ",
               joiner);
        used += joiner;
        memcpy(key + used, record.fields[i].data, record.fields[i].size);
        used += record.fields[i].size;
        any = true;
    }
    for (size_t i = 0; i < options->rows->field_count; i++) {
        const uint64_t number = options->rows->fields[i].number;
        values[i] = number <= record.count ? record.fields[number - 1] : (struct mr_bytes){NULL, 0};
    }
    if (any)
        put_row(expected, options, conditions, key, used, values, line);
}

/* The bytes of a delimiter at `at` of a line. */
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

/* Where a field with quotes or brackets closes: behind that, or 0. */
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

static void read_line(const struct tokenizer_options *options, const unsigned char *line,
                      size_t size)
{
    const bool quoted = options->kind == &token_kind_quoted;
    const size_t length = options->delimiter_size;
    size_t at = 0, behind = 1;
    begin_record();
    while (behind > 0) {
        while (length == 0 && at < size && delimiter_at(options, line, size, at) > 0)
            at++;
        if (length == 0 && at == size)
            return;
        begin_field();
        size_t close = 0;
        if (quoted && at < size && (line[at] == '"' || line[at] == '['))
            close = closes_at(options, line, size, at);
        if (close > 0) {
            for (size_t i = at + 1; i < close - 1; i++) {
                if (line[at] == '"' && line[i] == '\\') {
                    if (line[i + 1] != '"')
                        add_byte('\\');
                    i++;
                }
                add_byte(line[i]);
            }
            at = close;
        } else {
            for (; at < size && delimiter_at(options, line, size, at) == 0; at++)
                add_byte(line[at]);
        }
        behind = delimiter_at(options, line, size, at);
        at += behind;
    }
}

static void read_lines(struct expected *expected, const struct tokenizer_options *options,
                       const struct conditions *conditions, const unsigned char *text, size_t size)
{
    const unsigned char end = options->zero_terminated ? 0 : '\n';
    uint64_t line = 1;
    for (size_t i = 0, stop; i < size; i = stop + 1, line++) {
        for (stop = i; stop < size && text[stop] != end;)
            stop++;
        size_t length = stop - i;
        if (options->kind == &token_kind_quoted && length > 0 && text[stop - 1] == '\r' &&
            end == '\n')
            length--;
        if (options->header && i == 0)
            continue;
        read_line(options, text + i, length);
        end_record(expected, options, conditions, text + i, stop - i, line);
    }
}

static void read_csv(struct expected *expected, const struct tokenizer_options *options,
                     const struct conditions *conditions, const unsigned char *text, size_t size)
{
    const unsigned char end = options->zero_terminated ? 0 : '\n';
    bool header = options->header;
    uint64_t line = 1;
    for (size_t i = 0; i < size;) {
        const size_t first = i;
        const uint64_t begun = line;
        uint64_t opened = 0;
        bool ended = false;
        begin_record();
        while (!ended) {
            bool quotes = i < size && text[i] == '"', inside = quotes;
            begin_field();
            if (quotes) {
                opened = line;
                i++;
            }
            for (; i < size; i++) {
                const unsigned char c = text[i];
                if (inside && c == '"' && i + 1 < size && text[i + 1] == '"')
                    add_byte(text[++i]);
                else if (inside && c == '"')
                    inside = false;
                else if (!inside && (c == options->delimiter[0] || c == end))
                    break;
                else
                    add_byte(c);
                line += c == end;
            }
            if (inside) {
                if (expected->line == 0) {
                    expected->line = opened;
                    snprintf(expected->reason, sizeof expected->reason,
                             "the quote that opens here is never closed");
                }
                return;
            }
            ended = i == size || text[i] == end;
            line += i < size && ended;
            i++;
        }
        /* A CR before the end is none of the record, unless it is of a quote that closed. */
        const size_t stop = i - 1 < size ? i - 1 : size;
        struct mr_bytes *last = &record.fields[record.count - 1];
        if (end == '\n' && stop > first && text[stop - 1] == '\r' && last->size > 0)
            last->size--;
        if (record.count == 1 && last->size == 0 &&
            (stop == first || (stop == first + 1 && text[first] == '\r' && end == '\n')))
            continue;
        if (header)
            header = false;
        else
            end_record(expected, options, conditions, text + first, stop - first, begun);
    }
}

/* Matches of ([abc]+)=([0-9x]*)(,)? and of @(?<v>[abc]+), ASCII letters folded where wanted. */
static void read_matches(struct expected *expected, const struct tokenizer_options *options,
                         const struct conditions *conditions, const unsigned char *text,
                         size_t size)
{
    uint64_t line = 1;
    for (size_t i = 0; i < size;) {
        size_t at[4][2] = {{0}}, k = i;
        bool has[4] = {false};
        line += text[i] == '\n';
#define IS_LETTER(c)                                                                               \
    (memchr(options->case_fold ? "abcABC" : "abc", (c), options->case_fold ? 6 : 3) != NULL)
        const bool second = text[i] == '@';
        k += second;
        const size_t key = k;
        while (k < size && IS_LETTER(text[k]))
            k++;
        if (k == key || (!second && (k == size || text[k] != '='))) {
            i = k > i ? k : i + 1;
            continue;
        }
        at[1][0] = key, at[1][1] = k, has[1] = true;
        if (!second) {
            for (at[2][0] = ++k;
                 k < size && memchr(options->case_fold ? "0123456789xX" : "0123456789x", text[k],
                                    options->case_fold ? 12 : 11);)
                k++;
            at[2][1] = k, has[2] = true;
            if (k < size && text[k] == ',')
                at[3][0] = k, at[3][1] = ++k, has[3] = true;
        }
        at[0][0] = i, at[0][1] = k, has[0] = true;
        struct mr_bytes values[VALUES];
        for (size_t v = 0; v < options->rows->field_count; v++) {
            const struct rows_field *field = &options->rows->fields[v];
            const size_t group = field->name ? 1 : field->number;
            const bool there = field->name ? second : has[group];
            values[v] = there ? (struct mr_bytes){text + at[group][0], at[group][1] - at[group][0]}
                              : (struct mr_bytes){NULL, 0};
        }
        put_row(expected, options, conditions, text + at[1][0], at[1][1] - at[1][0], values, line);
        i = k;
    }
#undef IS_LETTER
}

/* ---- Comparing ------------------------------------------------------------------------------- */

static const char *const regexes[] = {"([abc]+)=([0-9x]*)(,)?", "@(?<v>[abc]+)"};

/* REs are the tokenizer's: each needs its own. */
static struct patterns *make_patterns(const struct tokenizer_options *options,
                                      const struct conditions *conditions)
{
    const bool matches = options->kind == &token_kind_matches;
    const struct patterns_options made = {
        .tokens = {"regexp", regexes, matches ? 2 : 0},
        .wanted = {"grep", &conditions->grep, conditions->grep ? 1 : 0},
        .case_fold = options->case_fold,
    };
    struct patterns *patterns;
    struct regex_fault fault;
    if (!matches && !conditions->grep)
        return NULL;
    ck_assert_msg(patterns_open(&made, &patterns, &fault) == 0, "%s", fault.reason);
    return patterns;
}

static void compare(struct tokenizer_options *options, const struct conditions *conditions,
                    const unsigned char *text, size_t size, struct expected *expected)
{
    static const size_t limits[] = {0, 64, 7, 1};
    static const unsigned threads[] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 2, 8};
    const bool condenses = options->kind->condense && options->delimiter_size <= 1 &&
                           !options->header && !conditions->grep;
    const enum tally_cut last = condenses ? TALLY_CONDENSED : TALLY_LAST;
    for (enum tally_cut cut = TALLY_WHOLE; cut <= last; cut++) {
        struct tally got;
        const size_t limit = limits[below(4)];
        /* Where lines are chosen, a border is one of lines. */
        if (cut == TALLY_BORDERS && options->kind->in_order && conditions->grep)
            continue;
        tally_open(&got);
        options->patterns = make_patterns(options, conditions);
        tally_threads = threads[below(12)];
        tally_count(&got, options, text, size, cut, limit);
        tally_threads = 0;
        if (expected->line > 0) {
            ck_assert_int_eq(got.status, MR_MAP);
            ck_assert_ptr_nonnull(got.fault.reason);
            ck_assert_str_eq(got.reason, expected->reason);
            ck_assert_uint_eq(got.fault.line, expected->line);
            ck_assert_uint_eq(got.fault.number, 0);
        } else {
            ck_assert_msg(got.status == MR_OK, "%s", got.error.text);
            ck_assert_ptr_null(got.fault.reason);
            tally_compare(&got, &expected->keys);
            ck_assert_uint_eq(got.left_out, expected->left_out);
        }
        tally_close(&got);
    }
}

typedef void slow_reader(struct expected *expected, const struct tokenizer_options *options,
                         const struct conditions *conditions, const unsigned char *text,
                         size_t size);

static void check_against(slow_reader *reader, struct tokenizer_options *options,
                          const struct conditions *conditions, const unsigned char *text,
                          size_t size)
{
    struct expected expected = {.line = 0};
    tally_open(&expected.keys);
    reader(&expected, options, conditions, text, size);
    compare(options, conditions, text, size, &expected);
    tally_close(&expected.keys);
}

/* ---- Random text ----------------------------------------------------------------------------- */

static const struct range first[] = {{1, 1}};
static const struct range second[] = {{2, 2}};
static const struct range middle[] = {{2, 3}};
static const struct range several[] = {{1, 1}, {3, 4}, {6, UINT64_MAX}};

static const struct {
    const struct range *ranges;
    size_t count;
} lists[] = {{first, 1}, {first, 1}, {second, 1}, {middle, 1}, {several, 3}};

/* Text of these pieces, some of them often. Returns its size. */
static size_t make_text(unsigned char *text, size_t most, const char *const *pieces, size_t count)
{
    const size_t wish = below(most - 8);
    size_t size = 0;
    while (size < wish) {
        const char *piece = pieces[below(count)];
        memcpy(text + size, piece, strlen(piece) > 0 ? strlen(piece) : 1);
        size += strlen(piece) > 0 ? strlen(piece) : 1;
    }
    return size;
}

/* How texts of a kind look. */
struct look {
    const struct token_kind *kind;
    const char *delimiter; /* NULL: blanks */
    const char *header;
    bool plain; /* most fields are right: rows of them */
};

static void check_round(const struct look *look)
{
    static const char *const pieces[] = {
        "a",    "B",  "1",        "23", "x",  " ",     " ",     "\t",         ",",  ",",
        ",",    "\n", "\n",       "\"", "\"", "[",     "]",     "\\",         "ab", "\r",
        "\r\n", "",   "\xc3\x89", " 7", ",7", "a 1\n", "b,2\n", "cd\t\tb 5\n"};
    static const char *const fewer[] = {"a 1 2\n",           "b 2 3 4\n", " a\t3\n",
                                        "b 4 5 6 7 8\n",     "c,5,a\n",   "d,6,,b\n",
                                        "e,7,8,9,a,b\n",     "\n",        "\"a\",\"1\"\"2\",3\r\n",
                                        "[a b] \"1 2\" 3\n", "x x x\n",   "\"a\\\"b\" 1 2\n",
                                        "a,x,1\n",           "\n",        "\"p\nq\",5,6\n"};
    unsigned char text[MOST];
    struct tokenizer_options options = tally_options(look->kind);
    struct wanted wanted = {.count = below(VALUES)};
    struct conditions conditions = {0};
    const size_t list = below(sizeof lists / sizeof *lists);
    size_t header = 0;
    options.ranges = lists[list].ranges;
    options.range_count = lists[list].count;
    options.delimiter = (const unsigned char *)look->delimiter;
    options.delimiter_size = look->delimiter ? strlen(look->delimiter) : 0;
    options.zero_terminated = !look->plain && below(5) == 0;
    options.case_fold = below(3) == 0;
    options.count_invalid = below(2);
    for (size_t i = 0; i < wanted.count; i++)
        wanted.fields[i] = (struct rows_field){1 + below(look->plain ? 3 : 5), NULL};
    choose_values(&wanted);
    options.rows = &wanted.options;
    if (look->header && !options.zero_terminated && below(4) == 0) {
        options.header = true;
        header = strlen(look->header);
        memcpy(text, look->header, header);
    }
    if (below(4) == 0)
        conditions.grep = patterns_built_in() ? "a" : NULL;
    if (below(4) == 0)
        options.min_length = conditions.shortest = 1 + below(3);
    if (below(4) == 0) {
        options.stop_words = true;
        options.stop_words_memory = 1 << 20;
        tally_stop_words = conditions.stop = below(2) ? "a" : "b";
    }
    const size_t size = header + (look->plain ? make_text(text + header, sizeof text - header - 16,
                                                          fewer, sizeof fewer / sizeof *fewer)
                                              : make_text(text + header, sizeof text - header,
                                                          pieces, sizeof pieces / sizeof *pieces));
    check_against(look->kind == &token_kind_csv ? read_csv : read_lines, &options, &conditions,
                  text, size);
}

static void check_looks(const struct look *look)
{
    for (int round = 0; round < (SANITIZED ? 30 : 150); round++)
        check_round(look);
}

START_TEST(values_between_blanks_go_with_their_keys)
{
    check_looks(&(struct look){&token_kind_fields, NULL, "k v w\n", false});
    check_looks(&(struct look){&token_kind_fields, NULL, "k v w\n", true});
}
END_TEST

START_TEST(values_behind_delimiters_go_with_their_keys)
{
    check_looks(&(struct look){&token_kind_fields, ",", "k,v,w\n", false});
    check_looks(&(struct look){&token_kind_fields, ",", "k,v,w\n", true});
    check_looks(&(struct look){&token_kind_fields, " ", NULL, true});
    check_looks(&(struct look){&token_kind_fields, ",7", NULL, false});
}
END_TEST

START_TEST(values_in_quotes_go_with_their_keys)
{
    check_looks(&(struct look){&token_kind_quoted, NULL, "k v w\n", false});
    check_looks(&(struct look){&token_kind_quoted, NULL, NULL, true});
    check_looks(&(struct look){&token_kind_quoted, ",", NULL, false});
}
END_TEST

START_TEST(values_of_records_go_with_their_keys)
{
    check_looks(&(struct look){&token_kind_csv, ",", "k,v,w\n", false});
    check_looks(&(struct look){&token_kind_csv, ",", "\n\"k\",v,w\n", true});
}
END_TEST

/* More rows than a batch has, some of them wrong. */
START_TEST(rows_of_many_batches_are_all_there)
{
    static const char *const delimiters[] = {NULL, ",", ",,"};
    static const struct token_kind *const kinds[] = {&token_kind_fields, &token_kind_quoted,
                                                     &token_kind_csv};
    enum { ROWS = 1500 };
    unsigned char *text = malloc(ROWS * 40);
    ck_assert_ptr_nonnull(text);
    for (int round = 0; round < (SANITIZED ? 8 : 40); round++) {
        struct conditions conditions = {0};
        struct wanted wanted = {.count = 1 + below(2)};
        struct tokenizer_options options = tally_options(kinds[below(3)]);
        const bool csv = options.kind == &token_kind_csv;
        const char *delimiter = csv ? "," : delimiters[below(3)];
        const unsigned right = below(2) ? ROWS : 10;
        size_t size = 0;
        options.delimiter = (const unsigned char *)delimiter;
        options.delimiter_size = delimiter ? strlen(delimiter) : 0;
        options.ranges = lists[below(3)].ranges;
        options.range_count = 1;
        options.case_fold = below(4) == 0;
        for (size_t i = 0; i < wanted.count; i++)
            wanted.fields[i] = (struct rows_field){1 + below(3), NULL};
        choose_values(&wanted);
        options.rows = &wanted.options;
        if (below(4) == 0)
            options.min_length = conditions.shortest = 3;
        for (unsigned i = 0; i < ROWS; i++) {
            const char *quote = below(20) == 0 && delimiter != delimiters[0] ? "\"" : "";
            const char *between = delimiter ? delimiter : " ";
            size += (size_t)sprintf((char *)text + size, "%sK%u%s%s%s%u%s%u\n", quote, i % 100,
                                    quote, between, i > right && below(9) == 0 ? "x" : "", i,
                                    between, below(1000));
        }
        check_against(csv ? read_csv : read_lines, &options, &conditions, text, size);
    }
    free(text);
}
END_TEST

START_TEST(groups_of_a_match_are_its_values)
{
    static const char *const pieces[] = {"a=1", "b=2,", "@a", "c=x", "ab=", "A=3,", "@cab",  "\n",
                                         "\n",  "a",    "=",  "1",   ",",   "@",    "ca=4,", " "};
    unsigned char text[MOST];
    if (!patterns_built_in()) {
        cases_skip("groups_of_a_match_are_its_values", "built without PCRE2");
        return;
    }
    for (int round = 0; round < (SANITIZED ? 30 : 150); round++) {
        struct tokenizer_options options = tally_options(&token_kind_matches);
        struct wanted wanted = {.count = below(VALUES)};
        struct conditions conditions = {0};
        options.case_fold = below(3) == 0;
        for (size_t i = 0; i < wanted.count; i++)
            wanted.fields[i] = (struct rows_field){below(4), below(6) == 0 ? "v" : NULL};
        choose_values(&wanted);
        options.rows = &wanted.options;
        if (below(4) == 0)
            options.min_length = conditions.shortest = 1 + below(3);
        const size_t size = make_text(text, sizeof text, pieces, sizeof pieces / sizeof *pieces);
        check_against(read_matches, &options, &conditions, text, size);
    }
}
END_TEST

/* ---- What is said ---------------------------------------------------------------------------- */

/* The sums that rows of these texts give one key. */
static void expect_row(struct tally *tally, const char *key, const char *value)
{
    const struct mr_bytes field = {(const unsigned char *)value, strlen(value)};
    tally_add(tally, key, strlen(key), hash_row(&field, 1));
}

static struct wanted one_value(uint64_t number, const char *name)
{
    return (struct wanted){
        .fields = {{number, name}},
        .count = 1,
        .options = {.field_count = 1, .value_size = 16, .parse = parse_words},
    };
}

START_TEST(a_value_is_found_by_the_name_in_the_header)
{
    static const char text[] = "k,v,w\n1,2,3\n4,5\n";
    struct tokenizer_options options = tally_options(&token_kind_csv);
    struct wanted wanted = one_value(0, "v");
    struct tally got, want;
    wanted.options.fields = wanted.fields;
    wanted.options.context = &wanted;
    options.delimiter = (const unsigned char *)",";
    options.delimiter_size = 1;
    options.header = true;
    options.names = (const char *const[]){"k"};
    options.name_count = 1;
    options.rows = &wanted.options;
    tally_open(&got);
    tally_open(&want);
    expect_row(&want, "1", "2");
    expect_row(&want, "4", "5");
    tally_count(&got, &options, text, sizeof text - 1, TALLY_LAST, 0);
    ck_assert_int_eq(got.status, MR_OK);
    tally_compare(&got, &want);
    tally_close(&got);
    tally_close(&want);

    wanted.fields[0].name = "w"; /* the second row has none */
    tally_open(&got);
    tally_count(&got, &options, text, sizeof text - 1, TALLY_LAST, 0);
    ck_assert_int_eq(got.status, MR_MAP);
    ck_assert_str_eq(got.reason, "there is no value 0");
    ck_assert_uint_eq(got.fault.line, 3);
    tally_close(&got);

    wanted.fields[0].name = "u";
    tally_open(&got);
    tally_count(&got, &options, text, sizeof text - 1, TALLY_LAST, 0);
    ck_assert_int_eq(got.status, MR_MAP);
    ck_assert_str_eq(got.reason, "no field is named 'u'");
    ck_assert_uint_eq(got.fault.line, 1);
    tally_close(&got);
}
END_TEST

static void check_refused(struct tokenizer_options *options, const char *why)
{
    struct tokenizer *tokenizer;
    struct mr_error error = {.status = MR_OK};
    ck_assert_int_eq(tokenizer_open(options, &tokenizer, &error), -1);
    ck_assert_int_eq(error.status, MR_INVALID);
    ck_assert_str_eq(error.text, why);
}

START_TEST(values_that_no_row_can_have_are_refused)
{
    struct tokenizer_options options = tally_options(&token_kind_spaces);
    struct conditions conditions = {0};
    struct wanted wanted = one_value(4, NULL);
    wanted.options.fields = wanted.fields;
    options.rows = &wanted.options;
    check_refused(&options, "values are of fields or matches");
    options.kind = &token_kind_fields;
    wanted.fields[0].name = "v";
    check_refused(&options, "a field by name needs a header");
    if (!patterns_built_in())
        return;
    options.kind = &token_kind_matches;
    wanted.fields[0] = (struct rows_field){4, NULL};
    options.patterns = make_patterns(&options, &conditions);
    check_refused(&options, "no group 4 in the REs");
    wanted.fields[0].name = "w";
    options.patterns = make_patterns(&options, &conditions);
    check_refused(&options, "no group 'w' in the REs");
}
END_TEST

START_TEST(values_stay_with_keys_that_are_normalized)
{
    static const char text[] = "e\xcc\x81 1\n\xc3\xa9 2\nf 3\na\xcc\x8a 4\n\xc3\xa5 5\n";
    static const size_t limits[] = {0, 7, 1};
    struct tokenizer_options options = tally_options(&token_kind_fields);
    struct wanted wanted = one_value(2, NULL);
    options.ranges = first;
    options.range_count = 1;
    options.form = NORMALIZE_NFC;
    options.rows = &wanted.options;
    wanted.options.fields = wanted.fields;
    wanted.options.context = &wanted;
    for (size_t i = 0; i < sizeof limits / sizeof *limits; i++) {
        struct tally got, want;
        options.stop_words = i == 1;
        options.stop_words_memory = 1 << 20;
        tally_stop_words = "f\n";
        tally_open(&got);
        tally_open(&want);
        expect_row(&want, "\xc3\xa9", "1");
        expect_row(&want, "\xc3\xa9", "2");
        if (!options.stop_words)
            expect_row(&want, "f", "3");
        expect_row(&want, "\xc3\xa5", "4");
        expect_row(&want, "\xc3\xa5", "5");
        tally_count(&got, &options, text, sizeof text - 1, TALLY_BORDERS, limits[i]);
        ck_assert_int_eq(got.status, MR_OK);
        tally_compare(&got, &want);
        tally_close(&got);
        tally_close(&want);
    }
}
END_TEST

START_TEST(a_template_makes_keys_of_rows)
{
    static const char text[] = "ab=1,\n@b\nc=2\n";
    struct tokenizer_options options = tally_options(&token_kind_matches);
    const struct patterns_options made = {
        .tokens = {"regexp", regexes, 1}, .replace = "<$1>", .replace_option = "replace"};
    struct regex_fault fault;
    struct wanted wanted = one_value(2, NULL);
    wanted.options.fields = wanted.fields;
    wanted.options.context = &wanted;
    options.rows = &wanted.options;
    if (!patterns_built_in()) {
        cases_skip("a_template_makes_keys_of_rows", "built without PCRE2");
        return;
    }
    for (unsigned fold = 0; fold < 2; fold++) {
        struct tally got, want;
        options.case_fold = fold;
        ck_assert_int_eq(patterns_open(&made, &options.patterns, &fault), 0);
        tally_open(&got);
        tally_open(&want);
        expect_row(&want, "<ab>", "1");
        expect_row(&want, "<c>", "2");
        tally_count(&got, &options, text, sizeof text - 1, TALLY_BORDERS, 0);
        ck_assert_int_eq(got.status, MR_OK);
        tally_compare(&got, &want);
        tally_close(&got);
        tally_close(&want);
    }
}
END_TEST

/* Many splits by many threads, with wrong rows in some of them: it is the first that is told. */
START_TEST(the_first_wrong_row_is_told_whoever_meets_it)
{
    enum { ROWS = 1000 };
    char *text = malloc(ROWS * 16);
    ck_assert_ptr_nonnull(text);
    for (int round = 0; round < (SANITIZED ? 4 : 12); round++) {
        struct tokenizer_options options = tally_options(&token_kind_fields);
        struct wanted wanted = one_value(2, NULL);
        struct tally got;
        size_t size = 0;
        const unsigned wrong = below(ROWS);
        wanted.options.fields = wanted.fields;
        wanted.options.context = &wanted;
        options.ranges = first;
        options.range_count = 1;
        options.rows = &wanted.options;
        for (unsigned i = 0; i < ROWS; i++)
            size += (size_t)sprintf(text + size, "k%u %s%u\n", i % 10,
                                    i == wrong || (i > wrong && below(20) == 0) ? "x" : "", i);
        tally_threads = 8;
        tally_open(&got);
        tally_count(&got, &options, text, size, TALLY_LAST, 0);
        tally_threads = 0;
        ck_assert_int_eq(got.status, MR_MAP);
        ck_assert_uint_eq(got.fault.line, wrong + 1);
        tally_close(&got);
    }
    free(text);
}
END_TEST

Suite *test_rows_suite(void)
{
    Suite *suite = suite_create("rows");
    TCase *tests = tcase_create("rows");
    tcase_add_test(tests, values_between_blanks_go_with_their_keys);
    tcase_add_test(tests, values_behind_delimiters_go_with_their_keys);
    tcase_add_test(tests, values_in_quotes_go_with_their_keys);
    tcase_add_test(tests, values_of_records_go_with_their_keys);
    tcase_add_test(tests, rows_of_many_batches_are_all_there);
    tcase_add_test(tests, groups_of_a_match_are_its_values);
    tcase_add_test(tests, a_value_is_found_by_the_name_in_the_header);
    tcase_add_test(tests, values_that_no_row_can_have_are_refused);
    tcase_add_test(tests, values_stay_with_keys_that_are_normalized);
    tcase_add_test(tests, a_template_makes_keys_of_rows);
    tcase_add_test(tests, the_first_wrong_row_is_told_whoever_meets_it);
    suite_add_tcase(suite, tests);
    return suite;
}
