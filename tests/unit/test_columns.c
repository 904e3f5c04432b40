/* SPDX-License-Identifier: MIT
 *
 * test_columns.c - rows of fields to columns of numbers by key, through the engine.
 */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "engine/mapreduce.h"
#include "unit/random.h"
#include "unit/sanitized.h"
#include "values/columns.h"

Suite *test_columns_suite(void);

#define NINES_38 "99999999999999999999999999999999999999"

static struct columns *opened(struct columns_options *options, const struct column *list,
                              size_t count)
{
    struct columns *columns;
    struct mr_error error = {0};

    options->columns = list;
    options->count = count;
    ck_assert_int_eq(columns_open(options, &columns, &error), 0);
    return columns;
}

#define TEXT_ROOM 64

/* A text with what can be read behind it, which is as a number goes on. */
static struct mr_bytes padded(const char *text, char room[TEXT_ROOM + MR_PAD])
{
    size_t size = text != NULL ? strlen(text) : 0;

    ck_assert_uint_le(size, TEXT_ROOM);
    memset(room, '9', TEXT_ROOM + MR_PAD);
    if (size > 0)
        memcpy(room, text, size);
    return (struct mr_bytes){text != NULL ? (unsigned char *)room : NULL, size};
}

/* The same for one thread: the last few are valid. */
static struct mr_bytes bytes(const char *text)
{
    static char rooms[16][TEXT_ROOM + MR_PAD];
    static unsigned next;

    return padded(text, rooms[next++ % 16]);
}

/* ---- Values --------------------------------------------------------------------------------- */

START_TEST(only_what_is_wanted_is_kept)
{
    static const struct column sum = {.op = COLUMN_SUM, .what = "field 2"};
    static const struct column all[] = {
        {.op = COLUMN_COUNT},
        {.op = COLUMN_SUM, .what = "field 2"},
        {.op = COLUMN_MEAN, .what = "field 2"},
        {.op = COLUMN_MIN, .what = "field 2"},
        {.op = COLUMN_MAX, .what = "field 2"},
        {.op = COLUMN_SUM, .field = 1, .what = "field 3"},
        {.op = COLUMN_SUM, .what = "field 2"},
    };
    struct columns_options options = {.field_count = 2};
    struct columns *columns = opened(&options, &sum, 1);

    ck_assert_uint_eq(columns_value_size(columns), 16);
    columns_close(columns);
    options.min_count = 2;
    columns = opened(&options, &sum, 1);
    ck_assert_uint_eq(columns_value_size(columns), 24);
    columns_close(columns);
    options.min_count = 0;
    options.max_count = 9;
    columns = opened(&options, &sum, 1);
    ck_assert_uint_eq(columns_value_size(columns), 24);
    columns_close(columns);
    options.field_count = 1;
    columns = opened(&options, &sum, 1);
    ck_assert_uint_eq(columns_value_size(columns), 16);
    columns_close(columns);
    options.max_count = 0;
    options.min_count = 1;
    columns = opened(&options, all, 3);
    ck_assert_uint_eq(columns_value_size(columns), 16);
    columns_close(columns);
    options.field_count = 2;
    columns = opened(&options, all, 1);
    ck_assert_uint_eq(columns_value_size(columns), 8);
    columns_close(columns);
    columns = opened(&options, all, sizeof all / sizeof *all);
    ck_assert_uint_eq(columns_value_size(columns), 8 + 4 * 16);
    ck_assert(!columns_need_pairs(columns));
    columns_close(columns);
    columns_close(NULL);
}
END_TEST

