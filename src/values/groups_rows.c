/* SPDX-License-Identifier: MIT
 *
 * groups_rows - see groups.h: the layout of rows, and rows to values, of which groups_reduce.c
 * makes results.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "values/decimal_code.h"
#include "values/groups_layout.h"
#include "values/groups_packs.h"

/* Pairs that a mapper remembers: a quarter of a MiB. */
#define MET_PAIRS ((size_t)1 << 12)
/* Bytes of a pair that is remembered, with its sizes; the size of a line of the cache. */
#define MET_SIZE 64
/* Pairs that are looked up before it is judged whether that pays, and rows that pass then where it
 * does not, which it does where one in WORTH has been met. */
#define MET_TRIED 8192
#define MET_PASSED (16 * MET_TRIED)
#define WORTH 8

/* Numbers that are read together, and bits for the scale of each. */
#define PARSED 64
#define SCALE_BITS 8

/* Of rows of which nothing but different texts is counted, some that have been emitted. */
struct groups_met {
    unsigned char pairs[MET_PAIRS][MET_SIZE]; /* sizes of key and value, key, value, zeros */
};

struct groups_mapper {
    unsigned char *bytes; /* of values */
    size_t room;
    struct mr_bytes *values;
    struct mr_span *keys; /* those of them that are emitted */
    size_t most;          /* of both */
    struct groups_packs *packs;
    struct groups_met *met;
    size_t tried, hits; /* of the pairs that were looked up */
    size_t passed;      /* rows that are still not looked up */
};

/* ---- Layout -------------------------------------------------------------------------------- */

/* The part that a column needs, which is added where no other column needs it. */
static size_t find_part(struct groups *groups, const struct column *column)
{
    const bool is_text = column->op == COLUMN_DISTINCT;
    size_t i = 0;

    while (i < groups->part_count &&
           (groups->parts[i].field != column->field || groups->parts[i].is_text != is_text))
        i++;
    if (i == groups->part_count) {
        groups->parts[i] = (struct groups_part){.field = column->field, .is_text = is_text};
        if (is_text)
            groups->parts[i].at = groups->text_count++;
        groups->part_count++;
    }
    groups->parts[i].places += !is_text;
    return i;
}

static void lay_out(struct groups *groups)
{
    const struct columns_options *options = &groups->options;

    groups->words = columns_value_size(groups->columns) / sizeof(uint64_t);
    groups->only_texts = options->min_count <= 1 && options->max_count == 0;
    for (size_t i = 0; i < options->count; i++) {
        const struct column *column = &options->columns[i];
        groups->only_texts &= column->op == COLUMN_DISTINCT;
        if (column->op == COLUMN_DISTINCT || column->op == COLUMN_QUANTILE)
            groups->part_of[i] = find_part(groups, column);
    }
    const size_t aligned = sizeof(struct mr_bytes);
    size_t at = (groups->words * sizeof(uint64_t) + aligned - 1) / aligned * aligned;
    groups->numbers_at = at;
    if (groups->text_count < groups->part_count)
        at += options->field_count * sizeof(struct decimal);
    groups->texts_at = at;
    groups->row_size = at + groups->text_count * sizeof(struct mr_bytes);
    const bool one = groups->part_count == 1 && groups->words == 1 && options->field_count == 1;
    groups->one_number = one && groups->text_count == 0;
    groups->one_text = one && groups->text_count == 1;
    if (groups->one_number)
        groups->row_size = sizeof(struct groups_code);
    if (groups->one_text)
        groups->row_size = sizeof(struct mr_bytes);
}

_Static_assert(sizeof(struct mr_bytes) == _Alignof(struct decimal), "all in a row is aligned");

int groups_open(const struct columns_options *options, const struct columns *columns,
                struct groups **groups, struct mr_error *error)
{
    struct groups *made = calloc(1, sizeof *made);

    *groups = NULL;
    if (made == NULL)
        goto fail;
    made->options = *options;
    made->columns = columns;
    made->parts = calloc(options->count, sizeof *made->parts);
    made->part_of = calloc(options->count, sizeof *made->part_of);
    if (made->parts == NULL || made->part_of == NULL)
        goto fail;
    made->batch = decimal_batch_select();
    hash_seed_draw(&made->seed);
    lay_out(made);
    *groups = made;
    return 0;

fail:
    groups_close(made);
    mr_error_set(error, MR_NOMEM, ENOMEM, "out of memory");
    return -1;
}

