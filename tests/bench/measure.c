/* SPDX-License-Identifier: MIT
 *
 * measure - `measure REPORT COMMAND ARGUMENT...` runs a command and writes one line to REPORT: its
 * process number, and when it has ended, wall seconds, seconds of user and system together, the
 * peak of memory in KiB, and its exit status, or the signal that ended it as a negative number.
 *
 * The peak that the kernel tells of a process starts with what its parent had: this one has next to
 * nothing, unlike an interpreter.
 */
#include <errno.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>

extern char **environ;

static double seconds(struct timeval t)
{
    return (double)t.tv_sec + (double)t.tv_usec * 1e-6;
}

static double now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

int main(int argc, char **argv)
{
    struct rusage usage;
    pid_t pid;
    int status;

    if (argc < 3) {
        fputs("usage: measure REPORT COMMAND ARGUMENT...\n", stderr);
        return 2;
    }
    FILE *report = fopen(argv[1], "we");
    if (!report) {
        fprintf(stderr, "measure: %s: %s\n", argv[1], strerror(errno));
        return EXIT_FAILURE;
    }
    double begin = now();
    int error = posix_spawnp(&pid, argv[2], NULL, NULL, argv + 2, environ);
    if (error != 0) {
        fprintf(stderr, "measure: %s: %s\n", argv[2], strerror(error));
        return EXIT_FAILURE;
    }
    fprintf(report, "%ld", (long)pid);
    fflush(report);
    while (wait4(pid, &status, 0, &usage) < 0)
        if (errno != EINTR) {
            fprintf(stderr, "measure: wait4: %s\n", strerror(errno));
            return EXIT_FAILURE;
        }
    double taken = now() - begin;
    fprintf(report, " %.6f %.6f %ld %d\n", taken, seconds(usage.ru_utime) + seconds(usage.ru_stime),
            usage.ru_maxrss, WIFSIGNALED(status) ? -WTERMSIG(status) : WEXITSTATUS(status));
    if (fclose(report) != 0) {
        fprintf(stderr, "measure: %s: %s\n", argv[1], strerror(errno));
        return EXIT_FAILURE;
    }
    return EXIT_SUCCESS;
}
