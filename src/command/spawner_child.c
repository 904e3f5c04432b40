/* SPDX-License-Identifier: MIT
 *
 * spawner_child - starts CMDs and ends them; see spawner_child.h.
 *
 * One thread, which waits for three things: a request, the end of a CMD (SIGCHLD, let through while
 * it waits and nowhere else), and the closing of a status pipe's reading end, which shows as
 * POLLERR at the other.
 */
#include "command/spawner_child.h"

#include <errno.h>
#include <fcntl.h>
#include <paths.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/io.h"

/* A CMD that has been started and not been waited for. */
struct running {
    pid_t pid;
    bool told; /* that it has ended */
};

/* All of them; what one's status pipe is waited for by stands at the same index of `polls`. */
struct spawner_set {
    struct running *running;
    struct pollfd *polls; /* and one more in front: the socket */
    size_t count, room;
    struct spawner_usage usage;
};

/* A request as it came. */
struct received {
    struct spawner_head head;
    int descriptors[SPAWNER_DESCRIPTORS]; /* -1: did not come */
};

static void spawner_wake(int number)
{
    (void)number; /* it interrupts ppoll, and that is all */
}

/* Handlers would run in a new process between its fork and its exec. SIGXFSZ, which mrcount
 * ignores, comes back, and SIGCHLD in any case: who is started with that ignored cannot wait for
 * children, and nor could we. */
static void spawner_signals(void)
{
    const struct sigaction usual = {.sa_handler = SIG_DFL}, wake = {.sa_handler = spawner_wake};
    struct sigaction action;

    for (int number = 1; number < NSIG; number++)
        if (sigaction(number, NULL, &action) == 0 && action.sa_handler != SIG_IGN)
            (void)sigaction(number, &usual, NULL);
    (void)sigaction(SIGXFSZ, &usual, NULL);
    (void)sigaction(SIGCHLD, &wake, NULL);
}

static void spawner_close_all(struct received *request)
{
    for (int i = 0; i < SPAWNER_DESCRIPTORS; i++)
        if (request->descriptors[i] >= 0)
            close(request->descriptors[i]);
}

/* A pipe of our own making, empty, takes it at once. Returns -1 where nobody reads it any more. */
static int spawner_tell(int status_pipe, int errnum, int status)
{
    const struct spawner_news news = {.errnum = errnum, .status = status};

    return io_write_full(status_pipe, &news, sizeof news);
}

static bool spawner_make_room(struct spawner_set *set)
{
    if (set->count < set->room)
        return true;
    const size_t room = set->room * 2 + 8;
    struct running *running = realloc(set->running, room * sizeof *running);
    if (running != NULL)
        set->running = running;
    struct pollfd *polls = realloc(set->polls, (room + 1) * sizeof *polls);
    if (polls != NULL)
        set->polls = polls;
    if (running == NULL || polls == NULL)
        return false;
    set->room = room;
    return true;
}

/* In the new process: becomes the CMD. */
static _Noreturn void spawner_become_command(struct spawner_child *child,
                                             const struct received *request, pid_t spawner)
{
    char *const arguments[] = {"sh", "-c", "--", (char *)child->commands[request->head.role], NULL};
    sigset_t none;

    (void)setpgid(0, 0);
    /* Where the spawner is killed there is nobody to end this one. */
    (void)prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
    if (getppid() != spawner)
        _exit(127);
    bool done = true;
    for (int fd = 0; fd < 3; fd++)
        done = done && dup2(request->descriptors[SPAWNER_STANDARD + fd], fd) >= 0;
    sigemptyset(&none);
    (void)sigprocmask(SIG_SETMASK, &none, NULL);
    if (done)
        execve(_PATH_BSHELL, arguments, request->head.named ? child->named : child->environment);
    (void)spawner_tell(request->descriptors[SPAWNER_STATUS], errno, 0);
    _exit(127);
}

/* Starts what is requested and keeps its status pipe. Returns 0 or an errno value. */
static int spawner_begin(struct spawner_child *child, struct spawner_set *set,
                         const struct received *request)
{
    const pid_t spawner = getpid();

    for (int i = 0; i < SPAWNER_DESCRIPTORS; i++)
        if (request->descriptors[i] < 0)
            return EMFILE;
    if (!spawner_make_room(set))
        return ENOMEM;
    const pid_t pid = fork();
    if (pid == 0)
        spawner_become_command(child, request, spawner);
    if (pid < 0)
        return errno;
    /* Both do it: whoever is first, the group is there before anyone ends it. */
    (void)setpgid(pid, pid);
    set->usage.processes++;
    set->running[set->count] = (struct running){.pid = pid};
    set->polls[++set->count].fd = request->descriptors[SPAWNER_STATUS];
    return 0;
}

/* Takes the descriptors out of a message. */
static void spawner_unpack(struct msghdr *message, struct received *request)
{
    for (int i = 0; i < SPAWNER_DESCRIPTORS; i++)
        request->descriptors[i] = -1;
    for (struct cmsghdr *part = CMSG_FIRSTHDR(message); part != NULL;
         part = CMSG_NXTHDR(message, part)) {
        if (part->cmsg_level != SOL_SOCKET || part->cmsg_type != SCM_RIGHTS)
            continue;
        size_t bytes = part->cmsg_len - CMSG_LEN(0);
        if (bytes > sizeof request->descriptors)
            bytes = sizeof request->descriptors;
        memcpy(request->descriptors, CMSG_DATA(part), bytes);
    }
}

