/* SPDX-License-Identifier: MIT
 *
 * setup - hands what the command line says to the rooms; see setup.h.
 */
#include "setup.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/kernels/kernels.h"
#include "cli/help.h"
#include "cli/stats.h"
#include "text/unicode/tables.h"

/* Of the memory that the program takes beside --buffer-size, what is for stop words: most lists are
 * a hundredth of that. */
#define OWN_MEMORY ((uint64_t)1 << 20)

int setup_engine(const struct options *options, struct mr_engine **engine, struct mr_error *error)
{
    const char *kernel = getenv("MRCOUNT_KERNEL"); /* for tests */

    if (kernels_select(kernel) != 0)
        return (int)mr_error_set(error, MR_INVALID, 0, "MRCOUNT_KERNEL: no kernel '%s' here",
                                 kernel);
    return mr_engine_open(&options->engine, engine, error) == MR_OK ? 0 : -1;
}

void setup_print_help(const struct options *options, struct message *message)
{
    char names[64];
    const struct help_built built = {UNICODE_VERSION, names};

    snprintf(names, sizeof names, "%s%s", patterns_built_in() ? " pcre2" : "", decoder_built_in());
    help_print(options, &built, message);
}

/* Compiles the REs of the options; NULL where there are none. Returns 0, or -1 when that has been
 * reported. */
static int setup_patterns(const struct options *options, struct message *message,
                          struct patterns **patterns)
{
    const struct patterns_options made = {
        .tokens = {"regexp", options->regexps.texts, options->regexps.count},
        .wanted = {"grep", options->greps.texts, options->greps.count},
        .unwanted = {"vgrep", options->vgreps.texts, options->vgreps.count},
        .replace = options->replace,
        .replace_option = "replace",
        .case_fold = options->ignore_case,
    };
    struct regex_fault fault;

    *patterns = NULL;
    if (made.tokens.count + made.wanted.count + made.unwanted.count == 0 ||
        patterns_open(&made, patterns, &fault) == 0)
        return 0;
    if (fault.text != NULL)
        message_marked(message, fault.text, fault.offset, "--%s: %s", fault.option, fault.reason);
    else if (fault.option != NULL)
        message_error(message, "--%s: %s", fault.option, fault.reason);
    else
        message_error(message, "%s", fault.reason);
    return -1;
}

/* As operands_take. */
static int setup_take_stop_words(void *tokenizer, const void *bytes, size_t size,
                                 struct mr_error *error)
{
    return tokenizer_stop_words(tokenizer, bytes, size, error);
}

/* What stop words may take: what the engine does not need of its memory, and what the program has.
 * An engine that is given next to nothing has what it needs. */
static int setup_stop_words_memory(const struct mr_engine *engine, uint64_t *memory,
                                   struct mr_error *error)
{
    const struct mr_engine_options least = {
        .struct_size = sizeof least, .threads = mr_engine_threads(engine), .memory = 1};
    struct mr_engine *small;

    if (mr_engine_open(&least, &small, error) != MR_OK)
        return -1;
    *memory = OWN_MEMORY;
    if (mr_engine_memory(engine) > mr_engine_memory(small))
        *memory += mr_engine_memory(engine) - mr_engine_memory(small);
    mr_engine_close(small);
    return 0;
}

int setup_tokenizer(const struct options *options, struct setup_values *values,
                    const struct mr_engine *engine, struct message *message,
                    struct tokenizer **tokenizer, struct mr_error *error)
{
    static const struct token_kind *const kinds[] = {
        [OPTIONS_WORDS_UNICODE] = &token_kind_unicode, [OPTIONS_WORDS_SPACE] = &token_kind_spaces,
        [OPTIONS_WORDS_LETTERS] = &token_kind_letters, [OPTIONS_LINES] = &token_kind_lines,
        [OPTIONS_CHARS] = &token_kind_chars,           [OPTIONS_FIELDS] = &token_kind_fields,
        [OPTIONS_MATCHES] = &token_kind_matches,       [OPTIONS_MERGE] = &token_kind_merge,
        [OPTIONS_RECORDS] = &token_kind_records,
    };
    static const enum normalize_form forms[] = {
        [OPTIONS_NORMALIZE_NONE] = NORMALIZE_NONE,
        [OPTIONS_NFC] = NORMALIZE_NFC,
        [OPTIONS_NFKC] = NORMALIZE_NFKC,
        [OPTIONS_NFKC_CASEFOLD] = NORMALIZE_NFKC_CASEFOLD,
    };
    struct patterns *patterns;
    uint64_t memory = 0;
    if (options->stop_words != NULL && setup_stop_words_memory(engine, &memory, error) != 0)
        return -1;
    if (setup_values_open(values, options, error) != 0 ||
        setup_patterns(options, message, &patterns) != 0)
        return -1;
    const struct tokenizer_options made = {
        .kind = options->csv      ? &token_kind_csv
                : options->quoted ? &token_kind_quoted
                                  : kinds[options->kind],
        .case_fold = options->ignore_case,
        .form = forms[options->normalize],
        .unescape = options->unescape,
        .unbundle = options->unbundle,
        .zero_terminated = options->zero_terminated,
        .count_invalid = options->stats,
        .tally_invalid = options->mapper == NULL && !options->quiet,
        .ngram_min = options->ngram_min,
        .ngram_max = options->ngram_max,
        .delimiter = options->delimiter,
        .delimiter_size = options->delimiter_size,
        .ranges = options->chosen.ranges,
        .range_count = options->chosen.range_count,
        .header = options->header,
        .names = options->chosen.names,
        .name_count = options->chosen.name_count,
        .min_length = options->min_length,
        .max_length = options->max_length,
        .stop_words = options->stop_words != NULL,
        .stop_words_memory = memory,
        .ordered = options_first(options),
        .patterns = patterns,
        .rows = setup_values_rows(values),
        .value_words = options->diff ? DIFFERENCE_WORDS : 0,
    };
    if (tokenizer_open(&made, tokenizer, error) != 0)
        return -1;
    if (options->stop_words == NULL ||
        operands_stop_words(options, message, setup_take_stop_words, *tokenizer, error) == 0)
        return 0;
    if (error->status == MR_INVALID) {
        message_fatal(message, options->stop_words,
                      "the stop words take more than the %juK that --buffer-size leaves for them, "
                      "give more of it",
                      (uintmax_t)(memory >> 10));
        error->status = MR_OK;
    }
    return -1;
}

