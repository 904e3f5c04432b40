/* SPDX-License-Identifier: MIT
 *
 * limits - a stack to run on, one arena, notes (see limits.h).
 */
#include "cli/limits.h"

#include <malloc.h>
#include <stdint.h>
#include <string.h>
#include <sys/resource.h>

#include "base/thread.h"

struct limits_program {
    int (*run)(int argc, char **argv);
    int argc;
    char **argv;
    int status;
};

static void limits_run_there(void *argument)
{
    struct limits_program *program = argument;

    program->status = program->run(program->argc, program->argv);
}

/* On a thread's stack. */
static int limits_run_elsewhere(int (*run)(int argc, char **argv), int argc, char **argv)
{
    struct limits_program program = {run, argc, argv, MESSAGE_FATAL};
    int error = thread_run_on_stack(limits_run_there, &program);
    struct message *message = error != 0 ? message_open() : NULL;

    if (message != NULL)
        message_error(message, "the stack is too small (ulimit -s), and no other can be had: %s",
                      strerror(error));
    message_close(message);
    return program.status;
}

int limits_run(int (*run)(int argc, char **argv), int argc, char **argv)
{
    struct rlimit limit;

#ifdef M_ARENA_MAX
    /* Each thread that allocates would reserve 64 MiB of addresses, or 128 at first. Blocks come
     * from the allocator so seldom, some thousands a second, that threads hardly wait for it. */
    if (getrlimit(RLIMIT_AS, &limit) == 0 && limit.rlim_cur != RLIM_INFINITY)
        mallopt(M_ARENA_MAX, 1);
#endif
    if (getrlimit(RLIMIT_STACK, &limit) == 0 && limit.rlim_cur < THREAD_STACK)
        return limits_run_elsewhere(run, argc, argv);
    return run(argc, argv);
}

void limits_note_memory(struct message *message, const struct options *options,
                        const struct mr_engine *engine)
{
    const uint64_t asked = options->engine.memory, got = mr_engine_memory(engine);

    if (asked != 0 && got > asked)
        message_note(message, "--buffer-size is too small for %u threads, using %juK",
                     mr_engine_threads(engine), (uintmax_t)(got >> 10));
    else if (asked != 0 && got < asked)
        message_note(message, "--buffer-size is more than the process may map, using %juK",
                     (uintmax_t)(got >> 10));
}

void limits_note_threads(struct message *message, const struct options *options,
                         const struct mr_engine *engine, unsigned opened)
{
    const unsigned asked = options->engine.threads != 0 ? options->engine.threads : opened;
    const unsigned got = mr_engine_threads(engine);

    if (got < asked)
        message_note(message, "only %u of %u threads can be had", got, asked);
}
