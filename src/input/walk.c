/* SPDX-License-Identifier: MIT
 *
 * walk - the FILEs and the files below them; see walk.h.
 *
 * Every name lies in the store of `names` from the moment its directory is read, whole, and so once
 * only: what is sorted, descended into and given out are pointers to it. That of a directory ends
 * in a slash, so that its place among its neighbours is that of all the names that begin with it.
 */
#include "input/walk.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/io.h"
#include "input/names.h"

/* So many directories, one in the other, stay open, for those in them to be found from there. Those
 * further down are opened by their whole names. */
#define LEVELS_OPEN 24

#define ENTRIES_LEAST 64

/* A directory that has been read. */
struct level {
    DIR *directory; /* NULL where it is closed already */
    char *name;
    size_t name_size;
    char **entries; /* the last parts of names, behind the directory's */
    size_t count, room;
    size_t next; /* the entry whose turn it is */
    dev_t device;
    ino_t inode;
};

struct walk {
    struct walk_options options;
    struct globs_row *stripped; /* of directories_globs, and what these point to */
    char *stripped_bytes;
    size_t next; /* the FILE whose turn it is */
    struct level *levels;
    size_t depth, levels_room;
    struct names names;
};

static int walk_no_memory(struct mr_error *error)
{
    mr_error_set(error, MR_NOMEM, ENOMEM, "out of memory");
    return -1;
}

/* ---- Making and freeing ------------------------------------------------------------------- */

/* Takes the globs of directories without slashes at their ends. Returns 0, or -1 when memory is
 * out. */
static int walk_strip(struct walk *walk)
{
    struct globs *globs = &walk->options.directories_globs;
    size_t size = 1;

    for (size_t i = 0; i < globs->count; i++)
        size += strlen(globs->rows[i].glob) + 1;
    walk->stripped = calloc(globs->count + 1, sizeof *walk->stripped);
    walk->stripped_bytes = malloc(size);
    if (walk->stripped == NULL || walk->stripped_bytes == NULL)
        return -1;
    char *to = walk->stripped_bytes;
    for (size_t i = 0; i < globs->count; i++) {
        walk->stripped[i] = (struct globs_row){to, globs->rows[i].include};
        const char *const begin = to;
        to = stpcpy(to, globs->rows[i].glob);
        while (to > begin + 1 && to[-1] == '/')
            *--to = '\0';
        to++;
    }
    globs->rows = walk->stripped;
    return 0;
}

int walk_open(const struct walk_options *options, struct walk **opened, struct mr_error *error)
{
    struct walk *walk = calloc(1, sizeof *walk);

    *opened = NULL;
    if (walk == NULL)
        return walk_no_memory(error);
    walk->options = *options;
    if (names_open(&walk->names) != 0) {
        free(walk);
        return walk_no_memory(error);
    }
    if (walk_strip(walk) != 0) {
        walk_close(walk);
        return walk_no_memory(error);
    }
    *opened = walk;
    return 0;
}

static void level_close(struct level *level)
{
    if (level->directory != NULL)
        (void)closedir(level->directory);
    free(level->entries);
}

void walk_close(struct walk *walk)
{
    if (walk == NULL)
        return;
    while (walk->depth > 0)
        level_close(&walk->levels[--walk->depth]);
    free(walk->levels);
    free(walk->stripped);
    free(walk->stripped_bytes);
    names_close(&walk->names);
    free(walk);
}

/* ---- Reading a directory ------------------------------------------------------------------ */

static void walk_fault(struct walk *walk, const char *name, int errnum)
{
    if (walk->options.fault != NULL)
        walk->options.fault(walk->options.context, name, errnum);
}

/* Takes the slash off the name of a directory, or puts it back: only we look at these names. */
static void level_slash(const struct level *level, char end)
{
    if (level->name_size > 1)
        level->name[level->name_size - 1] = end;
}

static void level_fault(struct walk *walk, const struct level *level, int errnum)
{
    level_slash(level, '\0');
    walk_fault(walk, level->name, errnum);
    level_slash(level, '/');
}

