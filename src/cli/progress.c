/* SPDX-License-Identifier: MIT
 *
 * progress - shows how far the job is; see progress.h.
 */
#include "cli/progress.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "base/thread.h"
#include "cli/size.h"

#define PROGRESS_HALF_SECOND 500000000ULL /* ns: before the first line, and between plain ones */
#define PROGRESS_REDRAW 200000000ULL      /* ns: five times a second is smooth enough to read */
#define PROGRESS_WIDEST 300               /* columns; nothing it shows is longer */

void progress_open(struct progress *progress, const struct options *options,
                   struct message *message)
{
    const char *term = getenv("TERM");
    bool live =
        message_terminal(message) && term != NULL && *term != '\0' && strcmp(term, "dumb") != 0;

    progress->message = message;
    progress->style = PROGRESS_NONE;
    progress->next = thread_now() + PROGRESS_HALF_SECOND;
    progress->reduced = NULL;
    if (options->quiet)
        return;
    switch (options->progress) {
    case OPTIONS_PROGRESS_AUTO:
        progress->style = live ? PROGRESS_LIVE : PROGRESS_NONE;
        break;
    case OPTIONS_PROGRESS_ALWAYS:
        progress->style = live ? PROGRESS_LIVE : PROGRESS_PLAIN;
        break;
    case OPTIONS_PROGRESS_NEVER:
        break;
    case OPTIONS_PROGRESS_JSON:
        progress->style = PROGRESS_JSON;
        break;
    }
}

/* Read at each drawing: windows change their size. */
static size_t progress_width(void)
{
    struct winsize size;

    if (ioctl(STDERR_FILENO, TIOCGWINSZ, &size) != 0 || size.ws_col == 0)
        return 80;
    return size.ws_col < PROGRESS_WIDEST ? size.ws_col : PROGRESS_WIDEST;
}

/* Who put us into the background wants the terminal for something else. */
static bool progress_in_background(void)
{
    pid_t group = tcgetpgrp(STDERR_FILENO);

    return group > 0 && group != getpgrp();
}

/* Appends a part and a blank before it where it fits; false where it does not. */
static bool progress_add(char line[PROGRESS_ROOM], size_t width, const char *part)
{
    size_t used = strlen(line);
    size_t more = strlen(part) + (used > 0 ? 1 : 0);

    /* One column stays free: a terminal may wrap as soon as the last one is written. */
    if (used + more >= width || used + more >= PROGRESS_ROOM)
        return false;
    if (used > 0)
        line[used++] = ' ';
    strcpy(line + used, part);
    return true;
}

static void progress_eta(double seconds, char out[static 32])
{
    /* Rounded up: 0 would be over already. 99h59m is as good as never. */
    unsigned long left = seconds < 359999 ? (unsigned long)seconds : 359999;

    left += (double)left < seconds && left < 359999;
    if (left < 60)
        snprintf(out, 32, "eta %lus", left);
    else if (left < 3600)
        snprintf(out, 32, "eta %lum%02lus", left / 60, left % 60);
    else
        snprintf(out, 32, "eta %luh%02lum", left / 3600, left / 60 % 60);
}

/* done/(done + not_done) in percent, rounded down: 100 means all. */
static unsigned progress_percent(uint64_t done, uint64_t total)
{
    if (total == 0)
        return 100;
    return (unsigned)((double)done / (double)total * 100.0);
}

static bool progress_add_bytes(const struct mr_progress *figures, size_t width,
                               char line[PROGRESS_ROOM])
{
    char part[64];
    char done[16];
    char all[16];
    uint64_t total;

    if (figures->not_done == MR_UNKNOWN ||
        __builtin_add_overflow(figures->done, figures->not_done, &total)) {
        size_format(figures->done, done);
        return progress_add(line, width, done);
    }
    snprintf(part, sizeof part, "%u%%", progress_percent(figures->done, total));
    if (!progress_add(line, width, part))
        return false;
    const char *unit = size_unit(total);
    size_format_in(figures->done, unit, done);
    size_format_in(total, unit, all);
    snprintf(part, sizeof part, "%s/%s %s", done, all, unit);
    return progress_add(line, width, part);
}

static bool progress_add_speed(const struct mr_progress *figures, size_t width,
                               char line[PROGRESS_ROOM])
{
    char part[64];
    char rate[16];

    if (figures->seconds <= 0 || figures->done == 0)
        return true;
    double speed = (double)figures->done / figures->seconds;
    size_format(speed < 1e18 ? (uint64_t)speed : (uint64_t)1e18, rate);
    snprintf(part, sizeof part, "%s/s", rate);
    if (!progress_add(line, width, part))
        return false;
    if (figures->not_done == MR_UNKNOWN)
        return true;
    progress_eta((double)figures->not_done / speed, part);
    return progress_add(line, width, part);
}

