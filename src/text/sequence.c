/* SPDX-License-Identifier: MIT
 *
 * sequence - see sequence.h.
 */
#include "text/sequence.h"

#include <errno.h>
#include <stdlib.h>

int sequence_open(struct sequence *sequence, struct mr_error *error)
{
    int rc = thread_mutex_open(&sequence->lock);

    if (rc == 0) {
        rc = thread_cond_open(&sequence->moved);
        if (rc == 0)
            return 0;
        thread_mutex_close(&sequence->lock);
    }
    mr_error_set(error, MR_NOMEM, rc, "cannot make a lock");
    return -1;
}

void sequence_close(struct sequence *sequence)
{
    thread_cond_close(&sequence->moved);
    thread_mutex_close(&sequence->lock);
}

/* Forgets the splits at the front that are done with. Under the lock. */
static void move_on(struct sequence *sequence)
{
    struct sequence_split *first;

    while ((first = sequence->first) != NULL && first->released) {
        if (first->number != sequence->number)
            sequence->lines = 0;
        sequence->number = first->number;
        sequence->lines += first->lines;
        sequence->first = first->next;
        if (sequence->first == NULL)
            sequence->last = NULL;
        free(first);
    }
    thread_wake_all(&sequence->moved);
}

static int next(void *context, struct mr_split *split, struct mr_error *error)
{
    struct sequence *sequence = context;
    struct sequence_split *made = calloc(1, sizeof *made);

    if (made == NULL) {
        mr_error_set(error, MR_NOMEM, ENOMEM, "out of memory");
        return -1;
    }
    int rc = sequence->reader.next(sequence->reader.context, split, error);
    if (rc != 0 || split->end) {
        free(made);
        return rc;
    }
    made->handle = split->handle;
    made->number = split->number;
    split->handle = made;
    thread_lock(&sequence->lock);
    if (sequence->last != NULL)
        sequence->last->next = made;
    else
        sequence->first = made;
    sequence->last = made;
    thread_unlock(&sequence->lock);
    return 0;
}

static int load(void *context, struct mr_split *split, struct mr_buffer *scratch,
                struct mr_error *error)
{
    struct sequence *sequence = context;
    struct sequence_split *ours = split->handle;

    split->handle = ours->handle;
    int rc = sequence->reader.load(sequence->reader.context, split, scratch, error);
    split->handle = ours;
    return rc;
}

static void release(void *context, struct mr_split *split)
{
    struct sequence *sequence = context;
    struct sequence_split *ours = split->handle;

    split->handle = ours->handle;
    if (sequence->reader.release != NULL)
        sequence->reader.release(sequence->reader.context, split);
    thread_lock(&sequence->lock);
    ours->released = true;
    if (ours == sequence->first)
        move_on(sequence);
    thread_unlock(&sequence->lock);
}

static void interrupt(void *context)
{
    struct sequence *sequence = context;

    sequence->reader.interrupt(sequence->reader.context);
}

static void end(void *context)
{
    struct sequence *sequence = context;

    mr_input_release(sequence->input);
    sequence->input = NULL;
}

struct mr_input *sequence_follow(struct sequence *sequence, struct mr_input *input)
{
    const struct mr_reader *own = mr_input_reader(input);

    if (own == NULL)
        return input;
    sequence->input = input;
    sequence->reader = *own;
    const struct mr_reader reader = {
        .struct_size = sizeof reader,
        .context = sequence,
        .size = own->size,
        .next = next,
        .load = own->load != NULL ? load : NULL,
        .release = release,
        .interrupt = own->interrupt != NULL ? interrupt : NULL,
        .close = end,
    };
    return mr_input_new(&reader);
}

void sequence_count(const struct mr_split *split, uint64_t lines)
{
    struct sequence_split *ours = split->handle;

    ours->lines = lines;
}

uint64_t sequence_wait(struct sequence *sequence, const struct mr_split *split)
{
    const struct sequence_split *ours = split->handle;

    thread_lock(&sequence->lock);
    while (sequence->first != ours)
        thread_wait(&sequence->moved, &sequence->lock);
    uint64_t lines = sequence->number == ours->number ? sequence->lines : 0;
    thread_unlock(&sequence->lock);
    return lines;
}
