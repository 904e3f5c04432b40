/* SPDX-License-Identifier: MIT
 *
 * groups_reduce - the values of a key to its result.
 *
 * They are looked at in passes, as many as selections and counts of different texts need: in
 * memory, where they all are, or as they come from the engine.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "values/distinct.h"
#include "values/groups_layout.h"
#include "values/groups_packs.h"
#include "values/selection.h"
#include "values/short_word.h"

/* Values that are taken apart at a time. */
#define BATCH 64
/* Values out of packs, and alone, that are looked at together, */
#define TOGETHER (GROUPS_PACK_MOST + BATCH)
/* and as words. */
#define WORDS (2 * GROUPS_PACK_MOST)

/* What is made of a part of the values. */
struct groups_sight {
    struct selection selection;
    uint64_t *places; /* of these */
    size_t *columns;  /* that are the numbers at these places, which ascend */
    struct distinct distinct;
    bool more; /* another pass is wanted */
    struct mr_bytes batch[BATCH];
};

struct groups_reducer {
    struct groups_sight *sights; /* one for each part */
    size_t count;
    struct decimal *numbers; /* a column each */
    void *total;             /* the state of columns_finish */
    uint64_t *words, *more;  /* of columns.h: all that are combined, and the next ones */
    struct mr_bytes together[TOGETHER];
    uint64_t short_words[WORDS]; /* of short values that are still to be looked at */
    size_t short_count;
    uint64_t sample[SELECTION_SAMPLE];
};

/* ---- Opening ------------------------------------------------------------------------------- */

/* Lists the columns that are quantiles of a part by their places. Few are many. */
static void list_places(const struct groups *groups, size_t part, struct groups_sight *sight)
{
    const struct column *columns = groups->options.columns;
    size_t count = 0;

    for (size_t i = 0; i < groups->options.count; i++) {
        size_t at = count;
        if (columns[i].op != COLUMN_QUANTILE || groups->part_of[i] != part)
            continue;
        for (; at > 0 &&
               decimal_compare(&columns[sight->columns[at - 1]].place, &columns[i].place) > 0;
             at--)
            sight->columns[at] = sight->columns[at - 1];
        sight->columns[at] = i;
        count++;
    }
}

static int open_sight(const struct groups *groups, size_t part, struct groups_sight *sight)
{
    const size_t places = groups->parts[part].places;

    if (groups->parts[part].is_text)
        return distinct_open(&sight->distinct, &groups->seed, DISTINCT_HELD);
    sight->places = calloc(places, sizeof *sight->places);
    sight->columns = calloc(places, sizeof *sight->columns);
    if (sight->places == NULL || sight->columns == NULL)
        return -1;
    list_places(groups, part, sight);
    return selection_open(&sight->selection, places);
}

int groups_reducer_open(void *context, void **state, struct mr_error *error)
{
    const struct groups *groups = context;
    struct groups_reducer *made = calloc(1, sizeof *made);
    int result = -1;

    if (made != NULL) {
        made->count = groups->part_count;
        made->sights = calloc(made->count, sizeof *made->sights);
        made->numbers = calloc(groups->options.count, sizeof *made->numbers);
        made->words = calloc(groups->words, sizeof *made->words);
        made->more = calloc(groups->words, sizeof *made->more);
        if (made->sights != NULL && made->numbers != NULL && made->words != NULL &&
            made->more != NULL)
            result = 0;
        for (size_t i = 0; result == 0 && i < made->count; i++)
            result = open_sight(groups, i, &made->sights[i]);
    }
    *state = made;
    if (result == 0 &&
        columns_reducer_open((void *)(uintptr_t)groups->columns, &made->total, error) == 0)
        return 0;
    groups_reducer_close(context, made);
    *state = NULL;
    mr_error_set(error, MR_NOMEM, ENOMEM, "out of memory");
    return -1;
}

void groups_reducer_close(void *context, void *state)
{
    struct groups_reducer *reducer = state;

    (void)context;
    if (reducer == NULL)
        return;
    for (size_t i = 0; reducer->sights != NULL && i < reducer->count; i++) {
        struct groups_sight *sight = &reducer->sights[i];
        selection_close(&sight->selection);
        distinct_close(&sight->distinct);
        free(sight->places);
        free(sight->columns);
    }
    free(reducer->sights);
    free(reducer->numbers);
    free(reducer->words);
    free(reducer->more);
    free(reducer);
}

