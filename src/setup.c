/* SPDX-License-Identifier: MIT
 *
 * setup - see setup.h.
 */
#include "setup.h"

#include <errno.h>
#include <stdlib.h>

int setup_tokenizer(const struct options *options, const struct names *names,
                    struct tokenizer **tokenizer, struct mr_error *error)
{
    static const struct token_kind *const kinds[] = {
        [OPTIONS_WORDS_UNICODE] = &token_kind_unicode,
        [OPTIONS_WORDS_SPACE] = &token_kind_spaces,
        [OPTIONS_WORDS_LETTERS] = &token_kind_letters,
        [OPTIONS_LINES] = &token_kind_lines,
        [OPTIONS_CHARS] = &token_kind_chars,
        [OPTIONS_FIELDS] = &token_kind_fields,
        [OPTIONS_MERGE] = &token_kind_merge,
    };
    struct tokenizer_range *ranges = calloc(options->range_count + 1, sizeof *ranges);

    if (ranges == NULL)
        return (int)mr_error_set(error, MR_NOMEM, ENOMEM, "out of memory");
    for (size_t i = 0; i < options->range_count; i++)
        ranges[i] = (struct tokenizer_range){ options->ranges[i].first, options->ranges[i].last };
    const struct tokenizer_options wanted = {
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
    int status = tokenizer_open(&wanted, tokenizer, error);
    free(ranges);
    return status;
}
