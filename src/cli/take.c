/* SPDX-License-Identifier: MIT
 *
 * take - how each option is taken; see take.h.
 */
#include "cli/take.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cpu.h"
#include "cli/number.h"
#include "cli/size.h"

/* ---- Options that fill one member --------------------------------------------------------- */

static void *take_member(struct option_pass *pass, const struct option_row *row)
{
    return (char *)pass->options + row->place;
}

void take_flag(struct option_pass *pass, const struct option_row *row, const char *given)
{
    (void)given;
    *(bool *)take_member(pass, row) = true;
}

void take_text(struct option_pass *pass, const struct option_row *row, const char *given)
{
    *(const char **)take_member(pass, row) = given;
}

void take_list(struct option_pass *pass, const struct option_row *row, const char *given)
{
    if (pass->options->files0_from != NULL)
        option_wrong(pass, "--%s can be given only once", row->name);
    pass->options->files0_from = given;
}

void take_texts(struct option_pass *pass, const struct option_row *row, const char *given)
{
    struct options_list *list = take_member(pass, row);
    const char **more = realloc((void *)list->texts, (list->count + 1) * sizeof *more);

    if (more == NULL) {
        option_no_memory(pass);
        return;
    }
    more[list->count] = given;
    list->texts = more;
    list->count++;
}

void take_number(struct option_pass *pass, const struct option_row *row, const char *given)
{
    *(uint64_t *)take_member(pass, row) = option_number(pass, row, given);
}

void take_count(struct option_pass *pass, const struct option_row *row, const char *given)
{
    *(unsigned *)take_member(pass, row) = (unsigned)option_number(pass, row, given);
}

/* ---- What a token is ---------------------------------------------------------------------- */

static void take_kind_as(struct option_pass *pass, enum options_kind kind)
{
    pass->options->kind = kind;
    pass->options->have_kind = true;
}

void take_kind(struct option_pass *pass, const struct option_row *row, const char *given)
{
    (void)given;
    take_kind_as(pass, row->value);
}

void take_words(struct option_pass *pass, const struct option_row *row, const char *given)
{
    int choice = given == NULL ? 0 : option_choice(pass, row, given);

    if (choice >= 0)
        take_kind_as(pass, OPTIONS_WORDS_UNICODE + (unsigned)choice);
}

void take_fields(struct option_pass *pass, const struct option_row *row, const char *given)
{
    (void)row;
    pass->options->fields = given;
    take_kind_as(pass, OPTIONS_FIELDS);
}

void take_check_fields(struct option_pass *pass, const struct option_row *row)
{
    struct options *options = pass->options;
    struct field_list *chosen = &options->chosen;
    const char *wrong =
        options->header ? field_list_parse(options->fields, chosen)
                        : number_parse_list(options->fields, &chosen->ranges, &chosen->range_count);

    if (wrong == number_no_memory)
        option_no_memory(pass);
    else if (wrong != NULL)
        option_wrong(pass, "--%s '%s': %s; allowed are N, N-, N-M, -M%s, divided by commas",
                     row->name, options->fields, wrong,
                     options->header ? " and names" : ", and with --header names");
}

/* The byte that the escape behind a backslash stands for, or -1; *at is put on its last one. */
static int take_escape(const char **at)
{
    static const char digits[] = "0123456789abcdef";
    int byte = 0;

    switch (**at) {
    case 't':
        return '\t';
    case '\\':
        return '\\';
    case '0':
        return '\0';
    case 'x':
        break;
    default:
        return -1;
    }
    for (int i = 0; i < 2; i++) {
        const int c = (unsigned char)*++*at | 0x20;
        const char *digit = c != 0x20 ? strchr(digits, c) : NULL;
        if (digit == NULL)
            return -1;
        byte = byte * 16 + (int)(digit - digits);
    }
    return byte;
}

void take_regexp(struct option_pass *pass, const struct option_row *row, const char *given)
{
    take_texts(pass, row, given);
    take_kind_as(pass, OPTIONS_MATCHES);
}

