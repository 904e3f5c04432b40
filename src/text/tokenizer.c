/* SPDX-License-Identifier: MIT
 *
 * tokenizer - see tokenizer.h.
 */
#include "text/tokenizer.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/excerpt.h"
#include "base/line_count.h"
#include "base/test_hooks.h"
#include "base/utf8.h"
#include "base/kernels/kernels.h"
#include "text/csv.h"
#include "text/header.h"
#include "text/line_filter.h"
#include "text/lines.h"
#include "text/ngram_context.h"
#include "text/rows_fields.h"
#include "text/rows_state.h"
#include "text/tokens.h"

/* Bytes that are shown of a line of unknown number. */
#define FAILED_LINE 20

/* Makes the filter where one is wanted. Returns -1 when memory is out. */
static int open_filter(struct tokenizer *tokenizer, const struct tokenizer_options *options)
{
    const struct filter_list list = {
        .memory = options->stop_words_memory,
        .end = options->zero_terminated ? '\0' : '\n',
        .case_fold = options->case_fold || options->form == NORMALIZE_NFKC_CASEFOLD,
        .form = options->form,
        .words = options->kind->words,
    };

    if (options->min_length == 0 && options->max_length == UINT64_MAX && !options->stop_words)
        return 0;
    tokenizer->filter =
        filter_open(options->min_length, options->max_length, options->stop_words ? &list : NULL);
    return tokenizer->filter ? 0 : -1;
}

/* Returns -1 when memory is out. */
static int copy_delimiter(struct tokenizer *tokenizer, const struct tokenizer_options *options)
{
    static const unsigned char blank = ' ';
    const size_t size = options->delimiter_size;

    tokenizer->joiner = &blank;
    tokenizer->joiner_size = 1;
    if (size == 0)
        return 0;
    tokenizer->delimiter = malloc(size);
    if (!tokenizer->delimiter)
        return -1;
    memcpy(tokenizer->delimiter, options->delimiter, size);
    tokenizer->joiner = tokenizer->delimiter;
    tokenizer->joiner_size = tokenizer->delimiter_size = size;
    return 0;
}

/* Returns -1 when memory is out. */
static int open_header(struct tokenizer *tokenizer, const struct tokenizer_options *options)
{
    if (!options->header)
        return 0;
    tokenizer->header = calloc(1, sizeof *tokenizer->header);
    if (!tokenizer->header)
        return -1;
    tokenizer->header->tokenizer = tokenizer;
    tokenizer->header->names = options->names;
    tokenizer->header->count = options->name_count;
    return 0;
}

static int open_tally(struct tokenizer *tokenizer)
{
    struct invalid_tally *tally = malloc(sizeof *tally);

    if (!tally || invalid_tally_open(tally) != 0) {
        free(tally);
        return -1;
    }
    tokenizer->tally = tally;
    return 0;
}

int tokenizer_open(const struct tokenizer_options *options, struct tokenizer **result,
                   struct mr_error *error)
{
    struct tokenizer *tokenizer = calloc(1, sizeof *tokenizer);

