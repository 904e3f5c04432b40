/* SPDX-License-Identifier: MIT
 *
 * report - what is printed; see report.h.
 */
#include "cli/report.h"

#include <errno.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "base/digits.h"
#include "cli/bars.h"
#include "cli/headings.h"
#include "cli/output_file.h"
#include "cli/tabulate.h"

/* Records that are made at a time. */
#define REPORT_BATCH 256

struct report {
    const struct options *options;
    struct message *message;
    struct output_file *file;
    struct encode_form form;
    encode_batch *encode;
    struct shares *shares; /* NULL: records have none */
    char *header;          /* the first line, where the format has one */
    size_t header_size;
    struct headings headings;
    char *labels;           /* of columns */
    struct tabulate *table; /* through which rows of csv go, for a table; */
    uint64_t laid_out;      /* bytes of that */
    bool counts_behind;     /* counts are the payloads of records, whose ranks are places */
    atomic_bool begun;      /* the header is on its way */
    uint64_t put;           /* bytes by report_put */
    uint64_t tokens;        /* of --total; the engine collects one call at a time */
    uint64_t distinct;
};

static int report_fail(const struct report *report, struct mr_error *error)
{
    int saved = errno;

    if (saved == ENOMEM) {
        mr_error_set(error, MR_NOMEM, saved, "out of memory while printing");
        return -1;
    }
    const char *file = report->options->output;
    const char *name = file == NULL ? "standard output" : *file == '\0' ? "''" : file;

    mr_error_set(error, MR_OUTPUT, saved, "%s: cannot write: %s", name, strerror(saved));
    return -1;
}

/* Lines of the table. `report` is a struct report. */
static int report_write_table(void *context, const void *bytes, size_t size)
{
    struct report *report = context;

    if (output_file_write(report->file, bytes, size, report->laid_out) != 0)
        return -1;
    report->laid_out += size;
    return 0;
}

/* Puts out what the encoders made, or makes a table of it. */
static int report_pass(struct report *report, const void *bytes, size_t size, uint64_t offset,
                       struct mr_error *error)
{
    const int status = report->table != NULL ? tabulate_put(report->table, bytes, size)
                                             : output_file_write(report->file, bytes, size, offset);

    return status != 0 ? report_fail(report, error) : 0;
}

/* Only the first N are wanted and N is 0; the engine's limit of 0 would mean all. */
static bool report_nothing(const struct report *report)
{
    return report->options->have_top && report->options->top == 0;
}

/* Makes records in whose payload the count is, if there is one, such that have it as their rank. */
static void report_count(const struct mr_record *records, size_t count, struct mr_record *made)
{
    for (size_t i = 0; i < count; i++) {
        uint64_t number = 0;
        memcpy(&number, records[i].payload, records[i].payload_size);
        made[i] = (struct mr_record){
            .key = records[i].key, .key_size = records[i].key_size, .rank = number};
    }
}

/* Encodes records whose counts are their ranks. */
static int report_encode_ranked(const struct report *report, const struct mr_record *records,
                                size_t count, struct mr_buffer *bytes, struct mr_error *error)
{
    if (report->shares != NULL)
        return shares_encode(report->shares, records, count, bytes, error);
    if (report->encode(records, count, &report->form, bytes) == 0)
        return 0;
    return mr_error_set(error, MR_NOMEM, ENOMEM, "out of memory while printing") == MR_OK ? 0 : -1;
}

static int report_encode(void *context, const struct mr_record *records, size_t count,
                         struct mr_buffer *bytes, struct mr_error *error)
{
    const struct report *report = context;
    int status = 0;

    if (report_nothing(report))
        return 0;
    if (!report->counts_behind)
        return report_encode_ranked(report, records, count, bytes, error);
    for (size_t at = 0, n; at < count && status == 0; at += n) {
        struct mr_record made[REPORT_BATCH];
        n = count - at < REPORT_BATCH ? count - at : REPORT_BATCH;
        report_count(records + at, n, made);
        status = report_encode_ranked(report, made, n, bytes, error);
    }
    return status;
}

/* Clears the way for output and puts the header in front of it, once. */
static int report_begin(struct report *report, struct mr_error *error)
{
    if (atomic_exchange(&report->begun, true))
        return 0;
    if (output_file_visible(report->file))
        message_live_end(report->message);
    return report_pass(report, report->header, report->header_size, 0, error);
}

static int report_write(void *context, const void *bytes, size_t size, uint64_t offset,
                        struct mr_error *error)
{
    struct report *report = context;

    if (report_begin(report, error) != 0)
        return -1;
    return report_pass(report, bytes, size, offset + report->header_size, error);
}

