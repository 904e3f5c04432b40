/* SPDX-License-Identifier: MIT
 *
 * cgroup - reads the control group trees of versions 1 and 2 (see cgroup.h).
 *
 * A limit anywhere on the way from the process's own group up to the root holds, so each walk takes
 * the least of all levels. A group file that is missing (the root group of version 2 has none, a
 * container may see only its own part of the tree) does not limit.
 */
#include "base/cgroup.h"

#include "base/io.h"
#include "base/read_all.h"
#include "base/test_hooks.h"

#include <fcntl.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* The longest path handled: the mount point and a group's path. */
#define PATH_SIZE 4096
/* Group files are lists of a few hundred bytes to a few KiB. */
#define TEXT_SIZE 8192
/* Version 1 says "no limit" by the largest multiple of the page size in 63 bits. */
#define NO_LIMIT ((uint64_t)1 << 62)

/* A way through a tree: the path of a group, which loses its last part at each step up. */
struct walk {
    bool first_version;
    size_t top; /* length of the mount point, where the way ends */
    char path[PATH_SIZE];
};

static uint64_t least(uint64_t a, uint64_t b)
{
    return a < b ? a : b;
}

/* Reads the start of a file of the walk's group, ended by NUL. */
static bool read_group_file(const struct walk *walk, const char *name, char text[static TEXT_SIZE])
{
    char path[PATH_SIZE + 64];
    int length = snprintf(path, sizeof path, "%s/%s", walk->path, name);
    if (length < 0 || (size_t)length >= sizeof path)
        return false;
    return io_read_text(path, text, TEXT_SIZE) >= 0;
}

/* A number alone in a file; a word ("max"), a negative one and a missing file are UINT64_MAX. */
static uint64_t read_number(const struct walk *walk, const char *name)
{
    char text[TEXT_SIZE];
    uint64_t number;
    if (read_group_file(walk, name, text) && text[0] != '-' &&
        sscanf(text, "%" SCNu64, &number) == 1 && number < NO_LIMIT)
        return number;
    return UINT64_MAX;
}

/* The number behind `label` where a line of `text` starts with that. */
static bool find_number(const char *text, const char *label, uint64_t *number)
{
    size_t length = strlen(label);
    for (const char *line = text; line; line = strchr(line, '\n')) {
        line += *line == '\n';
        if (strncmp(line, label, length) == 0)
            return sscanf(line + length, "%" SCNu64, number) == 1;
    }
    return false;
}

/* All of a file of /proc as a string to be freed; NULL where it cannot be had. */
static char *read_file(const char *name)
{
    unsigned char *data;
    size_t size;
    int fd = io_open(name, O_RDONLY | O_CLOEXEC, 0);
    if (fd < 0)
        return NULL;
    int rc = read_all(fd, &data, &size);
    close(fd);
    return rc == 0 ? (char *)data : NULL;
}

/* Cuts the first line off *text; NULL behind the last one. */
static char *next_line(char **text)
{
    char *line = strsep(text, "\n");
    return line && (*line != '\0' || *text) ? line : NULL;
}

/* Whether one of the words of `list`, between commas, is `word`. */
static bool lists(const char *list, const char *word)
{
    size_t length = strlen(word);
    for (const char *at = list; at; at = strchr(at, ',')) {
        at += *at == ',';
        if (strncmp(at, word, length) == 0 && (at[length] == ',' || at[length] == '\0'))
            return true;
    }
    return false;
}

/* Finds in the lines of /proc/self/cgroup, "NUMBER:CONTROLLERS:PATH", the path of our group in the
 * tree that has the controller, without a slash at its end: the root is "". NULL where there is
 * none. In version 2's line number and controllers are 0 and "". */
static const char *find_group(char *text, const char *controller, bool *first_version)
{
    char *found = NULL;
    *first_version = false;
    for (char *line; !*first_version && (line = next_line(&text));) {
        char *controllers = strchr(line, ':');
        char *path = controllers ? strchr(controllers + 1, ':') : NULL;
        if (!path || path[1] != '/')
            continue;
        *controllers++ = '\0';
        *path++ = '\0';
        if (lists(controllers, controller))
            *first_version = true;
        else if (*controllers != '\0' || strcmp(line, "0") != 0)
            continue;
        found = path;
    }
    for (size_t length = found ? strlen(found) : 0; length > 0 && found[length - 1] == '/';)
        found[--length] = '\0';
    return found;
}

