/* SPDX-License-Identifier: MIT
 *
 * fuzz_fields - fields of CSV, and of lines with quotes, in any bytes.
 *
 * The first four bytes choose the kind, the fields and the delimiter, the rest is the text. It is
 * counted whole, cut behind each few bytes, as if nothing fitted spans, and by the scalar kernel:
 * each time what a slow reader finds must come out. With a header, whose names the slow reader does
 * not know, all ways must agree.
 */
#include <stdlib.h>
#include <string.h>

#include "base/kernels/kernels.h"
#include "base/test_hooks.h"
#include "engine/mapreduce.h"
#include "text/tokenizer.h"
#include "fuzz/bytes.h"
#include "unit/fields_reference.h"

#define HEAD 4

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size);

/* A text, how it is cut, and what came of it. */
struct run {
    const struct tokenizer_options *options;
    const struct tokenizer *tokenizer;
    bool slow; /* the slow reader maps it, whole */
    const unsigned char *data;
    size_t size, at, step; /* step 0: whole */
    unsigned char *piece;
    enum mr_status status;
    uint64_t line; /* that is wrong, or 0 */
    struct bytes result;
};

static int next(void *context, struct mr_split *split, struct mr_error *error)
{
    struct run *run = context;
    size_t end = run->size;
    (void)error;
    split->end = run->at == run->size;
    if (split->end)
        return 0;
    for (size_t room = run->step; room > 0 && run->at + room < run->size; room *= 2) {
        size_t cut = tokenizer_border_from(run->tokenizer, run->data + run->at, room, run->at);
        if (cut > 0) {
            end = run->at + cut;
            break;
        }
    }
    size_t size = end - run->at;
    /* A place of its own, so that a look outside is seen. */
    free(run->piece);
    run->piece = malloc(size + MR_PAD);
    if (!run->piece || size == 0)
        abort();
    memcpy(run->piece, run->data + run->at, size);
    memset(run->piece + size, '"', MR_PAD);
    *split = (struct mr_split){.data = run->piece, .size = size, .length = size, .offset = run->at};
    run->at = end;
    return 0;
}

static int collect(void *context, const struct mr_record *records, size_t count,
                   struct mr_error *error)
{
    struct run *run = context;
    (void)error;
    for (size_t i = 0; i < count; i++) {
        append(&run->result, &records[i].key_size, sizeof records[i].key_size);
        append(&run->result, records[i].key, records[i].key_size);
        append(&run->result, &records[i].rank, sizeof records[i].rank);
    }
    return 0;
}

static void put(void *emitter, const unsigned char *key, size_t size)
{
    mr_emit(emitter, key, size, NULL);
}

static int map_slowly(void *context, void *state, const struct mr_split *split,
                      struct mr_emitter *emitter, struct mr_error *error)
{
    struct run *run = context;
    const unsigned char *data = split->data;
    size_t size = split->size;
    (void)state;
    (void)error;
    if (run->options->kind != &token_kind_csv) {
        fields_reference_quoted(run->options, data, size, put, emitter);
        return 0;
    }
    if (size >= 3 && memcmp(data, "\xEF\xBB\xBF", 3) == 0) {
        data += 3;
        size -= 3;
    }
    run->line = fields_reference_csv(run->options, data, size, put, emitter);
    return run->line > 0;
}

static void count(struct run *run)
{
    static struct mr_engine *engine;
    const struct mr_engine_options engine_options = {
        .struct_size = sizeof engine_options, .threads = 1, .memory = 64u << 20};
    struct tokenizer *tokenizer = NULL;
    struct tokenizer_fault fault;
    const struct mr_reader reader = {
        .struct_size = sizeof reader, .context = run, .size = run->size, .next = next};
    const struct mr_writer writer = {
        .struct_size = sizeof writer, .context = run, .collect = collect};
    struct mr_job_spec spec = {
        .struct_size = sizeof spec, .order = MR_ORDER_KEY, .small = true, .context = run};
    if (!engine && mr_engine_open(&engine_options, &engine, NULL) != MR_OK)
        abort();
    spec.input = mr_input_new(&reader);
    spec.output = mr_output_new(&writer);
    spec.map = map_slowly;
    if (!run->slow) {
        if (tokenizer_open(run->options, &tokenizer, NULL) != 0)
            abort();
        run->tokenizer = tokenizer;
    }
    if (tokenizer) {
        spec.input = tokenizer_follow_input(tokenizer, spec.input);
        spec.context = tokenizer;
        spec.mapper_open = tokenizer_mapper_open;
        spec.mapper_close = tokenizer_mapper_close;
        spec.map = tokenizer_map;
    }
    run->status = mr_run(engine, &spec, NULL, NULL);
    if (tokenizer && tokenizer_first_fault(tokenizer, &fault))
        run->line = fault.line;
    tokenizer_close(tokenizer);
    free(run->piece);
}

/* Drops `got`. */
static void compare(struct run *got, const struct run *want)
{
    if (got->status != want->status || got->line != want->line)
        abort();
    if (want->status == MR_OK &&
        (got->result.size != want->result.size ||
         (want->result.size > 0 &&
          memcmp(got->result.data, want->result.data, want->result.size) != 0)))
        abort();
    free(got->result.data);
}

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size)
{
    static const struct range ranges[] = {{1, 1}, {3, UINT64_MAX}};
    static const char *const names[] = {"a", "b\n"};
    if (size < HEAD)
        return 0;
    const bool csv = data[0] & 1, header = data[0] & 2;
    struct tokenizer_options options = {
        .kind = csv ? &token_kind_csv : &token_kind_quoted,
        .max_length = UINT64_MAX,
        .zero_terminated = data[0] & 4,
        .count_invalid = data[0] & 8,
        .ranges = ranges + (data[0] >> 4 & 1),
        .range_count = data[0] & 16 ? 1 : 1 + (data[0] >> 5 & 1),
        .header = header,
        .names = names,
        .name_count = header ? data[0] >> 6 : 0,
        .delimiter = data + 1,
        .delimiter_size = csv ? 1 : data[3] >> 6 & 1,
    };
    if (options.name_count > 2)
        options.name_count = 2;
    if (csv && (data[1] == '"' || data[1] == '\r' || data[1] == '\n' || data[1] == 0))
        return 0;
    const size_t step = 1 + data[2] % 61, reach = 1 + data[3] % 64;
    data += HEAD;
    size -= HEAD;

    kernels_select(NULL);
    struct run whole = {.options = &options, .data = data, .size = size};
    count(&whole);
    struct run cut = {.options = &options, .data = data, .size = size, .step = step};
    count(&cut);
    compare(&cut, &whole);
    test_hooks.tokens_reach = reach;
    struct run narrow = {.options = &options, .data = data, .size = size};
    count(&narrow);
    compare(&narrow, &whole);
    test_hooks.tokens_reach = 0;
    kernels_select("scalar");
    struct run scalar = {.options = &options, .data = data, .size = size, .step = step};
    count(&scalar);
    compare(&scalar, &whole);
    if (!header) {
        struct run slow = {.options = &options, .slow = true, .data = data, .size = size};
        count(&slow);
        compare(&slow, &whole);
    }
    free(whole.result.data);
    return 0;
}
