/* SPDX-License-Identifier: MIT
 *
 * fuzz_text - what is counted in any bytes under any rule.
 *
 * The first six bytes choose the rule, the rest is the text. It is counted whole, cut at borders,
 * and by the scalar kernel: each time the same must come out, and for the simple kinds and for
 * Unicode words it must be what a slow reference finds.
 */
#include <stdlib.h>
#include <string.h>

#include "base/utf8.h"
#include "engine/mapreduce.h"
#include "base/kernels/kernels.h"
#include "text/tokenizer.h"
#include "fuzz/bytes.h"
#include "unit/words_reference.h"

#define HEAD 6

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size);

/* How the text is cut, and what came of it. */
struct run {
    const struct tokenizer *text;
    const unsigned char *data;
    size_t size, at, step; /* step 0: whole */
    bool last;             /* cuts as a pipe does */
    unsigned char *piece;
    size_t before; /* where the piece before the one at hand begins */
    unsigned char *context;
    size_t context_size; /* of that */
    struct bytes result;
};

/* Looks back as a file can, over all of the text, or as a pipe, to the piece before only. */
struct past {
    struct mr_lookback lookback;
    const struct run *run;
    unsigned char *copy;
};

static long read_past(struct mr_lookback *lookback, uint64_t back, size_t size,
                      const unsigned char **data)
{
    struct past *past = (struct past *)lookback;
    const struct run *run = past->run;
    const size_t first = run->last ? run->before : 0;
    const size_t end = run->at - (size_t)back, got = end - first < size ? end - first : size;

    free(past->copy);
    past->copy = malloc(got + MR_PAD);
    if (!past->copy)
        abort();
    memcpy(past->copy, run->data + end - got, got);
    memset(past->copy + got, 'a', MR_PAD);
    *data = past->copy;
    return (long)got;
}

/* The context of the piece at hand takes the place of the one before. */
static void look_back(struct run *run, size_t size)
{
    struct past past = {.run = run};
    unsigned char *context = NULL;
    size_t context_size = 0;

    past.lookback.read = read_past;
    if (run->last) {
        past.lookback.older = run->context;
        past.lookback.older_size = run->context_size;
    } else {
        past.lookback.piece = run->piece;
        past.lookback.piece_size = size;
    }
    if (run->at > 0 && tokenizer_looks_back(run->text) &&
        tokenizer_context(run->text, &past.lookback, &context, &context_size, NULL) != 0)
        abort();
    free(past.copy);
    free(run->context);
    run->context = context;
    run->context_size = context_size;
}

/* The next cut, which must not change where a splitter sees no more of the text than it has to:
 * one character before and one behind. */
static size_t next_cut(const struct run *run, size_t from)
{
    const size_t base = from > UTF8_MOST ? from - UTF8_MOST : 0;
    size_t cut = tokenizer_border(run->text, run->data, run->size, from);
    size_t end = run->size - cut > UTF8_MOST ? cut + UTF8_MOST : run->size;

    if (base + tokenizer_border(run->text, run->data + base, end - base, from - base) != cut)
        abort();
    return cut;
}