/* In mountinfo blanks, line ends and backslashes are written as \OOO. */
static void unescape(char *text)
{
    char *to = text;
    for (const char *from = text; *from; to++) {
        unsigned code;
        if (from[0] == '\\' && strspn(from + 1, "01234567") >= 3 &&
            sscanf(from + 1, "%3o", &code) == 1) {
            *to = (char)code;
            from += 4;
        } else {
            *to = *from++;
        }
    }
    *to = '\0';
}

/* What a line of mountinfo says, "ID PARENT DEVICE ROOT POINT OPTIONS [TAG]... - TYPE SOURCE
 * SUPER-OPTIONS", where it is a tree of the version that has the controller. */
static bool read_mount(char *line, const char *controller, bool first_version, char **root,
                       char **point)
{
    char *rest = strstr(line, " - ");
    if (!rest)
        return false;
    *rest = '\0';
    rest += 3;
    const char *type = strsep(&rest, " ");
    strsep(&rest, " ");
    const char *options = rest ? rest : "";
    if (first_version ? strcmp(type, "cgroup") != 0 || !lists(options, controller)
                      : strcmp(type, "cgroup2") != 0)
        return false;
    for (int i = 0; i < 3; i++)
        strsep(&line, " ");
    *root = strsep(&line, " ");
    *point = strsep(&line, " ");
    if (!*root || !*point)
        return false;
    unescape(*root);
    unescape(*point);
    return true;
}

/* What of the group's path lies below a mount's root; NULL where it lies elsewhere. */
static const char *below(const char *group, const char *root)
{
    size_t length = strlen(root);
    if (length > 0 && root[length - 1] == '/')
        length--;
    return strncmp(group, root, length) == 0 && (group[length] == '/' || group[length] == '\0')
               ? group + length
               : NULL;
}

static bool set_walk(struct walk *walk, const char *point, const char *path)
{
    /* A group outside of what this process can see, "/../other": the root is all there is. */
    if (strncmp(path, "/..", 3) == 0)
        path = "";
    walk->top = strlen(point);
    int length = snprintf(walk->path, sizeof walk->path, "%s%s", point, path);
    return length >= 0 && (size_t)length < sizeof walk->path;
}

/* Begins at the process's own group, in the tree as it is mounted. Of several mounts the one that
 * shows most of the levels above is taken; where none shows the group (a container's may come from
 * outside of its namespace), the first, whose root then is the best guess. */
static bool find_mounted(const char *controller, const char *group, struct walk *walk)
{
    char *text = read_file(test_hooks.mounts ? test_hooks.mounts : "/proc/self/mountinfo");
    char *rest = text, *root, *point;
    size_t best = SIZE_MAX;
    bool found = false;
    for (char *line; rest && (line = next_line(&rest));) {
        if (!read_mount(line, controller, walk->first_version, &root, &point))
            continue;
        const char *path = below(group, root);
        if (path ? strlen(root) < best : !found) {
            best = path ? strlen(root) : SIZE_MAX;
            found = set_walk(walk, point, path ? path : "") || found;
        }
    }
    free(text);
    return found;
}

/* Tries the usual places first: to list the mounts of a machine can take longer than counting. */
static bool find_usual(const char *controller, const char *group, struct walk *walk)
{
    const char *trees = test_hooks.trees ? test_hooks.trees : "/sys/fs/cgroup";
    char point[PATH_SIZE], path[PATH_SIZE + 64];
    int length = snprintf(point, sizeof point, "%s%s%s", trees, walk->first_version ? "/" : "",
                          walk->first_version ? controller : "");
    if (length < 0 || (size_t)length >= sizeof point || !set_walk(walk, point, group))
        return false;
    /* A file that each group has, and nothing else in its place. */
    length = snprintf(path, sizeof path, "%s/%s", walk->path,
                      walk->first_version ? "cgroup.procs" : "cgroup.controllers");
    return length > 0 && (size_t)length < sizeof path && access(path, F_OK) == 0;
}

/* Begins at our group in the tree that has the controller, as the text of /proc/self/cgroup says;
 * false where none is to be found. */
static bool walk_begin(const char *groups, const char *controller, struct walk *walk)
{
    char text[TEXT_SIZE];
    const char *group = find_group(strcpy(text, groups), controller, &walk->first_version);
    return group && (find_usual(controller, group, walk) || find_mounted(controller, group, walk));
}

