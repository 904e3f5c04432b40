/* SPDX-License-Identifier: MIT
 *
 * merge - see merge.h.
 */
#include "text/merge.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/excerpt.h"
#include "text/case_fold.h"
#include "text/scan.h"

int merge_open(struct merge **opened, struct mr_error *error)
{
    struct merge *merge = calloc(1, sizeof *merge);

    *opened = NULL;
    if (!merge) {
        mr_error_set(error, MR_NOMEM, ENOMEM, "out of memory");
        return -1;
    }
    if (sequence_open(&merge->sequence, error) != 0) {
        free(merge);
        return -1;
    }
    *opened = merge;
    return 0;
}

void merge_close(struct merge *merge)
{
    if (!merge)
        return;
    sequence_close(&merge->sequence);
    free(merge);
}

void text_follow_input(struct text *text, struct mr_input *input)
{
    if (text->merge)
        sequence_follow(&text->merge->sequence, input);
}

bool text_merge_fault(const struct text *text, struct text_fault *fault)
{
    if (!text->merge || !text->merge->fault.reason)
        return false;
    *fault = text->merge->fault;
    return true;
}

/* A reason, of which the key is a part. */
static const char too_large[] = "the count of '%s' is past 18446744073709551615";

/* Reads the decimal number that [p, end) is. Returns what is wrong with it, or NULL. */
static const char *read_count(const unsigned char *p, const unsigned char *end, uint64_t *count)
{
    uint64_t value = 0;

    if (p == end)
        return "no count after the last TAB";
    for (; p < end; p++) {
        unsigned digit = (unsigned)*p - '0';
        if (digit > 9)
            return "what follows the last TAB is no count";
        if (value > (UINT64_MAX - digit) / 10)
            return too_large;
        value = value * 10 + digit;
    }
    *count = value;
    return NULL;
}

/* Takes the backslashes out of a key; `out` has room for `size`. Returns the bytes written, or
 * SIZE_MAX where a backslash begins nothing. */
static size_t unescape(const unsigned char *key, size_t size, unsigned char *out)
{
    unsigned char *start = out;

    for (size_t i = 0; i < size; i++) {
        unsigned char c = key[i];
        if (c == '\\') {
            c = ++i < size ? key[i] : 0;
            c = c == 't' ? '\t' : c == 'n' ? '\n' : c == 'r' ? '\r' : c == '\\' ? c : 0;
            if (c == 0)
                return SIZE_MAX;
        }
        *out++ = c;
    }
    return (size_t)(out - start);
}

/* A key that is not what stands in the line: it is unescaped, then folded. Without folding such
 * keys are few and go on one by one, past the batch of the others. */
static int made_key(struct scan *scan, const unsigned char *key, size_t size, uint64_t value,
                    const char **reason)
{
    if (scan->text->unescape) {
        if (scan_room(scan, &scan->joined, size, false) != 0)
            return -1;
        size = unescape(key, size, scan->joined.data);
        if (size == SIZE_MAX) {
            *reason = "a backslash in the key without t, n, r or a backslash behind it";
            return -1;
        }
        key = scan->joined.data;
    }
    if (!scan->text->case_fold)
        return scan_emit_one(scan, key, size, value);
    if (size > (SIZE_MAX - CASE_FOLD_SLACK) / CASE_FOLD_GROWTH)
        return scan_no_memory(scan);
    unsigned char *out = scan_key_room(scan, CASE_FOLD_ROOM(size));
    return out ? scan_key_done(scan, case_fold_bytes(key, size, out), value) : -1;
}

/* What is found out about a split while it is mapped. */
struct progress {
    const unsigned char *line; /* the one at hand */
    uint64_t lines;            /* before it */
    const char *reason;
    const unsigned char *key; /* the last one looked at */
    size_t key_size;
    const unsigned char *base; /* of the batch of keys that stand in the text as they are */
    size_t count;              /* of these */
};

