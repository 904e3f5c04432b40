/* SPDX-License-Identifier: MIT
 *
 * options - what the command line asks for; see options.h.
 *
 * getopt_long does the walking, with arrays made from the table; what is wrong is told here, in
 * words that show what was read and what is allowed.
 */
#include "cli/options.h"

#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cpu.h"
#include "cli/encode.h"
#include "cli/option_table.h"
#include "cli/size.h"

/* Bounds on what makes sense, generous: the engine starts one thread each,
 * the map keeps a window. */
#define OPTIONS_MOST_THREADS 4096
#define OPTIONS_MOST_NGRAM 1000

/* What one pass over the command line knows. */
struct options_pass {
    struct message *message;
    struct options *options;
    int kind_from; /* the option that chose the kind; 0 while none did */
    bool failed;   /* and that has been reported */
};

static void options_free_arrays(struct option *longs, char *shorts)
{
    free(longs);
    free(shorts);
}

/* getopt_long's two arrays; returns -1 when memory is out. */
static int options_arrays(struct option **longs, char **shorts)
{
    struct option *array = calloc(optable_count + 1, sizeof *array);
    char *letters = malloc(3 * optable_count + 2);
    char *p = letters;

    if (array == NULL || letters == NULL) {
        options_free_arrays(array, letters);
        return -1;
    }
    *p++ = ':'; /* say ':' rather than '?' for an argument that is missing */
    for (size_t i = 0; i < optable_count; i++) {
        const struct optable_option *option = &optable_options[i];
        array[i] = (struct option){
            .name = option->name,
            .has_arg = option->takes == OPTABLE_NONE       ? no_argument
                       : option->takes == OPTABLE_REQUIRED ? required_argument
                                                           : optional_argument,
            .val = option->value,
        };
        if (option->value > 255)
            continue;
        *p++ = (char)option->value;
        for (int colons = array[i].has_arg; colons > 0; colons--)
            *p++ = ':';
    }
    *p = '\0';
    *longs = array;
    *shorts = letters;
    return 0;
}

/* "--name" of the option for a value. */
static const char *options_name(int value, char out[static 32])
{
    const struct optable_option *option = optable_find(value);

    snprintf(out, 32, "--%s", option == NULL ? "?" : option->name);
    return out;
}

/* getopt_long said '?': an unknown option, an ambiguous one, or an argument too many. optopt is 0
 * for a long name it does not know, a value of the table for an argument too many, else a letter
 * that is none of ours. `word` is where it was looking, except for letters. */
static void options_unknown(struct options_pass *pass, const char *word)
{
    char names[256];
    char name[32];

    pass->failed = true;
    if (optable_find(optopt) != NULL) {
        message_usage(pass->message, "option '%s' takes no argument, got '%s'",
                      options_name(optopt, name), strchr(word, '=') + 1);
        return;
    }
    if (optopt != 0) {
        const char bytes[] = { (char)optopt, '\0' };
        message_usage(pass->message, "unknown option '-%s'", bytes);
        return;
    }
    if (optable_matches(word + 2, names, sizeof names) > 1) {
        message_usage(pass->message, "option '%s' is ambiguous: it may be %s", word, names);
        return;
    }
    const struct optable_option *nearest = optable_nearest(word + 2);
    int size = (int)strcspn(word, "=");
    if (nearest == NULL)
        message_usage(pass->message, "unknown option '%.*s'", size, word);
    else
        message_usage(pass->message, "unknown option '%.*s', did you mean '--%s'?", size, word,
                      nearest->name);
}

/* One of the words in the option's choices; -1 when it is none, which is reported. As elsewhere a
 * beginning that only one of them has is enough. */