void take_delimiter(struct option_pass *pass, const struct option_row *row, const char *given)
{
    const bool backslash = strcmp(given, "\\") == 0; /* alone it begins nothing */
    unsigned char *bytes = malloc(strlen(given) + 1);
    size_t size = 0;

    if (bytes == NULL) {
        option_no_memory(pass);
        return;
    }
    for (const char *at = given; *at != '\0'; at++) {
        int byte = (unsigned char)*at;
        if (byte == '\\' && !backslash) {
            const char *escape = ++at;
            byte = take_escape(&at);
            if (byte < 0) {
                option_wrong(pass, "--%s '%s': '\\%.1s' is none of the escapes \\t \\\\ \\0 \\xHH",
                             row->name, given, escape);
                free(bytes);
                return;
            }
        }
        bytes[size++] = (unsigned char)byte;
    }
    if (size == 0)
        bytes[size++] = '\0'; /* as in cut */
    free(pass->options->delimiter);
    pass->options->delimiter = bytes;
    pass->options->delimiter_size = size;
}

void take_check_delimiter(struct option_pass *pass, const struct option_row *row)
{
    const struct options *options = pass->options;

    if (options->csv &&
        (options->delimiter_size > 1 || memchr("\"\r\n", options->delimiter[0], 3) ||
         (options->delimiter[0] == '\0' && options->zero_terminated))) {
        option_wrong(pass, "with --csv --%s is one byte, other than a quote and a line end",
                     row->name);
        return;
    }
    if (options->delimiter_size > 1 &&
        memchr(options->delimiter, options->zero_terminated ? '\0' : '\n', options->delimiter_size))
        option_wrong(pass, "--%s of several bytes cannot hold a line end", row->name);
}

void take_check_csv(struct option_pass *pass, const struct option_row *row)
{
    struct options *options = pass->options;

    (void)row;
    if (options->delimiter != NULL)
        return;
    options->delimiter = malloc(1);
    if (options->delimiter == NULL) {
        option_no_memory(pass);
        return;
    }
    options->delimiter[0] = ',';
    options->delimiter_size = 1;
}

void take_ngrams(struct option_pass *pass, const struct option_row *row, const char *given)
{
    uint64_t first = 0;
    uint64_t last = 0;

    if (number_parse_span(given, 1, row->most, &first, &last) != 0) {
        option_wrong(pass, "--%s needs N or N-M, from 1 to %ju and M not below N, got '%s'",
                     row->name, (uintmax_t)row->most, given);
        return;
    }
    pass->options->ngram_min = (unsigned)first;
    pass->options->ngram_max = (unsigned)last;
}

void take_normalize(struct option_pass *pass, const struct option_row *row, const char *given)
{
    int choice = option_choice(pass, row, given);

    if (choice >= 0)
        pass->options->normalize = OPTIONS_NFC + (unsigned)choice;
}

void take_statuses(struct option_pass *pass, const struct option_row *row, const char *given)
{
    struct status_set set = {{0}};

    for (const char *p = given;; p++) {
        char part[16];
        uint64_t first = 0;
        uint64_t last = 0;
        size_t length = strcspn(p, ",");
        snprintf(part, sizeof part, "%.*s", (int)(length < sizeof part ? length : 0), p);
        if (number_parse_span(part, 0, row->most, &first, &last) != 0) {
            option_wrong(pass,
                         "--%s needs numbers and ranges from 0 to %ju, divided by commas, got '%s'",
                         row->name, (uintmax_t)row->most, given);
            return;
        }
        for (; first <= last; first++)
            status_set_add(&set, (unsigned)first);
        p += length;
        if (*p == '\0')
            break;
    }
    pass->options->accepted = set;
}

void take_check_mapper(struct option_pass *pass, const struct option_row *row)
{
    struct options *options = pass->options;

    (void)row;
    if (!options->have_kind)
        options->kind = options->reducer != NULL ? OPTIONS_LINES : OPTIONS_RECORDS;
}

void take_check_merge(struct option_pass *pass, const struct option_row *row)
{
    const struct computed *computed = &pass->options->computed;

    if (computed->count > 0)
        option_wrong(pass, "--%s adds up lines of KEY<TAB>COUNT, which hold no fields for --%s",
                     row->name, computed_name(computed->columns[0].op));
}

