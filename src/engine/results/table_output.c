/* SPDX-License-Identifier: MIT
 *
 * table_output - the output that leaves results in a table (mr_output_table).
 *
 * The table is the output's until the job has succeeded; only then does the caller see it. Of a job
 * that fails it ends with the output.
 */
#include "engine/results/results.h"
#include "engine/results/table.h"

#include <errno.h>
#include <stdlib.h>

struct table_output {
    struct mr_table *table;   /* NULL once it is the caller's */
    struct mr_table **result; /* where the caller looks */
};

static int collect(void *context, const struct mr_record *records, size_t count,
                   struct mr_error *error)
{
    struct table_output *output = context;
    for (size_t i = 0; i < count; i++) {
        if (table_add(output->table, &records[i]) != 0)
            return (int)mr_error_set(error, MR_NOMEM, ENOMEM,
                                     "out of memory for a table of results");
    }
    return 0;
}

/* That all results were put out is not enough: who reports the last progress may still cancel. */
static void ended(struct mr_output *output, enum mr_status status)
{
    struct table_output *own = output->writer.context;
    if (status != MR_OK)
        return;
    *own->result = own->table;
    own->table = NULL;
}

static void close_output(void *context)
{
    struct table_output *output = context;
    mr_table_release(output->table);
    free(output);
}

struct mr_output *mr_output_table(struct mr_table **table)
{
    if (!table)
        return results_failed(MR_INVALID);
    *table = NULL;
    struct table_output *output = malloc(sizeof *output);
    if (!output)
        return results_failed(MR_NOMEM);
    *output = (struct table_output){.table = table_new(), .result = table};
    if (!output->table) {
        free(output);
        return results_failed(MR_NOMEM);
    }
    const struct mr_writer writer = {
        .struct_size = sizeof writer,
        .context = output,
        .collect = collect,
        .close = close_output,
    };
    struct mr_output *made = mr_output_new(&writer);
    if (made->status == MR_OK)
        made->ended = ended;
    return made;
}
