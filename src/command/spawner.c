/* SPDX-License-Identifier: MIT
 *
 * spawner - our side of it; see spawner.h.
 */
#include "command/spawner.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/types.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/io.h"
#include "command/spawner_child.h"

/* Milliseconds that spawner_abandon waits: what a signal's handler may take. */
#define SPAWNER_PATIENCE 50

struct spawner {
    _Atomic int socket; /* -1 once closed; a handler reads it */
    pid_t pid;          /* constant */
};

/* Makes the two environments, the second with a place for one variable more. */
static int spawner_environment(struct spawner_child *child)
{
    const size_t length = strlen(SPAWNER_CHILD_VARIABLE);
    size_t count = 0, used = 0;

    child->environment = environ;
    while (environ != NULL && environ[count] != NULL)
        count++;
    child->named = calloc(count + 2, sizeof *child->named);
    if (child->named == NULL)
        return -1;
    child->named[used++] = child->file;
    for (size_t i = 0; i < count; i++)
        if (strncmp(environ[i], SPAWNER_CHILD_VARIABLE, length) != 0)
            child->named[used++] = environ[i];
    memcpy(child->file, SPAWNER_CHILD_VARIABLE, length);
    return 0;
}

/* Makes of the process just forked, in which all signals are blocked, the spawner. What of the
 * user's is open beside the standard descriptors stays so, for the CMDs. */
static _Noreturn void spawner_become(struct spawner_child *child, int null, int ours)
{
    close(ours);
    for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++)
        if (dup2(null, fd) < 0)
            _exit(1);
    close(null);
    spawner_child_run(child);
    _exit(0);
}

static int spawner_fork(struct spawner *spawner, struct spawner_child *child, int null, int ours)
{
    sigset_t all, before;

    /* No handler of ours may run in the new process. */
    sigfillset(&all);
    sigprocmask(SIG_SETMASK, &all, &before);
    spawner->pid = fork();
    if (spawner->pid == 0)
        spawner_become(child, null, ours);
    const int saved = errno;
    sigprocmask(SIG_SETMASK, &before, NULL);
    errno = saved;
    return spawner->pid > 0 ? 0 : -1;
}

int spawner_open(const char *mapper, const char *reducer, struct spawner **spawner,
                 struct mr_error *error)
{
    struct spawner *made = calloc(1, sizeof *made);
    struct spawner_child *child = calloc(1, sizeof *child);
    int pair[2] = {-1, -1}, null = -1;

    *spawner = NULL;
    if (made == NULL || child == NULL || spawner_environment(child) != 0) {
        mr_error_set(error, MR_NOMEM, ENOMEM, "out of memory");
        goto failed;
    }
    child->commands[SPAWNER_MAPPER] = mapper;
    child->commands[SPAWNER_REDUCER] = reducer;
    null = io_open("/dev/null", O_RDWR | O_CLOEXEC, 0);
    if (null < 0) {
        mr_error_set(error, MR_INVALID, errno, "cannot open /dev/null: %s", strerror(errno));
        goto failed;
    }
    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) != 0) {
        mr_error_set(error, MR_INVALID, errno, "cannot make a socket: %s", strerror(errno));
        goto failed;
    }
    child->socket = pair[1];
    made->socket = pair[0];
    if (spawner_fork(made, child, null, pair[0]) != 0) {
        mr_error_set(error, MR_INVALID, errno, "cannot start a process: %s", strerror(errno));
        goto failed;
    }
    close(null);
    close(pair[1]);
    free(child->named);
    free(child);
    *spawner = made;
    return 0;

failed:
    if (null >= 0)
        close(null);
    if (pair[0] >= 0) {
        close(pair[0]);
        close(pair[1]);
    }
    if (child != NULL)
        free(child->named);
    free(child);
    free(made);
    return -1;
}

int spawner_socket(const struct spawner *spawner)
{
    return spawner->socket;
}

/* Sends a request whose status pipe has this writing end. Returns 0 or an errno value. */
static int spawner_send(const struct spawner *spawner, const struct spawner_request *request,
                        int writing)
{
    const size_t named = request->file != NULL ? strlen(request->file) : 0;
    struct spawner_head head;
    union {
        struct cmsghdr align;
        char bytes[CMSG_SPACE(SPAWNER_DESCRIPTORS * sizeof(int))];
    } control;
    int descriptors[SPAWNER_DESCRIPTORS] = {[SPAWNER_STATUS] = writing};

    if (named >= SPAWNER_NAME)
        return ENAMETOOLONG;
    /* With its padding: all bytes of it are sent. */
    memset(&head, 0, sizeof head);
    head.role = request->role;
    head.named = request->file != NULL;
    struct iovec pieces[] = {{&head, sizeof head}, {(void *)request->file, named}};
    struct msghdr message = {
        .msg_iov = pieces,
        .msg_iovlen = request->file != NULL ? 2 : 1,
        .msg_control = control.bytes,
        .msg_controllen = sizeof control.bytes,
    };
    memcpy(descriptors + SPAWNER_STANDARD, request->standard, sizeof request->standard);
    memset(&control, 0, sizeof control);
    struct cmsghdr *rights = CMSG_FIRSTHDR(&message);
    rights->cmsg_level = SOL_SOCKET;
    rights->cmsg_type = SCM_RIGHTS;
    rights->cmsg_len = CMSG_LEN(sizeof descriptors);
    memcpy(CMSG_DATA(rights), descriptors, sizeof descriptors);
    while (sendmsg(spawner->socket, &message, MSG_NOSIGNAL) < 0)
        if (!io_again(spawner->socket, POLLOUT))
            return errno;
    return 0;
}

int spawner_start(struct spawner *spawner, const struct spawner_request *request, int *status)
{
    int ends[2];

    *status = -1;
    if (pipe2(ends, O_CLOEXEC) != 0)
        return errno;
    int failed = fcntl(ends[0], F_SETFL, O_NONBLOCK) != 0 ? errno : 0;
    if (failed == 0)
        failed = spawner_send(spawner, request, ends[1]);
    close(ends[1]);
    if (failed != 0)
        close(ends[0]);
    else
        *status = ends[0];
    return failed;
}

void spawner_abandon(struct spawner *spawner)
{
    const struct timespec moment = {.tv_nsec = 1000000};
    const int saved = errno, socket = spawner->socket;

    if (socket >= 0)
        (void)shutdown(socket, SHUT_WR);
    for (int i = 0; i < SPAWNER_PATIENCE && waitpid(spawner->pid, NULL, WNOHANG) == 0; i++)
        (void)nanosleep(&moment, NULL);
    errno = saved;
}

void spawner_close(struct spawner *spawner, struct spawner_usage *usage)
{
    struct spawner_usage told = {0};

    if (spawner != NULL) {
        (void)shutdown(spawner->socket, SHUT_WR);
        if (io_read_some(spawner->socket, &told, sizeof told) != (ssize_t)sizeof told)
            told = (struct spawner_usage){0};
        /* Where it has been waited for already, or SIGCHLD is ignored, this fails. */
        while (waitpid(spawner->pid, NULL, 0) < 0 && errno == EINTR)
            ;
        close(atomic_exchange(&spawner->socket, -1));
        free(spawner);
    }
    if (usage != NULL)
        *usage = told;
}