void groups_close(struct groups *groups)
{
    if (groups == NULL)
        return;
    free(groups->parts);
    free(groups->part_of);
    free(groups);
}

/* ---- Rows ---------------------------------------------------------------------------------- */

size_t groups_row_size(const struct groups *groups)
{
    return groups->row_size;
}

/* Makes the code of a field; returns false where it is no number, with *reason. */
static bool parse_code(const struct groups *groups, const struct mr_bytes *field,
                       struct groups_code *code, char *reason)
{
    struct decimal number;
    uint64_t value;

    if (columns_parse(groups->columns, field, 1, &value, sizeof value, &number, reason) == 0)
        return false;
    unsigned char bytes[DECIMAL_CODE_ROOM];
    code->size = decimal_code(&number, bytes);
    if (code->size <= sizeof code->at.bytes) {
        memcpy(code->at.bytes, bytes, sizeof code->at.bytes);
    } else {
        code->at.text = field->data;
        code->size = field->size | GROUPS_CODE_TEXT;
    }
    return true;
}

/* As groups_parse, of rows that are codes. */
static size_t parse_codes(const struct groups *groups, const struct mr_bytes *fields, size_t rows,
                          struct groups_code *codes, char *reason)
{
    const struct decimal_batch_form form = {.shift = SCALE_BITS};
    uint64_t words[2 * PARSED];

    for (size_t row = 0; row < rows;) {
        const size_t some = rows - row < PARSED ? rows - row : PARSED;
        const size_t read = groups->batch(fields + row, some, &form, words);
        size_t i = 0;
        for (; i < read; i++) {
            struct groups_code *code = &codes[row + i];
            const uint64_t word = decimal_code_digits(
                words[2 * i] >> SCALE_BITS, words[2 * i] & ((1u << SCALE_BITS) - 1), &code->size);
            if (word == 0)
                break;
            decimal_code_store(code->at.bytes, word);
        }
        /* What is anything else, and what was looked at with it. */
        for (size_t end = some - i < DECIMAL_BATCH_TOGETHER ? some : i + DECIMAL_BATCH_TOGETHER;
             i < end; i++)
            if (!parse_code(groups, &fields[row + i], &codes[row + i], reason))
                return row + i;
        row += i;
    }
    return rows;
}

/* The same, of texts. */
static size_t parse_texts(const struct groups *groups, const struct mr_bytes *fields, size_t rows,
                          struct mr_bytes *texts, char *reason)
{
    uint64_t value;

    for (size_t i = 0; i < rows; i++) {
        if (fields[i].data == NULL &&
            columns_parse(groups->columns, &fields[i], 1, &value, sizeof value, NULL, reason) == 0)
            return i;
        texts[i] = fields[i];
    }
    return rows;
}

size_t groups_parse(void *context, const struct mr_bytes *fields, size_t rows, void *values,
                    char reason[COLUMNS_REASON_ROOM])
{
    const struct groups *groups = context;
    const size_t field_count = groups->options.field_count;
    const bool numbers = groups->text_count < groups->part_count;
    unsigned char *row = values;

    if (groups->one_number)
        return parse_codes(groups, fields, rows, values, reason);
    if (groups->one_text)
        return parse_texts(groups, fields, rows, values, reason);
    for (size_t i = 0; i < rows; i++, row += groups->row_size, fields += field_count) {
        struct decimal *read =
            numbers ? (struct decimal *)(void *)(row + groups->numbers_at) : NULL;
        struct mr_bytes *texts = (struct mr_bytes *)(void *)(row + groups->texts_at);
        if (columns_parse(groups->columns, fields, 1, row, groups->row_size, read, reason) == 0)
            return i;
        for (size_t part = 0; part < groups->part_count; part++)
            if (groups->parts[part].is_text)
                texts[groups->parts[part].at] = fields[groups->parts[part].field];
    }
    return rows;
}

/* ---- Values -------------------------------------------------------------------------------- */