    *result = NULL;
    if (!tokenizer) {
        patterns_close(options->patterns);
        goto no_memory;
    }
    tokenizer->patterns = options->patterns;
    tokenizer->chooses_lines = patterns_choose(options->patterns);
    if (options->ngram_max > 0 &&
        (options->ngram_min == 0 || options->ngram_min > options->ngram_max ||
         !options->kind->map_line)) {
        mr_error_set(error, MR_INVALID, EINVAL, "n-grams are of words or characters, N to M");
        goto fail;
    }
    tokenizer->kind = options->kind;
    tokenizer->form = options->form;
    tokenizer->case_fold = options->case_fold || options->form == NORMALIZE_NFKC_CASEFOLD;
    tokenizer->fold = normalize_fold(options->form);
    tokenizer->unescape = options->unescape;
    tokenizer->unbundle = options->unbundle;
    tokenizer->zero_terminated = options->zero_terminated;
    tokenizer->count_invalid = options->count_invalid;
    tokenizer->end =
        options->zero_terminated && !options->unescape && !options->unbundle ? '\0' : '\n';
    tokenizer->extra = options->zero_terminated ? '\0' : ' ';
    tokenizer->ordered = options->ordered;
    tokenizer->ngram_min = options->ngram_min;
    tokenizer->ngram_max = options->ngram_max;
    tokenizer->value_words = options->value_words;
    const size_t reach = test_hooks.tokens_reach;
    tokenizer->fold_window = reach > 0 ? reach : TOKENS_FOLD_WINDOW;
    tokenizer->window = reach > 0 ? reach : TOKENS_WINDOW;
    tokenizer->longest = reach > 0 ? reach : TOKENS_LONGEST;
    if (options->range_count > 0) {
        tokenizer->ranges = malloc(options->range_count * sizeof *tokenizer->ranges);
        if (!tokenizer->ranges)
            goto no_memory;
        memcpy(tokenizer->ranges, options->ranges,
               options->range_count * sizeof *tokenizer->ranges);
        tokenizer->range_count = options->range_count;
    }
    if (copy_delimiter(tokenizer, options) != 0 || open_filter(tokenizer, options) != 0)
        goto no_memory;
    if (open_header(tokenizer, options) != 0)
        goto no_memory;
    if (rows_fields_open(tokenizer, options->rows, error) != 0)
        goto fail;
    if (options->tally_invalid && options->kind->decodes && open_tally(tokenizer) != 0)
        goto no_memory;
    const bool strict = options->kind->strict || (options->rows && !options->rows->skip_invalid);
    if ((strict || options->header || options->patterns) &&
        first_fault_open(&tokenizer->faults, error) != 0)
        goto fail;
    if (!kernels_selected.name && kernels_select(NULL) != 0) {
        mr_error_set(error, MR_INVALID, 0, "no kernel runs on this CPU");
        goto fail;
    }
    *result = tokenizer;
    return 0;

no_memory:
    mr_error_set(error, MR_NOMEM, ENOMEM, "memory exhausted");
fail:
    tokenizer_close(tokenizer);
    return -1;
}

void tokenizer_close(struct tokenizer *tokenizer)
{
    if (!tokenizer)
        return;
    filter_close(tokenizer->filter);
    first_fault_close(tokenizer->faults);
    if (tokenizer->tally)
        invalid_tally_close(tokenizer->tally);
    free(tokenizer->tally);
    patterns_close(tokenizer->patterns);
    rows_fields_close(tokenizer);
    free(tokenizer->ranges);
    free(tokenizer->delimiter);
    free(tokenizer->header);
    free(tokenizer);
}

int tokenizer_stop_words(struct tokenizer *tokenizer, const void *bytes, size_t size,
                         struct mr_error *error)
{
    switch (size > 0 ? filter_read(tokenizer->filter, bytes, size)
                     : filter_read_end(tokenizer->filter)) {
    case KEY_SET_OK:
        return 0;
    case KEY_SET_NO_MEMORY:
        mr_error_set(error, MR_NOMEM, ENOMEM, "memory exhausted");
        return -1;
    case KEY_SET_FULL:
        break;
    }
    mr_error_set(error, MR_INVALID, 0, "the stop words take more memory than they may");
    return -1;
}

bool tokenizer_lists_in_vain(const struct tokenizer *tokenizer)
{
    const struct total *tokens = &tokenizer->stats.tokens;

    return tokenizer->filter && filter_has_list(tokenizer->filter) &&
           (tokens->low > 0 || tokens->high > 0) && !tokenizer->stats.stop_words_met;
}

bool tokenizer_finds_invalid(const struct tokenizer *tokenizer, uint64_t *number)
{
    return tokenizer->tally && invalid_tally_next(tokenizer->tally, number);
}

bool tokenizer_needs_order(const struct tokenizer *tokenizer)
{
    return tokenizer->faults != NULL || tokenizer->ordered;
}

