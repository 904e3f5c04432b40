/* SPDX-License-Identifier: MIT
 *
 * process - see process.h.
 */
#include "command/process.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/excerpt.h"

/* Milliseconds that process_move waits at most. */
#define PROCESS_WAIT 100
/* Bytes of a large pipe, and how many CMDs have two of them at a time: a user with 64 MiB in pipes
 * gets only small ones from then on. */
#define PROCESS_PIPE (256 << 10)
#define PROCESS_LARGE 32
/* A CMD that reads or prints a little at a time would wake us for each little, which costs both of
 * us more than the work. So we sleep for so many microseconds before we wait, the longer the less
 * there is to move then, and not at all where it is so much that the CMD may have had to wait. With
 * pipes of 256 KiB that takes half of the processor time of a Python that copies lines, and 0.9 of
 * an awk that prints a field. */
#define PROCESS_NAP 64
#define PROCESS_NAP_MOST 512
#define PROCESS_LITTLE ((size_t)16 << 10)
#define PROCESS_MUCH ((size_t)64 << 10)
/* Moves after which standard error and the end are looked at, although there was something to move:
 * a CMD that keeps us busy may have much to say, or be dead with another that keeps us busy. */
#define PROCESS_LOOK 16
/* Bytes of standard error that are held until their line ends. */
#define PROCESS_HELD ((size_t)16 << 10)
/* Reads that empty a pipe of standard error: a pipe holds 64 KiB, or a little more where a page of
 * it is not full. Who writes on without end shall not keep us. */
#define PROCESS_READS 64
/* Bytes that are kept of the last line, and bytes of CMD that are shown; fewer of both where the
 * text of an error has no room for them. */
#define PROCESS_LINE 120
#define PROCESS_SHOWN 60
#define PROCESS_SHOWN_LEAST 20

struct process {
    struct commands *commands;
    enum spawner_role role;
    int input;  /* our ends of its pipes, none of which blocks; -1: closed, or there is none */
    int output; /* as are */
    int errors; /* these */
    int status; /* held to its end: closing it ends the process */
    bool ended; /* its end is known, and was good */
    struct spawner_news news;
    size_t news_size; /* bytes of it that have come */
    unsigned moves;
    long nap; /* microseconds */
    size_t line_size, last_size;
    unsigned char line[PROCESS_LINE]; /* the beginning of the line that it is writing */
    unsigned char last[PROCESS_LINE]; /* and of the last one before that has something in it */
    size_t held;
    unsigned char text[PROCESS_HELD]; /* what it wrote to standard error and is not passed on */
};

static const char *process_command(const struct process *process)
{
    const struct commands_options *options = &process->commands->options;

    return process->role == SPAWNER_MAPPER ? options->mapper : options->reducer;
}

static void process_close_end(int *fd)
{
    if (*fd >= 0)
        close(*fd);
    *fd = -1;
}

/* ---- Failures -------------------------------------------------------------------------------- */

/* Fails with "CMD: WHAT", or "CMD: WHAT: the last line of its standard error". */
static int process_fail(struct process *process, int errnum, const char *what, bool said,
                        struct mr_error *error)
{
    const char *command = process_command(process);
    const unsigned char *line = process->line_size > 0 ? process->line : process->last;
    size_t size = process->line_size > 0 ? process->line_size : process->last_size;
    char shown[4 * PROCESS_SHOWN + 4], tail[4 * PROCESS_LINE + 4] = "";

    said = said && size > 0;
    excerpt_cut(command, strlen(command), PROCESS_SHOWN, shown);
    if (said)
        excerpt_cut(line, size, PROCESS_LINE - 1, tail);
    if (strlen(shown) + strlen(what) + strlen(tail) + 5 > sizeof error->text) {
        excerpt_cut(command, strlen(command), PROCESS_SHOWN_LEAST, shown);
        if (said)
            excerpt_cut(line, size, PROCESS_SHOWN_LEAST, tail);
    }
    mr_error_set(error, process->role == SPAWNER_MAPPER ? MR_MAP : MR_REDUCE, errnum, "%s: %s%s%s",
                 shown, what, said ? ": " : "", tail);
    return commands_fail(process->commands, error);
}

/* The same for a call of ours that failed. */
static int process_fail_call(struct process *process, const char *what, int errnum,
                             struct mr_error *error)
{
    char text[120];

