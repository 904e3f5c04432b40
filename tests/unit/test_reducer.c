/* SPDX-License-Identifier: MIT
 *
 * test_reducer - what CMDs print of sorted records is what one CMD prints of all of them.
 */
#include <check.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "command/commands.h"
#include "command/reducer.h"
#include "unit/random.h"
#include "unit/sanitized.h"

Suite *test_reducer_suite(void);

/* A record, and how often it comes. */
struct line {
    unsigned char *bytes;
    size_t size;
    uint64_t count;
};

struct text {
    unsigned char *bytes;
    size_t size, room;
};

/* A job through a reducer. */
struct run {
    const char *command;
    struct line *lines;
    size_t count;
    unsigned threads;
    uint64_t memory;
    unsigned char end; /* 0: a newline; '0': NUL */
    uint64_t total;    /* 0: what is true */
    /* What came of it. */
    struct text out;
    enum mr_status status;
    struct mr_error error;
    uint64_t done, processes;
};

static unsigned char end_of(const struct run *run)
{
    return run->end == '0' ? '\0' : '\n';
}

static void add(struct text *text, const void *bytes, size_t size)
{
    if (size > text->room - text->size) {
        text->room = 2 * (text->size + size);
        text->bytes = realloc(text->bytes, text->room);
        ck_assert_ptr_nonnull(text->bytes);
    }
    if (size > 0)
        memcpy(text->bytes + text->size, bytes, size);
    text->size += size;
}

static int put(void *context, const void *bytes, size_t size, struct mr_error *error)
{
    struct run *run = context;
    (void)error;
    add(&run->out, bytes, size);
    return 0;
}

static uint64_t total(void *context)
{
    const struct run *run = context;
    uint64_t sum = run->total;
    for (size_t i = 0; run->total == 0 && i < run->count; i++)
        sum += (run->lines[i].size + 1) * run->lines[i].count;
    return sum;
}

static int map_line(void *context, void *state, const struct mr_split *split,
                    struct mr_emitter *emitter, struct mr_error *error)
{
    const struct line *line = (const struct line *)(const void *)split->data;
    (void)context, (void)state, (void)error;
    for (size_t left = split->size / sizeof *line; left > 0; left--, line++)
        if (mr_emit(emitter, line->bytes, line->size, &line->count) != MR_OK)
            return -1;
    return 0;
}

static void pass(void *context, const void *bytes, size_t size)
{
    (void)context, (void)bytes, (void)size;
}

static void run_job(struct run *run)
{
    struct commands_options options = {.reducer = run->command, .end = end_of(run), .pass = pass};
    struct mr_engine_options engine_options = {.struct_size = sizeof engine_options,
                                               .threads = run->threads,
                                               .memory = (uint64_t)64 << 20};
    struct spawner_usage usage;
    struct commands *commands;
    struct mr_engine *engine;
    struct reducer *reducer;
    status_set_add(&options.accepted, 0);
    ck_assert_int_eq(commands_open(&options, &commands, &run->error), 0);
    ck_assert_int_eq(mr_engine_open(&engine_options, &engine, NULL), MR_OK);
    struct reducer_options reducer_options = {.commands = commands,
                                              .threads = run->threads,
                                              .memory = run->memory,
                                              .total = total,
                                              .total_context = run,
                                              .put = put,
                                              .put_context = run};
    ck_assert_int_eq(reducer_open(&reducer_options, &reducer, &run->error), 0);
    struct mr_job_spec spec = {.struct_size = sizeof spec,
                               .input = mr_input_items(run->lines, run->count, sizeof(struct line)),
                               .map = map_line,
                               .values = MR_SUM,
                               .order = MR_ORDER_KEY,
                               .output = reducer_output(reducer)};
    run->out.size = 0;
    run->status = mr_run(engine, &spec, NULL, &run->error);
    run->done = reducer_done(reducer);
    reducer_close(reducer);
    mr_engine_close(engine);
    commands_close(commands, &usage);
    run->processes = usage.processes;
    ck_assert_int_eq(waitpid(-1, NULL, WNOHANG), -1);
}

