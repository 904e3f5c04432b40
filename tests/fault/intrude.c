/* SPDX-License-Identifier: MIT
 *
 * intrude - does what code of an attacker's would like to do while the program counts.
 *
 * Loaded with LD_PRELOAD. When the program has begun to read standard input, each call below is
 * tried once, and INTRUDE_LOG receives a line for it: its name and `done` or the error. Where the
 * program has no sandbox, all but the first succeed or fail for another reason than EPERM.
 */
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

static int log_fd = -1;
static char victim[4096]; /* a file that exists */

__attribute__((constructor)) static void begin(void)
{
    const char *log = getenv("INTRUDE_LOG"), *file = getenv("INTRUDE_FILE");
    if (!log || !file || strlen(file) >= sizeof victim)
        return;
    strcpy(victim, file);
    log_fd = open(log, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0666);
}

static void tell(const char *name, long result)
{
    char line[128];
    int size =
        snprintf(line, sizeof line, "%s %s\n", name, result >= 0 ? "done" : strerrorname_np(errno));
    (void)!write(log_fd, line, (size_t)size);
}

static void intrude(void)
{
    char *const arguments[] = {(char[]){"true"}, NULL};
    char *const environment[] = {NULL};
    void *page = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    tell("memory", page == MAP_FAILED ? -1 : 0);
    tell("mprotect", mprotect(page, 4096, PROT_READ | PROT_EXEC));
    void *code = mmap(NULL, 4096, PROT_READ | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    tell("mmap", code == MAP_FAILED ? -1 : 0);
    tell("socket", socket(AF_INET, SOCK_STREAM, 0));
    tell("connect", connect(0, &(struct sockaddr){.sa_family = AF_UNIX}, sizeof(struct sockaddr)));
    tell("sendmsg", sendmsg(0, &(struct msghdr){.msg_iovlen = 0}, 0));
    tell("ptrace", ptrace(PTRACE_TRACEME, 0, NULL, NULL));
    tell("kill", kill(getppid(), 0));
    tell("open", open(victim, O_WRONLY | O_CLOEXEC));
    tell("open-create", open(victim, O_WRONLY | O_CREAT | O_CLOEXEC, 0666));
    tell("open-truncate", open(victim, O_RDONLY | O_TRUNC | O_CLOEXEC));
    tell("rename", rename(victim, victim));
    tell("chmod", chmod(victim, 0777));
    tell("mkdir", mkdir("made-by-intruder", 0777));
    pid_t child = (pid_t)syscall(SYS_clone, (long)SIGCHLD, 0L, 0L, 0L, 0L);
    if (child == 0)
        _exit(0);
    tell("fork", child);
    if (child > 0)
        waitpid(child, NULL, 0);
    tell("execve", execve("/bin/true", arguments, environment));
    tell("execveat", syscall(SYS_execveat, AT_FDCWD, "/bin/true", arguments, environment, 0));
}

__attribute__((visibility("default"))) ssize_t read(int fd, void *bytes, size_t size)
{
    static ssize_t (*real)(int, void *, size_t);
    static atomic_uint reads;
    if (!real)
        *(void **)&real = dlsym(RTLD_NEXT, "read");
    /* The first is before the counting: whether the input is small. */
    if (fd == STDIN_FILENO && log_fd >= 0 && atomic_fetch_add(&reads, 1) == 2)
        intrude();
    return real(fd, bytes, size);
}
