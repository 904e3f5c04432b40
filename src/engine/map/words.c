/* SPDX-License-Identifier: MIT
 *
 * words - a ready map: the words of a text.
 *
 * Kernels find them (base/kernels), which read somewhat past the text they are given: what stands
 * too near the end of the bytes for that is looked at byte by byte. Spans are of 32 bits, so that a
 * longer text is taken in windows, which end behind a space.
 */
#include "base/kernels/kernels.h"
#include "base/test_hooks.h"
#include "engine/map/emitter.h"

_Static_assert(sizeof(struct mr_span) == 2 * sizeof(uint32_t) &&
                   offsetof(struct mr_span, end) == sizeof(uint32_t) &&
                   alignof(struct mr_span) == alignof(uint32_t),
               "a span is two positions of a kernel, its begin and its end");

/* Spans found by one call of a kernel. */
#define BATCH 1024
/* Spans are of 32 bits. */
#define WINDOW ((size_t)1 << 31)
/* What follows a text for kernels, and its keys for a batch. */
#define PAD ((size_t)MR_PAD)
_Static_assert(MR_PAD >= KERNELS_PAD, "kernels and batches can read what follows");

static inline bool is_space(unsigned char c)
{
    return c == ' ' || (c >= '\t' && c <= '\r');
}

/* Emits the words of a text of which nothing but itself is read. */
static enum mr_status emit_slowly(struct mr_emitter *emitter, const unsigned char *text,
                                  size_t size)
{
    enum mr_status status = MR_OK;
    for (size_t end = 0; status == MR_OK && end < size;) {
        while (end < size && is_space(text[end]))
            end++;
        const size_t begin = end;
        while (end < size && !is_space(text[end]))
            end++;
        if (end > begin)
            status = mr_emit(emitter, text + begin, end - begin, NULL);
    }
    return status;
}

/* Emits the words of a text that fits a window and that PAD bytes follow. */
static enum mr_status emit_window(struct mr_emitter *emitter, const struct kernels *kernels,
                                  const unsigned char *text, size_t size)
{
    struct mr_span spans[BATCH];
    struct kernels_output found = {.positions = (void *)spans, .max = BATCH};
    enum mr_status status = MR_OK;
    for (size_t at = 0; status == MR_OK && at < size;) {
        at = kernels->spaces(text, size, at, &found, ' ');
        status = mr_emit_batch(emitter, text, size + PAD, spans, found.count, NULL);
    }
    return status;
}

/* How much of a text, at most `size`, ends behind a space; 0 where there is none. */
static size_t cut_of(const unsigned char *text, size_t size)
{
    while (size > 0 && !is_space(text[size - 1]))
        size--;
    return size;
}

enum mr_status mr_emit_words(struct mr_emitter *emitter, const void *bytes, size_t size)
{
    const struct kernels *kernels = kernels_available(0);
    const size_t most = test_hooks.emit_window > 0 ? test_hooks.emit_window : WINDOW;
    const unsigned char *text = bytes;
    enum mr_status status = MR_OK;
    if (!emitter->context->sums && !emitter->context->first) {
        context_fail(emitter->context, MR_INVALID, 0, "words are emitted where values are summed");
        return MR_INVALID;
    }
    while (status == MR_OK && size > PAD) {
        const size_t window = size - PAD < most ? size - PAD : most;
        size_t done = cut_of(text, window);
        if (done > 0) {
            status = emit_window(emitter, kernels, text, done);
        } else if (window < most) {
            break;
        } else {
            /* A word of a window's size and more, and what may follow it at the end of the text. */
            done = window;
            while (done < size && !is_space(text[done]))
                done++;
            status = emit_slowly(emitter, text, done);
        }
        text += done;
        size -= done;
    }
    return status == MR_OK ? emit_slowly(emitter, text, size) : status;
}
