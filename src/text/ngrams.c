/* SPDX-License-Identifier: MIT
 *
 * ngrams - see ngrams.h.
 */
#include "text/ngrams.h"

#include <stdlib.h>
#include <string.h>

#include "text/scan.h"

/* Text is written up to here before it begins anew, which keeps it in a near cache. */
#define TEXT_SIZE ((size_t)1 << 16)
#define TOKENS ((size_t)1 << 13)

int ngrams_flush(struct scan *scan)
{
    struct ngrams *ngrams = &scan->ngrams;
    size_t count = ngrams->count;

    ngrams->count = 0;
    return scan_emit(scan, ngrams->data, ngrams->spans, count, NULL);
}

/* Forgets all tokens but those of the line at hand that can still begin an n-gram. */
static void forget(const struct text *text, struct ngrams *ngrams)
{
    size_t keep = ngrams->tokens - ngrams->line;

    if (keep > text->ngram_max - 1)
        keep = text->ngram_max - 1;
    size_t first = ngrams->tokens - keep;
    size_t from = keep > 0 ? ngrams->begins[first] : ngrams->used;
    for (size_t i = 0; i < keep; i++) {
        ngrams->begins[i] = ngrams->begins[first + i] - from;
        ngrams->ends[i] = ngrams->ends[first + i] - from;
    }
    if (ngrams->used > from)
        memmove(ngrams->data, ngrams->data + from, ngrams->used - from);
    ngrams->used -= from;
    ngrams->tokens = keep;
    ngrams->line = 0;
}

/* Makes room for `size` bytes in all and one more token. Room doubles, so that what forgetting
 * leaves is moved only after at least as much came in. */
static int grow(struct scan *scan, size_t size)
{
    struct ngrams *ngrams = &scan->ngrams;

    if (ngrams->room < size) {
        size_t room = ngrams->room > 0 ? ngrams->room : TEXT_SIZE;
        while (room < size && room <= SIZE_MAX / 4)
            room *= 2;
        unsigned char *data = room < size ? NULL : realloc(ngrams->data, room + MR_PAD);
        if (!data)
            return scan_no_memory(scan);
        ngrams->data = data;
        ngrams->room = room;
    }
    if (ngrams->token_room <= 2 * ngrams->tokens) {
        size_t room = ngrams->token_room > 0 ? 2 * ngrams->token_room : TOKENS;
        size_t *begins = realloc(ngrams->begins, room * sizeof *begins);
        if (begins)
            ngrams->begins = begins;
        size_t *ends = realloc(ngrams->ends, room * sizeof *ends);
        if (ends)
            ngrams->ends = ends;
        if (!begins || !ends)
            return scan_no_memory(scan);
        ngrams->token_room = room;
    }
    if (!ngrams->spans) {
        ngrams->spans = malloc(SCAN_SPANS * sizeof *ngrams->spans);
        if (!ngrams->spans)
            return scan_no_memory(scan);
    }
    return 0;
}

unsigned char *ngrams_room(struct scan *scan, size_t size)
{
    struct ngrams *ngrams = &scan->ngrams;

    size++; /* for a joiner */
    if (ngrams->room - ngrams->used < size || ngrams->tokens == ngrams->token_room) {
        if (ngrams_flush(scan) != 0)
            return NULL;
        forget(scan->text, ngrams);
        size_t want = 2 * ngrams->used + size;
        if ((ngrams->room < want || ngrams->token_room <= 2 * ngrams->tokens) &&
            grow(scan, want) != 0)
            return NULL;
    }
    if (ngrams->tokens > ngrams->line && scan->text->kind != TEXT_CHARS)
        ngrams->data[ngrams->used++] = ' ';
    return ngrams->data + ngrams->used;
}

int ngrams_add(struct scan *scan, size_t size)
{
    const struct text *text = scan->text;
    struct ngrams *ngrams = &scan->ngrams;
    size_t token = ngrams->tokens++, end = ngrams->used + size;

    ngrams->begins[token] = ngrams->used;
    ngrams->ends[token] = ngrams->used = end;
    size_t most = ngrams->tokens - ngrams->line;
    if (most > text->ngram_max)
        most = text->ngram_max;
    for (size_t n = text->ngram_min; n <= most; n++) {
        size_t begin = ngrams->begins[ngrams->tokens - n];
        if (end > text->longest) { /* too far for a span */
            if (scan_emit_one(scan, ngrams->data + begin, end - begin, 1) != 0)
                return -1;
            continue;
        }
        if (ngrams->count == SCAN_SPANS && ngrams_flush(scan) != 0)
            return -1;
        ngrams->spans[ngrams->count++] = (struct mr_span){(uint32_t)begin, (uint32_t)end};
    }
    return 0;
}

void ngrams_line_end(struct scan *scan)
{
    scan->ngrams.line = scan->ngrams.tokens;
}

void ngrams_close(struct ngrams *ngrams)
{
    free(ngrams->data);
    free(ngrams->begins);
    free(ngrams->ends);
    free(ngrams->spans);
}