/* Writes the value of a row; returns its end. */
static unsigned char *put_value(const struct groups *groups, unsigned char *at,
                                const unsigned char *row)
{
    const uint64_t *words = (const uint64_t *)(const void *)row;
    const struct decimal *numbers =
        (const struct decimal *)(const void *)(row + groups->numbers_at);
    const struct mr_bytes *texts = (const struct mr_bytes *)(const void *)(row + groups->texts_at);

    for (size_t i = 1; i < groups->words; i++)
        at = groups_put_number(at, words[i]);
    for (size_t i = 0; i < groups->part_count; i++) {
        const struct groups_part *part = &groups->parts[i];
        const bool sized = i + 1 < groups->part_count;
        if (part->is_text) {
            const struct mr_bytes *text = &texts[part->at];
            if (sized)
                at = groups_put_number(at, text->size);
            memcpy(at, text->data, text->size);
            at += text->size;
        } else {
            /* A code has fewer than 128 bytes. */
            unsigned char *const size = at;
            at += sized;
            const size_t used = decimal_code(&numbers[part->field], at);
            if (sized)
                *size = (unsigned char)used;
            at += used;
        }
    }
    return at;
}

/* Bytes that the values of rows may take. */
static size_t bound(const struct groups *groups, const unsigned char *rows, size_t count)
{
    size_t each = groups->words * GROUPS_NUMBER_MOST, texts = 0;

    for (size_t i = 0; i < groups->part_count; i++)
        each += GROUPS_NUMBER_MOST + (groups->parts[i].is_text ? 0u : DECIMAL_CODE_ROOM);
    for (size_t i = 0; groups->text_count > 0 && i < count; i++) {
        const struct mr_bytes *text =
            (const struct mr_bytes *)(const void *)(rows + i * groups->row_size + groups->texts_at);
        for (size_t j = 0; j < groups->text_count; j++)
            texts += text[j].size;
    }
    return count * each + texts + SHORT_WORD_PAD;
}

static int need_bytes(struct groups_mapper *mapper, size_t size)
{
    if (size <= mapper->room)
        return 0;
    free(mapper->bytes);
    mapper->bytes = malloc(size);
    mapper->room = mapper->bytes != NULL ? size : 0;
    return mapper->bytes != NULL ? 0 : -1;
}

/* As make_values, of rows that are codes. */
static int make_codes(struct groups_mapper *mapper, const struct groups_code *codes, size_t count)
{
    size_t used = 0, texts = 0;

    for (size_t i = 0; i < count; i++) {
        mapper->values[i] = (struct mr_bytes){codes[i].at.bytes, codes[i].size};
        texts += codes[i].size >= GROUPS_CODE_TEXT;
    }
    if (texts == 0)
        return 0;
    if (need_bytes(mapper, texts * DECIMAL_CODE_ROOM) != 0)
        return -1;
    for (size_t i = 0; i < count; i++) {
        struct decimal number;
        if (codes[i].size < GROUPS_CODE_TEXT)
            continue;
        decimal_parse(codes[i].at.text, codes[i].size - GROUPS_CODE_TEXT, &number);
        unsigned char *const bytes = mapper->bytes + used;
        mapper->values[i] = (struct mr_bytes){bytes, decimal_code(&number, bytes)};
        used += DECIMAL_CODE_ROOM;
    }
    return 0;
}

/* Makes the values of rows. Returns -1 when memory is out. */
static int make_values(const struct groups *groups, struct groups_mapper *mapper,
                       const unsigned char *rows, size_t count)
{
    if (groups->one_number)
        return make_codes(mapper, (const struct groups_code *)(const void *)rows, count);
    if (groups->one_text) {
        memcpy(mapper->values, rows, count * sizeof *mapper->values);
        return 0;
    }
    if (need_bytes(mapper, bound(groups, rows, count)) != 0)
        return -1;
    unsigned char *at = mapper->bytes;
    for (size_t i = 0; i < count; i++) {
        unsigned char *const end = put_value(groups, at, rows + i * groups->row_size);
        mapper->values[i] = (struct mr_bytes){at, (size_t)(end - at)};
        at = end;
    }
    return 0;
}

/* ---- Rows that have been met --------------------------------------------------------------- */

/* Whether the mapper remembers that pair; if not, it does now. */
static bool is_met(const struct groups *groups, struct groups_met *met, const unsigned char *key,
                   size_t key_size, const struct mr_bytes *value)
{
    unsigned char pair[MET_SIZE] = {(unsigned char)(key_size + 1), (unsigned char)value->size};

    if (key_size > MET_SIZE || value->size > MET_SIZE || key_size + value->size + 2 > MET_SIZE)
        return false;
    memcpy(pair + 2, key, key_size);
    memcpy(pair + 2 + key_size, value->data, value->size);
    const uint64_t hash = hash_bytes(
        &groups->seed, pair, key_size + value->size + 2 < 16 ? 16 : key_size + value->size + 2);
    unsigned char *const place = met->pairs[hash % MET_PAIRS];
    if (memcmp(place, pair, MET_SIZE) == 0)
        return true;
    memcpy(place, pair, MET_SIZE);
    return false;
}

