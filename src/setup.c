/* SPDX-License-Identifier: MIT
 *
 * setup - hands what the command line says to the rooms; see setup.h.
 */
#include "setup.h"

int setup_text(const struct options *options, const struct operands *operands, struct text **text,
               struct mr_error *error)
{
    static const enum text_kind kinds[] = {
        [OPTIONS_WORDS_UNICODE] = TEXT_WORDS_UNICODE,
        [OPTIONS_WORDS_SPACE] = TEXT_WORDS_SPACE,
        [OPTIONS_WORDS_LETTERS] = TEXT_WORDS_LETTERS,
        [OPTIONS_LINES] = TEXT_LINES,
        [OPTIONS_CHARS] = TEXT_CHARS,
        [OPTIONS_FIELDS] = TEXT_FIELDS,
        [OPTIONS_MERGE] = TEXT_MERGE,
    };
    const struct text_options made = {
        .kind = kinds[options->kind],
        .fold = options->ignore_case,
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
    return text_open(&made, text, error);
}

int setup_input(const struct operands *operands, const struct text *text,
                const struct mr_engine *engine, struct message *message, struct input **input,
                struct mr_error *error)
{
    const struct input_options made = {
        .names = operands->list,
        .count = operands->count,
        .threads = mr_engine_threads(engine),
        .memory = mr_engine_memory(engine),
        .text = text,
        .border = text_border,
        .border_last = text_border_last,
        .fault = message_fault,
        .fault_context = message,
    };
    return input_open(&made, input, error);
}

bool setup_report_line(const struct text *text, const struct input *input, struct message *message)
{
    struct text_fault fault;

    if (!text_merge_fault(text, &fault))
        return false;
    const char *name = input_name(input, fault.number);
    uint64_t line = fault.line;
    if (line == 0)
        line = input_line_at(input, fault.number, fault.offset, text_line_end(text));
    if (line > 0)
        message_fatal(message, name, "line %ju: %s", (uintmax_t)line, fault.reason);
    else
        message_fatal(message, name, "at byte %ju: %s", (uintmax_t)fault.offset, fault.reason);
    return true;
}