/* Adds the name of an entry to those of the level. Returns 0, or -1 when memory is out. */
static int level_add(struct walk *walk, struct level *level, const char *entry, bool directory)
{
    const size_t size = strlen(entry);

    if (level->count == level->room) {
        const size_t room = level->room > 0 ? 2 * level->room : ENTRIES_LEAST;
        char **more = realloc(level->entries, room * sizeof *more);
        if (more == NULL)
            return -1;
        level->entries = more;
        level->room = room;
    }
    char *name = names_room(&walk->names, level->name_size + size + 2);
    if (name == NULL)
        return -1;
    memcpy(name, level->name, level->name_size);
    memcpy(name + level->name_size, entry, size + 1);
    if (directory)
        memcpy(name + level->name_size + size, "/", 2);
    level->entries[level->count++] = name + level->name_size;
    return 0;
}

/* What kind of file an entry is, DT_UNKNOWN where that cannot be found out, which has been told, or
 * -1 where memory is out. */
static int level_examine(struct walk *walk, const struct level *level, const struct dirent *entry)
{
    struct stat st;

    if (entry->d_type != DT_UNKNOWN)
        return entry->d_type;
    if (fstatat(dirfd(level->directory), entry->d_name, &st, AT_SYMLINK_NOFOLLOW) == 0)
        return S_ISDIR(st.st_mode) ? DT_DIR : S_ISREG(st.st_mode) ? DT_REG : DT_LNK;
    const int errnum = errno;
    const size_t size = strlen(entry->d_name);
    char *name = malloc(level->name_size + size + 1);
    if (name == NULL)
        return -1;
    memcpy(name, level->name, level->name_size);
    memcpy(name + level->name_size, entry->d_name, size + 1);
    walk_fault(walk, name, errnum);
    free(name);
    return DT_UNKNOWN;
}

/* Takes an entry that is wanted. Returns 0, or -1 when memory is out. */
static int level_take(struct walk *walk, struct level *level, const struct dirent *entry)
{
    const char *name = entry->d_name;

    if (strcmp(name, ".") == 0 || strcmp(name, "..") == 0)
        return 0;
    const int kind = level_examine(walk, level, entry);
    if (kind < 0)
        return -1;
    const struct globs *globs =
        kind == DT_DIR ? &walk->options.directories_globs : &walk->options.files_globs;
    if ((kind != DT_DIR && kind != DT_REG) || globs_leave_out(globs, name, false))
        return 0;
    return level_add(walk, level, name, kind == DT_DIR);
}

static int level_compare(const void *one, const void *other)
{
    return strcmp(*(const char *const *)one, *(const char *const *)other);
}

/* Reads the entries, in order. What breaks off is told, and what there was before holds. Returns 0,
 * or -1 when memory is out. */
static int level_read(struct walk *walk, struct level *level)
{
    for (;;) {
        errno = 0;
        const struct dirent *entry = readdir(level->directory);
        if (entry == NULL)
            break;
        if (level_take(walk, level, entry) != 0)
            return -1;
    }
    if (errno != 0)
        level_fault(walk, level, errno);
    if (level->count > 1)
        qsort(level->entries, level->count, sizeof *level->entries, level_compare);
    return 0;
}

/* Whether the directory is one of those that it is in, as where one is mounted in itself; that is
 * told. */
static bool walk_loops(struct walk *walk, const struct level *level)
{
    for (size_t i = 0; i < walk->depth; i++) {
        if (walk->levels[i].device != level->device || walk->levels[i].inode != level->inode)
            continue;
        level_slash(level, '\0');
        if (walk->options.tell != NULL)
            walk->options.tell(walk->options.context, level->name,
                               "a directory that holds itself is left out");
        level_slash(level, '/');
        return true;
    }
    return false;
}

/* Opens the level's directory, by the level before it where that is still open. Returns the
 * descriptor, or -1 with errno set. */
static int level_descriptor(const struct walk *walk, const struct level *level, const char *entry)
{
    const struct level *above = walk->depth > 0 ? &walk->levels[walk->depth - 1] : NULL;
    const int flags = O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOCTTY;
    int fd;

    if (above == NULL)
        return io_open(level->name, flags, 0);
    level_slash(level, '\0'); /* what ends in one is followed in any case */
    do
        fd = above->directory != NULL ? openat(dirfd(above->directory), entry, flags | O_NOFOLLOW)
                                      : open(level->name, flags | O_NOFOLLOW);
    while (fd < 0 && errno == EINTR);
    fd = io_not_standard(fd);
    const int saved = errno;
    level_slash(level, '/');
    errno = saved;
    return fd;
}