/* ---- What is computed for a key ----------------------------------------------------------- */

void take_computed(struct option_pass *pass, const struct option_row *row, const char *given)
{
    const char *wrong = computed_add(&pass->options->computed, row->value, given);

    if (wrong == computed_no_memory)
        option_no_memory(pass);
    else if (wrong != NULL)
        option_wrong(pass, "--%s needs %s, got '%s': %s", row->name, row->argument, given, wrong);
}

void take_check_computed(struct option_pass *pass, const struct option_row *row)
{
    const struct options *options = pass->options;
    const bool groups = options->kind == OPTIONS_MATCHES;

    if (options->format == OPTIONS_UNIQ) {
        option_wrong(pass, "--%s does not go with the format uniq", row->name);
        return;
    }
    for (size_t i = 0; i < options->computed.count && !pass->failed; i++) {
        struct computed_column *column = &options->computed.columns[i];
        if (column->op != row->value || column->field == NULL)
            continue;
        const char *wrong = computed_find(column, groups || options->header, groups);
        if (wrong == computed_no_memory)
            option_no_memory(pass);
        else if (wrong != NULL)
            option_wrong(pass, "--%s '%s': %s; F is %s", row->name, column->field, wrong,
                         groups            ? "a group of RE, by its number or name"
                         : options->header ? "one field, by its number or name"
                                           : "the number of a field or, with --header, its name");
    }
}

/* ---- What is printed ---------------------------------------------------------------------- */

void take_top(struct option_pass *pass, const struct option_row *row, const char *given)
{
    pass->options->have_top = true;
    pass->options->top = option_number(pass, row, given);
}

void take_sort(struct option_pass *pass, const struct option_row *row, const char *given)
{
    int choice = option_choice(pass, row, given);

    if (choice >= 0)
        pass->options->sort = OPTIONS_SORT_COUNT + (unsigned)choice;
}

void take_check_sort(struct option_pass *pass, const struct option_row *row)
{
    if (pass->options->sort != OPTIONS_SORT_FIRST)
        return;
    if (pass->options->mapper != NULL)
        option_wrong(pass, "--%s=first does not go with --mapper, whose lines have no order",
                     row->name);
    else if (pass->options->diff)
        option_wrong(pass, "--%s=first does not go with --diff", row->name);
    else if (pass->options->computed.count > 0)
        option_wrong(pass, "--%s=first does not go with columns that are computed", row->name);
}

void take_format(struct option_pass *pass, const struct option_row *row, const char *given)
{
    int choice = given == NULL ? (int)row->value : option_choice(pass, row, given);

    if (choice >= 0)
        pass->options->format = OPTIONS_TSV + (unsigned)choice;
}

void take_others(struct option_pass *pass, const struct option_row *row, const char *given)
{
    (void)row;
    pass->options->others = given != NULL ? given : "(others)";
}

void take_check_shares(struct option_pass *pass, const struct option_row *row)
{
    const struct computed *computed = &pass->options->computed;

    if (computed->count > 0 && computed->columns[0].op != COMPUTED_COUNT &&
        computed->columns[0].op != COMPUTED_SUM)
        option_wrong(pass, "--%s needs a sum or the count as the first column, not --%s", row->name,
                     computed_name(computed->columns[0].op));
}

void take_check_bars(struct option_pass *pass, const struct option_row *row)
{
    const enum options_format format = pass->options->format;

    take_check_shares(pass, row);
    if (format == OPTIONS_CSV || format == OPTIONS_JSON)
        option_wrong(pass, "--%s goes with the formats tsv, uniq and table only", row->name);
}

void take_check_keys(struct option_pass *pass, const struct option_row *row)
{
    if (pass->options->format == OPTIONS_UNIQ)
        option_wrong(pass, "--%s does not go with the format uniq", row->name);
}

void take_diff(struct option_pass *pass, const struct option_row *row, const char *given)
{
    (void)row;
    (void)given;
    pass->options->diff = true;
    take_kind_as(pass, OPTIONS_MERGE);
}

