/* SPDX-License-Identifier: MIT
 *
 * stats - the table of --stats; see stats.h.
 */
#include "cli/stats.h"

#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "base/io.h"
#include "base/size.h"

/* Most memory that was resident at once, in bytes. VmHWM is this program's own; the kernel's rusage
 * starts with what was resident before exec, and serves where there is no /proc. */
static uint64_t stats_peak(void)
{
    char text[8192];
    struct rusage usage;
    uint64_t kib = 0;
    int fd = open("/proc/self/status", O_RDONLY | O_CLOEXEC);

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

/* Figures stand in one column that ends where the widest possible ends. */
static void stats_number(FILE *out, const char *label, uint64_t value)
{
    fprintf(out, "%-14s %20" PRIu64 "\n", label, value);
}

static void stats_seconds(FILE *out, const char *label, double value)
{
    fprintf(out, "%-14s %20.3f s\n", label, value);
}

static void stats_write(FILE *out, const struct mr_stats *stats, uint64_t tokens,
                        uint64_t invalid_bytes, const char *kernel)
{
    double seconds = stats->map_seconds + stats->reduce_seconds;
    char size[16];

    stats_number(out, "bytes", stats->bytes);
    stats_number(out, "tokens", tokens);
    stats_number(out, "distinct keys", stats->keys);
    stats_number(out, "invalid bytes", invalid_bytes);
    stats_seconds(out, "map", stats->map_seconds);
    stats_seconds(out, "reduce", stats->reduce_seconds);
    size_format(seconds > 0 ? (uint64_t)((double)stats->bytes / seconds) : 0, size);
    fprintf(out, "%-14s %20.*s %s/s\n", "rate", (int)strcspn(size, " "), size, strchr(size, ' ') + 1);
    stats_number(out, "threads", stats->threads);
    fprintf(out, "%-14s %20s\n", "kernel", kernel);
    size_format(stats_peak(), size);
    fprintf(out, "%-14s %20.*s %s\n", "peak memory", (int)strcspn(size, " "), size,
            strchr(size, ' ') + 1);
    stats_number(out, "bytes spilled", stats->spilled);
}

void stats_print(struct message *message, const struct mr_stats *stats, uint64_t tokens,
                 uint64_t invalid_bytes, const char *kernel)
{
    char *table = NULL;
    size_t size;
    FILE *out = open_memstream(&table, &size);

    if (out != NULL) {
        stats_write(out, stats, tokens, invalid_bytes, kernel);
        if (fclose(out) == 0)
            message_print(message, table);
    }
    free(table);
}
