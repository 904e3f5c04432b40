/* SPDX-License-Identifier: MIT
 *
 * rule - what a token is, by the options; see rule.h.
 */
#include "rule.h"

#include <errno.h>
#include <stdlib.h>

int rule_open(const struct options *options, const struct names *names, struct text **text,
              struct mr_error *error)
{
    static const enum text_kind kinds[] = {
        [OPTIONS_WORDS_UNICODE] = TEXT_WORDS_UNICODE, [OPTIONS_WORDS_SPACE] = TEXT_WORDS_SPACE,
        [OPTIONS_WORDS_LETTERS] = TEXT_WORDS_LETTERS, [OPTIONS_LINES] = TEXT_LINES,
        [OPTIONS_CHARS] = TEXT_CHARS,                 [OPTIONS_FIELDS] = TEXT_FIELDS,
        [OPTIONS_MERGE] = TEXT_MERGE,
    };
    struct text_range *ranges = calloc(options->range_count + 1, sizeof *ranges);

    if (ranges == NULL)
        return (int)mr_error_set(error, MR_NOMEM, ENOMEM, "out of memory");
    for (size_t i = 0; i < options->range_count; i++)
        ranges[i] = (struct text_range){ options->ranges[i].first, options->ranges[i].last };
    const struct text_options rule = {
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
        .ranges = ranges,
        .range_count = options->range_count,
        .min_length = options->min_length,
        .max_length = options->max_length,
        .stop_words = names->stop_words,
        .stop_words_size = names->stop_words_size,
    };
    int status = text_open(&rule, text, error);
    free(ranges);
    return status;
}