uint64_t tokenizer_rows_left_out(const struct tokenizer *tokenizer)
{
    return tokenizer->rows_left_out;
}

uint64_t tokenizer_memory(const struct tokenizer *tokenizer)
{
    return tokenizer->filter ? filter_memory(tokenizer->filter) : 0;
}

struct mr_input *tokenizer_follow_input(struct tokenizer *tokenizer, struct mr_input *input)
{
    if (tokenizer->header)
        input = header_follow(tokenizer->header, input);
    return tokenizer->faults ? sequence_follow(&tokenizer->faults->sequence, input) : input;
}

bool tokenizer_first_fault(const struct tokenizer *tokenizer, struct tokenizer_fault *fault)
{
    const struct first_fault *first = tokenizer->faults;

    if (!first || first->reason[0] == '\0')
        return false;
    *fault = (struct tokenizer_fault){first->number, first->line, first->reason};
    return true;
}

struct total tokenizer_total(const struct tokenizer *tokenizer)
{
    struct total total = tokenizer->stats.tokens;

    for (const struct tokenizer_state *state = atomic_load(&tokenizer->open); state != NULL;
         state = state->next)
        total_join(&total, &state->keys.tokens);
    return total;
}

void tokenizer_statistics(const struct tokenizer *tokenizer, struct tokenizer_stats *stats)
{
    *stats = tokenizer->stats;
}

/* ---- Borders --------------------------------------------------------------------------------- */

size_t tokenizer_border(const void *context, const unsigned char *data, size_t size, size_t from)
{
    const struct tokenizer *tokenizer = context;

    /* Whole lines are chosen, whatever is found in them. */
    return (tokenizer->chooses_lines ? lines_border : tokenizer->kind->border)(tokenizer, data,
                                                                               size, from);
}

size_t tokenizer_border_last(const void *context, const unsigned char *data, size_t size)
{
    const struct tokenizer *tokenizer = context;

    return (tokenizer->chooses_lines ? lines_border_last
                                     : tokenizer->kind->border_last)(tokenizer, data, size);
}

bool tokenizer_reads_in_order(const struct tokenizer *tokenizer)
{
    return tokenizer->kind->in_order || tokenizer->header;
}

size_t tokenizer_border_from(const void *context, const unsigned char *data, size_t size,
                             uint64_t offset)
{
    const struct tokenizer *tokenizer = context;
    const size_t mark = offset == 0 ? csv_mark(data, size) : 0;
    const size_t border = tokenizer->kind->border_last(tokenizer, data + mark, size - mark);

    return border > 0 ? border + mark : 0;
}

bool tokenizer_looks_back(const struct tokenizer *tokenizer)
{
    return tokenizer->ngram_max > 1 && !tokenizer->chooses_lines;
}

int tokenizer_context(const void *tokenizer, struct mr_lookback *lookback, unsigned char **context,
                      size_t *size, struct mr_error *error)
{
    return ngram_context_make(tokenizer, lookback, context, size, error);
}

/* ---- Lines too long to be held --------------------------------------------------------------- */

bool tokenizer_condenses(const struct tokenizer *tokenizer)
{
    /* A delimiter of several bytes may be divided by pieces. */
    return tokenizer->kind->condense != NULL && tokenizer->delimiter_size <= 1 &&
           !tokenizer->header && !tokenizer->chooses_lines;
}

size_t tokenizer_condense(const void *context, struct mr_condense *state, unsigned char *data,
                          size_t size, size_t *kept)
{
    const struct tokenizer *tokenizer = context;

    return tokenizer->kind->condense(tokenizer, state, data, size, kept);
}

size_t tokenizer_condense_end(const void *context, const struct mr_condense *state,
                              unsigned char *room)
{
    const struct tokenizer *tokenizer = context;

    return tokenizer->kind->condense_end(state, room);
}

/* ---- Mappers --------------------------------------------------------------------------------- */