/* ---- A pass -------------------------------------------------------------------------------- */

static int add(const struct groups_part *part, struct groups_sight *sight,
               const struct mr_bytes *bytes, size_t count)
{
    if (!sight->more)
        return 0;
    return part->is_text ? distinct_add(&sight->distinct, bytes, count)
                         : selection_add(&sight->selection, bytes, count);
}

/* Reads the words in front of a value; `combines`: they are wanted. */
static const unsigned char *take_words(const struct groups *groups, struct groups_reducer *reducer,
                                       const unsigned char *at, bool combines)
{
    uint64_t *to = reducer->words[0] == 0 ? reducer->words : reducer->more;

    if (groups->words == 1)
        return at;
    if (!combines)
        to = reducer->more;
    for (size_t i = 1; i < groups->words; i++)
        at = groups_get_number(at, &to[i]);
    to[0] = 1;
    if (combines && to == reducer->more)
        columns_combine((void *)(uintptr_t)groups->columns, reducer->words, to);
    return at;
}

/* Takes values apart, BATCH at the most, and adds their parts. */
static int add_apart(const struct groups *groups, struct groups_reducer *reducer,
                     const struct mr_bytes *values, size_t count, bool combines)
{
    for (size_t i = 0; i < count; i++) {
        const unsigned char *const end = values[i].data + values[i].size;
        const unsigned char *at = take_words(groups, reducer, values[i].data, combines);
        for (size_t part = 0; part < groups->part_count; part++) {
            uint64_t size = (uint64_t)(end - at);
            if (part + 1 < groups->part_count)
                at = groups_get_number(at, &size);
            reducer->sights[part].batch[i] = (struct mr_bytes){at, (size_t)size};
            at += size;
        }
    }
    for (size_t part = 0; part < groups->part_count; part++)
        if (add(&groups->parts[part], &reducer->sights[part], reducer->sights[part].batch, count) !=
            0)
            return -1;
    return 0;
}

/* Whether values are one part and nothing else. */
static inline bool is_one_part(const struct groups *groups)
{
    return groups->part_count == 1 && groups->words == 1;
}

/* Values, of which all lie in an array, or are read one by one. */
struct groups_source {
    struct mr_values *values;
    const struct mr_bytes *array;
    size_t count; /* of the array */
    bool packed;  /* some may be packs */
};

/* Adds values that are no packs. */
static int add_values(const struct groups *groups, struct groups_reducer *reducer,
                      const struct mr_bytes *values, size_t count, bool combines)
{
    int result = 0;

    if (is_one_part(groups))
        return add(&groups->parts[0], &reducer->sights[0], values, count);
    for (size_t i = 0, some; result == 0 && i < count; i += some) {
        some = count - i < BATCH ? count - i : BATCH;
        result = add_apart(groups, reducer, values + i, some, combines);
    }
    return result;
}

/* Adds values some of which may be packs. */
static int add_packs(const struct groups *groups, struct groups_reducer *reducer,
                     const struct mr_bytes *values, size_t count, bool combines)
{
    size_t together = 0;
    int result = 0;

    for (size_t i = 0; result == 0 && i < count; i++) {
        if (groups_packs_is(&values[i]))
            together += groups_packs_open_one(&values[i], reducer->together + together);
        else
            reducer->together[together++] = values[i];
        if (together + GROUPS_PACK_MOST <= TOGETHER && i + 1 < count)
            continue;
        result = add_values(groups, reducer, reducer->together, together, combines);
        together = 0;
    }
    return result;
}

/* Adds the short values that have been met, of groups whose values are one part. */
static int add_short_words(const struct groups *groups, struct groups_reducer *reducer)
{
    struct groups_sight *const sight = &reducer->sights[0];
    uint64_t *const words = reducer->short_words;
    const size_t count = reducer->short_count;

    reducer->short_count = 0;
    if (!sight->more)
        return 0;
    if (groups->parts[0].is_text)
        return distinct_add_words(&sight->distinct, words, count);
    for (size_t i = 0; i < count; i++)
        words[i] = short_word_bytes(words[i]);
    return selection_add_words(&sight->selection, words, count);
}