static int options_choice(struct options_pass *pass, int value, const char *given)
{
    const struct optable_option *option = optable_find(value);
    size_t size = strlen(given);
    char allowed[128] = "";
    char name[32];
    int index = 0;
    int found = -1;
    int matches = 0;

    for (const char *p = option->choices; *p != '\0'; index++) {
        size_t length = strcspn(p, " ");
        if (size > 0 && size <= length && strncmp(p, given, size) == 0) {
            found = index;
            if (size == length)
                return index;
            matches++;
        }
        size_t used = strlen(allowed);
        snprintf(allowed + used, sizeof allowed - used, "%s%.*s", used > 0 ? ", " : "", (int)length,
                 p);
        p += length;
        p += *p == ' ';
    }
    if (matches == 1)
        return found;
    message_usage(pass->message, "%s '%s' for %s: allowed are %s",
                  matches > 1 ? "ambiguous" : "unknown", given, options_name(value, name), allowed);
    pass->failed = true;
    return -1;
}

static uint64_t options_number(struct options_pass *pass, int value, const char *given,
                               uint64_t least, uint64_t most)
{
    uint64_t number = 0;
    char name[32];
    int status = number_parse(given, least, most, &number);

    if (status == 0)
        return number;
    pass->failed = true;
    options_name(value, name);
    if (status == EINVAL)
        message_usage(pass->message, "%s needs a whole number, got '%s'", name, given);
    else if (most == UINT64_MAX && least == 0)
        message_usage(pass->message, "%s: '%s' is larger than 2^64-1", name, given);
    else
        message_usage(pass->message, "%s: '%s' is not from %ju to %ju", name, given,
                      (uintmax_t)least, (uintmax_t)most);
    return least;
}

/* Two kinds of token exclude each other; the same one again replaces what it said before. */
static void options_set_kind(struct options_pass *pass, int from, enum options_kind kind)
{
    char before[32];
    char now[32];

    if (pass->kind_from != 0 && pass->kind_from != from) {
        message_usage(pass->message, "%s and %s exclude each other",
                      options_name(pass->kind_from, before), options_name(from, now));
        pass->failed = true;
        return;
    }
    pass->kind_from = from;
    pass->options->kind = kind;
}

static void options_set_fields(struct options_pass *pass, const char *given)
{
    struct range *ranges = NULL;
    size_t count = 0;
    const char *wrong = number_parse_list(given, &ranges, &count);

    if (wrong == number_no_memory) {
        message_error(pass->message, "%s", wrong);
        pass->failed = true;
        return;
    }
    if (wrong != NULL) {
        message_usage(pass->message,
                      "--fields '%s': %s; allowed are N, N-, N-M and -M, divided by commas", given,
                      wrong);
        pass->failed = true;
        return;
    }
    free(pass->options->ranges);
    pass->options->ranges = ranges;
    pass->options->range_count = count;
    options_set_kind(pass, 'f', OPTIONS_FIELDS);
}

static void options_set_delimiter(struct options_pass *pass, const char *given)
{
    if (*given != '\0' && given[1] != '\0') {
        message_usage(pass->message, "--delimiter must be one byte, got '%s'%s", given,
                      strcmp(given, "\\t") == 0 ? "; a TAB is $'\\t' in the shell" : "");
        pass->failed = true;
        return;
    }
    /* An empty one is NUL, as in cut. */
    pass->options->have_delimiter = true;
    pass->options->delimiter = (unsigned char)*given;
}

static void options_set_ngrams(struct options_pass *pass, const char *given)
{
    uint64_t first = 0;
    uint64_t last = 0;

    if (number_parse_span(given, OPTIONS_MOST_NGRAM, &first, &last) != 0) {
        message_usage(pass->message,
                      "--ngrams needs N or N-M, from 1 to %d and M not below N, got '%s'",
                      OPTIONS_MOST_NGRAM, given);
        pass->failed = true;
        return;
    }
    pass->options->ngram_min = (unsigned)first;
    pass->options->ngram_max = (unsigned)last;
}

static void options_set_size(struct options_pass *pass, const char *given)
{
    size_t length = strlen(given);
    uint64_t total = length > 0 && given[length - 1] == '%' ? cpu_memory_total() : 0;
    int status = size_parse(given, total, &pass->options->buffer_size);

    if (status == 0 && pass->options->buffer_size == 0)
        pass->options->buffer_size = 1; /* 0 asks the engine for its default; "none" is its least */
    if (status == 0)
        return;
    pass->failed = true;
    if (status == ERANGE)
        message_usage(pass->message, "--buffer-size: '%s' is larger than 2^64-1 bytes", given);
    else
        message_usage(pass->message,
                      "--buffer-size needs a SIZE such as 500M, 2G or 10%%, got '%s'; units are "
                      "b K M G T P E %% (none: K)",
                      given);
}