static int compare(const void *a, const void *b)
{
    const struct line *p = a, *q = b;
    const int order = memcmp(p->bytes, q->bytes, p->size < q->size ? p->size : q->size);
    return order != 0 ? order : (p->size > q->size) - (p->size < q->size);
}

/* The records as one process would get them. */
static struct text sorted(const struct run *run, uint64_t *records)
{
    struct line *lines = malloc((run->count + 1) * sizeof *lines);
    struct text text = {0};
    const unsigned char end = end_of(run);
    if (run->count > 0)
        memcpy(lines, run->lines, run->count * sizeof *lines);
    qsort(lines, run->count, sizeof *lines, compare);
    *records = 0;
    for (size_t i = 0; i < run->count; i++)
        for (uint64_t n = 0; n < lines[i].count; n++, ++*records) {
            add(&text, lines[i].bytes, lines[i].size);
            add(&text, &end, 1);
        }
    free(lines);
    return text;
}

/* What `command` prints of that, by the shell. */
static struct text by_shell(const char *command, const struct text *in)
{
    char name[] = "/tmp/test_reducer.XXXXXX", line[400];
    struct text out = {0};
    const int fd = mkstemp(name);
    ck_assert_int_ge(fd, 0);
    for (size_t at = 0; at < in->size;) {
        const ssize_t written = write(fd, in->bytes + at, in->size - at);
        ck_assert_int_gt(written, 0);
        at += (size_t)written;
    }
    close(fd);
    snprintf(line, sizeof line, "(%s) < %s", command, name);
    FILE *pipe = popen(line, "r");
    ck_assert_ptr_nonnull(pipe);
    static unsigned char block[65536];
    for (size_t n; (n = fread(block, 1, sizeof block, pipe)) > 0;)
        add(&out, block, n);
    ck_assert_int_eq(pclose(pipe), 0);
    unlink(name);
    return out;
}

static void expect(const struct run *run, const struct text *want)
{
    ck_assert_msg(run->status == MR_OK, "%s, %u threads: %s", run->command, run->threads,
                  run->error.text);
    if (run->out.size != want->size || memcmp(run->out.bytes, want->bytes, want->size) != 0)
        ck_abort_msg("%s, %u threads, %llu bytes of memory: other bytes, %zu and not %zu",
                     run->command, run->threads, (unsigned long long)run->memory, run->out.size,
                     want->size);
}

/* Runs it at several numbers of threads and sizes of memory: each time the bytes of the shell. */
static void run_all(struct run *run)
{
    static const unsigned threads[] = {1, 2, 3, 8};
    static const uint64_t memory[] = {0, 6 << 20, 64 << 20};
    uint64_t records;
    struct text in = sorted(run, &records), want = by_shell(run->command, &in);
    const size_t step = SANITIZED ? 2 : 1;
    for (size_t t = 0; t < sizeof threads / sizeof *threads; t += step)
        for (size_t m = 0; m < sizeof memory / sizeof *memory; m += step) {
            run->threads = threads[t];
            run->memory = memory[m];
            run_job(run);
            expect(run, &want);
            ck_assert_uint_eq(run->done, records);
            /* One more where a range is cut late, so that what is left is a little. */
            ck_assert_uint_le(run->processes, 8 * run->threads + 1);
            if (in.size > 4 << 20)
                ck_assert_uint_ge(run->processes, 2);
        }
    free(in.bytes);
    free(want.bytes);
    free(run->out.bytes);
    run->out = (struct text){0};
}

/* ---- Records -------------------------------------------------------------------------------- */

static void free_lines(struct run *run)
{
    for (size_t i = 0; i < run->count; i++)
        free(run->lines[i].bytes);
    free(run->lines);
}