    snprintf(text, sizeof text, "%s: %s", what, strerror(errnum));
    return process_fail(process, errnum, text, false, error);
}

/* ---- Standard error -------------------------------------------------------------------------- */

static bool process_blank(const unsigned char *line, size_t size)
{
    while (size > 0 && (*line == ' ' || (*line >= '\t' && *line <= '\r')))
        line++, size--;
    return size == 0;
}

/* Follows its lines for the last one. They end in newlines, whatever ends those of the input. */
static void process_follow_lines(struct process *process, const unsigned char *text, size_t size)
{
    while (size > 0) {
        const unsigned char *end = memchr(text, '\n', size);
        const size_t part = end != NULL ? (size_t)(end - text) : size;
        const size_t room = sizeof process->line - process->line_size;
        const size_t kept = part < room ? part : room;

        memcpy(process->line + process->line_size, text, kept);
        process->line_size += kept;
        if (end == NULL)
            return;
        if (!process_blank(process->line, process->line_size)) {
            memcpy(process->last, process->line, process->line_size);
            process->last_size = process->line_size;
        }
        process->line_size = 0;
        text = end + 1;
        size -= part + 1;
    }
}

/* Passes on what is held, of which the last `less` bytes are kept. */
static void process_pass(struct process *process, size_t less)
{
    const struct commands_options *options = &process->commands->options;
    const size_t size = process->held - less;

    if (size > 0)
        options->pass(options->pass_context, process->text, size);
    memmove(process->text, process->text + size, less);
    process->held = less;
}

/* Reads its standard error once. Returns whether there may be more. */
static bool process_hear(struct process *process)
{
    unsigned char *text = process->text + process->held;

    if (process->errors < 0)
        return false;
    const ssize_t got = read(process->errors, text, sizeof process->text - process->held);
    if (got < 0 && errno == EINTR)
        return true;
    if (got < 0 && errno == EAGAIN)
        return false;
    if (got <= 0) {
        /* A failed read, which a pipe has none of, only costs the rest of the text. */
        process_pass(process, 0);
        process_close_end(&process->errors);
        return false;
    }
    process_follow_lines(process, text, (size_t)got);
    process->held += (size_t)got;
    const unsigned char *end = memrchr(text, '\n', (size_t)got);
    if (end != NULL)
        process_pass(process, process->held - (size_t)(end + 1 - process->text));
    else if (process->held == sizeof process->text)
        process_pass(process, 0);
    return true;
}

/* Reads all of it that is there. */
static void process_hear_all(struct process *process)
{
    for (int i = 0; i < PROCESS_READS && process_hear(process); i++)
        ;
}

/* The same for the last time: an unfinished line is passed on too. */
static void process_hear_rest(struct process *process)
{
    process_hear_all(process);
    process_pass(process, 0);
}

/* ---- Its end --------------------------------------------------------------------------------- */

/* What came through the status pipe. Returns 0 where the CMD ended well. */
static int process_judge(struct process *process, struct mr_error *error)
{
    const struct spawner_news *news = &process->news;
    char text[80];

    if (news->errnum != 0)
        return process_fail_call(process, "cannot start", news->errnum, error);
    if (WIFEXITED(news->status)) {
        const int status = WEXITSTATUS(news->status);
        process->ended = true;
        if (status_set_has(&process->commands->options.accepted, (unsigned)status))
            return 0;
        snprintf(text, sizeof text, "exit status %d", status);
    } else {
        const int number = WTERMSIG(news->status);
        snprintf(text, sizeof text, "killed by signal %d (%s)", number, strsignal(number));
    }
    process_hear_rest(process);
    return process_fail(process, 0, text, true, error);
}

/* Looks whether it has ended. Returns -1 with *error filled where that was a failure. */
static int process_look(struct process *process, struct mr_error *error)
{
    if (process->ended)
        return 0;
    const ssize_t got = read(process->status, (char *)&process->news + process->news_size,
                             sizeof process->news - process->news_size);
    if (got < 0 && (errno == EAGAIN || errno == EINTR))
        return 0;
    if (got <= 0)
        return process_fail(process, 0, "lost: the process that starts commands has failed", false,
                            error);
    process->news_size += (size_t)got;
    return process->news_size < sizeof process->news ? 0 : process_judge(process, error);
}

