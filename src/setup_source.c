/* SPDX-License-Identifier: MIT
 *
 * setup_source - what is read; see setup_source.h.
 */
#include "setup_source.h"

#include <stdint.h>
#include <stdio.h>
#include <string.h>

/* FILEs that are named where bytes of them are invalid. Of a tree that holds other things than text
 * as well there may be thousands. */
#define NAMED_MOST 10

int setup_source_charset(struct setup_source *source, const struct options *options,
                         struct message *message)
{
    const char *name = options->encoding;
    struct mr_error error;

    /* Where counts are added up, what begins as a mark does may be a key. */
    if (name == NULL && options->kind == OPTIONS_MERGE)
        name = "none";
    if (name == NULL || strcmp(name, "auto") == 0)
        return 0;
    if (strcmp(name, "none") == 0) {
        source->rule.none = true;
        return 0;
    }
    if (charset_open(name, &source->rule.named, &error) == 0)
        return 0;
    if (error.status == MR_INVALID)
        message_usage(message, "--encoding: no charset is named '%s' (iconv -l lists them)", name);
    else
        message_error(message, "--encoding=%s: %s", name, error.text);
    return -1;
}

static int setup_source_walk(struct setup_source *source, const struct options *options,
                             struct mr_error *error)
{
    const struct walk_options made = {
        .files = source->operands->list,
        .count = source->operands->count,
        .implied = source->operands->implied,
        .files_globs = options->globs,
        .directories_globs = options->directory_globs,
        .fault = message_fault,
        .tell = message_unread,
        .context = source->message,
    };

    return walk_open(&made, &source->walk, error);
}

int setup_source_open(struct setup_source *source, const struct options *options,
                      const struct operands *operands, struct message *message,
                      struct mr_error *error)
{
    const struct decoder_options made = {
        .decompress = !options->never_decompress,
        .charset = source->rule,
        .tell = message_unread,
        .note = message_remark,
        .context = message,
    };

    source->operands = operands;
    source->message = message;
    if (options->recursive && setup_source_walk(source, options, error) != 0)
        return -1;
    /* What CMDs of --per-file read, they open themselves. */
    if ((source->rule.none && options->never_decompress) || options->per_file)
        return 0;
    return decoder_open(&made, &source->decoder, error);
}

void setup_source_close(struct setup_source *source)
{
    decoder_close(source->decoder);
    walk_close(source->walk);
    charset_close(source->rule.named);
    *source = (struct setup_source){.operands = NULL};
}

void setup_source_load(const struct setup_source *source)
{
    if (source->decoder != NULL)
        decoder_foresee(source->decoder, source->walk != NULL ? NULL : source->operands->list,
                        source->operands->count);
}

void setup_source_files(const struct setup_source *source, const struct mr_engine *engine,
                        struct mr_files *files)
{
    files->fault = message_fault;
    files->fault_context = source->message;
    if (source->decoder != NULL) {
        decoder_limit(source->decoder, mr_engine_memory(engine), mr_engine_threads(engine));
        files->decoder = decoder_files(source->decoder);
    }
    if (source->walk == NULL) {
        files->names = source->operands->list;
        files->count = source->operands->count;
        return;
    }
    files->next_name = walk_next;
    files->name_of = walk_name_of;
    files->names_context = source->walk;
}

void setup_source_note_invalid(const struct setup_source *source, const struct options *options,
                               const struct tokenizer *tokenizer, const struct mr_input *input)
{
    const char *charset = source->rule.named != NULL ? options->encoding : "UTF-8";
    uint64_t more = 0;
    unsigned named = 0;
    char text[160];

    for (uint64_t number = 0; tokenizer_finds_invalid(tokenizer, &number); number++) {
        if (named++ >= NAMED_MOST) {
            more++;
            continue;
        }
        snprintf(text, sizeof text,
                 "more than one byte in 100 is invalid in %.40s; another charset is named by "
                 "--encoding",
                 charset);
        message_remark(source->message, mr_input_file_name(input, number), text);
    }
    if (more > 0)
        message_note(source->message, "the same holds for %ju more FILEs", (uintmax_t)more);
}