int report_put(void *context, const void *bytes, size_t size, struct mr_error *error)
{
    struct report *report = context;

    if (report_write(report, bytes, size, report->put, error) != 0)
        return -1;
    report->put += size;
    return 0;
}

static int report_write_shares(void *context, const void *bytes, size_t size, uint64_t offset,
                               struct mr_error *error)
{
    const struct report *report = context;

    (void)offset;
    return shares_write(report->shares, bytes, size, error);
}

static int report_collect(void *context, const struct mr_record *records, size_t count,
                          struct mr_error *error)
{
    struct report *report = context;

    if (report_nothing(report))
        return 0;
    report->distinct += count;
    for (size_t i = 0; i < count; i++) {
        struct mr_record record = records[i];
        if (report->counts_behind)
            report_count(&records[i], 1, &record);
        if (__builtin_add_overflow(report->tokens, record.rank, &report->tokens)) {
            mr_error_set(error, MR_OVERFLOW, 0, "the total is past 2^64-1");
            return -1;
        }
    }
    return 0;
}

/* Whether rows are made as csv has them, with a head: csv itself, and what becomes a table. */
static bool report_rows(const struct options *options)
{
    return (options->format == OPTIONS_CSV || options->format == OPTIONS_TABLE) && !options->total;
}

/* What ends a line: NUL under -z, else a newline, for which RFC 4180 says CR LF. Where keys are
 * escaped a newline does, as it does for the programs that is for, and for a table it does, which
 * ends its lines itself. */
static void report_set_lines(struct report *report)
{
    const struct options *options = report->options;
    const bool rows = report_rows(options), table = rows && options->format == OPTIONS_TABLE;

    if (options->zero_terminated && !options->escape && !table)
        report->form = (struct encode_form){.end_size = 1};
    else if (rows && !table)
        report->form = (struct encode_form){.end = {'\r', '\n'}, .end_size = 2};
    else
        report->form = (struct encode_form){.end = {'\n'}, .end_size = 1};
}

/* Makes what stands before all records, and before each column. Returns -1 when memory is out. */
static int report_set_names(struct report *report, struct encode_columns *columns)
{
    const struct options *options = report->options;

    if (headings_open(&report->headings, options) != 0)
        return -1;
    if (report_rows(options)) {
        char *names = headings_csv(&report->headings);
        const size_t size = names != NULL ? strlen(names) : 0;
        report->header = names != NULL ? realloc(names, size + report->form.end_size) : NULL;
        if (report->header == NULL) {
            free(names);
            return -1;
        }
        memcpy(report->header + size, report->form.end, report->form.end_size);
        report->header_size = size + report->form.end_size;
    }
    if (options->computed.count == 0 && !options->diff)
        return 0;
    report->labels = headings_json(&report->headings);
    columns->labels = report->labels;
    report->form.columns = columns;
    return report->labels != NULL ? 0 : -1;
}

/* What makes the lines, but for shares. */
static encode_batch *report_encoder(const struct options *options)
{
    static encode_batch *const encoders[] = {
        [OPTIONS_TSV] = encode_tsv,   [OPTIONS_UNIQ] = encode_uniq, [OPTIONS_CSV] = encode_csv,
        [OPTIONS_JSON] = encode_json, [OPTIONS_TABLE] = encode_csv,
    };
    static encode_batch *const with_columns[] = {
        [OPTIONS_TSV] = encode_tsv_columns,
        [OPTIONS_CSV] = encode_csv_columns,
        [OPTIONS_JSON] = encode_json_columns,
        [OPTIONS_TABLE] = encode_csv_columns,
    };
    static encode_batch *const of_keys[] = {
        [OPTIONS_TSV] = encode_keys,
        [OPTIONS_CSV] = encode_keys_csv,
        [OPTIONS_JSON] = encode_keys_json,
        [OPTIONS_TABLE] = encode_keys_csv,
    };

    if (options->bundles > 0)
        return encode_bundled;
    if (options->escape)
        return options->keys ? encode_keys_escaped : encode_escaped;
    if (options->keys)
        return of_keys[options->format];
    return (options->computed.count > 0 || options->diff ? with_columns
                                                         : encoders)[options->format];
}

/* Makes what shares and bars need, where they are wanted. Returns -1 with *error filled. */
static int report_set_shares(struct report *report, struct mr_error *error)
{
    const struct options *options = report->options;
    const struct shares_options shares = {
        .options = options,
        .headings = &report->headings,
        .encode = report->encode,
        .form = report->form,
        .put = report_put,
        .put_context = report,
    };

    if (options->bars && report->table != NULL) {
        struct bars bars;
        bars_open(&bars, options->output == NULL);
        tabulate_draw_bars(report->table, &bars);
    }
    return shares_wanted(options) ? shares_open(&shares, &report->shares, error) : 0;
}