START_TEST(quantiles_and_distinct_values_need_more_than_a_value)
{
    static const struct column list[] = {
        {.op = COLUMN_DISTINCT, .what = "field 2"},
        {.op = COLUMN_QUANTILE, .field = 1, .what = "field 3"},
        {.op = COLUMN_SUM, .field = 2, .what = "field 4"},
    };
    struct columns_options options = {.field_count = 3};
    struct columns *columns = opened(&options, list, 3);

    ck_assert(columns_need_pairs(columns));
    ck_assert(!columns_is_number(columns, 0));
    ck_assert(columns_is_number(columns, 1));
    ck_assert(columns_is_number(columns, 2));
    ck_assert_uint_eq(columns_value_size(columns), 24);

    const struct mr_bytes fields[] = {bytes("x"), bytes("2.50"), bytes("-3"),
                                      bytes(""),  bytes("4"),    bytes("1e1")};
    struct decimal numbers[6] = {{7, 1}, {7, 1}, {7, 1}, {7, 1}, {7, 1}, {7, 1}};
    uint64_t values[2][8];
    ck_assert_uint_eq(columns_parse(columns, fields, 2, values, sizeof values[0], numbers, NULL),
                      2);
    ck_assert_uint_eq(columns_count(columns, values[0]), 1);
    ck_assert(numbers[0].digits == 7 && numbers[3].digits == 7);
    ck_assert(numbers[1].digits == 250 && numbers[1].scale == 2);
    ck_assert(numbers[2].digits == -3 && numbers[4].digits == 4 && numbers[5].digits == 10);

    /* Others' columns are left as they are. */
    struct decimal results[3] = {{7, 1}, {7, 1}, {7, 1}};
    struct mr_error error = {0};
    columns_combine(columns, values[0], values[1]);
    ck_assert_int_eq(columns_finish(columns, NULL, "k", 1, values[0], results, &error), 0);
    ck_assert(results[0].digits == 7 && results[1].digits == 7 && results[2].digits == 7 &&
              results[2].scale == 0);
    columns_close(columns);
}
END_TEST

START_TEST(the_first_row_that_is_wrong_is_told)
{
    static const struct column list[] = {
        {.op = COLUMN_SUM, .what = "field 10"},
        {.op = COLUMN_MAX, .field = 1, .what = "field 'price'"},
        {.op = COLUMN_DISTINCT, .field = 2, .what = "group 3"},
    };
    static const struct {
        const char *fields[3], *wanted;
    } cases[] = {
        {{"-", "1", "x"}, "field 10 is no number: '-'"},
        {{"", "1", "x"}, "field 10 is no number: ''"},
        {{NULL, "1", "x"}, "there is no field 10"},
        {{"1", NULL, "x"}, "there is no field 'price'"},
        {{"1", "1,234", NULL}, "field 'price' is no number: '1,234'"},
        {{"1", "\x01", "x"}, "field 'price' is no number: '\\001'"},
        {{"1", "1", NULL}, "there is no group 3"},
        {{"1e400", "1", "x"}, "field 10 has more than 38 digits, or 18 behind the point: '1e400'"},
        {{"1", "1e-19", "x"},
         "field 'price' has more than 38 digits, or 18 behind the point: '1e-19'"},
    };
    struct columns_options options = {.field_count = 3};
    struct columns *columns = opened(&options, list, 3);

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const struct mr_bytes fields[] = {
            bytes("1"),
            bytes("2"),
            bytes("x"),
            bytes(cases[i].fields[0]),
            bytes(cases[i].fields[1]),
            bytes(cases[i].fields[2]),
            bytes("-"),
            bytes("-"),
            bytes("-"),
        };
        uint64_t values[3 * 8];
        char reason[COLUMNS_REASON_ROOM] = "";
        ck_assert_uint_eq(columns_rows(columns, fields, 3, values, reason), 1);
        ck_assert_str_eq(reason, cases[i].wanted);
        ck_assert_uint_eq(columns_rows(columns, fields, 3, values, NULL), 1);
        ck_assert_uint_eq(columns_rows(columns, fields, 1, values, reason), 1);
    }
    columns_close(columns);
}
END_TEST

/* ---- Jobs ----------------------------------------------------------------------------------- */

/* A row: its key and two fields. */
struct row {
    const char *key, *fields[2];
};

struct job {
    struct columns *columns;
    const struct row *rows;
    bool ranks; /* by columns_rank, where that is possible */
};

static int map(void *context, void *state, const struct mr_split *split, struct mr_emitter *emitter,
               struct mr_error *error)
{
    struct job *job = context;
    const struct row *rows = (const struct row *)(const void *)split->data;