/* Emits the batch and begins another at `base`. */
static int flush_batch(struct scan *scan, struct progress *progress, const unsigned char *base)
{
    int status = scan_emit(scan, progress->base, scan->spans, progress->count, scan->values);

    progress->count = 0;
    progress->base = base;
    return status;
}

/* A key, the TAB behind it, and the end of the count. */
static int map_pair(struct scan *scan, const unsigned char *key, const unsigned char *tab,
                    const unsigned char *stop, struct progress *progress)
{
    const struct text *text = scan->text;
    size_t size = (size_t)(tab - key);
    uint64_t value = 0;

    progress->key = key;
    progress->key_size = size;
    progress->reason = read_count(tab + 1, stop, &value);
    if (progress->reason)
        return -1;
    if (text->case_fold || (text->unescape && memchr(key, '\\', size)))
        return made_key(scan, key, size, value, &progress->reason);
    if ((progress->count == SCAN_SPANS || (size_t)(tab - progress->base) > text->longest) &&
        flush_batch(scan, progress, key) != 0)
        return -1;
    if (size > text->longest)
        return scan_emit_one(scan, key, size, value);
    scan->values[progress->count] = value;
    scan->spans[progress->count++] = (struct mr_span){(uint32_t)(key - progress->base),
                                                      (uint32_t)(tab - progress->base)};
    return 0;
}

/* A line of a field for others, then keys and counts in turn. */
static int map_bundle(struct scan *scan, const unsigned char *stop, struct progress *progress)
{
    const unsigned char *at = memchr(progress->line, '\t', (size_t)(stop - progress->line));
    int status = at ? 0 : -1;

    if (!at)
        progress->reason = "no TAB";
    while (at && status == 0) {
        const unsigned char *key = at + 1, *tab = memchr(key, '\t', (size_t)(stop - key));
        if (!tab) {
            progress->reason = "a key without a count";
            return -1;
        }
        at = memchr(tab + 1, '\t', (size_t)(stop - tab - 1));
        status = map_pair(scan, key, tab, at ? at : stop, progress);
    }
    return status;
}

/* Maps lines until the end, a bad line, or the end of the job. */
static int map_lines(struct scan *scan, const struct mr_split *split, struct progress *progress)
{
    const struct text *text = scan->text;
    const unsigned char *end = split->data + split->size;
    int status = 0;

    while (progress->line < end && status == 0) {
        const unsigned char *line = progress->line;
        const unsigned char *stop = memchr(line, text->end, (size_t)(end - line));
        if (!stop)
            stop = end;
        if (text->unbundle) {
            status = map_bundle(scan, stop, progress);
        } else {
            const unsigned char *tab = memrchr(line, '\t', (size_t)(stop - line));
            if (!tab)
                progress->reason = "no TAB";
            status = tab ? map_pair(scan, line, tab, stop, progress) : -1;
        }
        if (progress->reason)
            return -1;
        progress->line = stop < end ? stop + 1 : end;
        progress->lines++;
    }
    if (status == 0)
        status = flush_batch(scan, progress, end);
    return status != 0 ? status : scan_key_flush(scan);
}

int merge_map(struct scan *scan, const struct mr_split *split)
{
    struct progress progress = {.line = split->data, .base = split->data};
    struct merge *merge = scan->text->merge;
    int status = map_lines(scan, split, &progress);

    sequence_count(split, progress.lines);
    if (progress.reason) {
        uint64_t before = sequence_wait(&merge->sequence, split);
        if (!merge->fault.reason && progress.reason == too_large) {
            char shown[EXCERPT_ROOM];
            excerpt_write(progress.key, progress.key_size, shown);
            snprintf(merge->reason, sizeof merge->reason, too_large, shown);
            progress.reason = merge->reason;
        }
        if (!merge->fault.reason)
            merge->fault = (struct text_fault){split->number, before + progress.lines + 1,
                                               progress.reason};
        mr_error_set(mr_emitter_error(scan->emitter), MR_MAP, 0, "%s", merge->fault.reason);
    }
    return status;
}