int report_open(const struct options *options, struct encode_columns *columns,
                struct message *message, struct report **report, struct mr_error *error)
{
    struct report *made = calloc(1, sizeof *made);
    char *folder;

    if (made == NULL) {
        mr_error_set(error, MR_NOMEM, ENOMEM, "out of memory");
        return -1;
    }
    made->options = options;
    made->message = message;
    made->encode = report_encoder(options);
    const bool table = report_rows(options) && options->format == OPTIONS_TABLE;
    const unsigned char end = options->zero_terminated && !options->escape ? '\0' : '\n';
    report_set_lines(made);
    made->form.bundles = options->bundles;
    if (table)
        made->table = tabulate_open(end, report_write_table, made);
    if (report_set_names(made, columns) != 0 || (table && made->table == NULL)) {
        report_close(made);
        mr_error_set(error, MR_NOMEM, ENOMEM, "out of memory");
        return -1;
    }
    if (report_set_shares(made, error) != 0) {
        report_close(made);
        return -1;
    }
    *report = made; /* already: a signal's handler finds what is being opened */
    if (output_file_open(options->output, end, &made->file, &folder) != 0) {
        if (folder == NULL)
            report_fail(made, error);
        else
            mr_error_set(error, MR_OUTPUT, errno, "%s: cannot make a file in '%s': %s",
                         options->output, folder, strerror(errno));
        free(folder);
        *report = NULL;
        report_close(made);
        return -1;
    }
    return 0;
}

void report_set_total(struct report *report, shares_total *total, void *context)
{
    if (report->shares != NULL)
        shares_set_total(report->shares, total, context);
}

/* Whether counts matter. */
static bool report_counts(const struct options *options)
{
    return !options->keys || options->min_count > 0 || options->max_count > 0;
}

void report_describe(struct report *report, struct mr_job_spec *spec)
{
    static const enum mr_order orders[] = {
        [OPTIONS_SORT_COUNT] = MR_ORDER_RANK,
        [OPTIONS_SORT_KEY] = MR_ORDER_KEY,
        [OPTIONS_SORT_FIRST] = MR_ORDER_RANK,
        [OPTIONS_SORT_NONE] = MR_ORDER_NONE,
    };
    const struct options *options = report->options;

    struct mr_writer writer = {.struct_size = sizeof writer, .context = report};

    spec->order = orders[options->sort];
    spec->reverse = options->reverse;
    if (options_first(options)) {
        spec->values = MR_FIRST;
        spec->value_size = report_counts(options) ? sizeof(uint64_t) : 0;
        report->counts_behind = !options->keys || options->total;
        spec->reverse = !options->reverse; /* the first place is the lowest rank */
    }
    spec->limit = report_nothing(report) ? 1 : options->top;
    if (options->computed.count == 0) {
        spec->min_rank = options->min_count;
        spec->max_rank = options->max_count;
    }
    if (options->total) {
        writer.collect = report_collect;
        if (!options->have_top) /* a sum of all needs no order */
            spec->order = MR_ORDER_NONE;
    } else {
        writer.encode = report_encode;
        writer.write = report_write;
        writer.positional = report->table == NULL && output_file_positional(report->file);
    }
    if (report->shares != NULL) {
        if (shares_in_order(report->shares)) {
            writer.write = report_write_shares;
            writer.positional = false;
        }
        if (shares_wait(report->shares) && spec->order == MR_ORDER_NONE)
            spec->order = MR_ORDER_KEY;
    }
    spec->output = mr_output_new(&writer);
}

int report_finish(struct report *report, struct mr_error *error)
{
    if (report_begin(report, error) != 0)
        return -1;
    if (report->options->total) {
        unsigned char line[2 * DIGITS_MOST + 4];
        unsigned char *p = encode_number(line, report->tokens);
        *p++ = '\t';
        p = encode_number(p, report->distinct);
        memcpy(p, report->form.end, report->form.end_size);
        p += report->form.end_size;
        if (output_file_write(report->file, line, (size_t)(p - line), 0) != 0)
            return report_fail(report, error);
    }
    if (report->shares != NULL && shares_end(report->shares, error) != 0)
        return -1;
    if ((report->table != NULL && tabulate_finish(report->table) != 0) ||
        output_file_finish(report->file) != 0)
        return report_fail(report, error);
    return 0;
}

void report_look(struct report *report, void (*look)(void *context), void *context)
{
    output_file_look(report->file, look, context);
}

void report_abandon(struct report *report)
{
    if (report->file != NULL)
        output_file_abandon(report->file);
}

void report_close(struct report *report)
{
    if (report == NULL)
        return;
    output_file_close(report->file);
    tabulate_close(report->table);
    headings_close(&report->headings);
    shares_close(report->shares);
    free(report->header);
    free(report->labels);
    free(report);
}
