/* SPDX-License-Identifier: MIT
 *
 * complete - completions for bash, zsh and fish, made from the table of options; see help.h.
 *
 * Each script is self-contained: bash without the bash-completion package, zsh by its _arguments,
 * fish by one `complete` line an option. What a shell has to quote is quoted for single quotes,
 * and the table's texts hold no single quote.
 */
#include "cli/help.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/option_table.h"

/* Prints "--name", preceded by "-x " where there is a short form. */
static void complete_names(FILE *out, const struct optable_option *option, const char *between)
{
    if (option->value < 256)
        fprintf(out, "-%c%s", option->value, between);
    fprintf(out, "--%s", option->name);
}

/* One branch of the case over the option whose argument is being completed. */
static void complete_bash_branch(FILE *out, enum optable_offer offer, const char *action)
{
    bool first = true;

    for (size_t i = 0; i < optable_count; i++) {
        const struct optable_option *option = &optable_options[i];
        if (option->offer != offer || option->takes != OPTABLE_REQUIRED)
            continue;
        fputs(first ? "    " : "|", out);
        complete_names(out, option, "|");
        fprintf(out, "|--%s=", option->name);
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
    for (size_t i = 0; i < optable_count; i++) {
        const struct optable_option *option = &optable_options[i];
        if (option->offer != OPTABLE_CHOICES)
            continue;
        /* An optional argument is one only behind '='. */
        if (option->takes == OPTABLE_OPTIONAL)
            fprintf(out, "    --%s=", option->name);
        else
            fprintf(out, "    --%s|--%s=", option->name, option->name);
        fprintf(out, ") mapfile -t COMPREPLY < <(compgen -W '%s' -- \"$cur\"); return ;;\n",
                option->choices);
    }
    complete_bash_branch(out, OPTABLE_DIRECTORIES,
                         "mapfile -t COMPREPLY < <(compgen -d -- \"$cur\")");
    complete_bash_branch(out, OPTABLE_FILES, "mapfile -t COMPREPLY < <(compgen -f -- \"$cur\")");
    complete_bash_branch(out, OPTABLE_ANYTHING, "COMPREPLY=()");
    fputs("    esac\n"
          "    if [[ $cur == -* ]]; then\n"
          "        mapfile -t COMPREPLY < <(compgen -W '",
          out);
    for (size_t i = 0; i < optable_count; i++) {
        if (i > 0)
            putc(' ', out);
        complete_names(out, &optable_options[i], " ");
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

static void complete_zsh(FILE *out)
{
    fputs("#compdef mrcount\n"
          "# zsh completion for mrcount\n"
          "_arguments -s -S \\\n",
          out);
    for (size_t i = 0; i < optable_count; i++) {
        const struct optable_option *option = &optable_options[i];
        const char *mark = option->takes == OPTABLE_NONE       ? ""
                           : option->takes == OPTABLE_REQUIRED ? "="
                                                               : "=-";
        if (option->value < 256) {
            /* A short form takes its argument in the same word or, where it must have one, in the
             * next; one that may have one takes it in the same word only. */
            const char *short_mark = option->takes == OPTABLE_NONE       ? ""
                                     : option->takes == OPTABLE_REQUIRED ? "+"
                                                                         : "-";
            fprintf(out, "  '(-%c --%s)'{-%c%s,--%s%s}'[", option->value, option->name,
                    option->value, short_mark, option->name, mark);
        } else {
            fprintf(out, "  '--%s%s[", option->name, mark);
        }
        complete_zsh_text(out, option->help);
        putc(']', out);
        if (option->takes != OPTABLE_NONE) {
            fputs(option->takes == OPTABLE_OPTIONAL ? "::" : ":", out);
            complete_zsh_text(out, option->argument);
            putc(':', out);
            if (option->offer == OPTABLE_CHOICES)
                fprintf(out, "(%s)", option->choices);
            else if (option->offer == OPTABLE_FILES)
                fputs("_files", out);
            else if (option->offer == OPTABLE_DIRECTORIES)
                fputs("_files -/", out);
        }
        fputs("' \\\n", out);
    }
    fputs("  '*:FILE:_files'\n", out);
}

static void complete_fish(FILE *out)
{
    fputs("# fish completion for mrcount\n", out);
    for (size_t i = 0; i < optable_count; i++) {
        const struct optable_option *option = &optable_options[i];
        fputs("complete -c mrcount", out);
        if (option->value < 256)
            fprintf(out, " -s %c", option->value);
        fprintf(out, " -l %s", option->name);
        if (option->takes == OPTABLE_REQUIRED)
            fputs(" -r", out);
        if (option->offer == OPTABLE_CHOICES)
            fprintf(out, " -f -a '%s'", option->choices);
        else if (option->offer == OPTABLE_DIRECTORIES)
            fputs(" -f -a '(__fish_complete_directories)'", out);
        else if (option->offer == OPTABLE_FILES)
            fputs(" -F", out);
        else if (option->takes != OPTABLE_NONE)
            fputs(" -f", out);
        fprintf(out, " -d '%s'\n", option->help);
    }
}

char *help_completion(const char *shell)
{
    char *text = NULL;
    size_t size;
    FILE *out = open_memstream(&text, &size);

    if (out == NULL)
        return NULL;
    if (strcmp(shell, "bash") == 0)
        complete_bash(out);
    else if (strcmp(shell, "zsh") == 0)
        complete_zsh(out);
    else
        complete_fish(out);
    int failed = ferror(out);
    if (fclose(out) != 0 || failed) {
        free(text);
        return NULL;
    }
    return text;
}