    (void)state;
    for (size_t i = 0; i < split->size / sizeof *rows; i++) {
        char rooms[2][TEXT_ROOM + MR_PAD];
        const struct mr_bytes fields[] = {padded(rows[i].fields[0], rooms[0]),
                                          padded(rows[i].fields[1], rooms[1])};
        uint64_t value[16];
        char reason[COLUMNS_REASON_ROOM];
        if (columns_rows(job->columns, fields, 1, value, reason) != 1)
            return mr_fail(error, 0, "%s", reason);
        if (mr_emit(emitter, rows[i].key, strlen(rows[i].key), value) != MR_OK)
            return -1;
    }
    return 0;
}

static void combine(void *context, void *into, const void *from)
{
    columns_combine(((struct job *)context)->columns, into, from);
}

static int reduce(void *context, void *state, const void *key, size_t key_size,
                  struct mr_values *values, struct mr_results *results, struct mr_error *error)
{
    return columns_reduce(((struct job *)context)->columns, state, key, key_size, values, results,
                          error);
}

static uint64_t rank(void *context, const void *value, unsigned char *payload, size_t *payload_size)
{
    return columns_rank(((struct job *)context)->columns, value, payload, payload_size);
}

/* Runs a job; *table is its result. */
static enum mr_status run(struct job *job, size_t rows, struct mr_table **table,
                          struct mr_error *error)
{
    const struct mr_job_spec spec = {
        .struct_size = sizeof spec,
        .context = job,
        .input = mr_input_items(job->rows, rows, sizeof *job->rows),
        .map = map,
        .values = MR_COMBINE,
        .value_size = columns_value_size(job->columns),
        .combine = combine,
        .add_tag = columns_add_tag(job->columns),
        .add_guard = columns_add_guard(job->columns),
        .reduce = reduce,
        .rank = job->ranks && columns_ranks(job->columns) ? rank : NULL,
        .order = columns_mr_order(job->columns),
        .output = mr_output_table(table),
    };

    return mr_run(NULL, &spec, NULL, error);
}

/* "KEY=TEXTS;" of all records, with "," in the place of TABs. */
static const char *lines_of(const struct columns *columns, const struct mr_table *table)
{
    static char lines[4096];
    size_t size = 0;

    for (size_t i = 0; i < mr_table_count(table); i++) {
        const struct mr_record *record = mr_table_record(table, i);
        unsigned char *texts = malloc(record->payload_size + columns_record_room(columns));
        struct mr_bytes key;
        ck_assert_ptr_nonnull(texts);
        size_t texts_size = columns_record(columns, record, &key, texts);
        ck_assert_uint_lt(size + key.size + texts_size + 3, sizeof lines);
        for (size_t j = 0; j < texts_size; j++)
            texts[j] = texts[j] == '\t' ? ',' : texts[j];
        size += (size_t)sprintf(lines + size, "%.*s=%.*s;", (int)key.size, (const char *)key.data,
                                (int)texts_size, (const char *)texts);
        free(texts);
    }
    lines[size] = '\0';
    return lines;
}

static void check_job(struct columns_options *options, const struct column *list, size_t count,
                      const struct row *rows, size_t row_count, const char *wanted)
{
    for (int ranks = 0; ranks < 2; ranks++) {
        struct job job = {opened(options, list, count), rows, ranks != 0};
        struct mr_error error = {0};
        struct mr_table *table;

        ck_assert_msg(run(&job, row_count, &table, &error) == MR_OK, "%s", error.text);
        ck_assert_str_eq(lines_of(job.columns, table), wanted);
        mr_table_release(table);
        columns_close(job.columns);
    }
}

#define COUNT(array) (sizeof(array) / sizeof *(array))