/* ---- Moving ---------------------------------------------------------------------------------- */

/* Gives what it takes at once. Returns whether that was something, or -1 with *error filled. */
static int process_give(struct process *process, struct process_io *io, struct mr_error *error)
{
    if (io->input_size == 0)
        return false;
    if (process->input >= 0) {
        const ssize_t put = write(process->input, io->input, io->input_size);
        if (put > 0) {
            io->input += put;
            io->input_size -= (size_t)put;
            return true;
        }
        if (put < 0 && (errno == EAGAIN || errno == EINTR))
            return false;
        if (put == 0 || errno != EPIPE) /* without a reason it would be for ever */
            return process_fail_call(process, "cannot write to it", put == 0 ? ENOSPC : errno,
                                     error);
        process_close_end(&process->input);
    }
    io->input += io->input_size;
    io->input_size = 0;
    return true;
}

/* Takes what is there. The same. */
static int process_take(struct process *process, struct process_io *io, struct mr_error *error)
{
    const size_t room = io->output_room - io->output_size;

    if (process->output < 0 || room == 0)
        return false;
    const ssize_t got = read(process->output, io->output + io->output_size, room);
    if (got > 0)
        io->output_size += (size_t)got;
    else if (got == 0)
        process_close_end(&process->output);
    else if (errno == EAGAIN || errno == EINTR)
        return false;
    else
        return process_fail_call(process, "cannot read from it", errno, error);
    return true;
}

/* Both. Returns whether something moved, or -1 with *error filled. */
static int process_exchange(struct process *process, struct process_io *io, struct mr_error *error)
{
    const int given = process_give(process, io, error);
    const int taken = given < 0 ? -1 : process_take(process, io, error);

    return taken < 0 ? -1 : given || taken;
}

/* Waits for something of what process_move returns for, and sees to standard error and to its end.
 * Returns 0 or -1 with *error filled. */
static int process_wait(struct process *process, const struct process_io *io, int wake,
                        int milliseconds, struct mr_error *error)
{
    enum { INPUT, OUTPUT, ERRORS, STATUS, ALL, WAKE, COUNT };
    struct pollfd polls[COUNT] = {
        /* Without POLLOUT it still tells that nobody reads. */
        [INPUT] = {.fd = process->input, .events = io->input_size > 0 ? POLLOUT : 0},
        [OUTPUT] = {.fd = io->output_room > io->output_size ? process->output : -1,
                    .events = POLLIN},
        [ERRORS] = {.fd = process->errors, .events = POLLIN},
        [STATUS] = {.fd = process->ended ? -1 : process->status, .events = POLLIN},
        [ALL] = {.fd = process->commands->wake, .events = POLLIN},
        [WAKE] = {.fd = wake, .events = POLLIN},
    };

    /* Where memory is short for a moment the next try may do. */
    const int ready = poll(polls, COUNT, milliseconds);
    if (ready < 0 && errno != EINTR && errno != EAGAIN && errno != ENOMEM)
        return process_fail_call(process, "cannot wait for it", errno, error);
    if (ready <= 0)
        return 0;
    if ((polls[INPUT].revents & POLLERR) != 0)
        process_close_end(&process->input);
    if (polls[ERRORS].revents != 0)
        process_hear_all(process);
    return polls[STATUS].revents != 0 ? process_look(process, error) : 0;
}

/* Lets input and output pile up. */
static void process_nap(const struct process *process, int wake)
{
    struct pollfd polls[] = {
        {.fd = process->ended ? -1 : process->status, .events = POLLIN},
        {.fd = process->commands->wake, .events = POLLIN},
        {.fd = wake, .events = POLLIN},
    };
    const struct timespec time = {.tv_nsec = process->nap * 1000};

    (void)ppoll(polls, sizeof polls / sizeof *polls, &time, NULL);
}

/* What has been moved after a wait says how long the next is to be. */
static void process_learn(struct process *process, size_t given, size_t taken)
{
    if (given >= PROCESS_MUCH || taken >= PROCESS_MUCH)
        process->nap = process->nap > PROCESS_NAP ? process->nap / 2 : 0;
    else if (given < PROCESS_LITTLE && taken < PROCESS_LITTLE && process->nap < PROCESS_NAP_MOST)
        process->nap = process->nap > 0 ? process->nap * 2 : PROCESS_NAP;
}