/* Takes the words of one value. Returns false where it is not short, nor a pack of such. */
static inline bool take_short(struct groups_reducer *reducer, const struct mr_bytes *value,
                              bool packed)
{
    uint64_t *const words = reducer->short_words + reducer->short_count;

    if (packed && groups_packs_is(value)) {
        const size_t count = groups_packs_words(value, words);
        reducer->short_count += count;
        return count > 0;
    }
    if (value->size > SHORT_WORD_MOST)
        return false;
    *words = short_word(value->data, value->size);
    reducer->short_count++;
    return true;
}

/* Adds values that are one part, the short ones as words. */
static int add_one_part(const struct groups *groups, struct groups_reducer *reducer,
                        const struct groups_source *source, const struct mr_bytes *values,
                        size_t count)
{
    int result = 0;

    for (size_t i = 0, begin; result == 0 && i < count; i++) {
        if (reducer->short_count + GROUPS_PACK_MOST > WORDS)
            result = add_short_words(groups, reducer);
        for (begin = i; i < count && !take_short(reducer, &values[i], source->packed); i++)
            ;
        if (result == 0 && begin < i)
            result = source->packed ? add_packs(groups, reducer, values + begin, i - begin, false)
                                    : add_values(groups, reducer, values + begin, i - begin, false);
    }
    return result;
}

/* Adds values in the way that suits the groups. */
static int add_some(const struct groups *groups, struct groups_reducer *reducer,
                    const struct groups_source *source, const struct mr_bytes *values, size_t count,
                    bool combines)
{
    if (is_one_part(groups))
        return add_one_part(groups, reducer, source, values, count);
    return source->packed ? add_packs(groups, reducer, values, count, combines)
                          : add_values(groups, reducer, values, count, combines);
}

/* Returns -1 when memory is out, or the job has failed. */
static int make_pass(const struct groups *groups, struct groups_reducer *reducer,
                     const struct groups_source *source, bool combines)
{
    struct mr_bytes one;
    int result = 0;

    if (source->array != NULL)
        result = add_some(groups, reducer, source, source->array, source->count, combines);
    else
        while (result == 0 && (one.data = mr_values_next(source->values, &one.size)) != NULL)
            result = add_some(groups, reducer, source, &one, 1, combines);
    return result == 0 && is_one_part(groups) ? add_short_words(groups, reducer) : result;
}

/* Counts the rows of a key. Returns -1 when the job has failed. */
static int count_rows(const struct groups_source *source, uint64_t *count)
{
    struct mr_bytes one;

    *count = source->array != NULL ? source->count : mr_values_count(source->values);
    if (!source->packed)
        return 0;
    for (size_t i = 0; source->array != NULL && i < source->count; i++)
        *count += groups_packs_count(&source->array[i]) - 1;
    if (source->array != NULL)
        return 0;
    while ((one.data = mr_values_next(source->values, &one.size)) != NULL)
        *count += groups_packs_count(&one) - 1;
    return mr_values_count(source->values) == 0 && mr_values_rewind(source->values) == MR_OK ? 0
                                                                                             : -1;
}

/* ---- A key --------------------------------------------------------------------------------- */

/* The place ceil(P * n) of n numbers, from 0: the first for P = 0. */
static uint64_t place_of(const struct decimal *quantile, uint64_t count)
{
    const unsigned __int128 whole = decimal_powers[quantile->scale];
    const unsigned __int128 place =
        ((unsigned __int128)quantile->digits * count + whole - 1) / whole;

    return place > 0 ? (uint64_t)place - 1 : 0;
}

/* A word out of a value, where it is short, or a pack of such. */
static bool pick_word(const struct groups_source *source, const struct mr_bytes *value,
                      size_t which, uint64_t *word)
{
    if (source->packed && groups_packs_is(value)) {
        if (!groups_packs_has_width(value))
            return false;
        *word = groups_packs_word(value, which % groups_packs_count(value));
        return true;
    }
    *word = value->size <= SHORT_WORD_MOST ? short_word(value->data, value->size) : 0;
    return value->size <= SHORT_WORD_MOST;
}

