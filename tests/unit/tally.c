/* SPDX-License-Identifier: MIT
 *
 * tally.c - see tally.h.
 */
#include "unit/tally.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/test_hooks.h"
#include "base/utf8.h"
#include "unit/random.h"

const char *tally_stop_words;
unsigned tally_threads;

struct tokenizer_options tally_options(const struct token_kind *kind)
{
    return (struct tokenizer_options){.kind = kind, .max_length = UINT64_MAX};
}

void tally_open(struct tally *tally)
{
    *tally = (struct tally){.items = NULL};
}

void tally_close(struct tally *tally)
{
    for (size_t i = 0; i < tally->count; i++)
        free(tally->items[i].key);
    free(tally->items);
}

void tally_add(struct tally *tally, const void *key, size_t size, uint64_t count)
{
    if (tally->count == tally->room) {
        tally->room = tally->room > 0 ? 2 * tally->room : 64;
        tally->items = realloc(tally->items, tally->room * sizeof *tally->items);
        ck_assert_ptr_nonnull(tally->items);
    }
    unsigned char *copy = malloc(size + 1);
    ck_assert_ptr_nonnull(copy);
    memcpy(copy, key, size);
    tally->items[tally->count++] = (struct tally_item){copy, size, count};
}

static int by_key(const void *left, const void *right)
{
    const struct tally_item *a = left, *b = right;
    int order = memcmp(a->key, b->key, a->size < b->size ? a->size : b->size);
    return order != 0 ? order : (a->size > b->size) - (a->size < b->size);
}

static void sum_up(struct tally *tally)
{
    size_t n = 0;
    if (tally->count == 0)
        return;
    qsort(tally->items, tally->count, sizeof *tally->items, by_key);
    for (size_t i = 0; i < tally->count; i++) {
        if (n > 0 && by_key(&tally->items[n - 1], &tally->items[i]) == 0) {
            tally->items[n - 1].count += tally->items[i].count;
            free(tally->items[i].key);
        } else {
            tally->items[n++] = tally->items[i];
        }
    }
    tally->count = n;
}

void tally_compare(struct tally *got, struct tally *want)
{
    sum_up(got);
    sum_up(want);
    for (size_t i = 0; i < got->count && i < want->count; i++) {
        const struct tally_item *a = &got->items[i], *b = &want->items[i];
        ck_assert_msg(by_key(a, b) == 0, "key %zu: '%.*s', not '%.*s'", i, (int)a->size, a->key,
                      (int)b->size, b->key);
        ck_assert_msg(a->count == b->count, "'%.*s' %ju times, not %ju", (int)a->size, a->key,
                      (uintmax_t)a->count, (uintmax_t)b->count);
    }
    ck_assert_uint_eq(got->count, want->count);
}

/* ---- By the engine --------------------------------------------------------------------------- */

/* An input of pieces of one text, each in memory of its own, so that sanitizers see
 * what is read. */
struct pieces {
    const struct tokenizer *text;
    const unsigned char *data;
    size_t size, at;
    enum tally_cut cut;
    size_t before; /* where the piece before the one at hand begins */
    unsigned char *context;
    size_t context_size; /* of that */
};

/* Looks back as a file can, over all of the text, or as a pipe, to the piece before only. */
struct past {
    struct mr_lookback lookback;
    const struct pieces *pieces;
    unsigned char *copy;
};

static long read_past(struct mr_lookback *lookback, uint64_t back, size_t size,
                      const unsigned char **data)
{
    struct past *past = (struct past *)lookback;
    const struct pieces *pieces = past->pieces;
    const size_t first = pieces->cut == TALLY_LAST ? pieces->before : 0;
    const size_t end = pieces->at - (size_t)back, got = end - first < size ? end - first : size;

    ck_assert_uint_ge(end, first);
    free(past->copy);
    past->copy = malloc(got + MR_PAD);
    ck_assert_ptr_nonnull(past->copy);
    memcpy(past->copy, pieces->data + end - got, got);
    memset(past->copy + got, "aa \n\xc3"[below(5)], MR_PAD);
    *data = past->copy;
    return (long)got;
}

/* The context of the piece at hand takes the place of the one before. */
static void look_back(struct pieces *pieces, const unsigned char *piece, size_t size)
{
    struct mr_error error = {.status = MR_OK};
    unsigned char *context = NULL;
    size_t context_size = 0;
    struct past past = {.pieces = pieces};

    past.lookback.read = read_past;
    if (pieces->cut == TALLY_LAST) {
        past.lookback.older = pieces->context;
        past.lookback.older_size = pieces->context_size;
    } else {
        past.lookback.piece = piece;
        past.lookback.piece_size = size;
    }
    if (pieces->at > 0 && tokenizer_looks_back(pieces->text))
        ck_assert_int_eq(
            tokenizer_context(pieces->text, &past.lookback, &context, &context_size, &error), 0);
    free(past.copy);
    free(pieces->context);
    pieces->context = context;
    pieces->context_size = context_size;
}

