/* SPDX-License-Identifier: MIT
 *
 * test_tsv - lines of results in a descriptor: as they are, in full, and a reader that does not
 * come keeps nobody.
 */
#include "base/thread.h"
#include "engine/core/buffer.h"
#include "engine/results/results.h"
#include "unit/await.h"

#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#define MANY 300000u

static struct mr_record record_of(const char *key, uint64_t rank, const char *payload)
{
    return (struct mr_record){(const unsigned char *)key, strlen(key), rank,
                              (const unsigned char *)payload, strlen(payload)};
}

static int write_all(const struct mr_output *output, const void *bytes, size_t size,
                     struct mr_error *error)
{
    *error = (struct mr_error){.status = MR_OK};
    return output->writer.write(output->writer.context, bytes, size, 0, error);
}

START_TEST(a_line_is_a_key_and_a_payload_or_a_rank)
{
    const struct mr_record records[] = {
        record_of("word", 12, ""),         record_of("", 0, ""),
        record_of("most", UINT64_MAX, ""), record_of("text", 7, "some text"),
        record_of("tab\t", 10, "a\tb\nc"), record_of("ten", 1000000000000000000, ""),
    };
    static const char want[] = "word\t12\n\t0\nmost\t18446744073709551615\ntext\tsome text\n"
                               "tab\t\ta\tb\nc\nten\t1000000000000000000\n";
    struct budget budget;
    struct mr_buffer buffer;
    struct mr_error error;
    size_t size;
    budget_open(&budget, 1 << 20);
    buffer_open(&buffer, &budget);
    struct mr_output *output = mr_output_tsv(STDOUT_FILENO);
    ck_assert_int_eq(output->writer.encode(output->writer.context, records,
                                           sizeof records / sizeof *records, &buffer, &error),
                     0);
    const unsigned char *bytes = mr_buffer_data(&buffer, &size);
    ck_assert_uint_eq(size, sizeof want - 1);
    ck_assert_mem_eq(bytes, want, size);
    mr_output_release(output);
    buffer_close(&buffer);
}
END_TEST

/* Reads all there is, slowly at first. */
struct consumer {
    int descriptor;
    size_t bytes;
    bool right;
};

static void consume(void *argument)
{
    struct consumer *consumer = argument;
    unsigned char bytes[5000];
    ssize_t got;
    consumer->right = true;
    while ((got = read(consumer->descriptor, bytes, sizeof bytes)) > 0)
        for (ssize_t i = 0; i < got; i++)
            consumer->right &= bytes[i] == (unsigned char)(consumer->bytes++ % 251);
}

START_TEST(a_pipe_gets_all_bytes)
{
    unsigned char *bytes = malloc(MANY);
    for (size_t i = 0; i < MANY; i++)
        bytes[i] = (unsigned char)(i % 251);
    for (int nonblocking = 0; nonblocking < 2; nonblocking++) {
        int ends[2];
        struct thread thread;
        struct mr_error error;
        ck_assert_int_eq(pipe(ends), 0);
        if (nonblocking)
            ck_assert_int_eq(fcntl(ends[1], F_SETFL, O_NONBLOCK), 0);
        struct consumer consumer = {.descriptor = ends[0]};
        struct mr_output *output = mr_output_tsv(ends[1]);
        ck_assert_int_eq(thread_start(&thread, "consumer", consume, &consumer), 0);
        ck_assert_int_eq(write_all(output, bytes, MANY, &error), 0);
        mr_output_release(output);
        close(ends[1]);
        thread_join(&thread);
        close(ends[0]);
        ck_assert(consumer.right);
        ck_assert_uint_eq(consumer.bytes, MANY);
    }
    free(bytes);
}
END_TEST

START_TEST(a_failing_write_says_why)
{
    int ends[2];
    struct mr_error error;
    signal(SIGPIPE, SIG_IGN);
    ck_assert_int_eq(pipe(ends), 0);
    close(ends[0]);
    struct mr_output *output = mr_output_tsv(ends[1]);
    ck_assert_int_ne(write_all(output, "x", 1, &error), 0);
    ck_assert_int_eq(error.errnum, EPIPE);
    ck_assert_str_eq(error.text, "cannot write results: Broken pipe");
    mr_output_release(output);
    close(ends[1]);

    output = mr_output_tsv(ends[1]);
    ck_assert_int_ne(write_all(output, "x", 1, &error), 0);
    ck_assert_int_eq(error.errnum, EBADF);
    mr_output_release(output);

    const int full = open("/dev/full", O_WRONLY);
    if (full >= 0) {
        output = mr_output_tsv(full);
        ck_assert_int_ne(write_all(output, "x", 1, &error), 0);
        ck_assert_int_eq(error.errnum, ENOSPC);
        mr_output_release(output);
        close(full);
    }
}
END_TEST

struct producer {
    struct mr_output *output;
    _Atomic int result; /* -1: none yet */
    int errnum;
};

static void produce(void *argument)
{
    static const unsigned char bytes[1 << 20];
    struct producer *producer = argument;
    struct mr_error error;
    const int result = write_all(producer->output, bytes, sizeof bytes, &error);
    producer->errnum = error.errnum;
    atomic_store(&producer->result, result != 0);
}

START_TEST(who_waits_for_a_reader_can_be_interrupted)
{
    int ends[2];
    struct thread thread;
    ck_assert_int_eq(pipe(ends), 0);
    struct producer producer = {.output = mr_output_tsv(ends[1]), .result = -1};
    ck_assert_int_eq(thread_start(&thread, "producer", produce, &producer), 0);
    int held = 0;
    AWAIT(ioctl(ends[0], FIONREAD, &held) == 0 && held >= fcntl(ends[1], F_GETPIPE_SZ));
    ck_assert_int_eq(atomic_load(&producer.result), -1);
    producer.output->writer.interrupt(producer.output->writer.context);
    thread_join(&thread);
    ck_assert_int_eq(producer.result, 1);
    ck_assert_int_eq(producer.errnum, ECANCELED);
    mr_output_release(producer.output);
    close(ends[0]);
    close(ends[1]);
}
END_TEST

Suite *test_tsv_suite(void);

Suite *test_tsv_suite(void)
{
    Suite *suite = suite_create("tsv");
    TCase *tests = tcase_create("lines");
    tcase_add_test(tests, a_line_is_a_key_and_a_payload_or_a_rank);
    tcase_add_test(tests, a_pipe_gets_all_bytes);
    tcase_add_test(tests, a_failing_write_says_why);
    tcase_add_test(tests, who_waits_for_a_reader_can_be_interrupted);
    suite_add_tcase(suite, tests);
    return suite;
}