static int next(void *context, struct mr_split *split, struct mr_error *error)
{
    struct run *run = context;
    size_t end = run->size;
    (void)error;
    split->end = run->at == run->size;
    if (split->end)
        return 0;
    if (run->step > 0 && run->last) {
        for (size_t room = run->step; run->at + room < run->size; room *= 2) {
            size_t cut = tokenizer_border_last(run->text, run->data + run->at, room);
            if (cut > 0) {
                end = run->at + cut;
                break;
            }
        }
    } else if (run->step > 0 && run->size - run->at > run->step) {
        end = next_cut(run, run->at + run->step);
    }
    size_t size = end - run->at;
    /* A place of its own, so that a look outside is seen. */
    free(run->piece);
    run->piece = malloc(size + MR_PAD);
    if (!run->piece || size == 0)
        abort();
    memcpy(run->piece, run->data + run->at, size);
    memset(run->piece + size, run->last ? 'a' : 0, MR_PAD);
    if (run->text)
        look_back(run, size);
    *split = (struct mr_split){
        .data = run->piece,
        .size = size,
        .length = size,
        .offset = run->at,
        .context = run->context,
        .context_size = run->context_size,
    };
    run->before = run->at;
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

static struct mr_engine *engine(void)
{
    static struct mr_engine *made;
    const struct mr_engine_options options = {
        .struct_size = sizeof options, .threads = 1, .memory = 64u << 20};
    if (!made && mr_engine_open(&options, &made, NULL) != MR_OK)
        abort();
    return made;
}

/* Counts what `input` and `map` bring; the records in the order of their keys. */
static enum mr_status count(struct run *run, struct tokenizer *text)
{
    const struct mr_reader reader = {
        .struct_size = sizeof reader, .context = run, .size = run->size, .next = next};
    const struct mr_writer writer = {
        .struct_size = sizeof writer, .context = run, .collect = collect};
    const struct mr_job_spec spec = {
        .struct_size = sizeof spec,
        .input = tokenizer_follow_input(text, mr_input_new(&reader)),
        .context = text,
        .mapper_open = tokenizer_mapper_open,
        .mapper_close = tokenizer_mapper_close,
        .map = tokenizer_map,
        .order = MR_ORDER_KEY,
        .output = mr_output_new(&writer),
        .small = true,
    };
    struct mr_error error = {0};
    enum mr_status status = mr_run(engine(), &spec, NULL, &error);
    free(run->piece);
    free(run->context);
    run->piece = run->context = NULL;
    return status;
}

static int map_reference(void *context, void *state, const struct mr_split *split,
                         struct mr_emitter *emitter, struct mr_error *error)
{
    const struct token_kind *kind = *(const struct token_kind *const *)context;
    const unsigned char *data = split->data;
    (void)state;
    (void)error;
    if (kind == &token_kind_unicode) {
        size_t segments;
        struct words_segment *segment = words_reference(data, split->size, &segments);
        for (size_t i = 0; i < segments; i++)
            if (segment[i].keep)
                mr_emit(emitter, data + segment[i].word_begin,
                        segment[i].word_end - segment[i].word_begin, NULL);
        free(segment);
        return 0;
    }
    size_t begin = 0;
    for (size_t i = 0; i <= split->size; i++) {
        bool ends = i == split->size;
        if (!ends && kind == &token_kind_lines)
            ends = data[i] == '\n';
        else if (!ends && kind == &token_kind_spaces)
            ends = strchr(" \t\n\v\f\r", data[i]) != NULL && data[i] != 0;
        else if (!ends)
            ends = (data[i] | 0x20) < 'a' || (data[i] | 0x20) > 'z';
        if (!ends)
            continue;
        if (i > begin || (kind == &token_kind_lines && i < split->size))
            mr_emit(emitter, data + begin, i - begin, NULL);
        begin = i + 1;
    }
    return 0;
}

static void reference(struct run *run, const struct token_kind *kind)
{
    const struct mr_reader reader = {
        .struct_size = sizeof reader, .context = run, .size = run->size, .next = next};
    const struct mr_writer writer = {
        .struct_size = sizeof writer, .context = run, .collect = collect};
    const struct mr_job_spec spec = {
        .struct_size = sizeof spec,
        .input = mr_input_new(&reader),
        .context = &kind,
        .map = map_reference,
        .order = MR_ORDER_KEY,
        .output = mr_output_new(&writer),
        .small = true,
    };
    if (mr_run(engine(), &spec, NULL, NULL) != MR_OK)
        abort();
    free(run->piece);
    run->piece = NULL;
}

static void compare(enum mr_status got_status, struct run *got, enum mr_status want_status,
                    const struct run *want)
{
    /* Where --merge meets both a sum too large and a line that is none, either comes first. */
    if ((got_status == MR_OK) != (want_status == MR_OK))
        abort();
    if (want_status == MR_OK &&
        (got->result.size != want->result.size ||
         (want->result.size > 0 &&
          memcmp(got->result.data, want->result.data, want->result.size) != 0)))
        abort();
    free(got->result.data);
}

static int open_tokenizer(const struct tokenizer_options *options, struct tokenizer **text)
{
    static const char stop_words[] = "the\na\nStra\xC3\x9F"
                                     "e\n";
    if (tokenizer_open(options, text, NULL) != 0)
        return -1;
    if (options->stop_words &&
        (tokenizer_stop_words(*text, stop_words, sizeof stop_words - 1, NULL) != 0 ||
         tokenizer_stop_words(*text, NULL, 0, NULL) != 0))
        abort();
    return 0;
}

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size)
{
    static const struct range ranges[] = {{1, 1}, {3, UINT64_MAX}};
    static const struct token_kind *const kinds[] = {
        &token_kind_unicode, &token_kind_spaces, &token_kind_letters, &token_kind_lines,
        &token_kind_chars,   &token_kind_fields, &token_kind_merge,   &token_kind_records,
    };
    if (size < HEAD)
        return 0;
    struct tokenizer_options options = {
        .kind = kinds[data[0] % (sizeof kinds / sizeof *kinds)],
        .case_fold = data[1] & 1,
        .form = NORMALIZE_NONE + data[2] / 64,
        .zero_terminated = data[1] & 2,
        .count_invalid = data[1] & 4,
        .delimiter = data + 3,
        .delimiter_size = !(data[1] & 8)  ? 0
                          : data[5] & 128 ? 2
                                          : 1,
        .max_length = data[1] & 16 ? data[3] : UINT64_MAX,
        .min_length = data[1] & 32 ? data[4] % 8 : 0,
        .ranges = ranges,
        .range_count = 1 + (data[1] >> 7),
        .stop_words = data[1] & 64,
        .stop_words_memory = UINT64_MAX,
    };
    if (options.kind->map_line) {
        options.ngram_min = data[2] % 4;
        options.ngram_max = options.ngram_min ? options.ngram_min + data[2] / 4 % 3 : 0;
    }
    if (options.delimiter_size > 1 &&
        memchr(options.delimiter, options.zero_terminated ? 0 : '\n', options.delimiter_size))
        options.delimiter_size = 1;
    size_t step = 1 + data[5] % 97;
    data += HEAD;
    size -= HEAD;

    struct tokenizer *text;
    kernels_select(NULL);
    if (open_tokenizer(&options, &text) != 0)
        return 0;
    struct run whole = {.text = text, .data = data, .size = size};
    enum mr_status status = count(&whole, text);
    struct run cut = {.text = text, .data = data, .size = size, .step = step};
    compare(count(&cut, text), &cut, status, &whole);
    struct run piped = {.text = text, .data = data, .size = size, .step = step, .last = true};
    compare(count(&piped, text), &piped, status, &whole);
    tokenizer_close(text);

    kernels_select("scalar");
    if (open_tokenizer(&options, &text) == 0) {
        struct run scalar = {.text = text, .data = data, .size = size};
        compare(count(&scalar, text), &scalar, status, &whole);
        tokenizer_close(text);
    }
    const bool simple = options.kind->words || options.kind == &token_kind_lines;
    if (simple && !options.case_fold && !options.form && !options.ngram_min &&
        !options.min_length && options.max_length == UINT64_MAX && !options.stop_words &&
        !options.zero_terminated) {
        struct run slow = {.data = data, .size = size};
        reference(&slow, options.kind);
        compare(MR_OK, &slow, status, &whole);
    }
    free(whole.result.data);
    return 0;
}
