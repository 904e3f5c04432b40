/* SPDX-License-Identifier: MIT
 *
 * repartition - what a job does when its data outgrow memory (see repartition.h).
 */
#include "engine/reduce/repartition.h"

#include "engine/reduce/reduce.h"
#include "engine/shuffle/stream_reader.h"

#define MOST_BITS 8u

/* Memory that combining one record may take: a slot of the table, half full after doubling. */
#define RECORD_MEMORY 64u

/* A partition with less in memory than this is not worth a write. */
#define LEAST_SPILL ((uint64_t)16 << 10)

uint64_t repartition_share(const struct worker *worker)
{
    return worker->job->budget->limit / 4 / worker->job->worker_count;
}

static uint64_t estimate(const struct worker *worker, const struct stream *stream)
{
    uint64_t records = stream->records + stream->spilled_count;
    uint64_t each = RECORD_MEMORY + (worker->job->sums ? 0 : 2 * worker->job->value_size);
    return records * each;
}

bool repartition_needed(const struct worker *worker, const struct stream *stream, unsigned bits)
{
    return bits < REPARTITION_NEVER - MOST_BITS &&
           estimate(worker, stream) > repartition_share(worker);
}

/* Writes the records of a stream to the parts of `repartition`. */
static int distribute(struct worker *worker, struct stream *stream, unsigned bits,
                      struct repartition *repartition)
{
    const struct job *job = worker->job;
    const unsigned shift = 64 - repartition->parts->bits;
    struct source source;
    const struct chunk *chunk;
    int result = 0;
    source_open(&source, worker, stream, true);
    while (result == 0 && (chunk = source_next(&source))) {
        const unsigned char *at = chunk->data, *end = at + chunk->used;
        while (at < end) {
            const unsigned char *start = at;
            struct record record;
            at = record_get(at, job->form.kind, job->form.value_size, &record);
            uint64_t hash = table_hash(job->seed, record.key, record.size);
            unsigned part = (unsigned)(hash << bits >> shift);
            size_t size = (size_t)(at - start);
            unsigned char *room = shuffle_room(&repartition->writer, part, size);
            if (!room) {
                result = -1;
                break;
            }
            memcpy(room, start, size);
            shuffle_wrote(&repartition->writer, part, room + size);
        }
        if (job_stopped(worker->job))
            result = -1;
    }
    return source_close(&source) != 0 ? -1 : result;
}

int repartition_begin(struct repartition *repartition, struct worker *worker, struct shuffle *parts)
{
    *repartition = (struct repartition){.outer = worker->repartitions, .parts = parts};
    worker->repartitions = repartition;
    if (shuffle_writer_open(&repartition->writer, parts, &worker->cache, &worker->owner) == 0)
        return 0;
    job_no_memory(worker->job);
    return -1;
}

void repartition_wrote(struct repartition *repartition, bool whole)
{
    if (whole)
        shuffle_writer_flush(&repartition->writer);
    shuffle_writer_close(&repartition->writer);
}

void repartition_end(struct repartition *repartition, struct worker *worker)
{
    worker->repartitions = repartition->outer;
}

int repartition_and_reduce(struct worker *worker, struct stream *stream, unsigned bits,
                           struct mr_results *results)
{
    struct job *job = worker->job;
    struct repartition repartition;
    struct shuffle parts;
    uint64_t whole = estimate(worker, stream);
    unsigned more = 1;
    while (more < MOST_BITS && whole >> more > repartition_share(worker) / 2 &&
           (uint64_t)POOL_CHUNK << more < repartition_share(worker) / 2)
        more++;
    if (shuffle_open(&parts, more, job->form, false) != 0) {
        job_no_memory(job);
        source_drop(worker, stream);
        return -1;
    }
    int result = repartition_begin(&repartition, worker, &parts);
    if (result == 0)
        result = distribute(worker, stream, bits, &repartition);
    source_drop(worker, stream);
    repartition_wrote(&repartition, result == 0);

