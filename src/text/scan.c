/* SPDX-License-Identifier: MIT
 *
 * scan - the way of tokens to the engine, see scan.h.
 */
#include "text/scan.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "text/case_fold.h"

/* Keys are built up to here before they are emitted. */
#define KEYS_SIZE ((size_t)1 << 16)

int scan_no_memory(struct scan *scan)
{
    mr_error_set(mr_emitter_error(scan->emitter), MR_NOMEM, ENOMEM, "memory exhausted");
    return -1;
}

int scan_room(struct scan *scan, struct scan_bytes *bytes, size_t size, bool keep)
{
    if (bytes->data && size <= bytes->room)
        return 0;
    size_t room = bytes->room > 0 ? bytes->room : 4096;
    while (room < size && room <= SIZE_MAX / 4)
        room *= 2;
    if (!keep) {
        free(bytes->data);
        *bytes = (struct scan_bytes){NULL, 0};
    }
    unsigned char *data = room < size ? NULL : realloc(bytes->data, room + MR_PAD);
    if (!data)
        return scan_no_memory(scan);
    *bytes = (struct scan_bytes){data, room};
    return 0;
}

/* The borders of the tokens themselves: n-grams make borders rarer, not windows larger. */
static size_t token_border(const struct text *text, const unsigned char *data, size_t size,
                           size_t from)
{
    switch (text->kind) {
    case TEXT_WORDS_UNICODE:
        return words_border(data, size, from);
    case TEXT_WORDS_SPACE:
        return spaces_border(text, data, size, from);
    case TEXT_WORDS_LETTERS:
        return letters_border(data, size, from);
    case TEXT_CHARS:
        return chars_border(data, size, from);
    case TEXT_LINES:
    case TEXT_FIELDS:
    case TEXT_MERGE:
        break;
    }
    return lines_border(text, data, size, from);
}

static size_t token_border_last(const struct text *text, const unsigned char *data, size_t size)
{
    switch (text->kind) {
    case TEXT_WORDS_UNICODE:
        return words_border_last(data, size);
    case TEXT_WORDS_SPACE:
        return spaces_border_last(text, data, size);
    case TEXT_WORDS_LETTERS:
        return letters_border_last(data, size);
    case TEXT_CHARS:
        return chars_border_last(data, size);
    case TEXT_LINES:
    case TEXT_FIELDS:
    case TEXT_MERGE:
        break;
    }
    return lines_border_last(text, data, size);
}

size_t text_border(const void *rule, const unsigned char *data, size_t size, size_t from)
{
    const struct text *text = rule;

    if (text->ngram_max > 0)
        return lines_border(text, data, size, from);
    return token_border(text, data, size, from);
}

size_t text_border_last(const void *rule, const unsigned char *data, size_t size)
{
    const struct text *text = rule;

    if (text->ngram_max > 0)
        return lines_border_last(text, data, size);
    return token_border_last(text, data, size);
}

/* How far from data a kernel may be let: a safe cut, `size` at most. */
static size_t window_size(const struct scan *scan, const unsigned char *data, size_t size)
{
    const struct text *text = scan->text;
    size_t want = text->case_fold ? text->fold_window : text->window;

    if (size <= want)
        return size;
    if (text->kind == TEXT_WORDS_LETTERS) {
        size_t edge = letters_edge_last(data, want);
        return edge > 0 ? edge : letters_edge(data, size, want);
    }
    size_t cut = token_border_last(text, data, want);
    return cut > 0 ? cut : token_border(text, data, size, want);
}

int scan_windows(struct scan *scan, const unsigned char *data, size_t size, scan_map *few,
                 scan_map *one)
{
    int status = 0;

    while (size > 0 && status == 0) {
        size_t window = window_size(scan, data, size);
        if (window > scan->text->longest)
            status = one(scan, data, window, NULL);
        else if (!scan->text->case_fold)
            status = few(scan, data, window, NULL);
        else if (scan_room(scan, &scan->folded, window + MR_PAD, false) == 0)
            status = few(scan, data, window, scan->folded.data);
        else
            status = -1;
        data += window;
        size -= window;
    }
    return status;
}

int scan_one(struct scan *scan, const unsigned char *data, size_t size, unsigned char *folded)
{
    (void)folded;
    return scan_token(scan, data, size);
}

/* ---- Emitting -------------------------------------------------------------------------------- */

int scan_emit(struct scan *scan, const unsigned char *base, const struct mr_span *spans,
                size_t count, const uint64_t *values)
{
    if (scan->text->filter) {
        count = filter_pass(scan->text->filter, base, spans, values, count, scan->passed,
                            scan->passed_values);
        spans = scan->passed;
        if (values)
            values = scan->passed_values;
    }
    if (count == 0)
        return 0;
    if (!values)
        total_add(&scan->tokens, count);
    for (size_t i = 0; values && i < count; i++)
        total_add(&scan->tokens, values[i]);
    return mr_emit_batch(scan->emitter, base, spans, count, values);
}

