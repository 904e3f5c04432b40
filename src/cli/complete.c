/* SPDX-License-Identifier: MIT
 *
 * complete - completions for bash, zsh and fish, see complete.h.
 *
 * Each script is self-contained: bash without the bash-completion package, zsh by its _arguments,
 * fish by one `complete` line an option. What a shell has to quote is quoted for single quotes,
 * and the table's texts hold no single quote.
 */
#include "cli/complete.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/option_table.h"

/* Prints "--name", preceded by "-x " where there is a short form. */
static void complete_names(FILE *out, const struct option_row *row, const char *between)
{
    if (row->letter != 0)
        fprintf(out, "-%c%s", row->letter, between);
    fprintf(out, "--%s", row->name);
}

/* One branch of the case over the option whose argument is being completed. */
static void complete_bash_branch(FILE *out, enum option_offer offer, const char *action)
{
    bool first = true;

    for (size_t i = 0; i < option_table_count; i++) {
        const struct option_row *row = &option_table[i];
        if (row->offer != offer || row->choices != NULL || row->argument == NULL || row->optional)
            continue;
        fputs(first ? "    " : "|", out);
        complete_names(out, row, "|");
        fprintf(out, "|--%s=", row->name);
        first = false;
    }
    fprintf(out, ") %s; return ;;\n", action);
}

static void complete_bash(FILE *out)
{
    fputs("# bash completion for mrcount\n"
          "_mrcount() {\n"
          "    local cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD - 1]} i\n"
          "    COMPREPLY=()\n"
          "    for ((i = 1; i < COMP_CWORD; i++)); do\n"
          "        if [[ ${COMP_WORDS[i]} == -- ]]; then\n"
          "            mapfile -t COMPREPLY < <(compgen -f -- \"$cur\")\n"
          "            return\n"
          "        fi\n"
          "    done\n"
          "    # Readline divides words at '=': --name=value comes as three words.\n"
          "    if [[ $cur == '=' ]]; then\n"
          "        cur=\n"
          "        prev=$prev=\n"
          "    elif [[ $prev == '=' ]] && ((COMP_CWORD > 1)); then\n"
          "        prev=${COMP_WORDS[COMP_CWORD - 2]}=\n"
          "    elif [[ $cur == --*=* ]]; then\n"
          "        prev=${cur%%=*}=\n"
          "        cur=${cur#*=}\n"
          "    fi\n"
          "    case $prev in\n",
          out);
    for (size_t i = 0; i < option_table_count; i++) {
        const struct option_row *row = &option_table[i];
        if (row->choices == NULL)
            continue;
        /* An optional argument is one only behind '='. */
        if (row->optional)
            fprintf(out, "    --%s=", row->name);
        else
            fprintf(out, "    --%s|--%s=", row->name, row->name);
        fprintf(out, ") mapfile -t COMPREPLY < <(compgen -W '%s' -- \"$cur\"); return ;;\n",
                row->choices);
    }
    complete_bash_branch(out, OPTION_DIRECTORIES,
                         "mapfile -t COMPREPLY < <(compgen -d -- \"$cur\")");
    complete_bash_branch(out, OPTION_FILES, "mapfile -t COMPREPLY < <(compgen -f -- \"$cur\")");
    complete_bash_branch(out, OPTION_ANYTHING, "COMPREPLY=()");
    fputs("    esac\n"
          "    if [[ $cur == -* ]]; then\n"
          "        mapfile -t COMPREPLY < <(compgen -W '",
          out);
    for (size_t i = 0; i < option_table_count; i++) {
        if (i > 0)
            putc(' ', out);
        complete_names(out, &option_table[i], " ");
    }
    fputs("' -- \"$cur\")\n"
          "    else\n"
          "        mapfile -t COMPREPLY < <(compgen -f -- \"$cur\")\n"
          "    fi\n"
          "}\n"
          "complete -o filenames -F _mrcount mrcount\n",
          out);
}

