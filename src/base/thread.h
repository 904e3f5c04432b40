/* SPDX-License-Identifier: MIT
 *
 * thread - threads, locks and condition variables; with thread.c the only place that names pthread.
 *
 * Locks and conditions cannot fail once made (a failing lock call is a bug of ours, and ends in an
 * assertion), so only making them and starting a thread return an error: 0 or an errno value.
 */
#ifndef BASE_THREAD_H
#define BASE_THREAD_H

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct thread {
    pthread_t id;
};

struct thread_mutex {
    pthread_mutex_t lock;
};

/* Waits are measured on the monotonic clock. */
struct thread_cond {
    pthread_cond_t cond;
};

/* What a thread has for its stack, whatever the limit of the process's own (ulimit -s): the 8 MiB
 * that are usual would be most of a small address space. Half of it is left by the deepest calls of
 * the engine under AddressSanitizer; the rest is for callbacks. */
#define THREAD_STACK ((size_t)512 << 10)

/* Starts a thread that runs run(argument), with every signal blocked so that signals reach the
 * program's own threads only. `name` (15 bytes at most) shows in debuggers and top. */
int thread_start(struct thread *thread, const char *name, void (*run)(void *argument),
                 void *argument);
/* Runs run(argument) to its end on a stack of THREAD_STACK bytes, in the place of the caller, who
 * waits: with the caller's signal mask, while the caller takes no signals. Returns 0, or an errno
 * value and nothing has been run. */
int thread_run_on_stack(void (*run)(void *argument), void *argument);
/* What tells the calling thread from all others that live. */
const void *thread_self(void);
/* Waits for the thread's end. Each started thread is joined once. */
void thread_join(struct thread *thread);

int thread_mutex_open(struct thread_mutex *mutex);
void thread_mutex_close(struct thread_mutex *mutex);
void thread_lock(struct thread_mutex *mutex);
void thread_unlock(struct thread_mutex *mutex);

int thread_cond_open(struct thread_cond *cond);
void thread_cond_close(struct thread_cond *cond);
/* Both release the locked mutex while waiting and hold it again on return; may wake for nothing. */
void thread_wait(struct thread_cond *cond, struct thread_mutex *mutex);
/* Returns false once thread_now() has reached `deadline`. */
bool thread_wait_until(struct thread_cond *cond, struct thread_mutex *mutex, uint64_t deadline);
void thread_wake_one(struct thread_cond *cond);
void thread_wake_all(struct thread_cond *cond);

/* Nanoseconds on the monotonic clock. */
uint64_t thread_now(void);
/* Nanoseconds of processor time that the calling thread has taken. */
uint64_t thread_time(void);

#endif