int scan_emit_one(struct scan *scan, const unsigned char *key, size_t size, uint64_t value)
{
    if (scan->text->filter && !filter_lets(scan->text->filter, key, size))
        return 0;
    total_add(&scan->tokens, value);
    return mr_emit(scan->emitter, key, size, &value);
}

unsigned char *scan_key_room(struct scan *scan, size_t size)
{
    if ((scan->keys_count == SCAN_SPANS || scan->keys_used + size > KEYS_SIZE) &&
        scan_key_flush(scan) != 0)
        return NULL;
    if (scan_room(scan, &scan->keys, scan->keys_used + size, true) != 0)
        return NULL;
    return scan->keys.data + scan->keys_used;
}

int scan_key_done(struct scan *scan, size_t size, uint64_t value)
{
    size_t begin = scan->keys_used, end = begin + size;

    /* What is longer than KEYS_SIZE stands alone. */
    if (end > scan->text->longest)
        return scan_emit_one(scan, scan->keys.data + begin, size, value);
    scan->values[scan->keys_count] = value;
    scan->key_spans[scan->keys_count++] = (struct mr_span){(uint32_t)begin, (uint32_t)end};
    scan->keys_used = end;
    return 0;
}

int scan_key_flush(struct scan *scan)
{
    size_t count = scan->keys_count;

    scan->keys_count = scan->keys_used = 0;
    return scan_emit(scan, scan->keys.data, scan->key_spans, count,
                       scan->text->kind == TEXT_MERGE ? scan->values : NULL);
}

/* ---- Tokens ---------------------------------------------------------------------------------- */

/* Whether [p, end) has a byte above 0x7f. Reads up to 7 bytes past end. */
static bool is_wide(const unsigned char *p, const unsigned char *end)
{
    const uint64_t high = UINT64_C(0x8080808080808080);
    uint64_t word;

    for (; p < end; p += 8) {
        memcpy(&word, p, 8);
        if ((word & high) != 0) {
            for (const unsigned char *q = p; q < end && q < p + 8; q++) {
                if (*q > 0x7f)
                    return true;
            }
        }
    }
    return false;
}

/* Puts the folded token into the n-grams or among the keys. */
static int case_fold_token(struct scan *scan, const unsigned char *token, size_t size)
{
    bool chained = scan->text->ngram_max > 0;

    if (size > (SIZE_MAX - CASE_FOLD_SLACK) / CASE_FOLD_GROWTH - KEYS_SIZE)
        return scan_no_memory(scan);
    unsigned char *out = chained ? ngrams_room(scan, CASE_FOLD_ROOM(size))
                                 : scan_key_room(scan, CASE_FOLD_ROOM(size));
    if (!out)
        return -1;
    size = case_fold_bytes(token, size, out);
    return chained ? ngrams_add(scan, size) : scan_key_done(scan, size, 1);
}

int scan_chain(struct scan *scan, const unsigned char *token, size_t size)
{
    unsigned char *out = ngrams_room(scan, size);

    if (!out)
        return -1;
    if (size <= 16)
        memcpy(out, token, 16); /* one move: both sides are padded */
    else
        memcpy(out, token, size);
    return ngrams_add(scan, size);
}

int scan_token(struct scan *scan, const unsigned char *token, size_t size)
{
    if (scan->text->case_fold)
        return case_fold_token(scan, token, size);
    if (scan->text->ngram_max > 0)
        return scan_chain(scan, token, size);
    return scan_emit_one(scan, token, size, 1);
}

int scan_folded_tokens(struct scan *scan, const unsigned char *base,
                         const struct mr_span *spans, size_t count)
{
    if (scan->text->ngram_max == 0)
        return scan_emit(scan, base, spans, count, NULL);
    for (size_t i = 0; i < count; i++) {
        if (scan_chain(scan, base + spans[i].begin, spans[i].end - spans[i].begin) != 0)
            return -1;
    }
    return 0;
}

int scan_tokens(struct scan *scan, const unsigned char *base, struct mr_span *spans,
                  size_t count, bool wide)
{
    const unsigned char *folded = scan->folded.data;
    size_t ascii = 0;

    if (!scan->text->case_fold)
        return scan_folded_tokens(scan, base, spans, count);
    if (!wide)
        return scan_folded_tokens(scan, folded, spans, count);
    /* Those with a byte above 0x7f are folded one by one; the rest are as the kernel left them. */
    for (size_t i = 0; i < count; i++) {
        struct mr_span span = spans[i];
        int status = 0;
        if (is_wide(base + span.begin, base + span.end))
            status = case_fold_token(scan, base + span.begin, span.end - span.begin);
        else if (scan->text->ngram_max > 0)
            status = scan_chain(scan, folded + span.begin, span.end - span.begin);
        else
            spans[ascii++] = span;
        if (status != 0)
            return status;
    }
    return scan_emit(scan, folded, spans, ascii, NULL);
}
