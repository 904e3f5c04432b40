/* SPDX-License-Identifier: MIT
 *
 * stats - the table of --stats; see stats.h.
 */
#include "cli/stats.h"

#include <fcntl.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "base/io.h"
#include "cli/size.h"

/* Most memory that was resident at once, in bytes. VmHWM is this program's own; the kernel's rusage
 * starts with what was resident before exec, and serves where there is no /proc. */
static uint64_t stats_peak(void)
{
    char text[8192];
    struct rusage usage;
    uint64_t kib = 0;
    int fd = io_open("/proc/self/status", O_RDONLY | O_CLOEXEC, 0);

    if (fd >= 0) {
        ssize_t got = io_read_full(fd, text, sizeof text - 1);
        (void)close(fd);
        text[got < 0 ? 0 : got] = '\0';
        const char *line = strstr(text, "\nVmHWM:");
        if (line != NULL && sscanf(line, " VmHWM: %" SCNu64, &kib) == 1)
            return kib * 1024;
    }
    if (getrusage(RUSAGE_SELF, &usage) == 0)
        return (uint64_t)usage.ru_maxrss * 1024;
    return 0;
}

/* The table: on the stack, so that there is one whatever else there is not. */
struct stats_table {
    char text[1024];
    size_t used;
};

static void stats_line(struct stats_table *table, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
static void stats_line(struct stats_table *table, const char *format, ...)
{
    size_t room = sizeof table->text - table->used;
    va_list arguments;

    va_start(arguments, format);
    int size = vsnprintf(table->text + table->used, room, format, arguments);
    va_end(arguments);
    if (size > 0)
        table->used += (size_t)size < room ? (size_t)size : room - 1;
}

/* Figures stand in one column that ends where the widest possible ends. */
static void stats_number(struct stats_table *table, const char *label, uint64_t value)
{
    stats_line(table, "%-14s %20" PRIu64 "\n", label, value);
}

static void stats_seconds(struct stats_table *table, const char *label, double value)
{
    stats_line(table, "%-14s %20.3f s\n", label, value);
}

/* The number of a size stands in the column, its unit behind it. */
static void stats_size(struct stats_table *table, const char *label, uint64_t bytes,
                       const char *after)
{
    char size[16];

    size_format(bytes, size);
    stats_line(table, "%-14s %20.*s %s%s\n", label, (int)strcspn(size, " "), size,
               strchr(size, ' ') + 1, after);
}

void stats_print(struct message *message, const struct mr_stats *stats, const struct total *tokens,
                 uint64_t invalid_bytes, const char *kernel, const struct stats_programs *programs)
{
    char sum[TOTAL_ROOM];
    double seconds = stats->map_seconds + stats->reduce_seconds;
    struct stats_table table = {.used = 0};

    stats_number(&table, "bytes", stats->bytes);
    if (stats->text_bytes != stats->bytes)
        stats_number(&table, "text bytes", stats->text_bytes);
    total_format(tokens, sum);
    stats_line(&table, "%-14s %20s\n", "tokens", sum);
    stats_number(&table, "distinct keys", stats->keys);
    stats_number(&table, "invalid bytes", invalid_bytes);
    stats_seconds(&table, "map", stats->map_seconds);
    stats_seconds(&table, "reduce", stats->reduce_seconds);
    stats_size(&table, "rate", seconds > 0 ? (uint64_t)((double)stats->bytes / seconds) : 0, "/s");
    stats_number(&table, "threads", stats->threads);
    stats_line(&table, "%-14s %20s\n", "kernel", kernel);
    stats_size(&table, "peak memory", stats_peak(), "");
    stats_number(&table, "bytes spilled", stats->spilled);
    if (programs != NULL) {
        stats_number(&table, "processes", programs->count);
        stats_seconds(&table, "their time", programs->seconds);
    }
    message_print(message, table.text);
}