START_TEST(columns_come_in_the_order_given)
{
    static const struct column list[] = {
        {.op = COLUMN_MAX, .what = "field 2"},
        {.op = COLUMN_COUNT},
        {.op = COLUMN_SUM, .what = "field 2"},
        {.op = COLUMN_MEAN, .field = 1, .what = "field 3"},
        {.op = COLUMN_MIN, .field = 1, .what = "field 3"},
    };
    static const struct row rows[] = {
        {"a", {"1", "0.5"}},  {"b", {"3.50", "1"}}, {"a", {"-2", "0.25"}},
        {"b", {"3.5", "-1"}}, {"c", {"7", "1e3"}},  {"a", {"1.0", "0.25"}},
    };
    struct columns_options options = {.field_count = 2, .order = COLUMNS_BY_KEY};

    check_job(&options, list, COUNT(list), rows, COUNT(rows),
              "a=1,3,0,0.333333,0.25;b=3.5,2,7,0,-1;c=7,1,7,1000,1000;");
    options.order = COLUMNS_BY_FIRST;
    check_job(&options, list, COUNT(list), rows, COUNT(rows),
              "c=7,1,7,1000,1000;b=3.5,2,7,0,-1;a=1,3,0,0.333333,0.25;");
    options.min_count = 2;
    check_job(&options, list, COUNT(list), rows, COUNT(rows),
              "b=3.5,2,7,0,-1;a=1,3,0,0.333333,0.25;");
    options.max_count = 2;
    check_job(&options, list, COUNT(list), rows, COUNT(rows), "b=3.5,2,7,0,-1;");
    options.min_count = 0;
    check_job(&options, list, COUNT(list), rows, COUNT(rows), "c=7,1,7,1000,1000;b=3.5,2,7,0,-1;");
}
END_TEST

START_TEST(the_first_column_orders_equal_ones_by_key)
{
    static const struct column max[] = {{.op = COLUMN_MAX, .what = "field 2"},
                                        {.op = COLUMN_SUM, .what = "field 2"}};
    static const struct row rows[] = {
        {"d", {"2.50", "0"}},
        {"a", {"2.5", "0"}},
        {"c", {"2.500", "0"}},
        {"b", {"-1.00", "0"}},
        {"e", {"-1", "0"}},
        {"", {"2.5000", "0"}},
        {"w", {"12345678901234567890.123456789012345678", "0"}},
        {"x", {"12345678901234567890.123456789012345679", "0"}},
        {"v", {"12345678901234567890.123456789012345678", "0"}},
        {"z", {"-12345678901234567890.12345678901234567", "0"}},
        {"y", {"-12345678901234567890.123456789012345678", "0"}},
        {"n", {NINES_38, "0"}},
        {"o", {"300.00", "0"}},
    };
    struct columns_options options = {.field_count = 2, .order = COLUMNS_BY_FIRST};

    check_job(&options, max, 1, rows, COUNT(rows),
              "n=" NINES_38 ";"
              "x=12345678901234567890.123456789012345679;"
              "v=12345678901234567890.123456789012345678;"
              "w=12345678901234567890.123456789012345678;"
              "o=300.00;=2.5000;a=2.5;c=2.500;d=2.50;b=-1.00;e=-1;"
              "z=-12345678901234567890.12345678901234567;"
              "y=-12345678901234567890.123456789012345678;");
    check_job(&options, max, 2, rows, 5, "a=2.5,2.5;c=2.500,2.5;d=2.50,2.5;b=-1.00,-1;e=-1,-1;");
}
END_TEST

START_TEST(long_keys_and_many_columns_are_put_whole)
{
    enum { KEY = 5000, COLUMNS = 60 };
    struct column list[COLUMNS];
    char key[KEY + 1], wanted[KEY + 1 + COLUMNS * 48], *p = wanted;
    struct row row = {key, {"-12345678901234567890.123456789012345678", "0"}};
    struct columns_options options = {.field_count = 2, .order = COLUMNS_BY_FIRST};

    memset(key, 'k', KEY);
    key[KEY] = '\0';
    p += sprintf(p, "%s=", key);
    for (int i = 0; i < COLUMNS; i++) {
        list[i] = (struct column){.op = i % 2 ? COLUMN_MIN : COLUMN_MAX, .what = "field 2"};
        p += sprintf(p, "%s%s", i > 0 ? "\t" : "", row.fields[0]);
    }

    struct job job = {opened(&options, list, COLUMNS), &row, true};
    struct mr_error error = {0};
    struct mr_table *table;
    struct mr_bytes got;
    ck_assert_msg(run(&job, 1, &table, &error) == MR_OK, "%s", error.text);
    const struct mr_record *record = mr_table_record(table, 0);
    char *texts = malloc(record->payload_size + columns_record_room(job.columns));
    ck_assert_ptr_nonnull(texts);
    size_t size = columns_record(job.columns, record, &got, (unsigned char *)texts);
    ck_assert(got.size == KEY && memcmp(got.data, key, KEY) == 0);
    ck_assert_uint_eq(size, (size_t)(p - wanted) - KEY - 1);
    ck_assert_mem_eq(texts, wanted + KEY + 1, size);
    free(texts);
    mr_table_release(table);
    columns_close(job.columns);
}
END_TEST

