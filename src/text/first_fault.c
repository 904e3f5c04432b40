/* SPDX-License-Identifier: MIT
 *
 * first_fault - see first_fault.h.
 */
#include "text/first_fault.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

int first_fault_open(struct first_fault **opened, struct mr_error *error)
{
    struct first_fault *first = calloc(1, sizeof *first);

    *opened = NULL;
    if (!first) {
        mr_error_set(error, MR_NOMEM, ENOMEM, "out of memory");
        return -1;
    }
    if (sequence_open(&first->sequence, error) != 0) {
        free(first);
        return -1;
    }
    *opened = first;
    return 0;
}

bool first_fault_follows(const struct first_fault *first)
{
    return first->sequence.input != NULL;
}

void first_fault_close(struct first_fault *first)
{
    if (!first)
        return;
    sequence_close(&first->sequence);
    free(first);
}

void first_fault_report(struct first_fault *first, const struct mr_split *split, uint64_t lines,
                        const char *reason, struct mr_error *error)
{
    uint64_t before = sequence_wait(&first->sequence, split);

    if (first->reason[0] == '\0') {
        first->number = split->number;
        first->line = before + lines + 1;
        snprintf(first->reason, sizeof first->reason, "%s", reason);
    }
    mr_error_set(error, MR_MAP, 0, "%s", first->reason);
}