int process_move(struct process *process, struct process_io *io, int wake, struct mr_error *error)
{
    io->output_size = 0;
    if (commands_check(process->commands, error) != 0)
        return -1;
    int moved = process_exchange(process, io, error);
    if (moved != 0)
        return moved < 0 || (++process->moves % PROCESS_LOOK == 0 &&
                             process_wait(process, io, wake, 0, error) != 0)
                   ? -1
                   : 0;
    const size_t size = io->input_size;
    if (process->nap > 0) {
        process_nap(process, wake);
        moved = process_exchange(process, io, error);
    }
    if (moved == 0 && (process_wait(process, io, wake, PROCESS_WAIT, error) != 0 ||
                       commands_check(process->commands, error) != 0))
        return -1;
    if (moved == 0)
        moved = process_exchange(process, io, error);
    process_learn(process, size - io->input_size, io->output_size);
    return moved < 0 ? -1 : 0;
}

void process_end_input(struct process *process)
{
    process_close_end(&process->input);
}

bool process_reads(const struct process *process)
{
    return process->input >= 0;
}

bool process_prints(const struct process *process)
{
    return process->output >= 0;
}

int process_finish(struct process *process, struct mr_error *error)
{
    const struct process_io nothing = {.input = NULL};

    process_end_input(process);
    while (!process->ended)
        if (commands_check(process->commands, error) != 0 ||
            process_wait(process, &nothing, -1, PROCESS_WAIT, error) != 0)
            return -1;
    process_hear_rest(process);
    return 0;
}

/* ---- Its beginning --------------------------------------------------------------------------- */

/* Makes a pipe whose end that is ours, `own` of it, does not block. */
static int process_pipe(int ends[2], int own, bool large)
{
    if (pipe2(ends, O_CLOEXEC) != 0) {
        ends[0] = ends[1] = -1;
        return -1;
    }
    /* Where that is more than the user may have it stays as it is. */
    if (large)
        (void)fcntl(ends[own], F_SETPIPE_SZ, PROCESS_PIPE);
    return fcntl(ends[own], F_SETFL, O_NONBLOCK);
}

/* Makes the pipes and has the CMD started. Returns 0 or an errno value. */
static int process_spawn(struct process *process, const char *file, int input)
{
    struct spawner_request request = {.role = process->role, .file = file};
    int pipes[3][2] = {{-1, -1}, {-1, -1}, {-1, -1}};
    int failed = 0;

    const bool large = atomic_fetch_add(&process->commands->running, 1) < PROCESS_LARGE;
    for (int i = 0; i < 3 && failed == 0; i++)
        if ((i > 0 || input < 0) && process_pipe(pipes[i], i > 0 ? 0 : 1, i < 2 && large) != 0)
            failed = errno;
    process->input = pipes[0][1];
    process->output = pipes[1][0];
    process->errors = pipes[2][0];
    request.standard[0] = input < 0 ? pipes[0][0] : input;
    request.standard[1] = pipes[1][1];
    request.standard[2] = pipes[2][1];
    if (failed == 0)
        failed = spawner_start(process->commands->spawner, &request, &process->status);
    process_close_end(&pipes[0][0]);
    process_close_end(&pipes[1][1]);
    process_close_end(&pipes[2][1]);
    return failed;
}

int process_start(struct commands *commands, enum spawner_role role, const char *file, int input,
                  struct process **process, struct mr_error *error)
{
    *process = NULL;
    if (commands_check(commands, error) != 0)
        return -1;
    struct process *made = calloc(1, sizeof *made);
    if (made == NULL) {
        mr_error_set(error, MR_NOMEM, ENOMEM, "out of memory");
        return commands_fail(commands, error);
    }
    made->commands = commands;
    made->role = role;
    made->status = -1;
    const int failed = process_spawn(made, file, input);
    if (failed != 0) {
        process_fail_call(made, "cannot start", failed, error);
        process_close(made);
        return -1;
    }
    *process = made;
    return 0;
}

void process_close(struct process *process)
{
    if (process == NULL)
        return;
    /* What it said before it is ended is passed on too. */
    process_hear_rest(process);
    process_close_end(&process->input);
    process_close_end(&process->output);
    process_close_end(&process->errors);
    process_close_end(&process->status);
    atomic_fetch_sub(&process->commands->running, 1);
    free(process);
}
