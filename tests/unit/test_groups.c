/* SPDX-License-Identifier: MIT
 *
 * test_groups - quantiles and numbers of different values, by jobs of made-up rows, beside what
 * sorting all rows makes of them.
 */
#include "values/groups.h"

#include "unit/cases.h"
#include "unit/random.h"
#include "unit/sanitized.h"
#include "values/distinct.h"
#include "values/selection.h"
#include "values/short_word.h"

#include <check.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MIB ((uint64_t)1 << 20)
#define KEY_ROOM 32
#define TEXT_ROOM 48
#define MAPPED 300u /* rows a split */

/* ---- Rows ---------------------------------------------------------------------------------- */

enum numbers {
    NUMBERS_SMALL,  /* some whole ones */
    NUMBERS_MONEY,  /* two decimals, of which zeros are left out now and then */
    NUMBERS_EQUAL,  /* 7, with decimals or without */
    NUMBERS_LONG,   /* up to 38 digits, many with the same beginning */
    NUMBERS_SIGNED, /* around 0 */
};

struct rows {
    size_t count, keys;
    unsigned skew; /* percent that are the first key's */
    enum numbers numbers;
    size_t texts;     /* different ones of the second field */
    bool marked;      /* some of them begin as packs do */
    size_t key_bytes; /* the least size of keys */
};

/* Which fields rows have. */
enum fields { FIELDS_BOTH, FIELDS_NUMBER, FIELDS_TEXT };

