/* SPDX-License-Identifier: MIT
 *
 * fields_reference.c - see fields_reference.h.
 */
#include "unit/fields_reference.h"

#include <stdlib.h>
#include <string.h>

/* Memory that is there even for no bytes. */
static unsigned char *take(size_t size)
{
    unsigned char *room = malloc(size + 1);

    if (!room)
        abort();
    return room;
}

static bool is_chosen(const struct tokenizer_options *options, uint64_t field)
{
    for (size_t i = 0; i < options->range_count; i++) {
        if (field >= options->ranges[i].first && field <= options->ranges[i].last)
            return true;
    }
    return false;
}

/* ---- CSV ------------------------------------------------------------------------------------ */

enum state { FIELD_BEGINS, IN_FIELD, IN_QUOTES, BEHIND_QUOTE };

struct slow {
    const struct tokenizer_options *options;
    fields_reference_put *put;
    void *context;
    unsigned char *field, *key;
    size_t size, used;
    uint64_t number; /* of fields that are complete */
    bool chosen, any;
};

static void end_field(struct slow *slow)
{
    const struct tokenizer_options *options = slow->options;

    if (is_chosen(options, ++slow->number)) {
        if (slow->chosen)
            slow->key[slow->used++] = options->delimiter[0];
        memcpy(slow->key + slow->used, slow->field, slow->size);
        slow->used += slow->size;
        slow->chosen = true;
    }
    slow->size = 0;
}

static void end_record(struct slow *slow)
{
    if (slow->any) {
        end_field(slow);
        if (slow->chosen)
            slow->put(slow->context, slow->key, slow->used);
    }
    slow->number = 0;
    slow->size = slow->used = 0;
    slow->chosen = slow->any = false;
}

uint64_t fields_reference_csv(const struct tokenizer_options *options, const unsigned char *text,
                              size_t size, fields_reference_put *put, void *context)
{
    const unsigned char end = options->zero_terminated ? 0 : '\n';
    struct slow slow = {
        .options = options,
        .put = put,
        .context = context,
        .field = take(size),
        .key = take(2 * size),
    };
    enum state state = FIELD_BEGINS;
    uint64_t line = 1, opened = 0;

    for (size_t i = 0; i < size; i++) {
        const unsigned char c = text[i];
        const bool returns = c == '\r' && end == '\n' && (i + 1 == size || text[i + 1] == end);
        if (state == IN_QUOTES) {
            if (c == '"')
                state = BEHIND_QUOTE;
            else
                slow.field[slow.size++] = c;
        } else if (c == end || returns) {
            end_record(&slow);
            state = FIELD_BEGINS;
            line += returns && i + 1 < size;
            i += returns;
        } else if (c == options->delimiter[0]) {
            slow.any = true;
            end_field(&slow);
            state = FIELD_BEGINS;
        } else if (c == '"' && state == FIELD_BEGINS) {
            slow.any = true;
            opened = line;
            state = IN_QUOTES;
        } else {
            slow.any = true;
            slow.field[slow.size++] = c;
            state = c == '"' && state == BEHIND_QUOTE ? IN_QUOTES : IN_FIELD;
        }
        line += c == end;
    }
    if (state != IN_QUOTES) {
        opened = 0;
        end_record(&slow);
    }
    free(slow.field);
    free(slow.key);
    return opened;
}

/* ---- Lines with quotes ---------------------------------------------------------------------- */

/* The bytes of a delimiter at `at`. */
static size_t delimiter_at(const struct tokenizer_options *options, const unsigned char *line,
                           size_t size, size_t at)
{
    const size_t length = options->delimiter_size;

    if (at == size)
        return 0;
    if (length == 0)
        return line[at] == ' ' || line[at] == '\t' || line[at] == '\n';
    return size - at >= length && memcmp(line + at, options->delimiter, length) == 0 ? length : 0;
}

/* Where the field at `at` closes that begins with a quote or a bracket: behind that, or 0. */
static size_t closes_at(const struct tokenizer_options *options, const unsigned char *line,
                        size_t size, size_t at)
{
    const unsigned char closing = line[at] == '"' ? '"' : ']';

    for (size_t i = at + 1; i < size; i++) {
        if (closing == '"' && line[i] == '\\')
            i++;
        else if (line[i] == closing)
            return i + 1 == size || delimiter_at(options, line, size, i + 1) > 0 ? i + 1 : 0;
    }
    return 0;
}

/* Adds the text of a field to a key; returns how large that is then. */
static size_t add_text(const unsigned char *field, size_t size, bool closed, unsigned char *key,
                       size_t used)
{
    const size_t last = closed ? size - 1 : size;

    for (size_t i = closed; i < last; i++) {
        if (closed && field[0] == '"' && field[i] == '\\') {
            if (field[i + 1] != '"')
                key[used++] = '\\';
            i++;
        }
        key[used++] = field[i];
    }
    return used;
}

static void map_line(const struct tokenizer_options *options, const unsigned char *line,
                     size_t size, fields_reference_put *put, void *context)
{
    unsigned char *key = take(2 * size);
    const size_t length = options->delimiter_size;
    size_t used = 0, at = 0, behind = 1;
    uint64_t field = 0;
    bool any = false;

    while (behind > 0) {
        while (length == 0 && at < size && delimiter_at(options, line, size, at) > 0)
            at++;
        if (length == 0 && at == size)
            break;
        size_t end = 0;
        if (at < size && (line[at] == '"' || line[at] == '['))
            end = closes_at(options, line, size, at);
        const bool closed = end > 0;
        for (end = closed ? end : at; end < size && delimiter_at(options, line, size, end) == 0;)
            end++;
        if (is_chosen(options, ++field)) {
            if (any && length > 0)
                memcpy(key + used, options->delimiter, length);
            else if (any)
                key[used] = ' ';
            used += !any ? 0 : length > 0 ? length : 1;
            used = add_text(line + at, end - at, closed, key, used);
            any = true;
        }
        behind = delimiter_at(options, line, size, end);
        at = end + behind;
    }
    if (any)
        put(context, key, used);
    free(key);
}

void fields_reference_quoted(const struct tokenizer_options *options, const unsigned char *text,
                             size_t size, fields_reference_put *put, void *context)
{
    const unsigned char end = options->zero_terminated ? 0 : '\n';

    for (size_t i = 0, stop; i < size; i = stop + 1) {
        for (stop = i; stop < size && text[stop] != end;)
            stop++;
        const bool returns = stop > i && text[stop - 1] == '\r' && end == '\n';
        map_line(options, text + i, stop - i - returns, put, context);
    }
}
