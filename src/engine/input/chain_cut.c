/* SPDX-License-Identifier: MIT
 *
 * chain_cut - joins texts and cuts them at the last safe place (see chain_cut.h).
 */
#include "engine/input/chain_cut.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "engine/input/cut_context.h"

void chain_cut_open(struct chain_cut *cut, const struct mr_cuts *cuts, size_t piece_size,
                    struct budget *buffers)
{
    *cut = (struct chain_cut){.cuts = cuts, .piece_size = piece_size};
    buffer_open_behind(&cut->rest, buffers, CHAIN_CUT_FRONT);
}

void chain_cut_close(struct chain_cut *cut)
{
    buffer_close(&cut->rest);
    free(cut->context);
    cut->context = NULL;
}

size_t chain_cut_left(const struct chain_cut *cut)
{
    return cut->rest.used + cut->rest_front;
}

static int no_room(struct mr_error *error, size_t size)
{
    return (int)mr_error_set(error, MR_NOMEM, ENOMEM,
                             "out of memory: no room to read %zu bytes at once", size);
}

/* Puts `size` bytes behind those of a buffer. */
static int append(struct mr_buffer *buffer, const unsigned char *data, size_t size,
                  struct mr_error *error)
{
    unsigned char *room = mr_buffer_reserve(buffer, size);
    if (!room)
        return no_room(error, buffer->used + size);
    if (size > 0)
        memcpy(room, data, size);
    buffer->used += size;
    return 0;
}

static void swap(struct mr_buffer *a, struct mr_buffer *b)
{
    const struct mr_buffer other = *a;
    *a = *b;
    *b = other;
}

/* Puts the rest in front of the text, so that *front bytes of it stand in the room before that. */
static int join(struct chain_cut *cut, struct mr_buffer *text, size_t *front,
                struct mr_error *error)
{
    struct mr_buffer *rest = &cut->rest;
    const size_t left = chain_cut_left(cut);
    *front = 0;
    if (!mr_buffer_reserve(text, 0))
        return no_room(error, text->used);
    if (left == 0)
        return 0;
    if (left > CHAIN_CUT_FRONT && left >= text->used) {
        if (append(rest, text->data, text->used, error) != 0)
            return -1;
        swap(rest, text);
        *front = cut->rest_front;
    } else if (left > CHAIN_CUT_FRONT) {
        if (!mr_buffer_reserve(text, left))
            return no_room(error, text->used + left);
        memmove(text->data + left, text->data, text->used);
        memcpy(text->data, rest->data - cut->rest_front, left);
        text->used += left;
    } else {
        memcpy(text->data - left, rest->data - cut->rest_front, left);
        *front = left;
    }
    mr_buffer_clear(rest);
    cut->rest_front = 0;
    return 0;
}

/* The text becomes the rest. */
static void keep_all(struct chain_cut *cut, struct mr_buffer *text, size_t front)
{
    swap(&cut->rest, text);
    cut->rest_front = front;
}

/* Makes the context of what follows the text that is cut off. */
static int make_context(struct chain_cut *cut, const struct chain_cut_text *out,
                        struct mr_error *error)
{
    const struct cut_context_text text = {out->data, out->size, out->context, out->context_size};

    return cut_context_make(cut->cuts, &text, &cut->context, &cut->context_size, error);
}

/* The last cut, 0 where there is none. */
static size_t last_cut(const struct chain_cut *cut, const unsigned char *data, size_t size)
{
    const struct mr_cuts *cuts = cut->cuts;
    if (size == 0)
        return 0;
    return cuts->last_from ? cuts->last_from(cuts->context, data, size, cut->offset)
                           : cuts->last(cuts->context, data, size);
}

/* Goes on with an item that need not be held whole, with the next text of it, `front` bytes of
 * which stand before its data. What is kept of it is in `rest`. */
static int condense(struct chain_cut *cut, struct mr_buffer *text, bool last,
                    struct chain_cut_text *out, struct mr_error *error)
{
    const struct mr_cuts *cuts = cut->cuts;
    struct mr_buffer *kept = &cut->rest;
    size_t end = 0, more = 0;

    if (text->used > 0)
        end = cuts->condense(cuts->context, &cut->state, text->data, text->used, &more);
    cut->condensed += end > 0 ? end : text->used;
    if (append(kept, text->data, more, error) != 0)
        return -1;
    if (end == 0 && !last)
        return 0;
    unsigned char *room = mr_buffer_reserve(kept, MR_CONDENSE_END);
    if (!room)
        return no_room(error, kept->used);
    mr_buffer_commit(kept, cuts->condense_end(cuts->context, &cut->state, room));
    end = end > 0 ? end : text->used;
    swap(kept, text);
    if (end < kept->used)
        memmove(kept->data, kept->data + end, kept->used - end);
    kept->used -= end;
    cut->condensing = false;
    cut->search_at = 0;
    memset(text->data + text->used, 0, MR_PAD);
    out->data = out->condensed = text->data;
    out->condensed_size = text->used;
    out->offset = cut->offset;
    out->length = cut->condensed;
    cut->offset += cut->condensed;
    return 0;
}

/* Begins with such an item: all that there is of it so far. */
static int begin_condensing(struct chain_cut *cut, struct mr_buffer *text, size_t front,
                            struct chain_cut_text *out, struct mr_error *error)
{
    if (front > 0) {
        if (!mr_buffer_reserve(text, front))
            return no_room(error, text->used + front);
        memmove(text->data, text->data - front, text->used + front);
        text->used += front;
    }
    cut->condensing = true;
    cut->condensed = 0;
    cut->state = (struct mr_condense){.words = {0}};
    return condense(cut, text, false, out, error);
}

int chain_cut_next(struct chain_cut *cut, struct mr_buffer *text, bool last, bool broken,
                   struct chain_cut_text *out, struct mr_error *error)
{
    const struct mr_cuts *cuts = cut->cuts;
    size_t front, end = 0;
    *out = (struct chain_cut_text){.offset = cut->offset};
    if (cut->condensing)
        return condense(cut, text, last, out, error);
    if (join(cut, text, &front, error) != 0)
        return -1;
    unsigned char *data = text->data - front;
    const size_t size = text->used + front;
    if (last)
        end = size;
    if ((!last && size >= cut->search_at) || (last && broken && cuts->last_from))
        end = last_cut(cut, data, size);
    if (end == 0 && !last) {
        if (size >= cut->piece_size && cuts->condense)
            return begin_condensing(cut, text, front, out, error);
        if (size >= cut->search_at)
            cut->search_at =
                size < cut->piece_size && 2 * size > cut->piece_size ? cut->piece_size : 2 * size;
        keep_all(cut, text, front);
        return 0;
    }
    cut->search_at = 0;
    if (end < size && !last && append(&cut->rest, data + end, size - end, error) != 0)
        return -1;
    /* There must be bytes there, and nobody should see uninitialised ones. */
    memset(data + size, 0, MR_PAD);
    out->data = data;
    out->size = end;
    out->length = end;
    out->context = cut->context;
    out->context_size = cut->context_size;
    cut->context = NULL;
    cut->context_size = 0;
    cut->offset += end;
    return last || end == 0 ? 0 : make_context(cut, out, error);
}