START_TEST(a_count_and_a_sum_are_as_columns_of_more)
{
    enum { KEYS = 40, ROWS = SANITIZED ? 3000 : 30000, TEXTS = 400 };
    static const struct column list[] = {
        {.op = COLUMN_MEAN, .what = "field 2"},
        {.op = COLUMN_SUM, .what = "field 2"},
        {.op = COLUMN_COUNT},
    };
    static char keys[KEYS][8], texts[TEXTS][48];
    struct row *rows = malloc(ROWS * sizeof *rows);
    struct columns_options options = {.order = COLUMNS_BY_FIRST, .min_count = 2};
    char wanted[4096] = "";

    ck_assert_ptr_nonnull(rows);
    for (int i = 0; i < KEYS; i++)
        sprintf(keys[i], "%d", i);
    /* Small ones, and those whose sums need more than a word, or than there is beside a count. */
    for (int i = 0; i < TEXTS; i++) {
        static const char *const forms[] = {"%s%u.%02u", "%s%u", "%s%u%016u", "%s%u%024u",
                                            "%s%u.%u"};
        sprintf(texts[i], forms[i * 5 / TEXTS], below(3) ? "" : "-", below(90000), below(100));
    }
    for (size_t i = 0; i < ROWS; i++) {
        /* Each key has numbers of some of these forms. */
        const unsigned key = below(KEYS), form = (key + below(1 + key % 3)) % 5;
        rows[i] = (struct row){keys[key], {texts[form * (TEXTS / 5) + below(TEXTS / 5)], "0"}};
    }
    for (unsigned fields = 2; fields > 0; fields--) {
        options.field_count = fields;
        struct job job = {opened(&options, list, COUNT(list)), rows, true};
        struct mr_error error = {0};
        struct mr_table *table;
        ck_assert_uint_eq(columns_value_size(job.columns), fields == 1 ? 16 : 24);
        ck_assert_msg(run(&job, ROWS, &table, &error) == MR_OK, "%s", error.text);
        ck_assert_uint_eq(mr_table_count(table), KEYS);
        if (fields == 2)
            strcpy(wanted, lines_of(job.columns, table));
        else
            ck_assert_str_eq(lines_of(job.columns, table), wanted);
        mr_table_release(table);
        columns_close(job.columns);
    }
    free(rows);
}
END_TEST

