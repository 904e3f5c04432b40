/* SPDX-License-Identifier: MIT
 *
 * cases.c - tests that are not C, as tests of check: golden runs of the command line (each folder
 * of tests/cli, run by tests/cli/run) and scripts (each executable of tests/scripts).
 *
 * A test gets a fresh folder to work in, the program first on PATH, LC_ALL=C, no COLUMNS and
 * nothing on standard input. What it prints goes to a log beside that folder, and the beginning of
 * it into the message of a failure. Exit status 0 passes, 77 skips (the last line printed is the
 * reason), anything else fails. MRCOUNT_SOURCE and MRCOUNT_BUILD say where the sources and the
 * programs are; MRCOUNT_VARIANT is "asan", "tsan" or empty.
 */
#include "unit/cases.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <limits.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define SKIPPED 77
#define SCRIPT_SECONDS 600
#define GOLDEN_SECONDS 60
/* check cuts longer messages (CK_MAX_MSG_SIZE). */
#define MESSAGE_BYTES 3500

/* The names found, for the loop tests; freed by nobody, as the tests run until the end. */
static char **golden_names;
static char **script_names;

static const char *setting(const char *name, const char *otherwise)
{
    const char *value = getenv(name);
    return value && *value ? value : otherwise;
}

static char *path_of(const char *format, ...) __attribute__((format(printf, 1, 2)));
/* Also used outside of tests, where check's assertions are not allowed. */
static char *path_of(const char *format, ...)
{
    char *path = NULL;
    va_list arguments;
    va_start(arguments, format);
    int length = vasprintf(&path, format, arguments);
    va_end(arguments);
    if (length < 0)
        abort();
    return path;
}

static int remove_entry(const char *path, const struct stat *status, int type, struct FTW *where)
{
    (void)status;
    (void)type;
    (void)where;
    return remove(path);
}

static void remove_tree(const char *path)
{
    if (nftw(path, remove_entry, 16, FTW_DEPTH | FTW_PHYS) != 0)
        ck_assert_msg(errno == ENOENT, "%s: %s", path, strerror(errno));
}

