/* SPDX-License-Identifier: MIT
 *
 * help - what -h, --help and --version print; see help.h.
 */
#include "cli/help.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/io.h"
#include "cli/complete.h"
#include "cli/option_table.h"
#include "cli/version.h"

#define HELP_COLUMN 32 /* where the explanations begin: one past the longest option */

static void help_option(FILE *out, const struct option_row *row)
{
    int column;

    if (row->letter != 0)
        column = fprintf(out, "  -%c, --%s", row->letter, row->name);
    else
        column = fprintf(out, "      --%s", row->name);
    if (row->argument != NULL)
        column += fprintf(out, row->optional ? "[=%s]" : "=%s", row->argument);
    fprintf(out, "%*s%s\n", column < HELP_COLUMN ? HELP_COLUMN - column : 1, "", row->help);
}

/* Ends a stream of open_memstream; NULL where anything went wrong on the way. */
static char *help_end(FILE *out, char **text)
{
    int failed = ferror(out);

    if (fclose(out) != 0 || failed) {
        free(*text);
        return NULL;
    }
    return *text;
}

static const char help_usage[] = "Usage: mrcount [OPTION]... [FILE]...\n";

static const char help_example[] =
    "Example: mrcount -i -n 10 book.txt     (the ten most frequent words of a book)\n";

char *help_text(void)
{
    char *text = NULL;
    size_t size;
    FILE *out = open_memstream(&text, &size);

    if (out == NULL)
        return NULL;
    fprintf(out,
            "%s"
            "Count how often each word, line, character or field occurs in the FILEs (or in\n"
            "standard input), and print KEY<TAB>COUNT lines, the most frequent first.\n",
            help_usage);
    for (unsigned group = 0; group < OPTION_GROUPS; group++) {
        fprintf(out, "\n%s:\n", option_table_heading(group));
        for (size_t i = 0; i < option_table_count; i++)
            if (option_table[i].group == group)
                help_option(out, &option_table[i]);
    }
    fprintf(out,
            "\n%s"
            "Exit status: 0 all read and printed, 1 a FILE could not be read, 2 error.\n"
            "Full manual: man mrcount\n",
            help_example);
    return help_end(out, &text);
}

char *help_screen(void)
{
    char *text = NULL;
    size_t size;
    FILE *out = open_memstream(&text, &size);

    if (out == NULL)
        return NULL;
    fprintf(out,
            "%s"
            "Count how often each word, line or field occurs; print the most frequent first.\n"
            "\n",
            help_usage);
    for (size_t i = 0; i < option_table_count; i++)
        if (option_table[i].common)
            help_option(out, &option_table[i]);
    fprintf(out,
            "\n%s"
            "All options: mrcount --help. Each with an example: man mrcount\n",
            help_example);
    return help_end(out, &text);
}

char *help_version(const struct help_built *built)
{
    char *text = NULL;
    size_t size;
    FILE *out = open_memstream(&text, &size);

    if (out == NULL)
        return NULL;
    fprintf(out,
            "mrcount %s\n"
            "Unicode %s\n"
            "Built in:%s\n"
            "License MIT. This is free software without any warranty.\n",
            VERSION_TEXT, built->unicode, *built->in != '\0' ? built->in : " nothing");
    return help_end(out, &text);
}

void help_print(const struct options *options, const struct help_built *built,
                struct message *message)
{
    char *text = options->action == OPTIONS_HELP          ? help_text()
                 : options->action == OPTIONS_HELP_SCREEN ? help_screen()
                 : options->action == OPTIONS_VERSION     ? help_version(built)
                                                          : complete_text(options->shell);

    if (text == NULL)
        message_error(message, "out of memory");
    else if (io_write_full(STDOUT_FILENO, text, strlen(text)) != 0 || close(STDOUT_FILENO) != 0)
        message_error(message, "standard output: cannot write: %s", strerror(errno));
    free(text);
}