/* Numbers whose codes fit a word and those that are longer, of a value that is plain. */
START_TEST(columns_of_one_sum_and_its_count_come_in_any_order)
{
    static const struct column list[] = {
        {.op = COLUMN_COUNT},
        {.op = COLUMN_SUM, .what = "field 2"},
        {.op = COLUMN_MEAN, .what = "field 2"},
        {.op = COLUMN_COUNT},
    };
    static const struct row rows[] = {
        {"a", {"0", ""}},
        {"b", {"36028797018963967", ""}},
        {"c", {"36028797018963968", ""}},
        {"d", {"288230376151711743", ""}},
        {"e", {"288230376151711744", ""}},
        {"f", {"0.1234567", ""}},
        {"g", {"1.50", ""}},
        {"g", {"2.50", ""}},
        {"h", {"0.00", ""}},
        {"i", {"123456789.25", ""}},
        {"j", {"0.000000000000000001", ""}},
        {"k", {"-0.5", ""}},
        {"g", {"0.1", ""}},
    };
#define BIG "36028797018963967"
    static const char by_key[] = "a=0,0,1;b=" BIG "," BIG ",1;"
                                 "c=36028797018963968,36028797018963968,1;"
                                 "d=288230376151711743,288230376151711743,1;"
                                 "e=288230376151711744,288230376151711744,1;"
                                 "f=0.1234567,0.123457,1;g=4.1,1.366667,3;h=0,0,1;"
                                 "i=123456789.25,123456789.25,1;j=0.000000000000000001,0,1;"
                                 "k=-0.5,-0.5,1;";
    static const char by_sum[] = "e=288230376151711744,288230376151711744,1;"
                                 "d=288230376151711743,288230376151711743,1;"
                                 "c=36028797018963968,36028797018963968,1;"
                                 "b=" BIG "," BIG ",1;i=123456789.25,123456789.25,1;"
                                 "g=4.1,1.366667,3;f=0.1234567,0.123457,1;"
                                 "j=0.000000000000000001,0,1;a=0,0,1;h=0,0,1;k=-0.5,-0.5,1;";
    static const char by_count[] = "g=3,4.1,1.366667,3;a=1,0,0,1;b=1," BIG "," BIG ",1;"
                                   "c=1,36028797018963968,36028797018963968,1;"
                                   "d=1,288230376151711743,288230376151711743,1;"
                                   "e=1,288230376151711744,288230376151711744,1;"
                                   "f=1,0.1234567,0.123457,1;h=1,0,0,1;"
                                   "i=1,123456789.25,123456789.25,1;"
                                   "j=1,0.000000000000000001,0,1;k=1,-0.5,-0.5,1;";
    static const char by_mean[] = "e=288230376151711744,1;d=288230376151711743,1;"
                                  "c=36028797018963968,1;b=" BIG ",1;i=123456789.25,1;"
                                  "g=1.366667,3;f=0.123457,1;a=0,1;h=0,1;j=0,1;k=-0.5,1;";
#undef BIG
    struct columns_options options = {.field_count = 1, .order = COLUMNS_BY_KEY};

    check_job(&options, list + 1, 3, rows, COUNT(rows), by_key);
    options.order = COLUMNS_BY_FIRST;
    check_job(&options, list + 1, 3, rows, COUNT(rows), by_sum);
    check_job(&options, list, 4, rows, COUNT(rows), by_count);
    check_job(&options, list + 2, 2, rows, COUNT(rows), by_mean);
    options.min_count = 2;
    check_job(&options, list + 1, 1, rows, COUNT(rows), "g=4.1;");
    options.order = COLUMNS_BY_KEY;
    check_job(&options, list + 1, 1, rows, COUNT(rows), "g=4.1;");
    options.min_count = 0;
    check_job(&options, list + 1, 1, rows + 6, 2, "g=4;");
}
END_TEST

static void check_failure(enum column_op op, const struct row *rows, size_t count,
                          const char *wanted)
{
    const struct column column = {.op = op, .what = "field 10"};

    for (size_t fields = 1; fields <= 2; fields++) {
        struct columns_options options = {.field_count = fields};
        struct job job = {opened(&options, &column, 1), rows, true};
        struct mr_error error = {0};
        struct mr_table *table;
        ck_assert_int_ne(run(&job, count, &table, &error), MR_OK);
        ck_assert_str_eq(error.text, wanted);
        columns_close(job.columns);
    }
}

START_TEST(a_sum_or_mean_with_too_many_digits_fails_the_job)
{
    static const struct row rows[] = {
        {"a\n", {NINES_38, "0"}},
        {"a\n", {"1", "0"}},
    };

    check_failure(COLUMN_SUM, rows, 2,
                  "the sum of field 10 for key 'a\\012' has more than 38 digits");
    check_failure(COLUMN_MEAN, (const struct row[]){{"k", {NINES_38, "0"}}, {"k", {"0", "0"}}}, 2,
                  "the mean of field 10 for key 'k' has more than 38 digits");
}
END_TEST