/* Closes what is open of all levels: descriptors are scarce. Returns whether there was one. */
static bool walk_give_descriptors(struct walk *walk)
{
    bool given = false;

    for (size_t i = 0; i < walk->depth; i++) {
        if (walk->levels[i].directory == NULL)
            continue;
        (void)closedir(walk->levels[i].directory);
        walk->levels[i].directory = NULL;
        given = true;
    }
    return given;
}

/* Begins to read the level's directory. Returns 0 or an errno value. */
static int level_open(struct walk *walk, struct level *level, const char *entry)
{
    struct stat st;
    int fd;

    do
        fd = level_descriptor(walk, level, entry);
    while (fd < 0 && (errno == EMFILE || errno == ENFILE) && walk_give_descriptors(walk));
    if (fd < 0)
        return errno;
    if (fstat(fd, &st) != 0 || (level->directory = fdopendir(fd)) == NULL) {
        const int errnum = errno;
        close(fd);
        return errnum;
    }
    level->device = st.st_dev;
    level->inode = st.st_ino;
    return 0;
}

/* Goes down into a directory, whose name is in the store. Returns 0, or -1 with *error filled: one
 * that cannot be read is told of and has no entries. */
static int walk_enter(struct walk *walk, char *name, const char *entry, struct mr_error *error)
{
    struct level level = {.name = name, .name_size = strlen(name)};

    if (walk->depth == walk->levels_room) {
        const size_t room = walk->levels_room + LEVELS_OPEN;
        struct level *more = realloc(walk->levels, room * sizeof *more);
        if (more == NULL)
            return walk_no_memory(error);
        walk->levels = more;
        walk->levels_room = room;
    }
    const int errnum = level_open(walk, &level, entry);
    if (errnum == ENOMEM)
        return walk_no_memory(error);
    if (level.directory == NULL) {
        level_fault(walk, &level, errnum);
        return 0;
    }
    if (walk_loops(walk, &level)) {
        level_close(&level);
        return 0;
    }
    if (level_read(walk, &level) != 0) {
        level_close(&level);
        return walk_no_memory(error);
    }
    if (walk->depth >= LEVELS_OPEN) {
        (void)closedir(level.directory);
        level.directory = NULL;
    }
    walk->levels[walk->depth++] = level;
    return 0;
}

/* ---- Going on ----------------------------------------------------------------------------- */

/* Looks at the FILE whose turn it is. Returns 1 where it is one to read, 0 where it was a directory
 * or is left out, -1 with *error filled. */
static int walk_take_file(struct walk *walk, const char **name, struct mr_error *error)
{
    const char *file = walk->options.files[walk->next++];
    const size_t size = strlen(file);
    struct stat st;

    *name = file;
    if (strcmp(file, "-") == 0)
        return 1;
    /* What cannot be looked at, who opens it will report. */
    const bool directory = size > 0 && stat(file, &st) == 0 && S_ISDIR(st.st_mode);
    const struct globs *globs =
        directory ? &walk->options.directories_globs : &walk->options.files_globs;
    if (!walk->options.implied && globs_leave_out(globs, file, true))
        return 0;
    if (!directory)
        return 1;
    char *room = names_room(&walk->names, size + 2);
    if (room == NULL)
        return walk_no_memory(error);
    memcpy(room, file, size + 1);
    if (file[size - 1] != '/')
        memcpy(room + size, "/", 2);
    return walk_enter(walk, room, room, error);
}

int walk_next(void *context, const char **name, struct mr_error *error)
{
    struct walk *walk = context;

    for (;;) {
        *name = NULL;
        if (walk->depth == 0) {
            if (walk->next == walk->options.count)
                return 0;
            const int taken = walk_take_file(walk, name, error);
            if (taken < 0)
                return -1;
            if (taken == 1)
                break;
            continue;
        }
        struct level *level = &walk->levels[walk->depth - 1];
        if (level->next == level->count) {
            level_close(level);
            walk->depth--;
            continue;
        }
        char *entry = level->entries[level->next++];
        *name = entry - level->name_size;
        if (entry[strlen(entry) - 1] != '/')
            break;
        if (walk_enter(walk, entry - level->name_size, entry, error) != 0)
            return -1;
    }
    return names_add(&walk->names, *name) == 0 ? 0 : walk_no_memory(error);
}

const char *walk_name_of(void *context, uint64_t number)
{
    struct walk *walk = context;

    return names_of(&walk->names, number);
}