/* To the group above; false at the root of what can be seen. */
static bool walk_up(struct walk *walk)
{
    char *slash = strrchr(walk->path, '/');
    if (!slash || (size_t)(slash - walk->path) < walk->top)
        return false;
    *slash = '\0';
    return true;
}

/* ---- Processors ------------------------------------------------------------------------------ */

static bool read_quota(const struct walk *walk, uint64_t *quota, uint64_t *period)
{
    char text[TEXT_SIZE];
    if (!walk->first_version)
        return read_group_file(walk, "cpu.max", text) &&
               sscanf(text, "%" SCNu64 " %" SCNu64, quota, period) == 2;
    *quota = read_number(walk, "cpu.cfs_quota_us");
    *period = *quota == UINT64_MAX ? UINT64_MAX : read_number(walk, "cpu.cfs_period_us");
    return *period != UINT64_MAX;
}

static uint64_t walk_cpus(struct walk *walk)
{
    uint64_t fewest = UINT64_MAX;
    do {
        uint64_t quota, period;
        if (read_quota(walk, &quota, &period) && period > 0) {
            uint64_t cpus = quota / period + (quota % period != 0);
            fewest = least(fewest, cpus > 0 ? cpus : 1);
        }
    } while (walk_up(walk));
    return fewest;
}

/* ---- Memory ---------------------------------------------------------------------------------- */

/* What a limit leaves where so much is used. Inactive file pages are counted as used by the group,
 * but go first when it needs memory, so they do not count here. */
static uint64_t left_of(uint64_t limit, uint64_t used, const char *statistics, const char *inactive)
{
    uint64_t reclaimable;
    if (limit == UINT64_MAX || used == UINT64_MAX)
        return limit;
    if (find_number(statistics, inactive, &reclaimable))
        used -= least(used, reclaimable);
    return used < limit ? limit - used : 0;
}

static void add_level(struct cgroup_limits *limits, uint64_t limit, uint64_t left)
{
    limits->memory = least(limits->memory, limit);
    limits->memory_left = least(limits->memory_left, left);
}

static void walk_memory_2(struct walk *walk, struct cgroup_limits *limits)
{
    char text[TEXT_SIZE];
    do {
        uint64_t most = read_number(walk, "memory.max");
        uint64_t limit = least(most, read_number(walk, "memory.high"));
        if (limit == UINT64_MAX)
            continue;
        if (!read_group_file(walk, "memory.stat", text))
            text[0] = '\0';
        add_level(limits, most,
                  left_of(limit, read_number(walk, "memory.current"), text, "inactive_file "));
    } while (walk_up(walk));
}

/* The statistics of version 1 tell the least limit of all groups above, those that cannot be seen
 * from here too, where groups are nested in earnest (memory.use_hierarchy); without any the other
 * files need not be read. What a hidden group leaves is not known: at most what our own does. */
static void walk_memory_1(struct walk *walk, struct cgroup_limits *limits)
{
    static const char inactive[] = "total_inactive_file ";
    char text[TEXT_SIZE];
    bool own = true;
    do {
        uint64_t limit;
        if (!read_group_file(walk, "memory.stat", text))
            continue;
        if (!own)
            limit = read_number(walk, "memory.limit_in_bytes");
        else if (!find_number(text, "hierarchical_memory_limit ", &limit) || limit >= NO_LIMIT)
            return;
        /* Less than the least limit that holds is one that does not. */
        if (limit != UINT64_MAX && (own || limit >= limits->memory))
            add_level(limits, limit,
                      left_of(limit, read_number(walk, "memory.usage_in_bytes"), text, inactive));
        own = false;
    } while (walk_up(walk));
}

struct cgroup_limits cgroup_limits(void)
{
    struct cgroup_limits limits = {UINT64_MAX, UINT64_MAX, UINT64_MAX};
    const char *name = test_hooks.groups ? test_hooks.groups : "/proc/self/cgroup";
    char groups[TEXT_SIZE];
    struct walk walk;
    if (io_read_text(name, groups, sizeof groups) < 0)
        return limits;
    if (walk_begin(groups, "cpu", &walk))
        limits.cpus = walk_cpus(&walk);
    if (!walk_begin(groups, "memory", &walk))
        return limits;
    if (walk.first_version)
        walk_memory_1(&walk, &limits);
    else
        walk_memory_2(&walk, &limits);
    return limits;
}
