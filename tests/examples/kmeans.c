/* SPDX-License-Identifier: MIT
 *
 * kmeans - points of 99 doubles from standard input, brought into 8 clusters in ten rounds; prints
 * after each how many points each has, and the mean of them: "3\tCOUNT X Y ...". A value is a sum
 * of points, and their number: 800 bytes, of which a worker holds one a cluster.
 */
#include <mapreduce.h>
#include <stdio.h>

enum { SIZE = 99, CLUSTERS = 8, MOST = 100000 };

static double points[MOST][SIZE], means[CLUSTERS][SIZE];

static int map(void *context, void *state, const struct mr_split *split, struct mr_emitter *emitter,
               struct mr_error *error)
{
    for (uint64_t i = split->offset; i < split->offset + split->size / sizeof *points; i++) {
        double value[SIZE + 1] = {[SIZE] = 1}, least = -1;
        char nearest = '0';
        for (int d = 0; d < SIZE; d++)
            value[d] = points[i][d];
        for (unsigned k = 0; k < CLUSTERS; k++) {
            /* At first all means are alike: points go to all of them. */
            const double *mean = means[(i + k) % CLUSTERS];
            double distance = 0;
            for (int d = 0; d < SIZE; d++)
                distance += (value[d] - mean[d]) * (value[d] - mean[d]);
            if (least < 0 || distance < least) {
                least = distance;
                nearest = (char)('0' + (i + k) % CLUSTERS);
            }
        }
        mr_emit(emitter, &nearest, 1, value);
    }
    return 0;
}

static void combine(void *context, void *into, const void *from)
{
    for (int d = 0; d <= SIZE; d++)
        ((double *)into)[d] += ((const double *)from)[d];
}

static int reduce(void *context, void *state, const void *key, size_t key_size,
                  struct mr_values *values, struct mr_results *results, struct mr_error *error)
{
    const double *sum = mr_values_next(values, NULL);
    double *mean = means[*(const char *)key - '0'];
    char text[32 * SIZE];
    int size = snprintf(text, sizeof text, "%.0f", sum[SIZE]);
    for (int d = 0; d < SIZE; d++) {
        mean[d] = sum[d] / sum[SIZE];
        size += snprintf(text + size, sizeof text - (size_t)size, " %.4g", mean[d]);
    }
    return (int)mr_put(results, key, key_size, 0, text, (size_t)size);
}

int main(void)
{
    struct mr_job_spec spec = {.struct_size = sizeof spec, .map = map, .values = MR_COMBINE};
    struct mr_error error = {0};
    const size_t count = fread(points, sizeof *points, MOST, stdin);
    if (!feof(stdin))
        mr_fail(&error, 0, "the points cannot be read, or are more than %d", MOST);
    spec.value_size = sizeof(double[SIZE + 1]);
    spec.combine = combine;
    spec.reduce = reduce;
    spec.order = MR_ORDER_KEY;
    for (int round = 0; error.status == MR_OK && round < 10; round++) {
        spec.input = mr_input_items(points, count, sizeof *points);
        mr_run(NULL, &spec, NULL, &error);
    }
    if (error.status != MR_OK)
        fprintf(stderr, "kmeans: %s\n", error.text);
    return error.status != MR_OK;
}