static size_t next_cut(const struct pieces *pieces)
{
    const unsigned char *data = pieces->data;
    size_t at = pieces->at, size = pieces->size;

    if (pieces->cut == TALLY_BORDERS && tokenizer_reads_in_order(pieces->text))
        return at + tokenizer_border(pieces->text, data + at, size - at, 1);
    if (pieces->cut == TALLY_BORDERS) {
        /* With more in view there may be more cuts, but never one less. */
        size_t narrow = at + tokenizer_border(pieces->text, data + at, size - at, 1);
        size_t wide = tokenizer_border(pieces->text, data, size, at + 1);
        ck_assert_uint_le(wide, narrow);
        if (narrow < size)
            ck_assert_uint_eq(tokenizer_border(pieces->text, data, size, narrow), narrow);
        /* The characters on both sides in view are enough. */
        size_t base = at + 1 > UTF8_MOST ? at + 1 - UTF8_MOST : 0;
        size_t end = size - wide > UTF8_MOST ? wide + UTF8_MOST : size;
        size_t near = tokenizer_border(pieces->text, data + base, end - base, at + 1 - base);
        ck_assert_uint_eq(base + near, wide);
        return wide;
    }
    if (pieces->cut == TALLY_LAST) {
        for (size_t length = 1 + below(40); length < size - at; length += 40) {
            size_t last = tokenizer_reads_in_order(pieces->text)
                              ? tokenizer_border_from(pieces->text, data + at, length, at)
                              : tokenizer_border_last(pieces->text, data + at, length);
            ck_assert_uint_le(last, length);
            if (last > 0)
                return at + last;
        }
    }
    return size;
}

/* What is kept of a line that comes a few bytes at a time; *size is the line's. The caller frees
 * it. */
static unsigned char *condense(const struct pieces *pieces, size_t *size, size_t *kept)
{
    const unsigned char *data = pieces->data + pieces->at;
    const size_t left = pieces->size - pieces->at;
    unsigned char *line = malloc(left + MR_CONDENSE_END + MR_PAD);
    struct mr_condense state = {.words = {0}};
    size_t cut = 0, more;

    ck_assert_ptr_nonnull(line);
    *size = *kept = 0;
    while (cut == 0 && *size < left) {
        size_t step = below(6);
        if (step > left - *size)
            step = left - *size;
        /* In memory of its own, so that sanitizers see what is changed. */
        unsigned char *copy = malloc(step + 1);
        ck_assert_ptr_nonnull(copy);
        memcpy(copy, data + *size, step);
        cut = tokenizer_condense(pieces->text, &state, copy, step, &more);
        ck_assert_uint_le(more, cut > 0 ? cut : step);
        memcpy(line + *kept, copy, more);
        free(copy);
        *kept += more;
        *size += cut > 0 ? cut : step;
    }
    *kept += tokenizer_condense_end(pieces->text, &state, line + *kept);
    return line;
}

static int next_piece(void *context, struct mr_split *split, struct mr_error *error)
{
    struct pieces *pieces = context;
    (void)error;
    split->end = pieces->at == pieces->size;
    if (split->end)
        return 0;
    if (pieces->cut == TALLY_CONDENSED) {
        size_t length, kept;
        unsigned char *line = condense(pieces, &length, &kept);
        *split = (struct mr_split){
            .data = line,
            .length = length,
            .offset = pieces->at,
            .handle = line,
            .context = line,
            .context_size = kept,
        };
        pieces->at += length;
        return 0;
    }
    size_t cut = next_cut(pieces), size = cut - pieces->at;
    ck_assert_uint_gt(cut, pieces->at);
    unsigned char *copy = malloc(size + MR_PAD);
    ck_assert_ptr_nonnull(copy);
    memcpy(copy, pieces->data + pieces->at, size);
    memset(copy + size, "aa \n\xc3"[below(5)], MR_PAD);
    look_back(pieces, copy, size);
    *split = (struct mr_split){
        .data = copy,
        .size = size,
        .length = size,
        .offset = pieces->at,
        .handle = copy,
        .context = pieces->context,
        .context_size = pieces->context_size,
    };
    pieces->before = pieces->at;
    pieces->at = cut;
    return 0;
}

static void release_piece(void *context, struct mr_split *split)
{
    (void)context;
    free(split->handle);
}

static int collect(void *context, const struct mr_record *records, size_t count,
                   struct mr_error *error)
{
    (void)error;
    for (size_t i = 0; i < count; i++) {
        uint64_t sum = records[i].rank;
        if (records[i].payload_size > 0)
            memcpy(&sum, records[i].payload, sizeof sum);
        tally_add(context, records[i].key, records[i].key_size, sum);
    }
    return 0;
}

/* Values of rows. */
static void add_words(void *context, void *into, const void *from)
{
    const struct tokenizer_options *options = ((struct tally *)context)->options;
    uint64_t *a = into;
    const uint64_t *b = from;
    for (size_t i = 0; i < options->rows->value_size / sizeof *a; i++)
        a[i] += b[i];
}

