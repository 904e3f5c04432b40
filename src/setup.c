/* SPDX-License-Identifier: MIT
 *
 * rule - what a token is, by the options; see rule.h.
 */
#include "setup.h"

int rule_open(const struct options *options, const struct operands *operands, struct text **text,
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
    const struct text_options rule = {
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
    return text_open(&rule, text, error);
}
