/* SPDX-License-Identifier: MIT
 *
 * ngrams - see ngrams.h.
 */
#include "text/ngrams.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

/* Text is written up to here before it begins anew, which keeps it in a near cache. */
#define TEXT_SIZE ((size_t)1 << 16)
#define TOKENS ((size_t)1 << 13)

void ngrams_open(struct ngrams *ngrams, unsigned min, unsigned max, bool spaced, struct keys *keys)
{
    *ngrams = (struct ngrams){
        .min = min,
        .max = max,
        .spaced = spaced,
        .keys = keys,
        .listing = keys->rules.filter != NULL && filter_has_list(keys->rules.filter),
    };
}

void ngrams_close(struct ngrams *ngrams)
{
    room_free(&ngrams->text);
    free(ngrams->begins);
    free(ngrams->ends);
    free(ngrams->spans);
}

void ngrams_collect(struct ngrams *ngrams)
{
    ngrams->min = ngrams->max + 1;
    ngrams->listing = false;
}

int ngrams_flush(struct ngrams *ngrams)
{
    size_t count = ngrams->count;

    ngrams->count = 0;
    return keys_emit(ngrams->keys, ngrams->text.data, ngrams->spans, count, NULL);
}

/* Forgets all tokens but those of the line at hand that can still begin an n-gram. */
static void forget(struct ngrams *ngrams)
{
    size_t keep = ngrams->tokens - ngrams->line;

    if (keep > ngrams->max - 1)
        keep = ngrams->max - 1;
    size_t first = ngrams->tokens - keep;
    size_t from = keep > 0 ? ngrams->begins[first] : ngrams->used;
    for (size_t i = 0; i < keep; i++) {
        ngrams->begins[i] = ngrams->begins[first + i] - from;
        ngrams->ends[i] = ngrams->ends[first + i] - from;
    }
    if (ngrams->used > from)
        memmove(ngrams->text.data, ngrams->text.data + from, ngrams->used - from);
    ngrams->used -= from;
    ngrams->tokens = keep;
    ngrams->line = 0;
    ngrams->first = ngrams->first > first ? ngrams->first - first : 0;
}

/* Makes room for `size` bytes in all and one more token. Room doubles, so that what forgetting
 * leaves is moved only after at least as much came in. */
static int grow(struct ngrams *ngrams, size_t size)
{
    if (room_grow(&ngrams->text, size > TEXT_SIZE ? size : TEXT_SIZE, true) != 0)
        return keys_no_memory(ngrams->keys);
    if (ngrams->token_room <= 2 * ngrams->tokens) {
        size_t room = ngrams->token_room > 0 ? 2 * ngrams->token_room : TOKENS;
        size_t *begins = realloc(ngrams->begins, room * sizeof *begins);
        if (begins)
            ngrams->begins = begins;
        size_t *ends = realloc(ngrams->ends, room * sizeof *ends);
        if (ends)
            ngrams->ends = ends;
        if (!begins || !ends)
            return keys_no_memory(ngrams->keys);
        ngrams->token_room = room;
    }
    if (!ngrams->spans) {
        ngrams->spans = malloc(KEYS_SPANS * sizeof *ngrams->spans);
        if (!ngrams->spans)
            return keys_no_memory(ngrams->keys);
    }
    return 0;
}

/* Not inlined, as that made the way of most tokens twice as long. */
static __attribute__((noinline)) int make_room(struct ngrams *ngrams, size_t size)
{
    if (ngrams_flush(ngrams) != 0)
        return -1;
    forget(ngrams);
    size_t want = 2 * ngrams->used + size;
    if (ngrams->text.size < want || ngrams->token_room <= 2 * ngrams->tokens)
        return grow(ngrams, want);
    return 0;
}

unsigned char *ngrams_room(struct ngrams *ngrams, size_t size)
{
    size++; /* for a joiner */
    if ((ngrams->text.size - ngrams->used < size || ngrams->tokens == ngrams->token_room) &&
        make_room(ngrams, size) != 0)
        return NULL;
    if (ngrams->tokens > ngrams->line && ngrams->spaced)
        ngrams->text.data[ngrams->used++] = ' ';
    return ngrams->text.data + ngrams->used;
}

/* Notes the last token where it is listed. */
static __attribute__((noinline)) int look_up(struct ngrams *ngrams, size_t size)
{
    const size_t token = ngrams->tokens - 1;
    int listed = keys_listed(ngrams->keys, ngrams->text.data + ngrams->begins[token], size);

    if (listed > 0)
        ngrams->first = ngrams->tokens;
    return listed < 0 ? -1 : 0;
}

static inline int add_token(struct ngrams *ngrams, size_t size)
{
    size_t token = ngrams->tokens++;

    ngrams->begins[token] = ngrams->used;
    ngrams->ends[token] = ngrams->used += size;
    return ngrams->listing ? look_up(ngrams, size) : 0;
}

int ngrams_add_before(struct ngrams *ngrams, size_t size)
{
    return add_token(ngrams, size);
}

const unsigned char *ngrams_token(const struct ngrams *ngrams, size_t last, size_t *size)
{
    if (last >= ngrams->tokens - ngrams->line || last + 1 >= ngrams->max)
        return NULL;
    size_t token = ngrams->tokens - 1 - last;
    *size = ngrams->ends[token] - ngrams->begins[token];
    return ngrams->text.data + ngrams->begins[token];
}

int ngrams_add(struct ngrams *ngrams, size_t size)
{
    size_t end = ngrams->used + size;

    if (add_token(ngrams, size) != 0)
        return -1;
    size_t most = ngrams->tokens - ngrams->first;
    if (most > ngrams->max)
        most = ngrams->max;
    for (size_t n = ngrams->min; n <= most; n++) {
        size_t begin = ngrams->begins[ngrams->tokens - n];
        if (end > ngrams->keys->rules.longest) { /* too far for a span */
            if ((ngrams->keys->rules.ordered && ngrams_flush(ngrams) != 0) ||
                keys_emit_one(ngrams->keys, ngrams->text.data + begin, end - begin, 1) != 0)
                return -1;
            continue;
        }
        if (ngrams->count == KEYS_SPANS && ngrams_flush(ngrams) != 0)
            return -1;
        ngrams->spans[ngrams->count++] = (struct mr_span){(uint32_t)begin, (uint32_t)end};
    }
    return 0;
}

void ngrams_end_line(struct ngrams *ngrams)
{
    ngrams->line = ngrams->first = ngrams->tokens;
}