void progress_line(const struct mr_progress *figures, size_t width, char line[PROGRESS_ROOM])
{
    char part[64];
    char size[16];

    *line = '\0';
    if (!progress_add(line, width, mr_phase_name(figures->phase)))
        return;
    if (figures->phase == MR_PHASE_MAP) {
        if (!progress_add_bytes(figures, width, line) || !progress_add_speed(figures, width, line))
            return;
    } else {
        if (figures->not_done == MR_UNKNOWN)
            snprintf(part, sizeof part, "%ju", (uintmax_t)figures->done);
        else
            snprintf(part, sizeof part, "%ju/%ju", (uintmax_t)figures->done,
                     (uintmax_t)(figures->done + figures->not_done));
        if (!progress_add(line, width, part))
            return;
    }
    if (figures->keys > 0) {
        snprintf(part, sizeof part, "%ju keys", (uintmax_t)figures->keys);
        if (!progress_add(line, width, part))
            return;
    }
    if (figures->spilled > 0) {
        size_format(figures->spilled, size);
        snprintf(part, sizeof part, "spilled %s", size);
        progress_add(line, width, part);
    }
}

void progress_json(const struct mr_progress *figures, char line[PROGRESS_ROOM])
{
    char not_done[24] = "null";

    if (figures->not_done != MR_UNKNOWN)
        snprintf(not_done, sizeof not_done, "%ju", (uintmax_t)figures->not_done);
    snprintf(line, PROGRESS_ROOM,
             "{\"phase\":\"%s\",\"done\":%ju,\"not_done\":%s,\"bytes\":%ju,\"tokens\":%ju,"
             "\"keys\":%ju,\"spilled\":%ju,\"seconds\":%.3f}",
             mr_phase_name(figures->phase), (uintmax_t)figures->done, not_done,
             (uintmax_t)figures->bytes, (uintmax_t)figures->records, (uintmax_t)figures->keys,
             (uintmax_t)figures->spilled, figures->seconds);
}

void progress_print(struct progress *progress, const struct mr_progress *figures)
{
    char line[PROGRESS_ROOM + 1];

    if (progress->style == PROGRESS_JSON)
        progress_json(figures, line);
    else
        progress_line(figures, PROGRESS_ROOM, line);
    strcat(line, "\n");
    message_print(progress->message, line);
}

void progress_count_reduced(const struct progress *progress, struct mr_progress *figures)
{
    if (progress->reduced == NULL || figures->phase != MR_PHASE_REDUCE)
        return;
    const struct progress_reduced reduced = progress->reduced(progress->reduced_context);
    figures->done = reduced.done;
    figures->spilled += reduced.spilled;
    figures->not_done = figures->records > figures->done ? figures->records - figures->done : 0;
}

void progress_tick(struct progress *progress, struct mr_job *job, bool asked)
{
    char line[PROGRESS_ROOM];
    struct mr_progress figures = {.struct_size = sizeof figures};
    unsigned long long now = thread_now();
    bool due = progress->style != PROGRESS_NONE && now >= progress->next;

    if (!due && !asked)
        return;
    mr_job_poll(job, &figures);
    progress_count_reduced(progress, &figures);
    if (asked)
        progress_print(progress, &figures);
    if (!due)
        return;
    if (progress->style != PROGRESS_LIVE) {
        progress->next = now + PROGRESS_HALF_SECOND;
        if (!asked)
            progress_print(progress, &figures);
        return;
    }
    progress->next = now + PROGRESS_REDRAW;
    if (progress_in_background())
        return;
    progress_line(&figures, progress_width(), line);
    message_live(progress->message, line);
}

void progress_end(struct progress *progress, const struct mr_stats *stats)
{
    char line[PROGRESS_ROOM];
    uint64_t spilled = stats->spilled;

    if (progress->reduced != NULL)
        spilled += progress->reduced(progress->reduced_context).spilled;

    message_live_end(progress->message);
    if (progress->style != PROGRESS_JSON)
        return;
    snprintf(line, sizeof line,
             "{\"phase\":\"done\",\"bytes\":%ju,\"tokens\":%ju,\"keys\":%ju,\"spilled\":%ju,"
             "\"seconds\":%.3f}\n",
             (uintmax_t)stats->bytes, (uintmax_t)stats->records, (uintmax_t)stats->keys,
             (uintmax_t)spilled, stats->map_seconds + stats->reduce_seconds);
    message_print(progress->message, line);
}