static void make_folders(const char *path)
{
    char copy[PATH_MAX];
    snprintf(copy, sizeof copy, "%s", path);
    for (char *slash = strchr(copy + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
        *slash = '\0';
        mkdir(copy, 0777);
        *slash = '/';
    }
    ck_assert_msg(mkdir(copy, 0777) == 0 || errno == EEXIST, "%s: %s", copy, strerror(errno));
}

static char *skip_list(void)
{
    return path_of("%s/tests/skipped", setting("MRCOUNT_BUILD", "build"));
}

static void note(const char *what, const char *name, const char *text, size_t length)
{
    char *path = skip_list();
    FILE *list = fopen(path, "a");
    ck_assert_msg(list, "%s: %s", path, strerror(errno));
    fprintf(list, "%s %s: %.*s\n", what, name, (int)length, text);
    ck_assert_int_eq(fclose(list), 0);
    free(path);
}

/* The last line says why. */
static void note_skipped(const char *name, const char *output)
{
    size_t length = strlen(output);
    while (length > 0 && output[length - 1] == '\n')
        length--;
    size_t begin = length;
    while (begin > 0 && output[begin - 1] != '\n')
        begin--;
    note("skipped", name, output + begin, length - begin);
}

/* Lines that say what of a test that passed was not run. */
static void note_parts(const char *name, const char *output)
{
    static const char mark[] = "not run: ";
    for (const char *line = output; *line != '\0';) {
        size_t length = strcspn(line, "\n");
        if (strncmp(line, mark, sizeof mark - 1) == 0)
            note("skipped in", name, line + sizeof mark - 1, length - (sizeof mark - 1));
        line += length + (line[length] == '\n');
    }
}

void cases_skip(const char *name, const char *reason)
{
    note_skipped(name, reason);
}

unsigned cases_print_skipped(FILE *out)
{
    char *path = skip_list();
    unsigned lines = 0;
    FILE *list = fopen(path, "r");
    if (list) {
        char line[MESSAGE_BYTES];
        while (fgets(line, sizeof line, list)) {
            fputs(line, out);
            lines += strncmp(line, "skipped in ", 11) != 0;
        }
        fclose(list);
    }
    free(path);
    return lines;
}

/* What the tests were started with, as nohup's ignored SIGHUP, changes nothing for programs. */
static void reset_signals(void)
{
    sigset_t none;

    for (int number = 1; number < NSIG; number++)
        signal(number, SIG_DFL); /* fails for those that cannot be caught or are not there */
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
}

/* Runs `program argument` in `folder`, its output to `log`; returns as the shell's $?. */
static int run(const char *program, const char *argument, const char *folder, const char *log)
{
    pid_t child = fork();
    ck_assert_int_ge(child, 0);
    if (child == 0) {
        int in = open("/dev/null", O_RDONLY);
        int out = open(log, O_WRONLY | O_CREAT | O_TRUNC, 0666);
        if (in < 0 || out < 0 || dup2(in, 0) < 0 || dup2(out, 1) < 0 || dup2(out, 2) < 0 ||
            chdir(folder) != 0)
            _exit(126);
        close(in);
        close(out);
        reset_signals();
        execl(program, program, argument, (char *)NULL);
        fprintf(stderr, "%s: %s\n", program, strerror(errno));
        _exit(127);
    }
    int status;
    while (waitpid(child, &status, 0) < 0)
        ck_assert_int_eq(errno, EINTR);
    return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}

/* The setting as an absolute path, also in the environment of what is run: that runs elsewhere. */
static char *absolute_setting(const char *name, const char *otherwise)
{
    char *path = realpath(setting(name, otherwise), NULL);
    ck_assert_msg(path, "%s: %s", name, strerror(errno));
    ck_assert_int_eq(setenv(name, path, 1), 0);
    return path;
}

/* Runs the program `file` of the tests for the test `name` of `kind`. */
static void run_case(const char *kind, const char *name, const char *file)
{
    char *source = absolute_setting("MRCOUNT_SOURCE", ".");
    char *build = absolute_setting("MRCOUNT_BUILD", "build");
    char *program = path_of("%s/tests/%s/%s", source, kind, file);
    char *folder = path_of("%s/tests/scratch/%s/%s", build, kind, name);
    char *log = path_of("%s.log", folder);
    char *path = path_of("%s:%s", build, setting("PATH", "/usr/bin:/bin"));
    remove_tree(folder);
    make_folders(folder);
    ck_assert_int_eq(setenv("PATH", path, 1), 0);
    ck_assert_int_eq(setenv("LC_ALL", "C", 1), 0);
    ck_assert_int_eq(unsetenv("COLUMNS"), 0);

    int status = run(program, name, folder, log);
    char output[MESSAGE_BYTES + 1];
    size_t length = 0;
    FILE *file_of_log = fopen(log, "r");
    if (file_of_log) {
        length = fread(output, 1, MESSAGE_BYTES, file_of_log);
        fclose(file_of_log);
    }
    output[length] = '\0';
    if (status == SKIPPED)
        note_skipped(name, output);
    else if (status == 0)
        note_parts(name, output);
    else
        ck_abort_msg("%s/%s: exit status %d, all output in %s\n%s", kind, name, status, log,
                     output);
    remove_tree(folder);
    free(path);
    free(log);
    free(folder);
    free(program);
    free(build);
    free(source);
}

START_TEST(a_run_does_what_is_recorded)
{
    run_case("cli", golden_names[_i], "run");
}
END_TEST

START_TEST(a_script_passes_or_says_why_not)
{
    run_case("scripts", script_names[_i], script_names[_i]);
}
END_TEST

/* Lists the folders that hold a `cmd`, or the executable files, of `folder`; in order of name. */
static char **list_names(const char *folder, bool golden_folders, int *count)
{
    struct dirent **entries;
    int found = scandir(folder, &entries, NULL, alphasort);
    char **names = calloc(found > 0 ? (size_t)found : 1, sizeof *names);
    *count = 0;
    for (int i = 0; i < found; i++) {
        char *path = NULL;
        struct stat status;
        bool wanted = entries[i]->d_name[0] != '.' && names &&
                      asprintf(&path, golden_folders ? "%s/%s/cmd" : "%s/%s", folder,
                               entries[i]->d_name) >= 0 &&
                      stat(path, &status) == 0 && S_ISREG(status.st_mode) &&
                      (golden_folders || access(path, X_OK) == 0);
        if (wanted && (names[*count] = strdup(entries[i]->d_name)))
            ++*count;
        free(path);
        free(entries[i]);
    }
    if (found >= 0)
        free(entries);
    return names;
}

/* A test case for each name, so that failures and CK_RUN_CASE name it. */
static void add_cases(Suite *suite, char **names, int count, const TTest *test, double seconds)
{
    for (int i = 0; i < count; i++) {
        TCase *tcase = tcase_create(names[i]);
        tcase_set_timeout(tcase, seconds);
        tcase_add_loop_test(tcase, test, i, i + 1);
        suite_add_tcase(suite, tcase);
    }
}

Suite *cases_cli_suite(void)
{
    Suite *suite = suite_create("cli");
    char *folder = path_of("%s/tests/cli", setting("MRCOUNT_SOURCE", "."));
    int count;
    golden_names = list_names(folder, true, &count);
    add_cases(suite, golden_names, count, a_run_does_what_is_recorded, GOLDEN_SECONDS);
    free(folder);
    return suite;
}

Suite *cases_scripts_suite(void)
{
    Suite *suite = suite_create("scripts");
    char *folder = path_of("%s/tests/scripts", setting("MRCOUNT_SOURCE", "."));
    int count;
    script_names = list_names(folder, false, &count);
    add_cases(suite, script_names, count, a_script_passes_or_says_why_not, SCRIPT_SECONDS);
    free(folder);
    /* Before the first test runs: the list is of this run only. */
    char *skips = skip_list();
    remove(skips);
    free(skips);
    return suite;
}
