/* SPDX-License-Identifier: MIT
 *
 * text - compiles rules and maps splits by them, see text.h.
 */
#include "text/text.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/utf8.h"
#include "text/kernels/kernels.h"
#include "text/scan.h"

int text_open(const struct text_options *options, struct text **result, struct mr_error *error)
{
    struct text *text = calloc(1, sizeof *text);

    *result = NULL;
    if (!text)
        goto no_memory;
    if (options->ngram_max > 0 &&
        (options->ngram_min == 0 || options->ngram_min > options->ngram_max ||
         options->kind == TEXT_LINES || options->kind == TEXT_FIELDS ||
         options->kind == TEXT_MERGE)) {
        mr_error_set(error, MR_INVALID, EINVAL, "n-grams are of words or characters, N to M");
        goto fail;
    }
    text->kind = options->kind;
    text->case_fold = options->case_fold;
    text->unescape = options->unescape;
    text->unbundle = options->unbundle;
    text->zero_terminated = options->zero_terminated;
    text->count_invalid = options->count_invalid;
    text->have_delimiter = options->have_delimiter;
    text->delimiter = options->delimiter;
    text->end = options->zero_terminated && !options->unescape && !options->unbundle ? '\0' : '\n';
    text->extra = options->zero_terminated ? '\0' : ' ';
    text->ngram_min = options->ngram_min;
    text->ngram_max = options->ngram_max;
    text->fold_window = SCAN_FOLD_WINDOW;
    text->window = SCAN_WINDOW;
    text->longest = SCAN_LONGEST;
    if (options->range_count > 0) {
        text->ranges = malloc(options->range_count * sizeof *text->ranges);
        if (!text->ranges)
            goto no_memory;
        memcpy(text->ranges, options->ranges, options->range_count * sizeof *text->ranges);
        text->range_count = options->range_count;
    }
    if (options->min_length > 0 || options->max_length < UINT64_MAX || options->stop_words) {
        const struct filter_list list = {
            .bytes = options->stop_words,
            .size = options->stop_words_size,
            .end = options->zero_terminated ? '\0' : '\n',
            .case_fold = options->case_fold,
            .words = options->kind == TEXT_WORDS_UNICODE || options->kind == TEXT_WORDS_SPACE ||
                     options->kind == TEXT_WORDS_LETTERS,
        };
        text->filter = filter_open(options->min_length, options->max_length,
                                   options->stop_words ? &list : NULL);
        if (!text->filter)
            goto no_memory;
    }
    if (options->kind == TEXT_MERGE && merge_open(&text->merge, error) != 0)
        goto fail;
    if (!kernels_selected.name && kernels_select(NULL) != 0) {
        mr_error_set(error, MR_INVALID, 0, "no kernel runs on this CPU");
        goto fail;
    }
    *result = text;
    return 0;

no_memory:
    mr_error_set(error, MR_NOMEM, ENOMEM, "memory exhausted");
fail:
    text_close(text);
    return -1;
}

void text_close(struct text *text)
{
    if (!text)
        return;
    filter_close(text->filter);
    merge_close(text->merge);
    free(text->ranges);
    free(text);
}

void text_statistics(const struct text *text, struct text_stats *stats)
{
    *stats = text->stats;
}

/* ---- Mappers --------------------------------------------------------------------------------- */

int text_mapper_open(void *rule, void **state, struct mr_error *error)
{
    const struct text *text = rule;
    /* Mappers count on every token: none shares a cache line with another's counters. */
    size_t size = (sizeof(struct scan) + 127) / 128 * 128;
    struct scan *scan = aligned_alloc(128, size);

    *state = scan;
    if (!scan) {
        mr_error_set(error, MR_NOMEM, ENOMEM, "memory exhausted");
        return -1;
    }
    memset(scan, 0, offsetof(struct scan, spans)); /* the arrays need no content */
    scan->text = text;
    words_open(&scan->words, (struct words_kernel){kernels_selected.words}, text->case_fold);
    return 0;
}

void text_mapper_close(void *rule, void *state)
{
    struct text *text = rule;
    struct scan *scan = state;

    total_join(&text->stats.tokens, &scan->tokens);
    text->stats.invalid_bytes += scan->invalid + scan->words.invalid;
    words_close(&scan->words);
    ngrams_close(&scan->ngrams);
    free(scan->folded.data);
    free(scan->keys.data);
    free(scan->joined.data);
    free(scan);
}

/* ---- Maps ------------------------------------------------------------------------------------ */

static int words_map(struct scan *scan, const unsigned char *data, size_t size)
{
    struct words_batch batch;
    int got, status;

    words_begin(&scan->words, data, size);
    while ((got = words_next(&scan->words, &batch)) > 0) {
        if (batch.giant > 0 && scan->text->ngram_max == 0)
            status = scan_emit_one(scan, batch.base, batch.giant, 1);
        else if (batch.giant > 0)
            status = scan_chain(scan, batch.base, batch.giant);
        else
            status = scan_folded_tokens(scan, batch.base, batch.spans, batch.count);
        if (status != 0)
            return status;
    }
    return got < 0 ? scan_no_memory(scan) : 0;
}

/* Maps bytes none of whose lines matters to another. */
static int map_words(struct scan *scan, const unsigned char *data, size_t size)
{
    switch (scan->text->kind) {
    case TEXT_WORDS_SPACE:
        return spaces_map(scan, data, size);
    case TEXT_WORDS_LETTERS:
        return letters_map(scan, data, size);
    case TEXT_CHARS:
        return chars_map_line(scan, data, size);
    default:
        return words_map(scan, data, size);
    }
}

/* One line after the other: what is of n-grams, and words under zero_terminated, where a combining
 * mark would else attach to the line end. */
static int map_by_line(struct scan *scan, const unsigned char *data, size_t size)
{
    const unsigned char *end = data + size;

    while (data < end) {
        const unsigned char *stop = memchr(data, scan->text->end, (size_t)(end - data));
        if (!stop)
            stop = end;
        if (map_words(scan, data, (size_t)(stop - data)) != 0)
            return -1;
        ngrams_line_end(scan);
        data = stop + 1;
    }
    return scan->text->ngram_max > 0 ? ngrams_flush(scan) : 0;
}

int text_map(void *rule, void *state, const struct mr_split *split, struct mr_emitter *emitter)
{
    const struct text *text = rule;
    struct scan *scan = state;
    const unsigned char *data = split->data;
    size_t size = split->size;

    scan->emitter = emitter;
    if (text->count_invalid && text->kind != TEXT_WORDS_UNICODE && text->kind != TEXT_CHARS)
        scan->invalid += utf8_count_invalid(data, size);
    if (text->ngram_max > 0)
        return map_by_line(scan, data, size);
    switch (text->kind) {
    case TEXT_WORDS_UNICODE:
        return text->zero_terminated ? map_by_line(scan, data, size)
                                     : words_map(scan, data, size);
    case TEXT_WORDS_SPACE:
        if (spaces_map(scan, data, size) != 0)
            return -1;
        break;
    case TEXT_WORDS_LETTERS:
        return letters_map(scan, data, size);
    case TEXT_LINES:
        if (lines_map(scan, data, size) != 0)
            return -1;
        break;
    case TEXT_CHARS:
        return chars_map(scan, data, size);
    case TEXT_FIELDS:
        return fields_map(scan, data, size);
    case TEXT_MERGE:
        return merge_map(scan, split);
    }
    return scan_key_flush(scan);
}