void take_check_diff(struct option_pass *pass, const struct option_row *row)
{
    const struct options *options = pass->options;

    if (options->file_count != 2)
        option_wrong(pass, "--%s needs two FILEs, OLD and NEW, got %zu", row->name,
                     options->file_count);
    else if (options->format == OPTIONS_UNIQ)
        option_wrong(pass, "--%s does not go with the format uniq", row->name);
}

void take_check_escape(struct option_pass *pass, const struct option_row *row)
{
    if (pass->options->format != OPTIONS_TSV)
        option_wrong(pass, "--%s goes with the format tsv only", row->name);
}

void take_check_bundle(struct option_pass *pass, const struct option_row *row)
{
    if (!pass->options->escape || pass->options->sort != OPTIONS_SORT_NONE)
        option_wrong(pass, "--%s goes with --escape and --sort=none only", row->name);
}

/* ---- How it runs -------------------------------------------------------------------------- */

void take_size(struct option_pass *pass, const struct option_row *row, const char *given)
{
    size_t length = strlen(given);
    uint64_t total = length > 0 && given[length - 1] == '%' ? cpu_memory_total() : 0;
    uint64_t bytes = 0;
    int status = size_parse(given, total, &bytes);

    /* To the engine 0 is its default; "none" is its least. */
    if (status == 0)
        pass->options->engine.memory = bytes > 0 ? bytes : 1;
    else if (status == ERANGE)
        option_wrong(pass, "--%s: '%s' is larger than 2^64-1 bytes", row->name, given);
    else
        option_wrong(pass,
                     "--%s needs a SIZE such as 500M, 2G or 10%%, got '%s'; units are b K M G T P "
                     "E %% (none: K)",
                     row->name, given);
}

void take_directory(struct option_pass *pass, const struct option_row *row, const char *given)
{
    struct options *options = pass->options;
    size_t count = options->engine.tmpdir_count;
    /* The array is ours: const it is to the engine. */
    const char **more = realloc((void *)options->engine.tmpdirs, (count + 1) * sizeof *more);

    (void)row;
    if (more == NULL) {
        option_no_memory(pass);
        return;
    }
    more[count] = given;
    options->engine.tmpdirs = more;
    options->engine.tmpdir_count = count + 1;
}

void take_check_list(struct option_pass *pass, const struct option_row *row)
{
    if (pass->options->file_count > 0)
        option_wrong(pass, "extra operand '%s': FILEs cannot be combined with --%s",
                     pass->options->files[0], row->name);
}

void take_glob(struct option_pass *pass, const struct option_row *row, const char *given)
{
    struct globs *list = take_member(pass, row);
    struct globs_row *more = realloc(list->rows, (list->count + 1) * sizeof *more);

    if (more == NULL) {
        option_no_memory(pass);
        return;
    }
    more[list->count] = (struct globs_row){given, row->value};
    list->rows = more;
    list->count++;
}

void take_decompress(struct option_pass *pass, const struct option_row *row, const char *given)
{
    int choice = option_choice(pass, row, given);

    if (choice >= 0)
        pass->options->never_decompress = choice == 1;
}

void take_progress(struct option_pass *pass, const struct option_row *row, const char *given)
{
    /* Without WHEN it is wanted by name, as with ls --color: then also off a terminal. */
    int choice = given == NULL ? OPTIONS_PROGRESS_ALWAYS : option_choice(pass, row, given);

    if (choice >= 0)
        pass->options->progress = OPTIONS_PROGRESS_AUTO + (unsigned)choice;
}

void take_action(struct option_pass *pass, const struct option_row *row, const char *given)
{
    (void)given;
    pass->options->action = row->value;
}

void take_help(struct option_pass *pass, const struct option_row *row, const char *given)
{
    (void)row;
    (void)given;
    pass->options->action = pass->by_letter ? OPTIONS_HELP_SCREEN : OPTIONS_HELP;
}

void take_shell(struct option_pass *pass, const struct option_row *row, const char *given)
{
    int choice = option_choice(pass, row, given);

    if (choice >= 0)
        pass->options->shell = OPTIONS_BASH + (unsigned)choice;
    pass->options->action = OPTIONS_COMPLETION;
}
