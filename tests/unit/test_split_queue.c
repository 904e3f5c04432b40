/* SPDX-License-Identifier: MIT
 *
 * test_split_queue - order, bound, wake-ups, ending while full and while empty, many on both sides.
 */
#include "engine/schedule/split_queue.h"

#include <check.h>
#include <stdatomic.h>
#include <stdlib.h>

#include "unit/await.h"

struct party {
    struct split_queue *queue;
    unsigned from, count;
    _Atomic unsigned pushed;
    _Atomic unsigned popped;
    _Atomic unsigned long long sum;
    _Atomic bool returned;
    _Atomic pid_t thread; /* which sleeps nowhere but in the queue */
};

static void push_all(void *argument)
{
    struct party *party = argument;
    atomic_store(&party->thread, await_thread());
    for (unsigned i = 0; i < party->count; i++) {
        unsigned item = party->from + i;
        if (!split_queue_push(party->queue, &item))
            break;
        atomic_fetch_add(&party->pushed, 1);
    }
    atomic_store(&party->returned, true);
}

static void pop_all(void *argument)
{
    struct party *party = argument;
    unsigned item;
    atomic_store(&party->thread, await_thread());
    while (split_queue_pop(party->queue, &item) == SPLIT_QUEUE_GOT) {
        atomic_fetch_add(&party->sum, item);
        atomic_fetch_add(&party->popped, 1);
    }
    atomic_store(&party->returned, true);
}

START_TEST(items_come_in_order)
{
    struct split_queue queue;
    ck_assert_int_eq(split_queue_open(&queue, 5, sizeof(unsigned)), 0);
    unsigned next_in = 0, next_out = 0, item;
    for (int round = 0; round < 40; round++) {
        for (unsigned n = 0; n < 1 + (unsigned)round % 5; n++, next_in++)
            ck_assert(split_queue_push(&queue, &next_in));
        while (split_queue_try_pop(&queue, &item) == SPLIT_QUEUE_GOT)
            ck_assert_uint_eq(item, next_out++);
        ck_assert_uint_eq(next_in, next_out);
    }
    ck_assert_int_eq(split_queue_try_pop(&queue, &item), SPLIT_QUEUE_EMPTY);
    split_queue_close(&queue);
}
END_TEST

START_TEST(a_full_queue_holds_its_producer)
{
    struct split_queue queue;
    struct party party = {.queue = &queue, .count = 100};
    struct thread thread;
    unsigned item, popped = 0;
    ck_assert_int_eq(split_queue_open(&queue, 4, sizeof(unsigned)), 0);
    ck_assert_int_eq(thread_start(&thread, "push", push_all, &party), 0);
    while (popped < 100) {
        /* The producer fills the queue and no more. */
        unsigned most = popped + 4 < 100 ? popped + 4 : 100;
        AWAIT(atomic_load(&party.returned) || await_asleep(atomic_load(&party.thread)));
        ck_assert_uint_eq(atomic_load(&party.pushed), most);
        /* Two pops leave it half empty, which wakes the producer. */
        for (int i = 0; i < 2 && popped < 100; i++) {
            ck_assert_int_eq(split_queue_pop(&queue, &item), SPLIT_QUEUE_GOT);
            ck_assert_uint_eq(item, popped++);
        }
    }
    thread_join(&thread);
    split_queue_close(&queue);
}
END_TEST

START_TEST(ending_while_full_frees_the_producer)
{
    struct split_queue queue;
    struct party party = {.queue = &queue, .count = 100};
    struct thread thread;
    ck_assert_int_eq(split_queue_open(&queue, 2, sizeof(unsigned)), 0);
    ck_assert_int_eq(thread_start(&thread, "push", push_all, &party), 0);
    AWAIT(atomic_load(&party.pushed) == 2);
    split_queue_end(&queue);
    thread_join(&thread);
    ck_assert_uint_eq(atomic_load(&party.pushed), 2);
    unsigned item;
    ck_assert(!split_queue_push(&queue, &item));
    ck_assert_int_eq(split_queue_pop(&queue, &item), SPLIT_QUEUE_GOT);
    ck_assert_int_eq(split_queue_pop(&queue, &item), SPLIT_QUEUE_GOT);
    ck_assert_int_eq(split_queue_pop(&queue, &item), SPLIT_QUEUE_ENDED);
    ck_assert_int_eq(split_queue_try_pop(&queue, &item), SPLIT_QUEUE_ENDED);
    split_queue_close(&queue);
}
END_TEST

START_TEST(ending_while_empty_frees_all_consumers)
{
    struct split_queue queue;
    struct party parties[4];
    struct thread threads[4];
    ck_assert_int_eq(split_queue_open(&queue, 2, sizeof(unsigned)), 0);
    for (int i = 0; i < 4; i++) {
        parties[i] = (struct party){.queue = &queue};
        ck_assert_int_eq(thread_start(&threads[i], "pop", pop_all, &parties[i]), 0);
    }
    for (int i = 0; i < 4; i++) {
        AWAIT(await_asleep(atomic_load(&parties[i].thread)));
        ck_assert(!atomic_load(&parties[i].returned));
    }
    split_queue_end(&queue);
    split_queue_end(&queue);
    for (int i = 0; i < 4; i++)
        thread_join(&threads[i]);
    split_queue_close(&queue);
}
END_TEST

START_TEST(many_producers_and_consumers_lose_nothing)
{
    enum { SIDES = 6, EACH = 20000 };
    struct split_queue queue;
    struct party producers[SIDES], consumers[SIDES];
    struct thread in[SIDES], out[SIDES];
    ck_assert_int_eq(split_queue_open(&queue, 7, sizeof(unsigned)), 0);
    for (unsigned i = 0; i < SIDES; i++) {
        producers[i] = (struct party){.queue = &queue, .from = i * EACH, .count = EACH};
        consumers[i] = (struct party){.queue = &queue};
        ck_assert_int_eq(thread_start(&out[i], "pop", pop_all, &consumers[i]), 0);
        ck_assert_int_eq(thread_start(&in[i], "push", push_all, &producers[i]), 0);
    }
    for (unsigned i = 0; i < SIDES; i++)
        thread_join(&in[i]);
    split_queue_end(&queue);
    unsigned long long sum = 0, popped = 0;
    for (unsigned i = 0; i < SIDES; i++) {
        thread_join(&out[i]);
        sum += atomic_load(&consumers[i].sum);
        popped += atomic_load(&consumers[i].popped);
    }
    unsigned long long all = SIDES * EACH;
    ck_assert_uint_eq(popped, all);
    ck_assert_uint_eq(sum, all * (all - 1) / 2);
    split_queue_close(&queue);
}
END_TEST

Suite *test_split_queue_suite(void);
Suite *test_split_queue_suite(void)
{
    Suite *suite = suite_create("split_queue");
    TCase *tests = tcase_create("queue");
    tcase_add_test(tests, items_come_in_order);
    tcase_add_test(tests, a_full_queue_holds_its_producer);
    tcase_add_test(tests, ending_while_full_frees_the_producer);
    tcase_add_test(tests, ending_while_empty_frees_all_consumers);
    tcase_add_test(tests, many_producers_and_consumers_lose_nothing);
    suite_add_tcase(suite, tests);
    return suite;
}
