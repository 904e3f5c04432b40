/* SPDX-License-Identifier: MIT
 *
 * test_sequence.c - that splits wait for those before them, however they are released.
 */
#include <check.h>
#include <stdatomic.h>
#include <string.h>

#include "text/sequence.h"
#include "unit/random.h"

Suite *test_sequence_suite(void);

enum { SPLITS = 12, FILES = 3 };

/* An input of SPLITS splits, FILES in all, which knows its own handles. */
struct source {
    unsigned at;
    unsigned loaded, released;
};

static int next_split(void *context, struct mr_split *split, struct mr_error *error)
{
    struct source *source = context;
    static char handles[SPLITS];
    (void)error;
    split->end = source->at == SPLITS;
    if (split->end)
        return 0;
    *split = (struct mr_split){.number = source->at * FILES / SPLITS,
                               .offset = source->at,
                               .handle = &handles[source->at]};
    source->at++;
    return 0;
}

static int load_split(void *context, struct mr_split *split, struct mr_buffer *scratch,
                      struct mr_error *error)
{
    struct source *source = context;
    (void)scratch;
    (void)error;
    split->size = *(char *)split->handle == 0 ? 1 : 2;
    source->loaded++;
    return 0;
}

static void release_split(void *context, struct mr_split *split)
{
    struct source *source = context;
    source->released += *(char *)split->handle == 0;
}

static struct mr_input *open_all(struct sequence *sequence, struct source *source,
                                 struct mr_reader *input, struct mr_split splits[SPLITS])
{
    struct mr_error error;
    struct mr_split more = {0};

    memset(sequence, 0, sizeof *sequence);
    *source = (struct source){0};
    const struct mr_reader reader = {.struct_size = sizeof reader,
                                     .context = source,
                                     .next = next_split,
                                     .load = load_split,
                                     .release = release_split};
    ck_assert_int_eq(sequence_open(sequence, &error), 0);
    struct mr_input *read = sequence_follow(sequence, mr_input_new(&reader));
    ck_assert_ptr_nonnull(read);
    *input = *mr_input_reader(read);
    for (size_t i = 0; i < SPLITS; i++) {
        splits[i] = (struct mr_split){0};
        ck_assert_int_eq(input->next(input->context, &splits[i], &error), 0);
        ck_assert(!splits[i].end);
        ck_assert_int_eq(input->load(input->context, &splits[i], NULL, &error), 0);
        ck_assert_uint_eq(splits[i].size, 1);
    }
    ck_assert_int_eq(input->next(input->context, &more, &error), 0);
    ck_assert(more.end);
    ck_assert_uint_eq(source->loaded, SPLITS);
    ck_assert_ptr_null((void *)(uintptr_t)input->interrupt);
    return read;
}

/* Released in any order, each split waits for nothing once it is the first, and knows the lines of
 * its FILE before it. */
START_TEST(a_split_knows_the_lines_before_it)
{
    for (int round = 0; round < 200; round++) {
        struct sequence sequence;
        struct source source;
        struct mr_reader input;
        struct mr_split splits[SPLITS];
        size_t stop = below(SPLITS), order[SPLITS], count = 0;
        uint64_t lines = 0;
        struct mr_input *read = open_all(&sequence, &source, &input, splits);
        for (size_t i = 0; i < SPLITS; i++) {
            sequence_count(&splits[i], 10 * i + 1);
            if (i < stop && splits[i].number == splits[stop].number)
                lines += 10 * i + 1;
        }
        for (size_t i = 0; i < SPLITS; i++) { /* all before `stop`, some of the others */
            if (i == stop || (i > stop && below(2)))
                continue;
            size_t at = below(++count);
            order[count - 1] = order[at];
            order[at] = i;
        }
        for (size_t i = 0; i < count; i++)
            input.release(input.context, &splits[order[i]]);
        ck_assert_uint_eq(sequence_wait(&sequence, &splits[stop]), lines);
        for (size_t i = 0; i < SPLITS; i++) {
            bool gone = false;
            for (size_t k = 0; k < count; k++)
                gone = gone || order[k] == i;
            if (!gone)
                input.release(input.context, &splits[i]);
        }
        ck_assert_uint_eq(source.released, SPLITS);
        mr_input_release(read);
        sequence_close(&sequence);
    }
}
END_TEST

struct waiter {
    struct sequence *sequence;
    const struct mr_split *split;
    _Atomic unsigned *released;
    unsigned seen;
};

static void wait_for_turn(void *argument)
{
    struct waiter *waiter = argument;
    (void)sequence_wait(waiter->sequence, waiter->split);
    waiter->seen = atomic_load(waiter->released);
}

START_TEST(a_split_waits_for_all_before_it)
{
    struct sequence sequence;
    struct source source;
    struct mr_reader input;
    struct mr_split splits[SPLITS];
    _Atomic unsigned released = 0;
    struct thread thread;
    struct mr_input *read = open_all(&sequence, &source, &input, splits);
    struct waiter waiter = {&sequence, &splits[SPLITS - 1], &released, 0};
    ck_assert_int_eq(thread_start(&thread, "waiter", wait_for_turn, &waiter), 0);
    for (size_t i = SPLITS - 1; i-- > 0;) {
        atomic_fetch_add(&released, 1);
        input.release(input.context, &splits[i]);
    }
    thread_join(&thread);
    ck_assert_uint_eq(waiter.seen, SPLITS - 1);
    input.release(input.context, &splits[SPLITS - 1]);
    mr_input_release(read);
    sequence_close(&sequence);
}
END_TEST

Suite *test_sequence_suite(void)
{
    Suite *suite = suite_create("sequence");
    TCase *tests = tcase_create("sequence");
    tcase_add_test(tests, a_split_knows_the_lines_before_it);
    tcase_add_test(tests, a_split_waits_for_all_before_it);
    suite_add_tcase(suite, tests);
    return suite;
}
