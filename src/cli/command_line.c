/* SPDX-License-Identifier: MIT
 *
 * command_line - reads the command line; see command_line.h.
 *
 * getopt_long does the walking, with arrays made from the table; what is wrong is told here and in
 * `take`, in words that show what was read and what is allowed.
 */
#include "cli/command_line.h"

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/option_match.h"
#include "cli/option_table.h"

/* What getopt_long returns for the long form of a row is this and the row's index. */
#define LONG_FORM 256

/* What the walk needs, made from the table. */
struct command_line {
    struct option *longs;
    char *letters;
    bool *given; /* a row: whether it has been met */
};

static void command_line_close(struct command_line *line)
{
    free(line->longs);
    free(line->letters);
    free(line->given);
}

/* Returns -1 when memory is out; either way command_line_close is to be called. */
static int command_line_open(struct command_line *line)
{
    struct option *longs = calloc(option_table_count + 1, sizeof *longs);
    char *letters = malloc(3 * option_table_count + 2);

    *line = (struct command_line){
        .longs = longs,
        .letters = letters,
        .given = calloc(option_table_count, sizeof *line->given),
    };
    if (longs == NULL || letters == NULL || line->given == NULL)
        return -1;
    *letters++ = ':'; /* say ':' rather than '?' for an argument that is missing */
    for (size_t i = 0; i < option_table_count; i++) {
        const struct option_row *row = &option_table[i];
        longs[i] = (struct option){
            .name = row->name,
            .has_arg = row->argument == NULL ? no_argument
                       : row->optional       ? optional_argument
                                             : required_argument,
            .val = LONG_FORM + (int)i,
        };
        if (row->letter == 0)
            continue;
        *letters++ = row->letter;
        for (int colons = longs[i].has_arg; colons > 0; colons--)
            *letters++ = ':';
    }
    *letters = '\0';
    return 0;
}

/* The row for what getopt_long returned, or left in optopt; NULL for none. */
static const struct option_row *command_line_row(int value)
{
    if (value >= LONG_FORM)
        return &option_table[value - LONG_FORM];
    return option_table_lettered(value);
}

/* getopt_long said '?': an unknown option, an ambiguous one, or an argument too many. optopt is 0
 * for a long name it does not know, a row's value for an argument too many, else a letter that is
 * none of ours. `word` is where it was looking, except for letters. */
static void command_line_unknown(struct option_pass *pass, const char *word)
{
    const struct option_row *row = command_line_row(optopt);
    char names[256];

    if (row != NULL) {
        option_wrong(pass, "option '--%s' takes no argument, got '%s'", row->name,
                     strchr(word, '=') + 1);
        return;
    }
    if (optopt != 0) {
        const char bytes[] = {(char)optopt, '\0'};
        option_wrong(pass, "unknown option '-%s'", bytes);
        return;
    }
    if (option_match_beginnings(word + 2, names, sizeof names) > 1) {
        option_wrong(pass, "option '%s' is ambiguous: it may be %s", word, names);
        return;
    }
    const struct option_row *nearest = option_match_nearest(word + 2);
    int size = (int)strcspn(word, "=");
    if (nearest == NULL)
        option_wrong(pass, "unknown option '%.*s'", size, word);
    else
        option_wrong(pass, "unknown option '%.*s', did you mean '--%s'?", size, word,
                     nearest->name);
}

static bool command_line_given(const struct command_line *line, const struct option_row *row)
{
    return line->given[row - option_table];
}

/* The first given option, in the table's order, that goes not with this one; NULL: all do. */
static const struct option_row *command_line_excluding(const struct command_line *line,
                                                       const struct option_row *row)
{
    for (size_t i = 0; i < option_table_count; i++) {
        const struct option_row *other = &option_table[i];
        if (line->given[i] && other != row &&
            (option_listed(other->excludes, row->name) ||
             option_listed(row->excludes, other->name)))
            return other;
    }
    return NULL;
}

/* Takes an option that has all it needs. */
static void command_line_take(struct command_line *line, struct option_pass *pass,
                              const struct option_row *row)
{
    const struct option_row *other = command_line_excluding(line, row);

    if (other != NULL) {
        option_wrong(pass, "--%s and --%s exclude each other", other->name, row->name);
        return;
    }
    line->given[row - option_table] = true;
    row->take(pass, row, optarg);
}

/* Whether a standing option that is not given is displaced by one that is. */
static bool command_line_displaced(const struct command_line *line, const struct option_row *row)
{
    for (size_t i = 0; i < option_table_count; i++)
        if (line->given[i] && option_listed(option_table[i].displaces, row->name))
            return true;
    return false;
}

/* Whether an option is in force: given, or standing and excluded or displaced by nothing. */
static bool command_line_in_force(const struct command_line *line, const char *name)
{
    const struct option_row *row = option_table_named(name);

    return command_line_given(line, row) ||
           (row->standing && command_line_excluding(line, row) == NULL &&
            !command_line_displaced(line, row));
}

/* One of the options in row->requires must be in force. */
static void command_line_require(const struct command_line *line, struct option_pass *pass,
                                 const struct option_row *row)
{
    const struct option_row *instead = NULL; /* what excludes one that would stand */
    char names[256] = "";

    for (const char *p = row->requires; *p != '\0'; p += *p == ' ') {
        char name[32];
        size_t length = strcspn(p, " ");
        size_t used = strlen(names);
        snprintf(name, sizeof name, "%.*s", (int)length, p);
        p += length;
        if (command_line_in_force(line, name))
            return;
        if (option_table_named(name)->standing)
            instead = command_line_excluding(line, option_table_named(name));
        snprintf(names + used, sizeof names - used, "%s--%s",
                 used == 0    ? ""
                 : *p == '\0' ? " or "
                              : ", ",
                 name);
    }
    if (instead == NULL)
        option_wrong(pass, "--%s requires %s", row->name, names);
    else
        option_wrong(pass, "--%s goes with %s, not with --%s", row->name, names, instead->name);
}

/* What only shows when all has been read: of several faults the first in the table's order. */
static void command_line_check(const struct command_line *line, struct option_pass *pass)
{
    for (size_t i = 0; i < option_table_count && !pass->failed; i++) {
        const struct option_row *row = &option_table[i];
        if (!command_line_given(line, row))
            continue;
        if (row->requires != NULL)
            command_line_require(line, pass, row);
        if (row->check != NULL && !pass->failed)
            row->check(pass, row);
    }
}

int command_line_read(int argc, char **argv, struct message *message, struct options *options)
{
    struct option_pass pass = {.message = message, .options = options};
    struct command_line line;

    options_open(options);
    if (command_line_open(&line) != 0) {
        option_no_memory(&pass);
        command_line_close(&line);
        return -1;
    }
    opterr = 0;
    optind = 0; /* glibc: start afresh, also when called again */
    while (!pass.failed && options->action == OPTIONS_COUNT) {
        int value = getopt_long(argc, argv, line.letters, line.longs, NULL);
        if (value == -1)
            break;
        const struct option_row *row = command_line_row(value == ':' ? optopt : value);
        if (value == '?')
            command_line_unknown(&pass, argv[optind - 1]);
        else if (value == ':')
            option_wrong(&pass, "option '--%s' needs an argument: %s", row->name, row->argument);
        else {
            pass.by_letter = value < LONG_FORM;
            command_line_take(&line, &pass, row);
        }
    }
    options->files = argv + optind;
    options->file_count = (size_t)(argc - optind);
    if (!pass.failed && options->action == OPTIONS_COUNT)
        command_line_check(&line, &pass);
    command_line_close(&line);
    return pass.failed ? -1 : 0;
}