static int open_mapper(void *context, void **state, struct mr_error *error)
{
    return tokenizer_mapper_open(((struct tally *)context)->text, state, error);
}

static int map_piece(void *context, void *state, const struct mr_split *split,
                     struct mr_emitter *emitter, struct mr_error *error)
{
    return tokenizer_map(((struct tally *)context)->text, state, split, emitter, error);
}

static void close_mapper(void *context, void *state)
{
    tokenizer_mapper_close(((struct tally *)context)->text, state);
}

static struct mr_engine *open_engine(unsigned threads)
{
    const struct mr_engine_options options = {
        .struct_size = sizeof options, .threads = threads, .memory = (uint64_t)256 << 20};
    struct mr_engine *engine;
    struct mr_error error;
    ck_assert_int_eq(mr_engine_open(&options, &engine, &error), MR_OK);
    return engine;
}

void tally_count(struct tally *tally, const struct tokenizer_options *options, const void *data,
                 size_t size, enum tally_cut cut, size_t limit)
{
    static struct mr_engine *common;
    struct mr_error error = {.status = MR_OK};
    struct tokenizer *text;

    if (!common)
        common = open_engine(2);
    struct mr_engine *engine = tally_threads > 0 ? open_engine(tally_threads) : common;
    test_hooks.tokens_reach = limit;
    ck_assert_msg(tokenizer_open(options, &text, &error) == 0, "%s", error.text);
    test_hooks.tokens_reach = 0;
    if (options->stop_words) {
        ck_assert_int_eq(
            tokenizer_stop_words(text, tally_stop_words, strlen(tally_stop_words), &error), 0);
        ck_assert_int_eq(tokenizer_stop_words(text, NULL, 0, &error), 0);
    }
    struct pieces pieces = {.text = text, .data = data, .size = size, .cut = cut};
    const struct mr_reader reader = {
        .struct_size = sizeof reader,
        .context = &pieces,
        .size = size,
        .next = next_piece,
        .release = release_piece,
    };
    const struct mr_writer writer = {
        .struct_size = sizeof writer, .context = tally, .collect = collect};
    const bool valued = options->rows && !options->rows->emit;
    tally->options = options;
    tally->text = text;
    const struct mr_job_spec spec = {
        .struct_size = sizeof spec,
        .input = tokenizer_follow_input(text, mr_input_new(&reader)),
        .context = tally,
        .mapper_open = open_mapper,
        .mapper_close = close_mapper,
        .map = map_piece,
        .values = valued ? MR_COMBINE : MR_SUM,
        .value_size = valued ? options->rows->value_size : 0,
        .combine = valued ? add_words : NULL,
        .output = mr_output_new(&writer),
        .small = tally_threads == 0,
    };
    tally->status = mr_run(engine, &spec, NULL, &tally->error);
    free(pieces.context);
    tokenizer_statistics(text, &tally->stats);
    if (!tokenizer_first_fault(text, &tally->fault))
        tally->fault.reason = NULL;
    if (tally->fault.reason) {
        snprintf(tally->reason, sizeof tally->reason, "%s", tally->fault.reason);
        tally->fault.reason = tally->reason;
    }
    tally->left_out = tokenizer_rows_left_out(text);
    tokenizer_close(text);
    if (engine != common)
        mr_engine_close(engine);
}

void tally_check(const struct tokenizer_options *options, const void *data, size_t size,
                 struct tally *want)
{
    static const size_t limits[] = {0, 0, 64, 7, 1};
    uint64_t tokens = 0, invalid = 0;

    sum_up(want);
    for (size_t i = 0; i < want->count; i++)
        tokens += want->items[i].count;
    const bool condenses = options->kind->condense && options->delimiter_size <= 1;
    const enum tally_cut last = condenses ? TALLY_CONDENSED : TALLY_LAST;
    for (enum tally_cut cut = TALLY_WHOLE; cut <= last; cut++) {
        for (size_t i = 0; i < sizeof limits / sizeof *limits; i++) {
            struct tally got;
            tally_open(&got);
            tally_count(&got, options, data, size, cut, limits[i]);
            ck_assert_int_eq(got.status, MR_OK);
            tally_compare(&got, want);
            ck_assert_uint_eq(got.stats.tokens.low, tokens);
            if (cut == TALLY_WHOLE && i == 0)
                invalid = got.stats.invalid_bytes;
            ck_assert_uint_eq(got.stats.invalid_bytes, invalid);
            tally_close(&got);
        }
    }
    want->stats.invalid_bytes = invalid;
}

void tally_check_keys(const struct tokenizer_options *options, const char *text,
                      const char *const *keys)
{
    struct tally want;
    tally_open(&want);
    for (; *keys; keys++)
        tally_add(&want, *keys, strlen(*keys), 1);
    tally_check(options, text, strlen(text), &want);
    tally_close(&want);
}