int tokenizer_mapper_open(void *context, void **opened, struct mr_error *error)
{
    struct tokenizer *tokenizer = context;
    struct tokenizer_state *state = tokenizer_state_open(tokenizer);

    *opened = state;
    if (!state || (tokenizer->value_words > 0 && keys_gather(&state->keys) != 0)) {
        mr_error_set(error, MR_NOMEM, ENOMEM, "memory exhausted");
        if (state)
            tokenizer_state_close(state);
        *opened = NULL;
        return -1;
    }
    if (!tokenizer->rows || rows_state_open(state, error) == 0) {
        state->next = atomic_load(&tokenizer->open);
        while (!atomic_compare_exchange_weak(&tokenizer->open, &state->next, state)) {
        }
        return 0;
    }
    rows_state_close(state);
    tokenizer_state_close(state);
    *opened = NULL;
    return -1;
}

int tokenizer_mapper_end(void *context, void *opened, struct mr_emitter *emitter,
                         struct mr_error *error)
{
    const struct tokenizer *tokenizer = context;
    const struct tokenizer_state *state = opened;

    return tokenizer->rows->end(tokenizer->rows->context, state->rows->state, emitter, error);
}

/* Takes a state off the list. No other is opened meanwhile. */
static void forget_open(struct tokenizer *tokenizer, const struct tokenizer_state *state)
{
    struct tokenizer_state *before = atomic_load(&tokenizer->open);

    if (before == state) {
        atomic_store(&tokenizer->open, state->next);
        return;
    }
    while (before->next != state)
        before = before->next;
    before->next = state->next;
}

void tokenizer_mapper_close(void *context, void *opened)
{
    struct tokenizer *tokenizer = context;
    struct tokenizer_state *state = opened;

    forget_open(tokenizer, state);
    total_join(&tokenizer->stats.tokens, &state->keys.tokens);
    tokenizer->stats.invalid_bytes += state->invalid + state->words.invalid;
    tokenizer->stats.stop_words_met |= state->keys.met;
    if (tokenizer->tally)
        invalid_tally_join(tokenizer->tally, &state->share);
    if (state->rows)
        tokenizer->rows_left_out += state->rows->left_out;
    rows_state_close(state);
    tokenizer_state_close(state);
}

/* Takes the header off a split of which it is the context, and has the fields chosen that are
 * wanted in its FILE. Returns -1 where one of these is not there. */
static int skip_header(struct tokenizer_state *state, const struct mr_split *split,
                       struct mr_split *rest)
{
    const struct tokenizer *tokenizer = state->tokenizer;
    const struct header_split *ours = (const void *)split->context;
    const struct header_file *file = ours->file;

    *rest = *split;
    rest->data += ours->end;
    rest->size -= ours->end;
    rest->offset += ours->end;
    rest->context = NULL;
    rest->context_size = 0;
    state->lines_skipped = line_count(split->data, ours->end, tokenizer->end);
    if (!file)
        return 0;
    if (file->missing == NULL || ours->end == 0) {
        tokenizer_state_choose(state, file->ranges, file->count);
        if (state->rows)
            rows_state_choose(state, file->row_fields);
        return 0;
    }
    char name[EXCERPT_ROOM], reason[FIRST_FAULT_ROOM];
    excerpt_write(file->missing, strlen(file->missing), name);
    snprintf(reason, sizeof reason, "no field is named '%s'", name);
    first_fault_report(tokenizer->faults, split,
                       line_count(split->data, ours->begin, tokenizer->end), reason,
                       state->keys.error);
    return -1;
}

/* Reports the line of the split on which matching failed. */
static void report_failure(const struct tokenizer_state *state, const struct mr_split *split)
{
    const struct patterns_state *patterns = state->patterns;
    struct first_fault *faults = state->tokenizer->faults;
    const unsigned char *line = patterns->failure.line;
    char text[FIRST_FAULT_ROOM], shown[EXCERPT_ROOM];

    patterns_state_failure(patterns, text);
    if (first_fault_follows(faults)) {
        const uint64_t lines =
            state->lines_skipped +
            line_count(split->data, (size_t)(line - split->data), patterns->line_end);
        first_fault_report(faults, split, lines, text, state->keys.error);
        return;
    }
    const unsigned char *stop = patterns_line_end(patterns, line, patterns->end);
    excerpt_cut(line, (size_t)(stop - line), FAILED_LINE, shown);
    mr_error_set(state->keys.error, MR_MAP, 0, "line '%s': %s", shown, text);
}