static uint64_t mixed(uint64_t number)
{
    number = (number + 1) * UINT64_C(0x9e3779b97f4a7c15);
    number = (number ^ number >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    return number ^ number >> 27;
}

static size_t key_of(const struct rows *rows, size_t row)
{
    return mixed(row) % 100 < rows->skew ? 0 : (size_t)(mixed(row) / 100 % rows->keys);
}

/* Writes the number of a row as text. */
static void write_number(const struct rows *rows, size_t row, char text[TEXT_ROOM])
{
    static const char *const sevens[] = {"7.000", "7.0", "7.00", "+7.0", "70.00e-1"};
    const unsigned drawn = (unsigned)(mixed(row * 7 + 3) >> 20);

    switch (rows->numbers) {
    case NUMBERS_SMALL:
        sprintf(text, "%u", drawn % 100000);
        break;
    case NUMBERS_MONEY:
        if (drawn % 3 == 0)
            sprintf(text, "%u.%u", drawn / 3 % 500, drawn / 1500 % 10);
        else
            sprintf(text, "%u.%02u", drawn / 3 % 500, drawn / 1500 % 100);
        break;
    case NUMBERS_EQUAL:
        strcpy(text, sevens[drawn % 5]);
        break;
    case NUMBERS_LONG:
        sprintf(text, "%s12345678901234567890%05u%s%u", drawn % 4 == 0 ? "-" : "", drawn / 4 % 97,
                drawn % 3 == 0 ? ".5" : "", drawn % 3 == 0 ? drawn / 400 % 10000 : drawn % 7);
        break;
    case NUMBERS_SIGNED:
        sprintf(text, "%d%s", (int)(drawn % 401) - 200, drawn % 4 == 0 ? ".250" : "");
        break;
    }
}

/* Writes the key of that number; returns its size. */
static size_t write_key(const struct rows *rows, size_t key, char text[KEY_ROOM])
{
    return (size_t)sprintf(text, "key%0*zu", (int)rows->key_bytes, key);
}

/* Texts of some bytes, or of many. */
static void write_text(const struct rows *rows, size_t row, char text[TEXT_ROOM])
{
    const size_t number = (size_t)(mixed(row * 5 + 1) >> 10) % rows->texts;

    if (number == 0)
        text[0] = '\0';
    else
        sprintf(text, "%s%zx%.*s", rows->marked && number % 3 == 0 ? "\377" : "", number,
                (int)(number % 30), "-a-text-that-is-rather-long-by-");
}

/* ---- A job --------------------------------------------------------------------------------- */

struct run {
    struct rows rows;
    enum fields fields;
    const struct column *columns;
    size_t column_count;
    uint64_t min_count, max_count; /* 0: no limit */
    enum columns_order order;
    unsigned threads;
    uint64_t memory;
    bool cancels; /* from the map, half way */
    bool fails;   /* the map does, there */
    size_t next;
    struct columns *made;
    struct groups *groups;
    struct mr_job *_Atomic job;
    char **lines; /* results as they come: KEY TAB texts */
    size_t line_count;
    struct mr_stats stats;
};

static int next_split(void *context, struct mr_split *split, struct mr_error *error)
{
    static const unsigned char nothing[1 + MR_PAD];
    struct run *run = context;
    (void)error;
    split->end = run->next >= run->rows.count;
    if (split->end)
        return 0;
    *split = (struct mr_split){.data = nothing, .size = 1, .length = 1, .offset = run->next};
    run->next += MAPPED;
    return 0;
}

static int map_rows(void *context, void *state, const struct mr_split *split,
                    struct mr_emitter *emitter, struct mr_error *error)
{
    struct run *run = context;
    const size_t begin = (size_t)split->offset;
    const size_t left = run->rows.count - begin, count = left < MAPPED ? left : MAPPED;
    static _Thread_local char texts[2 * MAPPED][TEXT_ROOM + MR_PAD];
    static _Thread_local char keys[MAPPED * KEY_ROOM + MR_PAD];
    struct mr_bytes fields[2 * MAPPED];
    struct mr_span spans[MAPPED];
    char reason[COLUMNS_REASON_ROOM];

    if (run->fails && begin > run->rows.count / 2)
        return mr_fail(error, 0, "the map has had enough");
    if (run->cancels && begin > run->rows.count / 2)
        mr_job_cancel(run->job);
    for (size_t i = 0; i < count; i++) {
        write_number(&run->rows, begin + i, texts[2 * i]);
        write_text(&run->rows, begin + i, texts[2 * i + 1]);
        for (size_t j = 0; j < 2; j++) {
            const char *text = texts[2 * i + j];
            const size_t at = run->fields == FIELDS_BOTH ? 2 * i + j : i;
            if (run->fields != (j == 0 ? FIELDS_TEXT : FIELDS_NUMBER))
                fields[at] = (struct mr_bytes){(const unsigned char *)text, strlen(text)};
        }
        spans[i].begin = (uint32_t)(i * KEY_ROOM);
        spans[i].end =
            spans[i].begin +
            (uint32_t)write_key(&run->rows, key_of(&run->rows, begin + i), keys + i * KEY_ROOM);
    }
    void *values = aligned_alloc(64, (count * groups_row_size(run->groups) + 63) / 64 * 64);
    ck_assert_ptr_nonnull(values);
    ck_assert_uint_eq(groups_parse(run->groups, fields, count, values, reason), count);
    const struct groups_batch batch = {(unsigned char *)keys, sizeof keys, spans, count, values};
    const int result = groups_emit(run->groups, state, emitter, &batch, error);
    free(values);
    return result;
}

static int mapper_open(void *context, void **state, struct mr_error *error)
{
    return groups_mapper_open(((struct run *)context)->groups, state, error);
}

static int mapper_end(void *context, void *state, struct mr_emitter *emitter,
                      struct mr_error *error)
{
    return groups_mapper_end(((struct run *)context)->groups, state, emitter, error);
}

static void mapper_close(void *context, void *state)
{
    groups_mapper_close(((struct run *)context)->groups, state);
}

static int reducer_open(void *context, void **state, struct mr_error *error)
{
    return groups_reducer_open(((struct run *)context)->groups, state, error);
}

static int reduce(void *context, void *state, const void *key, size_t key_size,
                  struct mr_values *values, struct mr_results *results, struct mr_error *error)
{
    return groups_reduce(((struct run *)context)->groups, state, key, key_size, values, results,
                         error);
}

static void reducer_close(void *context, void *state)
{
    groups_reducer_close(((struct run *)context)->groups, state);
}

static int collect(void *context, const struct mr_record *records, size_t count,
                   struct mr_error *error)
{
    struct run *run = context;
    (void)error;
    for (size_t i = 0; i < count; i++) {
        unsigned char texts[1000];
        struct mr_bytes key;
        const size_t size = columns_record(run->made, &records[i], &key, texts);
        char *line = malloc(key.size + size + 2);
        ck_assert_ptr_nonnull(line);
        sprintf(line, "%.*s\t%.*s", (int)key.size, (const char *)key.data, (int)size,
                (const char *)texts);
        ck_assert_uint_lt(run->line_count, run->rows.keys);
        run->lines[run->line_count++] = line;
    }
    return 0;
}

static enum mr_status run_job(struct run *run, struct mr_error *error)
{
    const struct columns_options options = {
        .columns = run->columns,
        .count = run->column_count,
        .field_count = run->fields == FIELDS_BOTH ? 2 : 1,
        .min_count = run->min_count,
        .order = run->order,
        .max_count = run->max_count,
    };
    const struct mr_reader reader = {
        .struct_size = sizeof reader, .context = run, .size = MR_UNKNOWN, .next = next_split};
    const struct mr_engine_options engine_options = {
        .struct_size = sizeof engine_options, .threads = run->threads, .memory = run->memory};
    struct mr_engine *engine;
    struct mr_job *job;

    ck_assert_int_eq(columns_open(&options, &run->made, error), 0);
    ck_assert(columns_need_pairs(run->made));
    ck_assert_int_eq(groups_open(&options, run->made, &run->groups, error), 0);
    ck_assert_int_eq(mr_engine_open(&engine_options, &engine, error), MR_OK);
    run->lines = calloc(run->rows.keys + 1, sizeof *run->lines);
    ck_assert_ptr_nonnull(run->lines);
    run->stats.struct_size = sizeof run->stats;
    const struct mr_job_spec spec = {.struct_size = sizeof spec,
                                     .context = run,
                                     .input = mr_input_new(&reader),
                                     .mapper_open = mapper_open,
                                     .map = map_rows,
                                     .mapper_end = mapper_end,
                                     .mapper_close = mapper_close,
                                     .values = MR_GROUP,
                                     .reducer_open = reducer_open,
                                     .reduce = reduce,
                                     .reducer_close = reducer_close,
                                     .order = columns_mr_order(run->made),
                                     .collect = collect};
    ck_assert_int_eq(mr_submit(engine, &spec, &job, error), MR_OK);
    run->job = job;
    const enum mr_status status = mr_job_wait(job, -1, &run->stats, error);
    mr_job_release(job);
    mr_engine_close(engine);
    return status;
}

static void close_run(struct run *run)
{
    for (size_t i = 0; i < run->line_count; i++)
        free(run->lines[i]);
    free(run->lines);
    groups_close(run->groups);
    columns_close(run->made);
}

/* ---- What must come of it ------------------------------------------------------------------ */

struct row {
    size_t key;
    struct decimal number;
    char text[TEXT_ROOM];
};

static int by_number(const void *a, const void *b)
{
    const struct row *one = a, *other = b;
    const int result = decimal_compare(&one->number, &other->number);
    if (one->key != other->key)
        return one->key < other->key ? -1 : 1;
    if (result != 0)
        return result;
    return (one->number.scale > other->number.scale) - (one->number.scale < other->number.scale);
}

static int by_text(const void *a, const void *b)
{
    return strcmp(((const struct row *)a)->text, ((const struct row *)b)->text);
}

/* Writes a column of a key, whose rows are sorted by their numbers and then no more. */
static size_t expect_column(const struct column *column, struct row *rows, size_t count, char *to)
{
    struct decimal number = {0, 0};
    size_t place, different = 1;

    switch (column->op) {
    case COLUMN_COUNT:
        return (size_t)sprintf(to, "%zu", count);
    case COLUMN_MAX: /* the first of those that are equal */
        for (place = count - 1;
             place > 0 && decimal_compare(&rows[place - 1].number, &rows[count - 1].number) == 0;
             place--)
            ;
        return decimal_print(&rows[place].number, (unsigned char *)to);
    case COLUMN_SUM: /* of numbers that have few digits */
        for (size_t i = 0; i < count; i++)
            number.digits +=
                rows[i].number.digits * (int64_t)decimal_powers[4 - rows[i].number.scale];
        number.scale = 4;
        decimal_strip(&number);
        return decimal_print(&number, (unsigned char *)to);
    case COLUMN_DISTINCT:
        qsort(rows, count, sizeof *rows, by_text);
        for (size_t i = 1; i < count; i++)
            different += strcmp(rows[i - 1].text, rows[i].text) != 0;
        qsort(rows, count, sizeof *rows, by_number);
        return (size_t)sprintf(to, "%zu", different);
    default:
        /* P is a whole number of hundredths. */
        ck_assert_int_eq(column->op, COLUMN_QUANTILE);
        place = ((size_t)column->place.digits * (size_t)decimal_powers[2 - column->place.scale] *
                     count +
                 99) /
                100;
        place = place > 0 ? place - 1 : 0;
        while (place > 0 && decimal_compare(&rows[place - 1].number, &rows[place].number) == 0)
            place--;
        return decimal_print(&rows[place].number, (unsigned char *)to);
    }
}

static int by_line(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

/* Compares the results, in whatever order they came, with those of sorting. */
static void compare(struct run *run)
{
    const size_t count = run->rows.count;
    struct row *rows = calloc(count, sizeof *rows);
    size_t line = 0, lines = 0;
    char **wanted = calloc(run->rows.keys + 1, sizeof *wanted);

    ck_assert(rows != NULL && wanted != NULL);
    for (size_t i = 0; i < count; i++) {
        char text[TEXT_ROOM];
        write_number(&run->rows, i, text);
        rows[i].key = key_of(&run->rows, i);
        ck_assert_int_eq(decimal_parse((unsigned char *)text, strlen(text), &rows[i].number),
                         DECIMAL_OK);
        write_text(&run->rows, i, rows[i].text);
    }
    qsort(rows, count, sizeof *rows, by_number);
    for (size_t begin = 0, end; begin < count; begin = end) {
        char text[1000];
        size_t size = write_key(&run->rows, rows[begin].key, text);
        for (end = begin; end < count && rows[end].key == rows[begin].key; end++)
            ;
        if (end - begin < run->min_count || (run->max_count > 0 && end - begin > run->max_count))
            continue;
        for (size_t i = 0; i < run->column_count; i++) {
            text[size++] = '\t';
            size += expect_column(&run->columns[i], rows + begin, end - begin, text + size);
        }
        text[size] = '\0';
        wanted[lines++] = strdup(text);
    }
    ck_assert_uint_eq(run->line_count, lines);
    qsort(wanted, lines, sizeof *wanted, by_line);
    qsort(run->lines, lines, sizeof *wanted, by_line);
    for (; line < lines; line++) {
        ck_assert_str_eq(run->lines[line], wanted[line]);
        free(wanted[line]);
    }
    free(wanted);
    free(rows);
}

static void check_run(struct run *run)
{
    struct mr_error error = {.status = MR_OK};
    const enum mr_status status = run_job(run, &error);

    ck_assert_msg(status == MR_OK, "%s", error.text);
    compare(run);
    close_run(run);
}

/* ---- Tests --------------------------------------------------------------------------------- */

#define QUANTILE(percent)                                                                          \
    {                                                                                              \
        .op = COLUMN_QUANTILE, .field = 0, .place = {percent, 2}, .what = "field 1"                \
    }

static const struct column median[] = {QUANTILE(50)};
static const struct column places[] = {QUANTILE(99), QUANTILE(0), QUANTILE(50), QUANTILE(90),
                                       QUANTILE(100)};
static const struct column distinct_columns[] = {
    {.op = COLUMN_DISTINCT, .field = 1, .what = "field 2"}};
static const struct column both[] = {
    {.op = COLUMN_DISTINCT, .field = 1, .what = "field 2"}, QUANTILE(10), {.op = COLUMN_COUNT}};
static const struct column all[] = {
    {.op = COLUMN_COUNT},
    QUANTILE(25),
    {.op = COLUMN_MAX, .field = 0, .what = "field 1"},
    {.op = COLUMN_DISTINCT, .field = 1, .what = "field 2"},
    {.op = COLUMN_SUM, .field = 0, .what = "field 1"},
    QUANTILE(75),
};

static const struct wanted {
    const struct column *columns;
    size_t count;
    bool adds; /* numbers must be short */
} wanted[] = {{median, 1, false},
              {places, 5, false},
              {distinct_columns, 1, false},
              {both, 3, false},
              {all, 6, true}};
#define WANTED (sizeof wanted / sizeof *wanted)

static const struct rows kinds[] = {
    {.count = 1, .keys = 1, .numbers = NUMBERS_SMALL, .texts = 1},
    {.count = 20000, .keys = 4000, .numbers = NUMBERS_SMALL, .texts = 50},
    {.count = 30000, .keys = 3, .numbers = NUMBERS_SMALL, .texts = 20000},
    {.count = 20000, .keys = 300, .skew = 60, .numbers = NUMBERS_MONEY, .texts = 9},
    {.count = 9000, .keys = 2, .numbers = NUMBERS_EQUAL, .texts = 1000},
    {.count = 20000, .keys = 5, .numbers = NUMBERS_LONG, .texts = 3000},
    {.count = 10000, .keys = 1, .numbers = NUMBERS_SIGNED, .texts = 1},
};
#define KINDS (sizeof kinds / sizeof *kinds)

START_TEST(results_are_those_of_sorting)
{
    for (size_t i = 0; i < WANTED; i++) {
        if (wanted[i].adds && kinds[_i].numbers == NUMBERS_LONG)
            continue;
        struct run run = {.rows = kinds[_i],
                          .columns = wanted[i].columns,
                          .column_count = wanted[i].count,
                          .min_count = i % 2 == 0 ? 0 : 3,
                          .max_count = i % 5 == 0 ? 30 : 0,
                          .order = i % 3 == 0 ? COLUMNS_BY_FIRST : COLUMNS_BY_KEY,
                          .threads = (unsigned)(1 + i % 3),
                          .memory = i % 2 == 0 ? 256 * MIB : 1};
        check_run(&run);
    }
}
END_TEST

/* Of few keys, of as many as a mapper keeps, and of more, whose values are packed or are not. */
START_TEST(values_of_a_key_are_packed)
{
    static const struct column texts[] = {{.op = COLUMN_DISTINCT, .field = 0, .what = "field 1"}};
    static const size_t keys[] = {1, 40, 800, 6000}, key_bytes[] = {0, 11, 14};
    for (size_t i = 0; i < sizeof keys / sizeof *keys; i++) {
        for (unsigned way = 0; way < 6; way++) {
            struct run run = {.rows = {.count = SANITIZED ? 10000 : 40000,
                                       .keys = keys[i],
                                       .skew = way % 2 == 0 ? 0 : 50,
                                       .numbers = (enum numbers)((way + i) % 5),
                                       .texts = way < 3 ? 40 : 30000,
                                       .marked = true,
                                       .key_bytes = key_bytes[(way + i) % 3]},
                              .fields = (enum fields)(way % 3),
                              .columns = way % 3 == 0   ? both
                                         : way % 3 == 1 ? places
                                                        : texts,
                              .column_count = way % 3 == 0   ? 3
                                              : way % 3 == 1 ? 5
                                                             : 1,
                              .min_count = way == 4 ? 5 : 0,
                              .max_count = way == 2 ? 60 : 0,
                              .order = COLUMNS_BY_KEY,
                              .threads = 1 + way % 3,
                              .memory = way < 4 ? 256 * MIB : 1};
            check_run(&run);
        }
    }
}
END_TEST

/* One key has many times what a worker may take, so that its values are read pass by pass. */
START_TEST(values_past_memory_are_read_again)
{
    const struct rows rows = {.count = SANITIZED ? 100000 : 300000,
                              .keys = 20,
                              .skew = 95,
                              .numbers = _i % 2 == 0 ? NUMBERS_MONEY : NUMBERS_LONG,
                              .texts = 60000};
    struct run run = {.rows = rows,
                      .columns = _i < 2 ? places : both,
                      .column_count = _i < 2 ? 5 : 3,
                      .threads = 2,
                      .memory = 16 * MIB};
    check_run(&run);
}
END_TEST

/* Makes `different` texts of a size, and twice as many that are equal to some of them. */
static unsigned char *make_texts(size_t different, size_t size)
{
    const size_t count = 3 * different;
    unsigned char *texts = calloc(count + 1, size + 1);
    ck_assert_ptr_nonnull(texts);
    for (size_t i = 0; i < count; i++) {
        const uint32_t number = (uint32_t)(i < different ? i : mixed(i) % different);
        memcpy(texts + i * size, &number, size < sizeof number ? size : sizeof number);
    }
    return texts;
}

/* Counts the different ones of texts, `together` at a time, each in a buffer that is overwritten
 * where the counting makes copies. */
static uint64_t count_different(struct distinct *distinct, size_t different, size_t size,
                                size_t together, bool copies)
{
    const size_t count = 3 * different;
    unsigned char *texts = make_texts(different, size);
    unsigned char *some = malloc(together * size + 1);
    struct mr_bytes *list = calloc(together, sizeof *list);
    ck_assert(some != NULL && list != NULL);
    distinct_begin(distinct, copies);
    do {
        for (size_t i = 0; i < count; i += together) {
            const size_t number = count - i < together ? count - i : together;
            unsigned char *from = texts + i * size;
            if (copies)
                from = memcpy(some, from, number * size);
            for (size_t j = 0; j < number; j++)
                list[j] = (struct mr_bytes){from + j * size, size};
            ck_assert_int_eq(distinct_add(distinct, list, number), 0);
            ck_assert_uint_le(distinct->held, distinct->most);
            ck_assert_uint_le(distinct->words_held, distinct->most * DISTINCT_SHORT_FOR_EACH);
        }
    } while (distinct_wants_more(distinct));
    free(texts);
    free(some);
    free(list);
    return distinct_count(distinct);
}

START_TEST(different_texts_are_counted_part_by_part)
{
    static const size_t most[] = {16, 100, 3000, DISTINCT_HELD};
    static const struct {
        size_t different, size;
    } cases[] = {{1, 0},    {200, 1},   {1, 4},     {15, 5},    {9000, 7},  {64, 7},     {1000, 8},
                 {5000, 8}, {5000, 13}, {3000, 16}, {1000, 17}, {2000, 40}, {9, 1 << 20}};
    struct hash_seed seed;

    hash_seed_fixed(&seed, 24);
    for (size_t i = 0; i < sizeof most / sizeof *most; i++) {
        struct distinct distinct;
        ck_assert_int_eq(distinct_open(&distinct, &seed, most[i]), 0);
        for (size_t j = 0; j < sizeof cases / sizeof *cases; j++)
            for (int way = 0; way < 4; way++)
                ck_assert_uint_eq(count_different(&distinct, cases[j].different, cases[j].size,
                                                  way < 2 ? 1 : 150, way % 2 != 0),
                                  cases[j].different);
        distinct_close(&distinct);
    }
}
END_TEST

/* Zeros at the end of a text make it another, whether it is short or not. */
START_TEST(texts_of_zeros_are_told_apart)
{
    static const unsigned char zeros[40];
    struct mr_bytes texts[sizeof zeros + 1];
    struct hash_seed seed;
    struct distinct distinct;

    for (size_t i = 0; i <= sizeof zeros; i++)
        texts[i] = (struct mr_bytes){zeros, i};
    hash_seed_fixed(&seed, 24);
    ck_assert_int_eq(distinct_open(&distinct, &seed, DISTINCT_HELD), 0);
    distinct_begin(&distinct, true);
    for (int i = 0; i < 2; i++)
        ck_assert_int_eq(distinct_add(&distinct, texts, sizeof zeros + 1), 0);
    ck_assert(!distinct_wants_more(&distinct));
    ck_assert_uint_eq(distinct_count(&distinct), sizeof zeros + 1);
    distinct_close(&distinct);
}
END_TEST

#define SOUGHT 5

/* How a sample is falsified: words below `low` become `least`, and words above `high` `most`. */
struct falsified {
    uint64_t low, least, high, most;
};

/* Selects places among the numbers of rows, by the guess of a sample. Returns how many passes it
 * took. */
static unsigned select_places(const struct rows *rows, const struct mr_bytes *codes,
                              const uint64_t sought[SOUGHT], const struct falsified *falsified,
                              struct decimal found[SOUGHT])
{
    static uint64_t sample[SELECTION_SAMPLE], words[SELECTION_SAMPLE];
    struct selection selection;
    unsigned passes = 0;

    for (size_t i = 0; i < SELECTION_SAMPLE; i++) {
        const struct mr_bytes *code = &codes[i * rows->count / SELECTION_SAMPLE];
        const uint64_t word = short_word_load(code->data, code->size < 7 ? code->size : 7);
        sample[i] = word < falsified->low    ? falsified->least
                    : word > falsified->high ? falsified->most
                                             : word;
    }
    ck_assert_int_eq(selection_open(&selection, SOUGHT), 0);
    selection_begin(&selection, rows->count, sought);
    selection_guess(&selection, sample);
    do {
        size_t shorts = 0;
        for (size_t i = 0; i < rows->count; i++) {
            if (codes[i].size <= SHORT_WORD_MOST)
                words[shorts++] = short_word_load(codes[i].data, codes[i].size);
            else
                ck_assert_int_eq(selection_add(&selection, &codes[i], 1), 0);
            if (shorts == SELECTION_SAMPLE || i + 1 == rows->count) {
                ck_assert_int_eq(selection_add_words(&selection, words, shorts), 0);
                shorts = 0;
            }
        }
        passes++;
    } while (selection_wants_more(&selection));
    for (size_t i = 0; i < SOUGHT; i++)
        selection_number(&selection, i, &found[i]);
    selection_close(&selection);
    return passes;
}

/* Orders codes, behind which there are zeros; of equal numbers that with the fewest decimals. */
static int by_code(const void *a, const void *b)
{
    const struct mr_bytes *one = a, *other = b;
    return memcmp(one->data, other->data, DECIMAL_CODE_ROOM);
}

START_TEST(places_are_found_however_good_the_guess_is)
{
    const struct rows rows = {.count = SELECTION_SAMPLED + 777, .numbers = (enum numbers)_i};
    const uint64_t sought[SOUGHT] = {0, 1000, rows.count / 2, rows.count - 1000, rows.count - 1};
    unsigned char(*bytes)[DECIMAL_CODE_ROOM] = calloc(rows.count, sizeof *bytes);
    struct mr_bytes *codes = calloc(rows.count, sizeof *codes);
    struct mr_bytes *sorted = calloc(rows.count, sizeof *sorted);
    ck_assert(bytes != NULL && codes != NULL && sorted != NULL);
    for (size_t i = 0; i < rows.count; i++) {
        char text[TEXT_ROOM];
        struct decimal number;
        write_number(&rows, i, text);
        ck_assert_int_eq(decimal_parse((unsigned char *)text, strlen(text), &number), DECIMAL_OK);
        codes[i] = (struct mr_bytes){bytes[i], decimal_code(&number, bytes[i])};
    }
    memcpy(sorted, codes, rows.count * sizeof *sorted);
    qsort(sorted, rows.count, sizeof *sorted, by_code);
    const uint64_t low = decimal_code_load(sorted[1100].data);
    const uint64_t high = decimal_code_load(sorted[rows.count - 1100].data);
    const struct falsified samples[] = {
        {0, 0, UINT64_MAX, UINT64_MAX}, /* a true one */
        {UINT64_MAX, 0, UINT64_MAX, 0}, /* all too low */
        {0, 0, 0, UINT64_MAX},          /* all too high */
        {low, low, low, UINT64_MAX},    /* one place is below all that it may be, */
        {high, 0, high, high},          /* and one above */
    };
    for (size_t i = 0; i < sizeof samples / sizeof *samples; i++) {
        struct decimal found[SOUGHT], right, before;
        const unsigned passes = select_places(&rows, codes, sought, &samples[i], found);
        if (i == 0 && rows.numbers == NUMBERS_SMALL)
            ck_assert_uint_eq(passes, 2);
        for (size_t j = 0; j < SOUGHT; j++) {
            size_t place = (size_t)sought[j];
            decimal_decode(sorted[place].data, &right);
            for (; place > 0; place--, right = before) {
                decimal_decode(sorted[place - 1].data, &before);
                if (decimal_compare(&before, &right) != 0)
                    break;
            }
            ck_assert(decimal_compare(&found[j], &right) == 0 && found[j].scale == right.scale);
        }
    }
    free(sorted);
    free(codes);
    free(bytes);
}
END_TEST

START_TEST(a_job_that_fails_or_is_cancelled_leaves_nothing)
{
    for (unsigned i = 0; i < 2; i++) {
        struct mr_error error = {.status = MR_OK};
        struct run run = {.rows = kinds[2],
                          .columns = both,
                          .column_count = 3,
                          .threads = 2,
                          .fails = i == 0,
                          .cancels = i == 1,
                          .memory = 16 * MIB};
        ck_assert_int_eq(run_job(&run, &error), i == 0 ? MR_MAP : MR_CANCELLED);
        ck_assert_uint_eq(run.line_count, 0);
        close_run(&run);
    }
}
END_TEST

Suite *test_groups_suite(void);

Suite *test_groups_suite(void)
{
    Suite *suite = suite_create("groups");
    TCase *tests = tcase_create("groups");
    tcase_set_timeout(tests, SANITIZED ? 600 : 120);
    tcase_add_loop_test(tests, results_are_those_of_sorting, 0, KINDS);
    tcase_add_test(tests, values_of_a_key_are_packed);
    tcase_add_loop_test(tests, values_past_memory_are_read_again, 0, SANITIZED ? 1 : 4);
    tcase_add_test(tests, different_texts_are_counted_part_by_part);
    tcase_add_test(tests, texts_of_zeros_are_told_apart);
    tcase_add_loop_test(tests, places_are_found_however_good_the_guess_is, 0, NUMBERS_SIGNED + 1);
    tcase_add_test(tests, a_job_that_fails_or_is_cancelled_leaves_nothing);
    suite_add_tcase(suite, tests);
    return suite;
}
