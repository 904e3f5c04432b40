/* SPDX-License-Identifier: MIT
 *
 * setup - hands what the command line says to the rooms; see setup.h.
 */
#include "setup.h"

int setup_tokenizer(const struct options *options, const struct operands *operands,
                    struct tokenizer **tokenizer, struct mr_error *error)
{
    static const struct token_kind *const kinds[] = {
        [OPTIONS_WORDS_UNICODE] = &token_kind_unicode, [OPTIONS_WORDS_SPACE] = &token_kind_spaces,
        [OPTIONS_WORDS_LETTERS] = &token_kind_letters, [OPTIONS_LINES] = &token_kind_lines,
        [OPTIONS_CHARS] = &token_kind_chars,           [OPTIONS_FIELDS] = &token_kind_fields,
        [OPTIONS_MERGE] = &token_kind_merge,
    };
    const struct tokenizer_options made = {
        .kind = kinds[options->kind],
        .case_fold = options->ignore_case,
        .unescape = options->unescape,
        .unbundle = options->unbundle,
        .zero_terminated = options->zero_terminated,
        .count_invalid = options->stats,
        .ngram_min = options->ngram_min,
        .ngram_max = options->ngram_max,
        .have_delimiter = options->have_delimiter,
        .delimiter = options->delimiter,
        .ranges = options->ranges,
        .range_count = options->range_count,
        .min_length = options->min_length,
        .max_length = options->max_length,
        .stop_words = operands->stop_words,
        .stop_words_size = operands->stop_words_size,
    };
    return tokenizer_open(&made, tokenizer, error);
}

int setup_input(const struct operands *operands, const struct tokenizer *tokenizer,
                const struct mr_engine *engine, struct message *message, struct input **input,
                struct mr_error *error)
{
    const struct input_options made = {
        .names = operands->list,
        .count = operands->count,
        .threads = mr_engine_threads(engine),
        .memory = mr_engine_memory(engine),
        .text = tokenizer,
        .border = tokenizer_border,
        .border_last = tokenizer_border_last,
        .context = tokenizer_looks_back(tokenizer) ? tokenizer_context : NULL,
        .condense = tokenizer_condenses(tokenizer) ? tokenizer_condense : NULL,
        .condense_end = tokenizer_condense_end,
        .fault = message_fault,
        .fault_context = message,
    };
    return input_open(&made, input, error);
}

bool setup_report_line(const struct tokenizer *tokenizer, const struct input *input,
                       struct message *message)
{
    struct tokenizer_fault fault;

    if (!tokenizer_first_fault(tokenizer, &fault))
        return false;
    message_fatal(message, input_name(input, fault.number), "line %ju: %s", (uintmax_t)fault.line,
                  fault.reason);
    return true;
}