/* Takes a request. Returns false where there will be none any more. */
static bool spawner_serve(struct spawner_child *child, struct spawner_set *set)
{
    union {
        struct cmsghdr align;
        char bytes[CMSG_SPACE(SPAWNER_DESCRIPTORS * sizeof(int))];
    } control;
    struct received request;
    char *name = child->file + sizeof SPAWNER_CHILD_VARIABLE - 1;
    struct iovec pieces[] = {{&request.head, sizeof request.head}, {name, SPAWNER_NAME - 1}};
    struct msghdr message = {
        .msg_iov = pieces,
        .msg_iovlen = 2,
        .msg_control = control.bytes,
        .msg_controllen = sizeof control.bytes,
    };
    const ssize_t got = recvmsg(child->socket, &message, MSG_CMSG_CLOEXEC | MSG_DONTWAIT);

    if (got < 0)
        return errno == EINTR || errno == EAGAIN;
    spawner_unpack(&message, &request);
    const size_t size = (size_t)got;
    const bool sound = size >= sizeof request.head &&
                       (unsigned)request.head.role <= SPAWNER_REDUCER &&
                       child->commands[request.head.role] != NULL;
    if (sound) {
        name[size - sizeof request.head] = '\0';
        const int failed = spawner_begin(child, set, &request);
        if (failed == 0) /* that one is in the table now */
            request.descriptors[SPAWNER_STATUS] = -1;
        else if (request.descriptors[SPAWNER_STATUS] >= 0)
            (void)spawner_tell(request.descriptors[SPAWNER_STATUS], failed, 0);
    }
    spawner_close_all(&request);
    return sound;
}

/* Ends the group of one that nobody wants to hear of any more, or of which nothing can be told. */
static void spawner_end(struct spawner_set *set, size_t i)
{
    if (set->polls[i + 1].fd < 0)
        return;
    (void)kill(-set->running[i].pid, SIGKILL);
    close(set->polls[i + 1].fd);
    set->polls[i + 1].fd = -1;
}

/* Says of one that has ended how; it stays to be waited for. */
static void spawner_report(struct spawner_set *set, size_t i)
{
    siginfo_t info = {.si_pid = 0};
    int failed;

    if (set->running[i].told)
        return;
    do
        failed = waitid(P_PID, (id_t)set->running[i].pid, &info, WEXITED | WNOHANG | WNOWAIT);
    while (failed != 0 && errno == EINTR);
    if (failed == 0 && info.si_pid == 0)
        return;
    set->running[i].told = true;
    /* As the macros of waitpid take it apart. */
    const int status =
        info.si_code == CLD_EXITED ? (info.si_status & 0xFF) << 8 : info.si_status & 0x7F;
    if (failed != 0 || spawner_tell(set->polls[i + 1].fd, 0, status) != 0)
        spawner_end(set, i);
}

/* Waits for one that has been ended; returns whether it is gone. */
static bool spawner_reap(struct spawner_set *set, size_t i, int how)
{
    struct rusage taken;
    int status;
    pid_t got;

    do
        got = wait4(set->running[i].pid, &status, how, &taken);
    while (got < 0 && errno == EINTR);
    if (got == 0)
        return false;
    if (got > 0)
        set->usage.seconds += (double)(taken.ru_utime.tv_sec + taken.ru_stime.tv_sec) +
                              (double)(taken.ru_utime.tv_usec + taken.ru_stime.tv_usec) / 1e6;
    set->count--;
    set->running[i] = set->running[set->count];
    set->polls[i + 1] = set->polls[set->count + 1];
    return true;
}

/* Looks at all that run. */
static void spawner_look(struct spawner_set *set)
{
    for (size_t i = set->count; i-- > 0;) {
        if ((set->polls[i + 1].revents & (POLLERR | POLLNVAL)) != 0)
            spawner_end(set, i);
        if (set->polls[i + 1].fd >= 0)
            spawner_report(set, i);
        if (set->polls[i + 1].fd < 0)
            (void)spawner_reap(set, i, WNOHANG);
    }
}

void spawner_child_run(struct spawner_child *child)
{
    struct spawner_set set = {0};
    sigset_t waiting;
    bool on = spawner_make_room(&set);

    spawner_signals();
    sigfillset(&waiting);
    sigdelset(&waiting, SIGCHLD);
    while (on) {
        set.polls[0] = (struct pollfd){.fd = child->socket, .events = POLLIN};
        for (size_t i = 1; i <= set.count; i++)
            set.polls[i].events = set.polls[i].revents = 0;
        if (ppoll(set.polls, set.count + 1, NULL, &waiting) < 0) {
            on = errno == EINTR || errno == EAGAIN || errno == ENOMEM;
            for (size_t i = 0; i <= set.count; i++)
                set.polls[i].revents = 0;
        }
        spawner_look(&set);
        if (set.polls[0].revents != 0)
            on = spawner_serve(child, &set);
    }
    for (size_t i = 0; i < set.count; i++)
        spawner_end(&set, i);
    while (set.count > 0)
        (void)spawner_reap(&set, set.count - 1, 0);
    (void)send(child->socket, &set.usage, sizeof set.usage, MSG_NOSIGNAL);
    free(set.running);
    free(set.polls);
}