/* Leaves out pairs that have been met, where that pays. */
static void leave_out(const struct groups *groups, struct groups_mapper *mapper,
                      struct groups_pairs *pairs)
{
    const size_t count = pairs->count;
    size_t left = 0;

    if (mapper->passed > 0) {
        mapper->passed -= count < mapper->passed ? count : mapper->passed;
        return;
    }
    for (size_t i = 0; i < count; i++) {
        const struct mr_span key = pairs->keys[i];
        if (is_met(groups, mapper->met, pairs->base + key.begin, key.end - key.begin,
                   &pairs->values[i]))
            continue;
        pairs->keys[left] = key;
        pairs->values[left++] = pairs->values[i];
    }
    pairs->count = left;
    mapper->tried += count;
    mapper->hits += count - left;
    if (mapper->tried >= MET_TRIED) {
        if (mapper->hits < mapper->tried / WORTH)
            mapper->passed = MET_PASSED;
        mapper->tried = mapper->hits = 0;
    }
}

/* ---- Mappers ------------------------------------------------------------------------------- */

int groups_mapper_open(void *context, void **state, struct mr_error *error)
{
    const struct groups *groups = context;
    struct groups_mapper *made = calloc(1, sizeof *made);

    if (made == NULL)
        goto fail;
    made->packs = groups_packs_open();
    if (made->packs == NULL)
        goto fail;
    if (groups->only_texts) {
        made->met = calloc(1, sizeof *made->met);
        if (made->met == NULL)
            goto fail;
    }
    *state = made;
    return 0;

fail:
    groups_mapper_close(context, made);
    mr_error_set(error, MR_NOMEM, ENOMEM, "out of memory");
    return -1;
}

void groups_mapper_close(void *context, void *state)
{
    struct groups_mapper *mapper = state;

    (void)context;
    if (mapper == NULL)
        return;
    free(mapper->bytes);
    free(mapper->values);
    free(mapper->keys);
    free(mapper->met);
    groups_packs_close(mapper->packs);
    free(mapper);
}

/* Makes room for a batch. Returns -1 when memory is out. */
static int need_room(struct groups_mapper *mapper, size_t count)
{
    if (count <= mapper->most)
        return 0;
    free(mapper->values);
    free(mapper->keys);
    mapper->values = malloc(count * sizeof *mapper->values);
    mapper->keys = malloc(count * sizeof *mapper->keys);
    mapper->most = mapper->values != NULL && mapper->keys != NULL ? count : 0;
    return mapper->most > 0 ? 0 : -1;
}

/* Lets reducers know of packs. */
static void tell_of_packs(struct groups *groups, const struct groups_mapper *mapper)
{
    if (groups_packs_made(mapper->packs) &&
        !atomic_load_explicit(&groups->packed, memory_order_relaxed))
        atomic_store_explicit(&groups->packed, true, memory_order_relaxed);
}

int groups_emit(void *context, void *state, struct mr_emitter *emitter,
                const struct groups_batch *batch, struct mr_error *error)
{
    struct groups *groups = context;
    struct groups_mapper *mapper = state;

    if (need_room(mapper, batch->count) != 0 ||
        make_values(groups, mapper, batch->values, batch->count) != 0)
        return (int)mr_error_set(error, MR_NOMEM, ENOMEM, "out of memory");
    struct groups_pairs pairs = {batch->base, batch->size, mapper->keys, mapper->values,
                                 batch->count};
    memcpy(mapper->keys, batch->keys, batch->count * sizeof *mapper->keys);
    if (mapper->met != NULL)
        leave_out(groups, mapper, &pairs);
    const int result = groups_packs_take(mapper->packs, &groups->seed, emitter, &pairs);
    tell_of_packs(groups, mapper);
    if (result != 0)
        return result == ENOMEM ? (int)mr_error_set(error, MR_NOMEM, ENOMEM, "out of memory") : -1;
    if (pairs.count == 0)
        return 0;
    return (int)mr_emit_batch(emitter, batch->base, batch->size, pairs.keys, pairs.count,
                              pairs.values);
}

int groups_mapper_end(void *context, void *state, struct mr_emitter *emitter,
                      struct mr_error *error)
{
    struct groups_mapper *mapper = state;
    const int result = groups_packs_flush(mapper->packs, emitter);

    (void)error;
    tell_of_packs(context, mapper);
    return result;
}