static void options_add_tmpdir(struct options_pass *pass, const char *given)
{
    struct options *options = pass->options;
    const char **more = realloc(options->tmpdirs, (options->tmpdir_count + 1) * sizeof *more);

    if (more == NULL) {
        message_error(pass->message, "out of memory");
        pass->failed = true;
        return;
    }
    options->tmpdirs = more;
    options->tmpdirs[options->tmpdir_count++] = given;
}

static void options_set_words(struct options_pass *pass, const char *given)
{
    int choice = given == NULL ? 0 : options_choice(pass, 'w', given);

    if (choice >= 0)
        options_set_kind(pass, 'w', OPTIONS_WORDS_UNICODE + (unsigned)choice);
}

/* The options of the map: what a token is. Returns whether `value` was one of them. */
static bool options_take_map(struct options_pass *pass, int value, const char *given)
{
    struct options *options = pass->options;

    switch (value) {
    case 'w':
        options_set_words(pass, given);
        return true;
    case 'l':
        options_set_kind(pass, value, OPTIONS_LINES);
        return true;
    case 'm':
        options_set_kind(pass, value, OPTIONS_CHARS);
        return true;
    case 'f':
        options_set_fields(pass, given);
        return true;
    case OPTABLE_MERGE:
        options_set_kind(pass, value, OPTIONS_MERGE);
        return true;
    case OPTABLE_UNESCAPE:
        options->unescape = true;
        return true;
    case OPTABLE_UNBUNDLE:
        options->unbundle = true;
        return true;
    case 'd':
        options_set_delimiter(pass, given);
        return true;
    case 'g':
        options_set_ngrams(pass, given);
        return true;
    case 'z':
        options->zero_terminated = true;
        return true;
    case 'i':
        options->ignore_case = true;
        return true;
    case OPTABLE_STOP_WORDS:
        options->stop_words = given;
        return true;
    case OPTABLE_MIN_LENGTH:
        options->min_length = options_number(pass, value, given, 0, UINT64_MAX);
        return true;
    case OPTABLE_MAX_LENGTH:
        options->max_length = options_number(pass, value, given, 0, UINT64_MAX);
        return true;
    default:
        return false;
    }
}

/* The options of the reduce: what is printed. */
static bool options_take_reduce(struct options_pass *pass, int value, const char *given)
{
    struct options *options = pass->options;
    int choice;

    switch (value) {
    case 'n':
        options->have_top = true;
        options->top = options_number(pass, value, given, 0, UINT64_MAX);
        return true;
    case OPTABLE_MIN_COUNT:
        options->min_count = options_number(pass, value, given, 0, UINT64_MAX);
        return true;
    case OPTABLE_SORT:
        choice = options_choice(pass, value, given);
        if (choice >= 0)
            options->sort = OPTIONS_SORT_COUNT + (unsigned)choice;
        return true;
    case 'r':
        options->reverse = true;
        return true;
    case 'c':
        options->format = OPTIONS_UNIQ;
        return true;
    case OPTABLE_FORMAT:
        choice = options_choice(pass, value, given);
        if (choice >= 0)
            options->format = OPTIONS_TSV + (unsigned)choice;
        return true;
    case OPTABLE_JSON:
        options->format = OPTIONS_JSON;
        return true;
    case OPTABLE_ESCAPE:
        options->escape = true;
        return true;
    case OPTABLE_BUNDLE:
        options->bundles = (unsigned)options_number(pass, value, given, 1, ENCODE_BUNDLES);
        return true;
    case 'o':
        options->output = given;
        return true;
    case OPTABLE_TOTAL:
        options->total = true;
        return true;
    default:
        return false;
    }
}