/* `count` records KEY<TAB>VALUE of `keys` keys, each of which comes up to `most` times. */
static void make_lines(struct run *run, size_t count, unsigned keys, unsigned most)
{
    run->lines = calloc(count, sizeof *run->lines);
    run->count = count;
    for (size_t i = 0; i < count; i++) {
        char text[100];
        const int size = snprintf(text, sizeof text, "key%u\tvalue of %zu", below(keys),
                                  i * UINT64_C(7919) % count);
        run->lines[i] = (struct line){.bytes = malloc((size_t)size),
                                      .size = (size_t)size,
                                      .count = most > 1 ? 1 + below(most) : 1};
        memcpy(run->lines[i].bytes, text, (size_t)size);
    }
}

enum { MANY = SANITIZED ? 100000 : 300000 };

START_TEST(records_come_in_order_and_whole)
{
    struct run run = {.command = "cat"};
    make_lines(&run, MANY, 100000, 1);
    run_all(&run);
    free_lines(&run);
}
END_TEST

START_TEST(records_come_as_often_as_they_came)
{
    struct run run = {.command = "cat"};
    make_lines(&run, MANY / 40, 5000, 60);
    run_all(&run);
    free_lines(&run);
}
END_TEST

START_TEST(a_key_meets_one_process)
{
    struct run run = {.command = "cut -f 1 | uniq -c"};
    make_lines(&run, MANY / 4, 20, 3);
    run_all(&run);
    free_lines(&run);
}
END_TEST

START_TEST(one_key_may_have_most_records)
{
    struct run run = {.command = "cut -f 1 | uniq -c"};
    make_lines(&run, MANY / 2, 30000, 1);
    for (size_t i = 0; i < run.count; i += 2) {
        memcpy(run.lines[i].bytes, "key1\t", 5);
        run.lines[i].bytes[5] = (unsigned char)('a' + i % 26);
    }
    run_all(&run);
    free_lines(&run);
}
END_TEST

START_TEST(one_record_may_come_most_often)
{
    struct run run = {.command = "uniq -c"};
    make_lines(&run, 1000, 1000, 3);
    run.lines[500].count = SANITIZED ? 1000000 : 10000000;
    run_all(&run);
    free_lines(&run);
}
END_TEST

/* Bytes below TAB, at which the order of records is not that of keys. */
START_TEST(any_bytes_may_be_in_records)
{
    static const char letters[] = {'\0', 1, '\b', '\t', ' ', 'a', '\r', (char)0xff};
    struct run run = {.command = "cat", .count = MANY / 8};
    run.lines = calloc(run.count, sizeof *run.lines);
    for (size_t i = 0; i < run.count; i++) {
        struct line *line = &run.lines[i];
        *line =
            (struct line){.size = below(i % 100 == 0 ? 300 : 40), .count = 1, .bytes = malloc(300)};
        for (size_t j = 0; j < line->size; j++)
            line->bytes[j] = (unsigned char)letters[below(sizeof letters)];
    }
    run_all(&run);
    free_lines(&run);
}
END_TEST

START_TEST(lines_may_end_in_nul)
{
    struct run run = {.command = "cat", .end = '0'};
    make_lines(&run, MANY / 4, 20, 1);
    for (size_t i = 0; i < run.count; i++)
        run.lines[i].bytes[run.lines[i].size - 1] = '\n';
    run_all(&run);
    free_lines(&run);
}
END_TEST

