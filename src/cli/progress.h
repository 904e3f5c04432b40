/* SPDX-License-Identifier: MIT
 *
 * progress - shows how far the job is. It renders figures and decides nothing.
 *
 * On a terminal that is a live line, from half a second into the run; elsewhere, where wanted,
 * plain lines or JSON objects, one each half second. No colours are used, so NO_COLOR has nothing
 * to switch off; a terminal that calls itself dumb gets no live line.
 */
#ifndef CLI_PROGRESS_H
#define CLI_PROGRESS_H

#include <stdbool.h>
#include <stddef.h>

#include "cli/message.h"
#include "cli/options.h"
#include "engine/mapreduce.h"

enum progress_style {
    PROGRESS_NONE,
    PROGRESS_LIVE,
    PROGRESS_PLAIN,
    PROGRESS_JSON,
};

struct progress_reduced {
    uint64_t done;    /* of the pairs emitted */
    uint64_t spilled; /* bytes written to temporary files besides the engine's */
};

struct progress {
    struct message *message;
    enum progress_style style;
    unsigned long long next; /* when it is time to show something, on thread_now's clock */
    /* How the reduce stands, where it is not the engine alone that knows; set by who does, NULL at
     * first. */
    struct progress_reduced (*reduced)(void *context);
    void *reduced_context;
};

/* Chooses the style by the options, the environment and what standard error
 * is; the run begins now. */
void progress_open(struct progress *progress, const struct options *options,
                   struct message *message);

/* To be called now and then while the job runs: shows its progress when it is time, and at once, as
 * a line of its own, when `asked`. */
void progress_tick(struct progress *progress, struct mr_job *job, bool asked);

/* Brings what progress->reduced knows into the figures, where that is set. */
void progress_count_reduced(const struct progress *progress, struct mr_progress *figures);

/* Shows these figures at once, as a line of its own. */
void progress_print(struct progress *progress, const struct mr_progress *figures);

/* The end: the live line goes; the JSON style says what was done in all. */
void progress_end(struct progress *progress, const struct mr_stats *stats);

/* The figures as one line of less than `width` columns, without a newline, cut after the last part
 * that fits. `line` has PROGRESS_ROOM bytes. */
#define PROGRESS_ROOM 320
void progress_line(const struct mr_progress *figures, size_t width, char line[PROGRESS_ROOM]);
/* The figures as a JSON object. */
void progress_json(const struct mr_progress *figures, char line[PROGRESS_ROOM]);

#endif
