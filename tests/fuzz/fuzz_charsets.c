/* SPDX-License-Identifier: MIT
 *
 * fuzz_charsets - bytes as text in a charset, which the first byte chooses, in pieces of sizes that
 * the second one does: whether in order or each piece by itself, it is what iconv makes of the
 * whole.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/budget.h"
#include "engine/core/buffer.h"
#include "input/charset.h"
#include "unit/charset_reference.h"
#include "unit/random.h"

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size);

static void check(struct mr_buffer *text, const unsigned char *wanted, size_t size)
{
    size_t used;
    const unsigned char *got = mr_buffer_data(text, &used);

    if (used != size || (size > 0 && memcmp(got, wanted, size) != 0))
        abort();
    mr_buffer_clear(text);
}

/* In memory of its own, so that reading past its end is seen. */
static unsigned char *copied(const unsigned char *data, size_t size)
{
    unsigned char *copy = malloc(size + (size == 0));

    if (!copy)
        abort();
    memcpy(copy, data, size);
    return copy;
}

static void in_order(const struct charset *charset, const unsigned char *data, size_t size,
                     uint64_t seed, struct mr_buffer *text)
{
    struct charset_stream *stream;
    struct mr_error error;
    const size_t longest = 1 + seed % 40;

    if (charset_stream_open(charset, &stream, &error) != 0)
        abort();
    while (size > 0) {
        const size_t some = 1 + random_after(&seed) % longest;
        const size_t piece = some < size ? some : size;
        unsigned char *copy = copied(data, piece);
        if (charset_stream_convert(stream, copy, piece, piece == size && (seed & 1), text) != 0)
            abort();
        free(copy);
        data += piece;
        size -= piece;
        if (size == 0 && (seed & 1))
            break;
        if (size == 0 && charset_stream_convert(stream, data, 0, true, text) != 0)
            abort();
    }
    charset_stream_close(stream);
}

static void in_pieces(const struct charset *charset, const unsigned char *data, size_t size,
                      uint64_t seed, struct mr_buffer *text)
{
    while (size > 0) {
        const size_t some = 4 + random_after(&seed) % 60;
        const size_t piece = some < size ? some : size;
        size_t whole = charset_whole(charset, data, piece);
        if (whole == 0)
            whole = piece < 4 ? piece : 4;
        unsigned char *copy = copied(data, whole);
        if (charset_convert(charset, copy, whole, text) != 0)
            abort();
        free(copy);
        data += whole;
        size -= whole;
    }
}

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size)
{
    static const struct charset *charsets[64]; /* opened once: that takes longer than the rest */
    struct budget budget;
    struct mr_buffer text;
    struct mr_error error;
    size_t converted, skip;

    if (size < 2)
        return 0;
    const size_t which = data[0] % charset_references_count;
    const struct charset_reference *reference = &charset_references[which];
    const uint64_t seed = data[1] + UINT64_C(1);
    data += 2;
    size -= 2;
    unsigned char *wanted = charset_reference_convert(reference, data, size, &converted);
    if (!wanted)
        return 0;
    if (!charsets[which] && charset_open(reference->name, &charsets[which], &error) != 0)
        abort();
    const struct charset_rule rule = {.named = charsets[which]};
    const struct charset *charset = charset_choose(&rule, data, size, &skip);
    budget_open(&budget, UINT64_C(1) << 30);
    buffer_open(&text, &budget);
    in_order(charset, data, size, seed, &text);
    check(&text, wanted, converted);
    if (charset_divides(charset)) {
        in_pieces(charset, data + skip, size - skip, seed, &text);
        check(&text, wanted, converted);
    }
    buffer_close(&text);
    free(wanted);
    return 0;
}
