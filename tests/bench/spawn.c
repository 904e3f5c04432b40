/* SPDX-License-Identifier: MIT
 *
 * spawn - what whole processes cost: `spawn RUNS COMMAND ARGUMENT... -- COMMAND ARGUMENT...` runs
 * two commands in turn, RUNS times each, with their output to /dev/null, and prints the median of
 * each in microseconds, from before the fork until the child has been waited for.
 */
#include <errno.h>
#include <fcntl.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>

extern char **environ;

static double now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec * 1e6 + (double)t.tv_nsec * 1e-3;
}

static void fail(const char *what, int error)
{
    fprintf(stderr, "spawn: %s: %s\n", what, strerror(error));
    exit(EXIT_FAILURE);
}

/* Microseconds of one run. */
static double run(char **command, const posix_spawn_file_actions_t *actions)
{
    pid_t pid;
    int status;
    double begin = now();
    int error = posix_spawnp(&pid, command[0], actions, NULL, command, environ);
    if (error != 0)
        fail(command[0], error);
    while (waitpid(pid, &status, 0) < 0)
        if (errno != EINTR)
            fail("waitpid", errno);
    double taken = now() - begin;
    if (!WIFEXITED(status) || WEXITSTATUS(status) != 0) {
        fprintf(stderr, "spawn: %s: failed\n", command[0]);
        exit(EXIT_FAILURE);
    }
    return taken;
}

static int compare(const void *a, const void *b)
{
    double x = *(const double *)a;
    double y = *(const double *)b;
    return (x > y) - (x < y);
}

int main(int argc, char **argv)
{
    char **commands[2] = {argv + 2, NULL};
    posix_spawn_file_actions_t actions;
    int runs = argc > 3 ? atoi(argv[1]) : 0;

    for (int i = 3; i + 1 < argc; i++)
        if (strcmp(argv[i], "--") == 0) {
            argv[i] = NULL;
            commands[1] = argv + i + 1;
            break;
        }
    if (runs < 1 || !commands[1]) {
        fputs("usage: spawn RUNS COMMAND ARGUMENT... -- COMMAND ARGUMENT...\n", stderr);
        return 2;
    }
    int error = posix_spawn_file_actions_init(&actions);
    if (error == 0)
        error = posix_spawn_file_actions_addopen(&actions, 1, "/dev/null", O_WRONLY, 0);
    if (error != 0)
        fail("posix_spawn_file_actions", error);
    double *times[2];
    for (int side = 0; side < 2; side++) {
        times[side] = calloc((size_t)runs, sizeof **times);
        if (!times[side])
            fail("calloc", ENOMEM);
    }
    for (int i = 0; i < runs; i++)
        for (int side = 0; side < 2; side++)
            times[side][i] = run(commands[side], &actions);
    for (int side = 0; side < 2; side++) {
        qsort(times[side], (size_t)runs, sizeof **times, compare);
        printf("%.1f\n", times[side][runs / 2]);
        free(times[side]);
    }
    posix_spawn_file_actions_destroy(&actions);
    return EXIT_SUCCESS;
}
