/* SPDX-License-Identifier: MIT
 *
 * key_set - a set of keys in little memory: the keys one behind the other, and 8 bytes a slot to
 * find them. Its seed is drawn for each run: whoever writes the keys and the text cannot make
 * probes long.
 */
#ifndef TEXT_KEY_SET_H
#define TEXT_KEY_SET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/hash.h"

struct key_set {
    struct hash_seed seed;
    uint64_t limit;       /* bytes that it may take */
    unsigned char *bytes; /* of each key its size, 7 bits a byte, and itself */
    size_t used, room;
    uint64_t *slots; /* where a key stands in bytes, plus one, and the top of its hash; 0: none */
    size_t mask, count;
    size_t longest; /* key */
};

enum key_set_status {
    KEY_SET_OK,
    KEY_SET_NO_MEMORY,
    KEY_SET_FULL, /* it would take more than its limit */
};

/* Allocates nothing yet. */
void key_set_open(struct key_set *set, uint64_t limit);
void key_set_close(struct key_set *set);

/* Room for a key of `size` bytes behind all others, to be written and added; what was written to a
 * smaller one stays. *key is NULL unless KEY_SET_OK. */
enum key_set_status key_set_room(struct key_set *set, size_t size, unsigned char **key);
/* Adds the first `size` bytes of that room. */
enum key_set_status key_set_add(struct key_set *set, size_t size);
/* Gives back what no key needs: none is added any more. */
void key_set_trim(struct key_set *set);

/* Bytes that it takes. */
uint64_t key_set_memory(const struct key_set *set);
/* Whether it has the key. `padded` says that 16 bytes can be read at the key, whatever its size:
 * that saves a copy. */
bool key_set_has(const struct key_set *set, const unsigned char *key, size_t size, bool padded);

#endif
