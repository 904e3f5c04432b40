/* SPDX-License-Identifier: MIT
 *
 * fuzz_kernels - every kernel that this CPU can run against the scalar one, on any bytes.
 *
 * The first four bytes choose the place to begin, the room for spans and the special bytes; the
 * rest is the text, in a block of its own with just the padding that kernels may read.
 */
#include <stdlib.h>
#include <string.h>

#include "engine/mapreduce.h"
#include "base/kernels/kernels.h"
#include "text/spans.h"

#define HEAD 4

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size);

enum kind { SPACES, BLANKS, FIELDS, LETTERS, MARKS, RECORDS, WORDS, KINDS };

struct found {
    struct mr_span *spans;
    size_t count, end;
    unsigned char *folded;
    bool wide;
};

static void *take(size_t size)
{
    void *block = malloc(size);
    if (!block)
        abort();
    return block;
}

/* What a kernel is asked, and the bytes that are special to it. */
struct question {
    enum kind kind;
    size_t max; /* spans in a call */
    unsigned char a, b;
};

/* Calls the kernel until it is at the end, or a words kernel does not get on. */
static void drive(const struct kernels *kernels, const struct question *question,
                  const unsigned char *text, size_t size, size_t pos, struct found *found)
{
    const enum kind kind = question->kind;
    const size_t max = question->max, begin = pos;
    struct mr_span *spans = take(max * sizeof *spans);
    uint32_t *positions = take(2 * max * sizeof *positions);
    struct kernels_output output = {.positions = spans_positions(spans), .max = max};
    struct kernels_records records = {.delimiter = question->a, .end = question->b, .begins = true};
    struct kernels_records last = records;
    const uint64_t number = 1 + question->a % 8;
    struct kernels_fields fields = {.number = number, .left = number, .end = question->b};

    found->spans = take((size + 1) * sizeof *found->spans);
    found->folded = take(size + 64);
    found->count = 0;
    output.folded = found->folded;
    if (kind == MARKS || kind == RECORDS) {
        output.positions = positions;
        output.max = 2 * max;
    }
    do {
        size_t old = pos;
        output.count = 0;
        switch (kind) {
        case SPACES:
            pos = kernels->spaces(text, size, pos, &output, question->a);
            break;
        case BLANKS:
            pos = kernels->blanks(text, size, pos, &output, question->a);
            break;
        case FIELDS:
            pos = kernels->fields(text, size, pos, &output, &fields);
            break;
        case LETTERS:
            pos = kernels->letters(text, size, pos, &output);
            break;
        case MARKS:
            pos = kernels->marks(text, size, pos, &output, question->a, question->b);
            break;
        case RECORDS:
            pos = kernels->records(text, size, pos, &output, &records);
            break;
        default:
            pos = kernels->words(text, size, pos, spans_positions(spans), max, &output.count,
                                 found->folded);
            break;
        }
        size_t count = output.count;
        if (pos > size || count > output.max || found->count + count > size + 1)
            abort();
        for (size_t i = 0; i < count; i++)
            found->spans[found->count++] = kind == MARKS || kind == RECORDS
                                               ? (struct mr_span){positions[i], positions[i] + 1}
                                               : spans[i];
        if (kind == WORDS && count == 0)
            break;
        if (pos < size && pos <= old)
            abort();
    } while (pos < size);
    if (kind == RECORDS) {
        size_t cut = kernels->records_last(text + begin, size - begin, &last);
        if (last.quoted != records.quoted || last.ends != records.ends || cut > size - begin ||
            (cut > 0 && text[begin + cut - 1] != last.end))
            abort();
    }
    found->end = pos;
    found->wide = output.wide;
    free(spans);
    free(positions);
}

static void drop(struct found *found)
{
    free(found->spans);
    free(found->folded);
}

/* Compares what is found of a set of bytes, which is made of the special ones. */
static void compare_members(const unsigned char *text, size_t size, const unsigned char *head)
{
    uint64_t *want = take((size / 64 + 1) * sizeof *want),
             *got = take((size / 64 + 1) * sizeof *got);
    struct kernels_set set;
    const struct kernels *kernels;

    for (unsigned i = 0; i < sizeof set.low; i++) {
        const unsigned k = i / 48, byte = i / 16 % 3;
        set.low[k][byte][i % 16] = (uint8_t)(head[i % HEAD] * (2 * i + 1) >> i % 16 / HEAD);
        set.high[k][byte][i % 16] = (uint8_t)(head[i % HEAD] * (2 * i + 3) >> i % 16 / HEAD);
    }
    uint64_t all = kernels_scalar.members(text, size, &set, want);
    for (size_t i = 0; (kernels = kernels_available(i)) != NULL; i++) {
        if (kernels->members(text, size, &set, got) != all ||
            memcmp(got, want, (size + 63) / 64 * sizeof *got) != 0)
            abort();
    }
    free(want);
    free(got);
}

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size)
{
    const struct kernels *kernels;
    if (size < HEAD)
        return 0;
    const unsigned char head[HEAD] = {data[0], data[1], data[2], data[3]};
    size -= HEAD;
    unsigned char *text = take(size + 64);
    memcpy(text, data + HEAD, size);
    memset(text + size, head[0], 64);
    size_t pos = size > 0 ? head[0] % size : 0, max = KERNELS_MIN + head[1] % 128;

    for (enum kind kind = 0; kind < KINDS; kind++) {
        const struct question question = {kind, max, head[2], head[3]};
        if (kind == RECORDS && (head[2] == '"' || head[3] == '"'))
            continue;
        struct found want;
        drive(&kernels_scalar, &question, text, size, pos, &want);
        for (size_t i = 0; (kernels = kernels_available(i)) != NULL; i++) {
            struct found got;
            if (kernels == &kernels_scalar)
                continue;
            drive(kernels, &question, text, size, pos, &got);
            if (got.count != want.count || got.end != want.end || got.wide != want.wide ||
                memcmp(got.spans, want.spans, got.count * sizeof *got.spans) != 0 ||
                memcmp(got.folded + pos, want.folded + pos, got.end - pos) != 0)
                abort();
            drop(&got);
        }
        drop(&want);
    }
    compare_members(text, size, head);
    free(text);
    return 0;
}