/* Larger than a block, a buffer and a range; some come several times. */
START_TEST(records_may_be_long)
{
    struct run run = {.command = "cat", .count = 400};
    run.lines = calloc(run.count, sizeof *run.lines);
    for (size_t i = 0; i < run.count; i++) {
        struct line *line = &run.lines[i];
        line->size = below(i % 50 == 0 ? 2000000 : i % 3 == 0 ? 150000 : 70000);
        line->count = i % 4 == 0 ? 1 + below(6) : 1;
        line->bytes = malloc(line->size + 1);
        memset(line->bytes, 'a' + (int)(i % 2), line->size);
        if (line->size > 8)
            memcpy(line->bytes + (i % 3 == 0 ? line->size / 2 : 3), i % 5 == 0 ? "\t" : "-", 1);
        for (size_t j = 4; j < line->size; j += 1 + below(20000))
            line->bytes[j] = (unsigned char)('b' + below(20));
    }
    run_all(&run);
    free_lines(&run);
}
END_TEST

START_TEST(no_records_are_one_empty_input)
{
    struct run run = {.command = "echo begun; cat; echo ended"};
    static const struct text want = {(unsigned char *)"begun\nended\n", 12, 0};
    for (run.threads = 1; run.threads < 4; run.threads++) {
        run_job(&run);
        expect(&run, &want);
        ck_assert_uint_eq(run.processes, 1);
    }
    free(run.out.bytes);
}
END_TEST

/* ---- What CMDs do --------------------------------------------------------------------------- */

START_TEST(much_more_may_be_printed_than_read)
{
    struct run run = {.command = "sed 's/.*/& and & and & and & and & and & and & and & and &/'"};
    make_lines(&run, MANY / 8, 1000, 2);
    run_all(&run);
    free_lines(&run);
}
END_TEST

START_TEST(a_last_line_without_an_end_gets_one_if_more_comes)
{
    struct run run = {.command = "head -n 1 | cut -f 1 | tr -d '\\n'"};
    make_lines(&run, MANY, 1000, 1);
    for (run.threads = 1; run.threads < 4; run.threads++) {
        run_job(&run);
        ck_assert_msg(run.status == MR_OK, "%s", run.error.text);
        size_t lines = 0;
        for (size_t i = 0; i < run.out.size; i++)
            lines += run.out.bytes[i] == '\n';
        ck_assert_uint_eq(lines + 1, run.processes);
        ck_assert_uint_ne(run.out.bytes[run.out.size - 1], '\n');
    }
    free(run.out.bytes);
    free_lines(&run);
}
END_TEST

START_TEST(a_process_may_stop_reading)
{
    static const char *const commands[] = {"true", "head -n 1 > /dev/null", "exec <&-; sleep 0.1",
                                           "exec >&-; cat > /dev/null"};
    struct run run = {.memory = 0};
    uint64_t records;
    make_lines(&run, MANY, 1000, 2);
    struct text in = sorted(&run, &records);
    for (size_t i = 0; i < sizeof commands / sizeof *commands; i++)
        for (run.threads = 1; run.threads < 4; run.threads++) {
            run.command = commands[i];
            run_job(&run);
            ck_assert_msg(run.status == MR_OK, "%s", run.error.text);
            ck_assert_uint_eq(run.out.size, 0);
            ck_assert_uint_eq(run.done, records);
        }
    free(in.bytes);
    free(run.out.bytes);
    free_lines(&run);
}
END_TEST

/* Each waits until another one runs, too: it has read nothing by then. */
START_TEST(processes_run_at_the_same_time)
{
    char folder[] = "/tmp/test_reducer.XXXXXX", command[400];
    static const uint64_t memory[] = {0, 8 << 20, 64 << 20};
    ck_assert_ptr_nonnull(mkdtemp(folder));
    snprintf(command, sizeof command,
             "touch %s/$$; until [ $(ls %s | wc -l) -ge 3 ]; do sleep 0.01; done; cat", folder,
             folder);
    struct run run = {.command = command, .threads = 3};
    uint64_t records;
    make_lines(&run, MANY, 1000, 2);
    struct text want = sorted(&run, &records);
    for (size_t m = 0; m < 3; m++) {
        char clean[100];
        run.memory = memory[m];
        run_job(&run);
        expect(&run, &want);
        snprintf(clean, sizeof clean, "rm %s/*", folder);
        ck_assert_int_eq(system(clean), 0);
    }
    rmdir(folder);
    free(want.bytes);
    free(run.out.bytes);
    free_lines(&run);
}
END_TEST