/* Lets a selection guess by a sample, of numbers that have words. */
static void guess(struct groups_reducer *reducer, const struct groups_source *source)
{
    const size_t each = SELECTION_SAMPLE / source->count + 1;
    size_t picked = 0;

    for (; picked < SELECTION_SAMPLE; picked++) {
        const size_t at =
            (size_t)((unsigned __int128)(picked / each * each) * source->count / SELECTION_SAMPLE);
        if (!pick_word(source, &source->array[at], picked, &reducer->sample[picked]))
            return;
        reducer->sample[picked] = short_word_bytes(reducer->sample[picked]);
    }
    selection_guess(&reducer->sights[0].selection, reducer->sample);
}

static void begin(const struct groups *groups, struct groups_reducer *reducer,
                  const struct groups_source *source, uint64_t count)
{
    for (size_t i = 0; i < groups->part_count; i++) {
        struct groups_sight *sight = &reducer->sights[i];
        sight->more = true;
        if (groups->parts[i].is_text) {
            distinct_begin(&sight->distinct, source->array == NULL);
            continue;
        }
        for (size_t j = 0; j < groups->parts[i].places; j++)
            sight->places[j] = place_of(&groups->options.columns[sight->columns[j]].place, count);
        selection_begin(&sight->selection, count, sight->places);
        if (is_one_part(groups) && source->array != NULL && count >= SELECTION_SAMPLED)
            guess(reducer, source);
    }
}

/* Ends a pass: whether another is wanted. */
static bool end_pass(const struct groups *groups, struct groups_reducer *reducer)
{
    bool more = false;

    for (size_t i = 0; i < groups->part_count; i++) {
        struct groups_sight *sight = &reducer->sights[i];
        if (sight->more)
            sight->more = groups->parts[i].is_text ? distinct_wants_more(&sight->distinct)
                                                   : selection_wants_more(&sight->selection);
        more |= sight->more;
    }
    return more;
}

/* Sets the numbers of the columns that are quantiles or count different texts. */
static void set_numbers(const struct groups *groups, struct groups_reducer *reducer)
{
    for (size_t i = 0; i < groups->part_count; i++) {
        const struct groups_sight *sight = &reducer->sights[i];
        for (size_t j = 0; j < groups->parts[i].places; j++)
            selection_number(&sight->selection, j, &reducer->numbers[sight->columns[j]]);
    }
    for (size_t i = 0; i < groups->options.count; i++)
        if (groups->options.columns[i].op == COLUMN_DISTINCT)
            reducer->numbers[i] = (struct decimal){
                (__int128)distinct_count(&reducer->sights[groups->part_of[i]].distinct), 0};
}

/* Looks at all values, pass by pass. */
static int look(const struct groups *groups, struct groups_reducer *reducer,
                const struct groups_source *source, struct mr_error *error)
{
    bool first = true;

    do {
        if (!first && source->array == NULL && mr_values_rewind(source->values) != MR_OK)
            return -1;
        if (make_pass(groups, reducer, source, first) != 0)
            return (int)mr_error_set(error, MR_NOMEM, ENOMEM, "out of memory");
        /* Values end early where the job has failed. */
        if (source->array == NULL && mr_values_count(source->values) != 0)
            return -1;
        first = false;
    } while (end_pass(groups, reducer));
    return 0;
}

int groups_reduce(void *context, void *state, const void *key, size_t key_size,
                  struct mr_values *values, struct mr_results *results, struct mr_error *error)
{
    const struct groups *groups = context;
    struct groups_reducer *reducer = state;
    struct groups_source source = {.values = values};
    uint64_t count;

    source.packed = atomic_load_explicit(&groups->packed, memory_order_relaxed);
    source.array = mr_values_array(values, &source.count);
    if (count_rows(&source, &count) != 0)
        return -1;
    const bool wanted = count >= groups->options.min_count &&
                        (groups->options.max_count == 0 || count <= groups->options.max_count);
    if (!wanted && reducer->total == NULL)
        return 0;
    reducer->words[0] = 0;
    begin(groups, reducer, &source, count);
    if (look(groups, reducer, &source, error) != 0)
        return -1;
    reducer->words[0] = count;
    if (columns_finish(groups->columns, reducer->total, key, key_size, reducer->words,
                       reducer->numbers, error) != 0)
        return -1;
    if (!wanted)
        return 0;
    set_numbers(groups, reducer);
    return columns_put(groups->columns, results, key, key_size, reducer->numbers, error);
}
