/* SPDX-License-Identifier: MIT
 *
 * sales - the plainest way: an array, a map of one item, a reduce of one key with its values, and
 * a callback that is told how far it is. Prints how often each shop sold, and for how much.
 */
#include <mapreduce.h>
#include <stdio.h>

struct sale {
    char shop[8];
    double amount;
};

static int map(void *context, const void *item, struct mr_emitter *emitter, struct mr_error *error)
{
    const struct sale *sale = item;
    return (int)mr_emit_bytes(emitter, sale->shop, 8, &sale->amount, sizeof sale->amount);
}

static int reduce(void *context, const void *key, size_t key_size, struct mr_values *values,
                  struct mr_results *results, struct mr_error *error)
{
    double sum = 0;
    char text[64];
    const int count = (int)mr_values_count(values);
    for (const double *amount; (amount = mr_values_next(values, NULL)) != NULL;)
        sum += *amount;
    int size = snprintf(text, sizeof text, "%d for %.2f", count, sum);
    return (int)mr_put(results, key, key_size, 0, text, (size_t)size + 1);
}

static int tell(void *context, const char *phase, uint64_t done, uint64_t not_done)
{
    return fprintf(stderr, "%s: %d done, %d to do\n", phase, (int)done, (int)not_done) < 0;
}

int main(void)
{
    static const struct sale sales[] = {{"Ulm", 12.5}, {"Bern", 3.25}, {"Ulm", 7.5}, {"Graz", 99}};
    const struct mr_items items = {sales, sizeof sales / sizeof *sales, sizeof *sales};
    struct mr_table *table;
    struct mr_error error;
    enum mr_status status = mr_map_reduce(&items, map, reduce, tell, NULL, &table, &error);
    for (size_t i = 0; status == MR_OK && i < mr_table_count(table); i++) {
        const struct mr_record *shop = mr_table_record(table, i);
        printf("%.8s: %s\n", (const char *)shop->key, (const char *)shop->payload);
    }
    mr_table_release(table);
    if (status != MR_OK)
        fprintf(stderr, "sales: %s\n", error.text);
    return status != MR_OK;
}