/* The first process, mostly that of the first range, waits for the end of another one. */
START_TEST(output_waits_for_its_turn)
{
    char folder[] = "/tmp/test_reducer.XXXXXX", command[400];
    struct run run = {.command = command, .threads = 2, .memory = 0};
    uint64_t records;
    ck_assert_ptr_nonnull(mkdtemp(folder));
    snprintf(command, sizeof command,
             "if mkdir %s/first 2> /dev/null; then until [ -e %s/ended ]; do sleep 0.01; done; "
             "cat; else cat; touch %s/ended; fi",
             folder, folder, folder);
    make_lines(&run, MANY, 1000, 2);
    struct text want = sorted(&run, &records);
    run_job(&run);
    expect(&run, &want);
    snprintf(command, sizeof command, "rm -r %s", folder);
    ck_assert_int_eq(system(command), 0);
    free(want.bytes);
    free(run.out.bytes);
    free_lines(&run);
}
END_TEST

START_TEST(a_process_that_fails_ends_all)
{
    static const struct {
        const char *command, *error;
    } cases[] = {
        {"exit 3", "exit 3: exit status 3"},
        {"cat; echo so it is >&2; exit 4",
         "cat; echo so it is >&2; exit 4: exit status 4: so it is"},
        {"kill -9 $$", "kill -9 $$: killed by signal 9 (Killed)"},
        {"cat > /dev/null; sleep 1000 & exit 5",
         "cat > /dev/null; sleep 1000 & exit 5: exit status 5"},
        {"read a; case $a in key5*) exit 6;; esac; exec sleep 1000",
         "read a; case $a in key5*) exit 6;; esac; exec sleep 1000: exit status 6"},
    };
    struct run run = {.memory = 0};
    make_lines(&run, MANY, 1000, 2);
    for (size_t i = 0; i < run.count; i++)
        run.lines[i].bytes[3] = (unsigned char)(i % 16 == 0 ? '4' : '5');
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        for (run.threads = i == 4 ? 8 : 1; run.threads < 9; run.threads += 2) {
            run.command = cases[i].command;
            run_job(&run);
            ck_assert_int_eq(run.status, MR_REDUCE);
            ck_assert_str_eq(run.error.text, cases[i].error);
            ck_assert(run.out.size == 0 || run.out.bytes[run.out.size - 1] == '\n');
        }
    free(run.out.bytes);
    free_lines(&run);
}
END_TEST

Suite *test_reducer_suite(void)
{
    Suite *suite = suite_create("reducer");
    TCase *tests = tcase_create("reducer");
    tcase_set_timeout(tests, 120);
    tcase_add_test(tests, records_come_in_order_and_whole);
    tcase_add_test(tests, records_come_as_often_as_they_came);
    tcase_add_test(tests, a_key_meets_one_process);
    tcase_add_test(tests, one_key_may_have_most_records);
    tcase_add_test(tests, one_record_may_come_most_often);
    tcase_add_test(tests, any_bytes_may_be_in_records);
    tcase_add_test(tests, lines_may_end_in_nul);
    tcase_add_test(tests, records_may_be_long);
    tcase_add_test(tests, no_records_are_one_empty_input);
    tcase_add_test(tests, much_more_may_be_printed_than_read);
    tcase_add_test(tests, a_last_line_without_an_end_gets_one_if_more_comes);
    tcase_add_test(tests, a_process_may_stop_reading);
    tcase_add_test(tests, processes_run_at_the_same_time);
    tcase_add_test(tests, output_waits_for_its_turn);
    tcase_add_test(tests, a_process_that_fails_ends_all);
    suite_add_tcase(suite, tests);
    return suite;
}
