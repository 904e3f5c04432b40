/* SPDX-License-Identifier: MIT
 *
 * test_io.c - reads and writes that finish: over pipes that deliver little, that are full, that do
 * not block, and between signals.
 */
#include <check.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/io.h"
#include "unit/await.h"

Suite *test_io_suite(void);

#define MUCH 300000 /* more than a pipe holds */

static unsigned char pattern(size_t i)
{
    return (unsigned char)(i * 131 + (i >> 8));
}

static void nothing(int number)
{
    (void)number;
}

/* A signal every few hundred microseconds, so that calls are broken off now and then. */
static void disturb(long microseconds)
{
    struct sigaction action = {.sa_handler = nothing};
    struct itimerval timer = {.it_interval.tv_usec = microseconds,
                              .it_value.tv_usec = microseconds};
    ck_assert(sigaction(SIGALRM, &action, NULL) == 0);
    ck_assert(setitimer(ITIMER_REAL, &timer, NULL) == 0);
}

/* A child that writes MUCH bytes in odd portions while it is disturbed, the
 * reading end non-blocking. */
START_TEST(signals_lose_nothing_in_a_pipe)
{
    int ends[2];
    ck_assert(pipe(ends) == 0);
    pid_t child = fork();
    ck_assert(child >= 0);
    if (child == 0) {
        unsigned char *bytes = malloc(MUCH);
        close(ends[0]);
        fcntl(ends[1], F_SETFL, O_NONBLOCK);
        disturb(300);
        for (size_t i = 0; bytes != NULL && i < MUCH; i++)
            bytes[i] = pattern(i);
        size_t done = 0;
        for (size_t part = 1; bytes != NULL && done < MUCH; part = part * 3 + 1) {
            if (part > MUCH - done)
                part = MUCH - done;
            if (io_write_full(ends[1], bytes + done, part) != 0)
                _exit(1);
            done += part;
        }
        free(bytes);
        _exit(bytes == NULL);
    }
    close(ends[1]);
    ck_assert(fcntl(ends[0], F_SETFL, O_NONBLOCK) == 0);
    disturb(500);
    unsigned char *got = malloc(MUCH + 1);
    ck_assert_ptr_nonnull(got);
    ck_assert(io_read_full(ends[0], got, 1000) == 1000);
    ck_assert(io_read_some(ends[0], got + 1000, 1) == 1);
    ck_assert(io_read_full(ends[0], got + 1001, MUCH) == MUCH - 1001);
    ck_assert(io_read_some(ends[0], got, 1) == 0);
    for (size_t i = 0; i < MUCH; i++)
        ck_assert(got[i] == pattern(i));
    disturb(0);
    int status = -1;
    ck_assert(waitpid(child, &status, 0) == child);
    ck_assert(status == 0);
    free(got);
    close(ends[0]);
}
END_TEST

START_TEST(positional_calls_leave_the_offset)
{
    FILE *file = tmpfile();
    ck_assert_ptr_nonnull(file);
    int fd = fileno(file);
    char got[8] = "";
    ck_assert(io_pwrite_full(fd, "tail", 4, 100) == 0);
    ck_assert(io_pwrite_full(fd, "head", 4, 0) == 0);
    ck_assert(lseek(fd, 0, SEEK_CUR) == 0);
    ck_assert(io_pread_full(fd, got, 8, 98) == 6);
    ck_assert_mem_eq(got, "\0\0tail", 6);
    ck_assert(io_pread_full(fd, got, 8, 104) == 0);
    ck_assert(lseek(fd, 0, SEEK_CUR) == 0);
    fclose(file);
}
END_TEST

START_TEST(failing_calls_say_why)
{
    char byte = 'x';
    errno = 0;
    ck_assert(io_read_some(-1, &byte, 1) == -1 && errno == EBADF);
    errno = 0;
    ck_assert(io_read_full(-1, &byte, 1) == -1 && errno == EBADF);
    errno = 0;
    ck_assert(io_pread_full(-1, &byte, 1, 0) == -1 && errno == EBADF);
    errno = 0;
    ck_assert(io_write_full(-1, &byte, 1) == -1 && errno == EBADF);
    errno = 0;
    ck_assert(io_pwrite_full(-1, &byte, 1, 0) == -1 && errno == EBADF);
    int full = open("/dev/full", O_WRONLY);
    if (full >= 0) {
        errno = 0;
        ck_assert(io_write_full(full, &byte, 1) == -1 && errno == ENOSPC);
        close(full);
    }
    int ends[2];
    ck_assert(pipe(ends) == 0);
    close(ends[0]);
    signal(SIGPIPE, SIG_IGN);
    errno = 0;
    ck_assert(io_write_full(ends[1], &byte, 1) == -1 && errno == EPIPE);
    close(ends[1]);
}
END_TEST

static _Atomic unsigned next;

/* Makes files without a name until it may not any more. */
static void *make_unlinked(void *folder)
{
    char name[64];
    for (;;) {
        snprintf(name, sizeof name, "%s/%u", (char *)folder, next++);
        const int fd = io_open_unlinked(name);
        if (fd < 0)
            return errno == ECANCELED ? folder : NULL;
        close(fd);
    }
}

/* Whenever names are ended, none is there from then on. */
START_TEST(no_name_is_left_once_names_are_ended)
{
    char folder[] = "/tmp/mrcount-io-XXXXXX";
    pthread_t threads[3];
    unsigned names = 0;
    ck_assert_ptr_nonnull(mkdtemp(folder));
    for (size_t i = 0; i < sizeof threads / sizeof *threads; i++)
        ck_assert(pthread_create(&threads[i], NULL, make_unlinked, folder) == 0);
    AWAIT(next > 7 * (unsigned)_i);
    io_end_names(60000);
    DIR *entries = opendir(folder);
    ck_assert_ptr_nonnull(entries);
    for (struct dirent *entry; (entry = readdir(entries));)
        names += entry->d_name[0] != '.';
    closedir(entries);
    for (size_t i = 0; i < sizeof threads / sizeof *threads; i++) {
        void *result;
        ck_assert(pthread_join(threads[i], &result) == 0);
        ck_assert_ptr_eq(result, folder);
    }
    ck_assert_int_eq(rmdir(folder), 0);
    ck_assert_uint_eq(names, 0);
}
END_TEST

Suite *test_io_suite(void)
{
    Suite *suite = suite_create("io");
    TCase *tcase = tcase_create("io");
    tcase_add_test(tcase, signals_lose_nothing_in_a_pipe);
    tcase_add_test(tcase, positional_calls_leave_the_offset);
    tcase_add_test(tcase, failing_calls_say_why);
    tcase_add_loop_test(tcase, no_name_is_left_once_names_are_ended, 0, 10);
    suite_add_tcase(suite, tcase);
    return suite;
}