    for (unsigned i = 0; i < 1u << more; i++) {
        struct stream part;
        partition_take(&parts.partitions[i], &part);
        /* Where one part got nearly all, it is a key or a few: their hash
         * takes them apart no further. */
        bool stuck = estimate(worker, &part) > whole - whole / 8;
        if (result == 0)
            result =
                reduce_partition(worker, &part, stuck ? REPARTITION_NEVER : bits + more, results);
        else
            source_drop(worker, &part);
    }
    repartition_end(&repartition, worker);
    shuffle_close(&parts);
    return result;
}

/* ---- Spilling ------------------------------------------------------------------------------- */

/* Writes what a partition has in memory to disk. */
static int spill_partition(struct worker *worker, struct shuffle *shuffle,
                           struct partition *partition, bool combine)
{
    struct job *job = worker->job;
    struct stream pairs = {0}, compacted = {0};
    thread_lock(&partition->lock);
    bool mine = partition_begin(partition);
    if (mine) {
        bool fresh = partition->fresh.records > 0;
        pairs = partition->fresh;
        pairs.extents = NULL;
        pairs.spilled = pairs.spilled_count = 0;
        stream_take_chunks(&partition->fresh);
        struct stream rest = partition->compacted;
        rest.extents = NULL;
        rest.spilled = rest.spilled_count = 0;
        stream_take_chunks(&partition->compacted);
        if (shuffle->counted)
            compaction_gone(job, pairs.bytes, rest.bytes);
        stream_join(&pairs, &rest);
        combine = combine && fresh;
    }
    thread_unlock(&partition->lock);
    if (!mine)
        return 0;

    int result = 0;
    if (combine)
        result = combine_partition(worker, &pairs, &compacted);
    else
        stream_join(&compacted, &pairs);
    struct stream written = {0};
    const struct chunk *next = compacted.chunks;
    while (result == 0 && next) {
        struct mr_error error = {0};
        struct extent *extent;
        enum mr_status status = spill_write(&job->spill, &next, &extent, &error);
        if (status == MR_OK) {
            extent->next = written.extents;
            written.extents = extent;
            written.spilled += extent->content;
            written.spilled_count += extent->records;
        } else {
            job_fail_with(job, status, &error, "temporary data could not be written");
            result = -1;
        }
    }
    pool_give(&worker->cache, stream_take_chunks(&compacted));
    thread_lock(&partition->lock);
    stream_join(&partition->fresh, &written);
    partition_end(partition);
    thread_unlock(&partition->lock);
    return result;
}

int spill_partition_number(struct worker *worker, struct shuffle *shuffle, size_t number)
{
    return spill_partition(worker, shuffle, &shuffle->partitions[number], false);
}

int spill_largest(void *context, enum pool_need *need)
{
    struct worker *worker = context;
    struct job *job = worker->job;
    uint64_t wanted = job->budget->limit / 32, freed = 0;
    if (job_stopped(job))
        return -1;
    while (freed < wanted) {
        uint64_t most = LEAST_SPILL;
        struct partition *partition = NULL, *other;
        struct shuffle *shuffle = NULL;
        for (struct repartition *repartition = worker->repartitions; repartition;
             repartition = repartition->outer)
            if ((other = shuffle_largest(repartition->parts, &most))) {
                partition = other;
                shuffle = repartition->parts;
            }
        if (atomic_load_explicit(&job->pairs_open, memory_order_acquire) &&
            (other = shuffle_largest(&job->pairs, &most))) {
            partition = other;
            shuffle = &job->pairs;
        }
        if (job->order.results_open && (other = shuffle_largest(&job->order.results, &most))) {
            partition = other;
            shuffle = &job->order.results;
        }
        if (!partition)
            break;
        const bool combine = shuffle == &job->pairs && !job->keeps && !worker->grouping_busy;
        if (spill_partition(worker, shuffle, partition, combine) != 0)
            return -1;
        freed += most;
    }
    if (freed == 0)
        *need = POOL_OVER_BUDGET;
    return 0;
}