static int map_by_patterns(struct tokenizer_state *state, const struct mr_split *split)
{
    const struct tokenizer *tokenizer = state->tokenizer;
    const bool follows = first_fault_follows(tokenizer->faults);
    struct mr_split rest = *split;
    int status;

    if (tokenizer->kind->record_end && split->offset == 0) {
        const size_t mark = csv_mark(split->data, split->size);
        rest.data += mark;
        rest.size -= mark;
        rest.offset += mark;
        split = &rest;
    }
    patterns_state_begin(state->patterns, split->data + split->size);
    if (tokenizer->chooses_lines) {
        status = line_filter_map(state, split);
    } else {
        if (tokenizer->count_invalid)
            state->invalid += utf8_count_invalid(split->data, split->size);
        status = tokens_text(state, split);
    }
    if (follows)
        sequence_count(split,
                       state->lines_skipped + line_count(split->data, split->size, tokenizer->end));
    if (status != 0 &&
        (state->patterns->failure.line || (tokenizer->chooses_lines && state->unclosed)) &&
        rows_state_flush_first(state) != 0)
        return -1;
    if (status != 0 && state->patterns->failure.line)
        report_failure(state, split);
    else if (status != 0 && tokenizer->chooses_lines && state->unclosed)
        return csv_report_unclosed(state, split);
    return status;
}

static int map_rows(struct tokenizer_state *state, const struct mr_split *split)
{
    const struct tokenizer *tokenizer = state->tokenizer;
    int status;

    rows_state_begin(state, split);
    if (tokenizer->patterns) {
        status = map_by_patterns(state, split);
    } else {
        if (tokenizer->count_invalid)
            state->invalid += utf8_count_invalid(split->data, split->size);
        status = tokens_text(state, split);
        /* Kinds that read in order have counted them. */
        if (tokenizer->faults && first_fault_follows(tokenizer->faults) &&
            !tokenizer->kind->in_order)
            sequence_count(split, state->lines_skipped +
                                      line_count(split->data, split->size, tokenizer->end) +
                                      (split->context != NULL));
    }
    return status != 0 ? status : rows_state_flush(state);
}

static int map_split(struct tokenizer_state *state, const struct mr_split *split)
{
    const struct tokenizer *tokenizer = state->tokenizer;
    struct mr_split rest;

    state->lines_skipped = 0;
    if (tokenizer->header) {
        if (skip_header(state, split, &rest) != 0)
            return -1;
        split = &rest;
    }
    if (tokenizer->rows)
        return map_rows(state, split);
    if (tokenizer->patterns)
        return map_by_patterns(state, split);
    if (tokenizer->count_invalid && !tokenizer->kind->decodes)
        state->invalid += utf8_count_invalid(split->data, split->size);
    if (tokenizer->ngram_max > 0 &&
        ngram_context_recall(state, split->context, split->context_size) != 0)
        return -1;
    return tokens_text(state, split);
}

int tokenizer_map(void *context, void *opened, const struct mr_split *split,
                  struct mr_emitter *emitter, struct mr_error *error)
{
    const struct tokenizer *tokenizer = context;
    struct tokenizer_state *state = opened;

    state->keys.emitter = emitter;
    state->keys.error = error;
    state->keys.word = split->number;
    const uint64_t before = state->invalid + state->words.invalid;
    const int status = map_split(state, split);
    if (!tokenizer->tally || status != 0 ||
        invalid_tally_add(tokenizer->tally, &state->share, split->number, split->size,
                          state->invalid + state->words.invalid - before) == 0)
        return status;
    return keys_no_memory(&state->keys);
}