/* A text inside [...] of _arguments, itself within single quotes. */
static void complete_zsh_text(FILE *out, const char *text)
{
    for (; *text != '\0'; text++) {
        if (strchr("[]:\\", *text) != NULL)
            putc('\\', out);
        putc(*text, out);
    }
}

/* What is offered no more behind this option: itself, unless each time counts, and what it
 * excludes. */
static void complete_zsh_excluded(FILE *out, const struct option_row *row)
{
    bool first = true;

    for (size_t i = 0; i < option_table_count; i++) {
        const struct option_row *other = &option_table[i];
        if (other == row ? row->repeated
                         : !option_listed(row->excludes, other->name) &&
                               !option_listed(other->excludes, row->name))
            continue;
        fputs(first ? "(" : " ", out);
        complete_names(out, other, " ");
        first = false;
    }
    fputs(first ? "" : ")", out);
    fputs(row->repeated ? "*" : "", out);
}

static void complete_zsh(FILE *out)
{
    fputs("#compdef mrcount\n"
          "# zsh completion for mrcount\n"
          "_arguments -s -S \\\n",
          out);
    for (size_t i = 0; i < option_table_count; i++) {
        const struct option_row *row = &option_table[i];
        bool takes = row->argument != NULL;
        const char *mark = !takes ? "" : row->optional ? "=-" : "=";
        fputs("  '", out);
        complete_zsh_excluded(out, row);
        if (row->letter != 0) {
            /* A short form takes its argument in the same word or, where it must have one, in the
             * next; one that may have one takes it in the same word only. */
            const char *short_mark = !takes ? "" : row->optional ? "-" : "+";
            fprintf(out, "'{-%c%s,--%s%s}'[", row->letter, short_mark, row->name, mark);
        } else {
            fprintf(out, "--%s%s[", row->name, mark);
        }
        complete_zsh_text(out, row->help);
        putc(']', out);
        if (takes) {
            fputs(row->optional ? "::" : ":", out);
            complete_zsh_text(out, row->argument);
            putc(':', out);
            if (row->choices != NULL)
                fprintf(out, "(%s)", row->choices);
            else if (row->offer == OPTION_FILES)
                fputs("_files", out);
            else if (row->offer == OPTION_DIRECTORIES)
                fputs("_files -/", out);
        }
        fputs("' \\\n", out);
    }
    fputs("  '*:FILE:_files'\n", out);
}

static void complete_fish(FILE *out)
{
    fputs("# fish completion for mrcount\n", out);
    for (size_t i = 0; i < option_table_count; i++) {
        const struct option_row *row = &option_table[i];
        fputs("complete -c mrcount", out);
        if (row->letter != 0)
            fprintf(out, " -s %c", row->letter);
        fprintf(out, " -l %s", row->name);
        if (row->argument != NULL && !row->optional)
            fputs(" -r", out);
        if (row->choices != NULL)
            fprintf(out, " -f -a '%s'", row->choices);
        else if (row->offer == OPTION_DIRECTORIES)
            fputs(" -f -a '(__fish_complete_directories)'", out);
        else if (row->offer == OPTION_FILES)
            fputs(" -F", out);
        else if (row->argument != NULL)
            fputs(" -f", out);
        fprintf(out, " -d '%s'\n", row->help);
    }
}

char *complete_text(enum options_shell shell)
{
    static void (*const shells[])(FILE *) = {
        [OPTIONS_BASH] = complete_bash,
        [OPTIONS_ZSH] = complete_zsh,
        [OPTIONS_FISH] = complete_fish,
    };
    char *text = NULL;
    size_t size;
    FILE *out = open_memstream(&text, &size);

    if (out == NULL)
        return NULL;
    shells[shell](out);
    int failed = ferror(out);
    if (fclose(out) != 0 || failed) {
        free(text);
        return NULL;
    }
    return text;
}