START_TEST(many_rows_and_keys_are_as_added_one_by_one)
{
    enum { KEYS = 300, ROWS = SANITIZED ? 20000 : 200000 };
    static const struct column list[] = {
        {.op = COLUMN_SUM, .what = "field 2"},
        {.op = COLUMN_COUNT},
        {.op = COLUMN_MIN, .what = "field 2"},
        {.op = COLUMN_MAX, .field = 1, .what = "field 3"},
    };
    static char keys[KEYS][8], numbers[512][24];
    static int64_t thousandths[512];
    static struct {
        int64_t sum, least, greatest;
        uint64_t count;
    } want[KEYS];
    struct row *rows = malloc(ROWS * sizeof *rows);
    struct columns_options options = {.field_count = 2, .order = COLUMNS_BY_FIRST};

    ck_assert_ptr_nonnull(rows);
    for (int i = 0; i < KEYS; i++) {
        sprintf(keys[i], "%d", i);
        want[i].least = INT64_MAX;
        want[i].greatest = INT64_MIN;
    }
    for (int i = 0; i < 512; i++) {
        unsigned whole = below(100000), part = below(1000);
        sprintf(numbers[i], "%s%u.%03u", i % 2 ? "-" : "", whole, part);
        thousandths[i] = (int64_t)whole * 1000 + part;
        if (i % 2)
            thousandths[i] = -thousandths[i];
    }
    for (size_t i = 0; i < ROWS; i++) {
        unsigned key = below(KEYS), a = below(512), b = below(512);
        rows[i] = (struct row){keys[key], {numbers[a], numbers[b]}};
        want[key].sum += thousandths[a];
        want[key].count++;
        if (thousandths[a] < want[key].least)
            want[key].least = thousandths[a];
        if (thousandths[b] > want[key].greatest)
            want[key].greatest = thousandths[b];
    }

    struct job job = {opened(&options, list, COUNT(list)), rows, true};
    struct mr_error error = {0};
    struct mr_table *table;
    int64_t before = INT64_MAX;
    ck_assert_msg(run(&job, ROWS, &table, &error) == MR_OK, "%s", error.text);
    ck_assert_uint_eq(mr_table_count(table), KEYS);
    for (size_t i = 0; i < KEYS; i++) {
        const struct mr_record *record = mr_table_record(table, i);
        unsigned char texts[256];
        struct mr_bytes key;
        size_t size = columns_record(job.columns, record, &key, texts);
        char name[8];
        texts[size] = '\0';
        memcpy(name, key.data, key.size);
        name[key.size] = '\0';
        int k = atoi(name);
        struct decimal decimals[4];
        unsigned char *text = texts;
        for (int column = 0; column < 4; column++) {
            size_t length = strcspn((char *)text, "\t");
            ck_assert_int_eq(decimal_parse(text, length, &decimals[column]), DECIMAL_OK);
            text += length + 1;
            while (column != 1 && decimals[column].scale < 3) {
                decimals[column].digits *= 10;
                decimals[column].scale++;
            }
        }
        ck_assert(decimals[0].digits == want[k].sum);
        ck_assert(decimals[1].digits == (__int128)want[k].count);
        ck_assert(decimals[2].digits == want[k].least);
        ck_assert(decimals[3].digits == want[k].greatest);
        ck_assert(want[k].sum <= before);
        before = want[k].sum;
    }
    mr_table_release(table);
    columns_close(job.columns);
    free(rows);
}
END_TEST

Suite *test_columns_suite(void)
{
    Suite *suite = suite_create("columns");
    TCase *tests = tcase_create("columns");

    tcase_add_test(tests, only_what_is_wanted_is_kept);
    tcase_add_test(tests, quantiles_and_distinct_values_need_more_than_a_value);
    tcase_add_test(tests, the_first_row_that_is_wrong_is_told);
    tcase_add_test(tests, columns_come_in_the_order_given);
    tcase_add_test(tests, the_first_column_orders_equal_ones_by_key);
    tcase_add_test(tests, long_keys_and_many_columns_are_put_whole);
    tcase_add_test(tests, a_sum_or_mean_with_too_many_digits_fails_the_job);
    tcase_add_test(tests, columns_of_one_sum_and_its_count_come_in_any_order);
    tcase_add_test(tests, a_count_and_a_sum_are_as_columns_of_more);
    tcase_add_test(tests, many_rows_and_keys_are_as_added_one_by_one);
    suite_add_tcase(suite, tests);
    return suite;
}