int setup_leave_memory(const struct options *options, const struct tokenizer *tokenizer,
                       struct setup_command *command, struct mr_engine **engine,
                       struct mr_error *error)
{
    const uint64_t memory = mr_engine_memory(*engine), taken = tokenizer_memory(tokenizer);
    const uint64_t left =
        (taken > OWN_MEMORY ? taken - OWN_MEMORY : 0) + setup_command_memory(command, memory);
    struct mr_engine_options made = options->engine;

    if (left == 0)
        return 0;
    made.memory = memory > left ? memory - left : 1;
    made.threads = mr_engine_threads(*engine);
    mr_engine_close(*engine);
    return mr_engine_open(&made, engine, error) == MR_OK ? 0 : -1;
}

/* The FILEs, cut where no token can span. */
static struct mr_input *setup_files(const struct setup_input *from)
{
    const struct tokenizer *tokenizer = from->tokenizer;
    const struct mr_cuts cuts = {
        .struct_size = sizeof cuts,
        .context = tokenizer,
        .first = tokenizer_border,
        .last = tokenizer_border_last,
        .context_of = tokenizer_looks_back(tokenizer) ? tokenizer_context : NULL,
        .condense = tokenizer_condenses(tokenizer) ? tokenizer_condense : NULL,
        .condense_end = tokenizer_condense_end,
        .last_from = tokenizer_reads_in_order(tokenizer) ? tokenizer_border_from : NULL,
    };
    struct mr_files files = {
        .struct_size = sizeof files,
        .cuts = &cuts,
        .ordered = tokenizer_needs_order(tokenizer),
    };

    setup_source_files(from->source, from->engine, &files);
    return mr_input_files_with(&files);
}

int setup_input(const struct setup_input *from, struct mr_input **input, struct mr_error *error)
{
    *input = setup_command_is(from->command)
                 ? setup_command_input(from->command, from->source, from->engine)
                 : setup_files(from);
    return mr_input_prepare(*input, from->engine, error) == MR_OK ? 0 : -1;
}

int setup_job(struct setup_command *command, const struct setup_command_job *job,
              struct mr_job_spec *spec, struct mr_error *error)
{
    job->values->tokenizer = job->tokenizer;
    report_set_total(job->report, setup_values_total, job->values);
    if (setup_command_is(command))
        return setup_command_describe(command, job, spec, error);
    spec->context = job->tokenizer;
    spec->mapper_open = tokenizer_mapper_open;
    spec->mapper_close = tokenizer_mapper_close;
    spec->map = tokenizer_map;
    spec->small = mr_input_small(job->input);
    spec->input = tokenizer_follow_input(job->tokenizer, mr_input_retain(job->input));
    report_describe(job->report, spec);
    setup_values_job(job->values, spec);
    return 0;
}

void setup_note_left_out(const struct options *options, const struct setup_values *values,
                         const struct tokenizer *tokenizer, struct message *message)
{
    setup_values_note(values, tokenizer, message);

    if (tokenizer_lists_in_vain(tokenizer))
        message_note(message, "--stop-words=%s: none of its entries was met", options->stop_words);
}

void setup_print_stats(const struct options *options, const struct tokenizer *tokenizer,
                       const struct setup_command *command, const struct mr_stats *stats,
                       struct message *message)
{
    struct tokenizer_stats text = {0};
    struct mr_stats all = *stats;

    if (!options->stats)
        return;
    all.spilled += command->spilled;
    tokenizer_statistics(tokenizer, &text);
    stats_print(message, &all, &text.tokens, text.invalid_bytes, kernels_name(),
                options->mapper != NULL || options->reducer != NULL ? &command->programs : NULL);
}

bool setup_report_line(const struct tokenizer *tokenizer, const struct mr_input *input,
                       struct message *message)
{
    struct tokenizer_fault fault;

    if (!tokenizer_first_fault(tokenizer, &fault))
        return false;
    message_fatal(message, mr_input_file_name(input, fault.number), "line %ju: %s",
                  (uintmax_t)fault.line, fault.reason);
    return true;
}