/* The options about the run itself. */
static void options_take_run(struct options_pass *pass, int value, const char *given)
{
    struct options *options = pass->options;
    int choice;

    switch (value) {
    case 'j':
        options->threads = (unsigned)options_number(pass, value, given, 0, OPTIONS_MOST_THREADS);
        break;
    case 'S':
        options_set_size(pass, given);
        break;
    case 'T':
        options_add_tmpdir(pass, given);
        break;
    case OPTABLE_FILES0_FROM:
        options->files0_from = given;
        break;
    case OPTABLE_PROGRESS:
        /* Without WHEN it is asked for by name, as with ls --color: then also off a terminal. */
        choice = given == NULL ? 1 : options_choice(pass, value, given);
        if (choice >= 0)
            options->progress = OPTIONS_PROGRESS_AUTO + (unsigned)choice;
        break;
    case 'q':
        options->quiet = true;
        break;
    case OPTABLE_STATS:
        options->stats = true;
        break;
    case 'h':
        options->action = OPTIONS_HELP;
        break;
    case 'V':
        options->action = OPTIONS_VERSION;
        break;
    case OPTABLE_COMPLETION:
        choice = options_choice(pass, value, given);
        options->action = OPTIONS_COMPLETION;
        options->shell = choice == 0 ? "bash" : choice == 1 ? "zsh" : "fish";
        break;
    }
}

/* What only shows when everything has been read. */
static void options_check(struct options_pass *pass)
{
    const struct options *options = pass->options;
    char name[32];

    if (options->have_delimiter && options->kind != OPTIONS_FIELDS) {
        message_usage(pass->message, "--delimiter is of use with --fields only");
    } else if (options->ngram_min > 0 && options->kind > OPTIONS_WORDS_LETTERS &&
               options->kind != OPTIONS_CHARS) {
        message_usage(pass->message, "--ngrams goes with --words or --chars, not with %s",
                      options_name(pass->kind_from, name));
    } else if (options->unescape && options->kind != OPTIONS_MERGE) {
        message_usage(pass->message, "--unescape is of use with --merge only");
    } else if (options->unbundle && options->kind != OPTIONS_MERGE) {
        message_usage(pass->message, "--unbundle is of use with --merge only");
    } else if (options->bundles > 0 && (!options->escape || options->sort != OPTIONS_SORT_NONE)) {
        message_usage(pass->message, "--bundle goes with --escape and --sort=none only");
    } else if (options->escape && options->format != OPTIONS_TSV) {
        message_usage(pass->message, "--escape goes with the format tsv only");
    } else if (options->files0_from != NULL && options->file_count > 0) {
        message_usage(pass->message,
                      "extra operand '%s': FILEs cannot be combined with --files0-from",
                      options->files[0]);
    } else {
        return;
    }
    pass->failed = true;
}

int options_parse(int argc, char **argv, struct message *message, struct options *options)
{
    struct options_pass pass = { .message = message, .options = options };
    struct option *longs = NULL;
    char *shorts = NULL;
    char name[32];

    *options = (struct options){ .max_length = UINT64_MAX };
    if (options_arrays(&longs, &shorts) != 0) {
        message_error(message, "out of memory");
        return -1;
    }
    opterr = 0;
    optind = 0; /* glibc: start afresh, also when called again */
    while (!pass.failed && options->action == OPTIONS_COUNT) {
        int value = getopt_long(argc, argv, shorts, longs, NULL);
        if (value == -1)
            break;
        if (value == '?') {
            options_unknown(&pass, argv[optind - 1]);
        } else if (value == ':') {
            const struct optable_option *option = optable_find(optopt);
            message_usage(message, "option '%s' needs an argument: %s", options_name(optopt, name),
                          option == NULL ? "" : option->argument);
            pass.failed = true;
        } else if (!options_take_map(&pass, value, optarg) &&
                   !options_take_reduce(&pass, value, optarg)) {
            options_take_run(&pass, value, optarg);
        }
    }
    options_free_arrays(longs, shorts);
    options->files = argv + optind;
    options->file_count = (size_t)(argc - optind);
    if (!pass.failed && options->action == OPTIONS_COUNT)
        options_check(&pass);
    return pass.failed ? -1 : 0;
}

void options_free(struct options *options)
{
    free(options->ranges);
    free(options->tmpdirs);
    options->ranges = NULL;
    options->tmpdirs = NULL;
}
